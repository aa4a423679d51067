"""Lines as they are granted, bills as they are reported, and what is stored of both."""

from datetime import date, datetime, timedelta
from itertools import count

from accounts.models import Customer
from backoffice.core import clock
from risk.conduct import operations as conduct
from risk.conduct.operations import ConductReport
from risk.lines import operations as lines
from risk.lines.rules.grant import Capacity
from risk.models import CreditLine, GrowthChange, LimitChange

ON = date(2026, 10, 1)
BY = "system:limits"
# 7,000.00 a month: twice that, 14,000.00, by every factor of 1.
CAPACITY = Capacity(700_000, 1000, (), 1000)
_numbers = count(1)


def moment(day: date) -> datetime:
    """Return ten past midnight of a day."""
    return clock.moment_of(day, datetime.min.time().replace(minute=10))


def day(n: int) -> date:
    return ON + timedelta(days=n)


def customer() -> Customer:
    return Customer.objects.create(registered_at=moment(ON))


def granted(capacity=CAPACITY, *, on=ON, limit_fen=None, who=None, evidence="") -> CreditLine:
    """Grant a line; its limit is that of the model unless another one is decided."""
    from risk.lines.rules import grant as rules
    from risk.policy import LimitPolicy

    policy = LimitPolicy()
    model = rules.model_part(capacity, policy=policy)
    limit_fen = limit_fen or rules.grant(model, cap_fen=30_000_000, policy=policy).limit_fen
    one = lines.Grant((who or customer()).pk, capacity, limit_fen, evidence)
    [line] = lines.grant([one], by=BY, at=moment(on), on=on)
    return reread(line)


def reread(line: CreditLine) -> CreditLine:
    return CreditLine.objects.get(pk=line.pk)


def report(line, due_on, outcome="paid", *, paid_on=None, source=None):
    """Report a bill of the line's customer; a paid one was paid on its due date."""
    if outcome == "paid" and paid_on is None:
        paid_on = due_on
    source = source or f"bill:{next(_numbers)}"
    one = ConductReport(line.customer_id, source, due_on, 100, 10, 100, outcome, paid_on)
    conduct.record([one], at=moment(due_on))
    return source


def changes(line) -> list[tuple[int, int, int, str, str]]:
    """Return old, new, target, rule and reason of each change."""
    rows = LimitChange.objects.filter(line=line).order_by("pk")
    return [*rows.values_list("old_fen", "new_fen", "target_fen", "rule", "reason")]


def factors(line) -> list[str]:
    return [*GrowthChange.objects.filter(line=line).order_by("pk").values_list("after", flat=True)]
