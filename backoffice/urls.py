"""Addresses of the back office, and of the endpoints for customers."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.defaults import bad_request, page_not_found
from django.views.generic import RedirectView
from django.views.i18n import set_language
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from accounts.staff.admin import login_page
from backoffice.web.api import error_catalogue, problems
from backoffice.web.api.health import livez, readyz
from backoffice.web.api.requests import API

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("livez", livez),
    path("readyz", readyz),
    path("i18n/setlang/", set_language, name="set_language"),
    path("admin/login/", login_page.log_in),  # the address of admin:login
    path("admin/", admin.site.urls),
    path("api/v1/", include("accounts.urls")),
    path("api/v1/", include("risk.lines.urls")),
    path("api/v1/", include("risk.decisions.urls")),
    path("api/v1/", include("risk.appeals.urls")),
    path("api/v1/", include("loans.contracts.urls")),
    path("api/v1/", include("loans.billing.urls")),
    path("api/v1/", include("loans.conversion.urls")),
    path("api/v1/", include("loans.settlement.urls")),
    path("api/v1/", include("loans.collection.urls")),
    path("api/v1/", include("loans.statements.urls")),
    path("api/v1/", include("backoffice.guide.urls")),
    path("hooks/", include("risk.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/errors/", error_catalogue.page, name="errors"),
    path("api/errors/<slug:code>", error_catalogue.entry_page, name="error"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
]


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django refuses as suspicious, such as one for an unknown host."""
    if request.path.startswith(API):
        return problems.plain(problems.BadRequestError(), request)
    return bad_request(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer in the form that the address promises: a page for people, a problem for programs."""
    if request.path.startswith(API):
        return problems.plain(problems.NotFoundError(), request)
    return page_not_found(request, exception)
