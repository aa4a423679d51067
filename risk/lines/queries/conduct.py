"""The bills of a customer as they were paid (LIMIT-7)."""

from risk.lines.queries.growth import bill_of
from risk.models import Conduct, ConductOutcome


def paid_in_full(customer_id: int) -> list[bool]:
    """Return the reported bills, the oldest first: whether each was paid in full by its due date.

    The latest report of a bill counts. Of bills that were imported the day of the payment is not
    known: what was paid in full counts as paid in time.
    """
    reports = Conduct.objects.filter(customer_id=customer_id).order_by("pk")
    latest = {_bill(report): report for report in reports}
    in_order = sorted(latest.values(), key=lambda report: (report.due_on, report.pk))
    return [_is_in_full(report) for report in in_order]


def _bill(report: Conduct) -> str:
    # Imported bills are numbered behind the mark of their customer.
    is_live = report.source.startswith("bill:")
    return bill_of(report.source) if is_live else report.source


def _is_in_full(report: Conduct) -> bool:
    if report.outcome != ConductOutcome.PAID:
        return False
    return report.paid_on is None or report.paid_on <= report.due_on
