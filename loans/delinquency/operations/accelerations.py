"""Acceleration: staff call the later instalments of a bill due that stays overdue (RATE-5)."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import Refused
from loans.accounting.operations.batch import LoanBatch
from loans.delinquency.rules.acceleration import Accelerate, is_long_overdue, later_rows
from loans.models import Acceleration


class NotLongOverdueError(Refused):
    """The bill is not overdue, or not for long enough."""

    code = "acceleration-too-early"
    message = _("Later instalments are called due after more than {days} days past due.")
    remedy = _("Wait until the bill has been overdue for so long.")


class NothingLaterError(Refused):
    """The loans of the bill have no later instalments."""

    code = "acceleration-nothing-later"
    message = _("{bill} has no later instalments that could be called due.")
    remedy = _("Everything of its loans is asked already.")


@transaction.atomic
def accelerate(
    bill_ids: Sequence[int], *, by: str, on: date, reason: str, at: datetime
) -> list[Acceleration]:
    """Let the later instalments of the bills' loans fall due under them on a day (RATE-5).

    Their principal bears penalty from the night of that day; no plan fee is charged any more.

    Raises:
        NotLongOverdueError: a bill is not overdue, or not more than 90 days past due.
        NothingLaterError: no loan of a bill has instalments that no bill has asked for.
    """
    batch = LoanBatch.lock(bill_ids)
    for bill_id in bill_ids:
        bill, terms = batch.position.bills[bill_id], batch.bill_terms(bill_id)
        if not is_long_overdue(bill, on=on, terms=terms):
            raise NotLongOverdueError(days=terms.acceleration_after_days)
        if not later_rows(batch.position.loans, bill):
            raise NothingLaterError(bill=batch.bills[bill_id])

    batch.run(Accelerate(bill_id, on) for bill_id in bill_ids)
    batch.write(by=by, at=at)
    return Acceleration.objects.bulk_create(
        Acceleration(
            bill_id=bill_id, customer_id=batch.bills[bill_id].customer_id, accelerated_on=on,
            reason=reason, accelerated_by=by, at=at,
        )
        for bill_id in bill_ids
    )  # fmt: skip
