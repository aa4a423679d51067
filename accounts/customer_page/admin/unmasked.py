"""The page that shows a customer's identity in full: once, for a minute, and kept nowhere.

The form that says why leaves a record and the number of that record in the session; the page takes
the number out again, so that a reload shows nothing. No value is ever kept in the session.
"""

from typing import Any, cast

from django.contrib import messages
from django.contrib.admin import AdminSite, site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from accounts.customers.rows import shown_name
from accounts.models import AccessRecord, Customer, Staff
from accounts.privacy.operations import unmasking
from backoffice.core import clock

HIDES_AFTER_SECONDS = 60
RIGHT = "accounts.unmask_customer"

_WAITING = "unmasked"  # the key in the session


def unmask(request: HttpRequest, customer: Customer, given: dict[str, Any]) -> HttpResponse:
    """Record what is about to be seen and why, then lead to the page that shows it."""
    record = unmasking.unmask(
        customer, fields=given["fields"], by=cast("Staff", request.user), reason=given["reason"],
        at=clock.now(),
    )  # fmt: skip
    request.session[_WAITING] = record.pk
    return HttpResponseRedirect(reverse("admin:accounts_customer_unmasked", args=[customer.pk]))


def unmasked_path(where: AdminSite) -> URLPattern:
    """Return the address of the page."""
    view = where.admin_view(require_GET(_unmasked))
    return path("<int:pk>/unmasked/", view, name="accounts_customer_unmasked")


def _unmasked(request: HttpRequest, pk: int) -> HttpResponse:
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    address = reverse("admin:accounts_customer_change", args=[pk])
    record = _record(request, pk)
    if record is None:
        messages.warning(request, gettext("It was shown once. Say why to see it again."))
        return HttpResponseRedirect(address)
    page = TemplateResponse(
        request,
        "admin/accounts/unmasked.html",
        {
            **site.each_context(request),
            "title": shown_name(record.customer),
            "shown": [
                (unmasking.FIELDS[one], value) for one, value in unmasking.values(record).items()
            ],
            "seconds": HIDES_AFTER_SECONDS,
            "address": address,
        },
    )
    page["Cache-Control"] = "no-store"
    page["Refresh"] = f"{HIDES_AFTER_SECONDS}; url={address}"
    return page


def _record(request: HttpRequest, customer_id: int) -> AccessRecord | None:
    """Return the record this page was opened with, once, and to the person who made it."""
    waiting = request.session.pop(_WAITING, None)
    mine = AccessRecord.objects.select_related("customer").filter(staff=request.user.pk)
    return mine.filter(pk=waiting, customer=customer_id).first()
