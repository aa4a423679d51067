"""Addresses of the back office."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from backoffice.api import livez, readyz

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("livez", livez),
    path("readyz", readyz),
    path("i18n/setlang/", set_language, name="set_language"),
    path("admin/", admin.site.urls),
]
