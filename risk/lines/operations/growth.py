"""The growth factor of lines: the reported bills, and the anniversary (LIMIT-10, SCORE-10)."""

from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any, NamedTuple

from django.db import connection, transaction

from backoffice.core import bulk
from backoffice.core.reasons import Reason
from risk.lines.operations.batch import LineBatch, locked
from risk.lines.queries import growth as queries
from risk.lines.rules import growth as rules
from risk.lines.rules.growth import GrowthOutcome, GrowthStep
from risk.lines.rules.points import next_anniversary, yearly_step
from risk.lines.rules.reasons import LineReason
from risk.models import Conduct, ConductOutcome, CreditLine, GrowthCause, GrowthChange

_REASONS = {
    GrowthOutcome.IN_FULL: LineReason.BILL_IN_FULL,
    GrowthOutcome.OVERDUE: LineReason.BILL_OVERDUE,
}
_STEP = ("customer", "line", "effective_on", "at", "cause", "conduct", "bill", "outcome", "points",
         "before", "after")  # fmt: skip


class PaymentDay(NamedTuple):
    """A day on which a customer made at least one payment."""

    customer_id: int
    on: date


@transaction.atomic
def apply_conduct(line_ids: Sequence[int], *, by: str, on: date, at: datetime) -> int:
    """Let each report of a bill that was due before a day move the growth factor, once.

    The oldest due date comes first. A later report of the same bill replaces what was counted.
    Returns how many reports were counted.
    """
    batch = LineBatch(locked(line_ids), by=by, on=on, at=at)
    reports = queries.uncounted([*batch.lines], on=on)
    made: list[tuple[object, ...]] = []
    histories = queries.steps_of(list(reports))
    for line_id, of_line in reports.items():
        line, steps = batch.lines[line_id], histories.get(line_id, [])
        counted = {step.bill: GrowthOutcome(step.outcome) for step in steps if step.outcome}
        history = _history(steps)
        for report in of_line:
            bill, outcome = queries.bill_of(report.source), _outcome(report)
            before = counted.get(bill)
            step = rules.step_of(outcome, counted=before, policy=batch.policy)
            row = (GrowthCause.BILL, report.pk, bill, str(outcome), None)
            made.append(_grow(line, step, row, history, batch))
            counted[bill] = outcome
            code = LineReason.BILL_CORRECTED if before else _REASONS.get(outcome)
            if code:
                batch.retarget(line, Reason(code, {"due_on": report.due_on.isoformat()}))
    bulk.copy(GrowthChange, _STEP, made)
    batch.write()
    return len(made)


@transaction.atomic
def anniversary(line_ids: Sequence[int], *, by: str, on: date, at: datetime) -> int:
    """Raise the growth factor by the points of the year on the anniversary of a line (SCORE-10).

    The points start at 0 again. Returns how many lines had their anniversary.
    """
    batch = LineBatch(locked(line_ids), by=by, on=on, at=at)
    up = [
        line for line in batch.lines.values()
        if line.anniversary_on is not None and line.anniversary_on <= on
    ]  # fmt: skip
    histories = queries.steps_of([line.pk for line in up])
    days = queries.payment_months([line.customer_id for line in up])
    made = []
    for line in up:
        steps = histories.get(line.pk, [])
        of_line = days.get(line.customer_id, {})
        gained = queries.points_of(line, steps, of_line, until=on, policy=batch.policy)
        row = (GrowthCause.ANNIVERSARY, None, "", "", gained)
        step = yearly_step(gained, policy=batch.policy)
        made.append(_grow(line, step, row, _history(steps), batch))
        line.anniversary_on = next_anniversary(line.opened_on, after=on)
        batch.retarget(line, Reason(LineReason.ANNIVERSARY, {"points": gained}))
    bulk.copy(GrowthChange, _STEP, made)
    batch.write()
    return len(made)


@transaction.atomic
def record_payment_days(days: Sequence[PaymentDay]) -> None:
    """Store days with a payment, for the growth points; a day that is stored changes nothing."""
    bits: dict[tuple[int, date], int] = {}
    for customer_id, on in days:
        key = (customer_id, on.replace(day=1))
        bits[key] = bits.get(key, 0) | 1 << (on.day - 1)
    if not bits:
        return
    keys = sorted(bits)
    columns: list[list[Any]] = [
        [key[0] for key in keys],
        [key[1] for key in keys],
        [bits[key] for key in keys],
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO risk_paymentmonth AS month (customer_id, month_on, day_bits) "
            "SELECT * FROM unnest(%s::bigint[], %s::date[], %s::bigint[]) "
            "ON CONFLICT (customer_id, month_on) DO UPDATE SET day_bits = "
            "month.day_bits | excluded.day_bits",
            [bulk.array(column) for column in columns],
        )


def _grow(
    line: CreditLine,
    step: Fraction,
    row: tuple[object, ...],
    history: list[GrowthStep],
    batch: LineBatch,
) -> tuple[object, ...]:
    """Move the factor of a line; return the step as it is stored."""
    before = line.growth
    after = rules.grown(history, step, on=batch.on, policy=batch.policy)
    history.append(GrowthStep(batch.on, after))
    line.growth = str(after)
    cause, conduct_id, bill, outcome, gained = row
    return (line.customer_id, line.pk, batch.on, batch.at, cause, conduct_id, bill, outcome, gained,
            before, line.growth)  # fmt: skip


def _history(steps: Sequence[GrowthChange]) -> list[GrowthStep]:
    return [GrowthStep(step.effective_on, step.factor) for step in steps]


def _outcome(report: Conduct) -> GrowthOutcome:
    is_overdue = report.outcome == ConductOutcome.OVERDUE
    paid_on = report.paid_on if report.outcome == ConductOutcome.PAID else None
    return rules.outcome_of(is_overdue=is_overdue, paid_on=paid_on, due_on=report.due_on)
