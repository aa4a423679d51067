"""What moves the growth factor of lines: reports of bills, steps so far, days with payments."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from django.db import connection

from backoffice.core import bulk
from risk.lines.rules.growth import GrowthOutcome
from risk.lines.rules.points import months_of_use, points
from risk.models import Conduct, CreditLine, GrowthCause, GrowthChange, PaymentMonth
from risk.policy import LimitPolicy

# How long after its due date a report of a bill still counts: it bounds what the job reads.
REPORTED_WITHIN_DAYS = 92
# Reports of bills due before a day that moved no growth factor, with the line they are for.
UNCOUNTED = """
SELECT line.id AS line_id, report.id AS report_id
FROM risk_conduct AS report
JOIN risk_creditline AS line ON line.customer_id = report.customer_id AND line.state <> 'closed'
     AND line.growth_since_on <= report.due_on
WHERE report.due_on < %(on)s AND report.due_on >= %(since)s
  AND NOT EXISTS (SELECT FROM risk_growthchange AS step WHERE step.conduct_id = report.id)
"""


def since(on: date) -> date:
    """Return the earliest due date that the job of a day reads."""
    return on - timedelta(REPORTED_WITHIN_DAYS)


def uncounted(line_ids: Sequence[int], *, on: date) -> dict[int, list[Conduct]]:
    """Return the reports that lines have not counted, those due first first."""
    if not line_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"{UNCOUNTED} AND line.id = ANY (%(lines)s::bigint[])",  # nosec B608 - no values
            {"on": on, "since": since(on), "lines": bulk.array(line_ids)},
        )
        line_of = {report_id: line_id for line_id, report_id in cursor.fetchall()}
    found: dict[int, list[Conduct]] = defaultdict(list)
    reports = Conduct.objects.filter(pk__any=bulk.Of(line_of))
    for report in reports.order_by("due_on", "pk"):
        found[line_of[report.pk]].append(report)
    return dict(sorted(found.items()))


def bill_of(source: str) -> str:
    """Return the bill that a report is about: a corrected report has a number behind it."""
    return ":".join(source.split(":")[:2])


def steps_of(line_ids: Sequence[int]) -> dict[int, list[GrowthChange]]:
    """Return the growth steps of lines, the oldest first."""
    found: dict[int, list[GrowthChange]] = defaultdict(list)
    if line_ids:
        for step in GrowthChange.objects.filter(line_id__any=bulk.Of(line_ids)).order_by("pk"):
            found[step.line_id].append(step)
    return found


def payment_months(customer_ids: Sequence[int]) -> dict[int, dict[date, int]]:
    """Return the days with payments of customers, as bits by the first day of each month."""
    found: dict[int, dict[date, int]] = defaultdict(dict)
    if customer_ids:
        for month in PaymentMonth.objects.filter(customer_id__any=bulk.Of(customer_ids)):
            found[month.customer_id][month.month_on] = month.day_bits
    return found


def points_of(
    line: CreditLine,
    steps: Sequence[GrowthChange],
    days: Mapping[date, int],
    *,
    until: date,
    policy: LimitPolicy,
) -> int:
    """Return the growth points of a line since its last anniversary, before a day (SCORE-10)."""
    outcomes = {step.bill: step for step in steps if step.bill}  # the latest report of each bill
    of = {
        outcome: [one.effective_on for one in outcomes.values() if one.outcome == outcome]
        for outcome in GrowthOutcome
    }
    begins = [step.effective_on for step in steps if step.cause == GrowthCause.ANNIVERSARY]
    months = months_of_use(
        days,
        in_full=of[GrowthOutcome.IN_FULL],
        overdue=set(of[GrowthOutcome.OVERDUE]),
        since=begins[-1] if begins else line.growth_since_on or line.opened_on,
        until=until,
    )
    return points(months, policy=policy)
