"""Credit lines that a repayment lets resume (REPAY-19)."""

from collections.abc import Iterable
from datetime import date, datetime

from backoffice.core.policy import current
from loans.delinquency.queries import Arrears, since_suspended
from loans.policy import LoanOperations
from risk.lines import operations as lines


def resume(customer_ids: Iterable[int], *, by: str, reason: str, on: date, at: datetime) -> None:
    """Let lines resume once nothing is past due and 30 days past due were never passed (REPAY-19).

    All bills count that were overdue since the line was suspended, not only those just cured.
    After a longer arrears a person decides.
    """
    cured = list(customer_ids)
    if not cured:
        return
    days_max = current(LoanOperations, on=on).cured_alone_days_max
    late = since_suspended(cured)
    free: list[int] = []
    to_review: list[int] = []
    for customer_id in cured:
        was = late.get(customer_id, Arrears())
        if not was.goes_on:
            (free if was.days_past_due_max <= days_max else to_review).append(customer_id)
    lines.resume(free, by=by, reason=reason, at=at)
    lines.request_resumption(to_review, at=at)
