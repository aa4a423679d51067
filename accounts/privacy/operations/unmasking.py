"""Showing a customer's identity in full: recorded before anything is shown (GEN-15)."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import AccessRecord, BankCard, Customer, Staff
from backoffice.core.errors import Refused
from backoffice.core.staff import StaffMember

FIELDS = {
    "name": _("name"),
    "id_number": _("ID number"),
    "phone": _("phone"),
    "card_numbers": _("card numbers"),
}


class NothingChosenError(Refused):
    """None of the fields that can be shown was named."""

    status = HTTPStatus.BAD_REQUEST
    code = "nothing-to-unmask"
    message = _("Say what you need to see.")
    remedy = _("Choose at least one: every one that is shown is recorded.")


@transaction.atomic(durable=True)
def unmask(
    customer: Customer, *, fields: Sequence[str], by: Staff, reason: str, at: datetime
) -> AccessRecord:
    """Record who is about to see what and why; only then ``values`` gives it.

    Raises:
        NothingChosenError: no field, or none that can be shown.
    """
    chosen = [field for field in FIELDS if field in fields]
    if not chosen:
        raise NothingChosenError
    return AccessRecord.objects.create(
        customer=customer, staff=by, fields=", ".join(chosen), reason=reason, at=at
    )


def record_export(
    owner_ids: Sequence[int], *, shown: str, by: StaffMember, reason: str, at: datetime
) -> None:
    """Record that a person receives data of customers in full, as a file; one record a customer."""
    records = [
        AccessRecord(customer_id=one, staff_id=by.pk, fields=shown, reason=reason, at=at)
        for one in owner_ids
    ]
    AccessRecord.objects.bulk_create(records, batch_size=1_000)


def values(record: AccessRecord) -> dict[str, list[str]]:
    """Return the values that a record says were shown, by field."""
    return {
        field: _values(record.customer, field) for field in record.fields.split(", ")
    }  # fmt: skip


def _values(customer: Customer, field: str) -> list[str]:
    if field != "card_numbers":
        value = getattr(customer, field)
        return [str(value)] if value else []
    cards = BankCard.objects.filter(customer=customer, number__isnull=False).order_by("pk")
    return [str(card.number) for card in cards]
