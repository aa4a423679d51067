"""The loans side of the business day, as a table of slots (GEN-8, REPAY-10, REPAY-11)."""

from datetime import time
from functools import partial

from django.utils.translation import gettext_lazy as _

from backoffice.jobs import Slot
from loans.gateways.from_settings import debit_channel
from loans.operations import business_day


def _debits(at: time, title: "str | object") -> Slot:
    """Return a slot that debits what is due and asks about what is open."""
    name = f"{at:%H:%M}"

    def work(ids, *, run_id, on, at):  # type: ignore[no-untyped-def]  # noqa: ANN001
        return business_day.debit(ids, run_id=run_id, on=on, at=at, channel=debit_channel())

    return Slot(
        name=name,
        at=at,
        title=title,  # type: ignore[arg-type]
        plan=partial(business_day.plan_debits, name),
        work=work,
        optional=True,
    )


SLOTS = (
    Slot(
        name="00:05",
        at=time(0, 5),
        title=_("close of the day before"),
        plan=business_day.plan_close,
        work=business_day.close,
    ),
    Slot(
        name="00:30",
        at=time(0, 30),
        title=_("accrual of the night"),
        work=business_day.accrue_night,
    ),
    _debits(time(9, 0), _("direct debits")),
    *(_debits(time(hour, 0), _("direct debits again")) for hour in range(10, 22)),
)
