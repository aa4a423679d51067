"""The smallest change of what a customer can act on that would have reached a score (FAQ-2).

One input at a time is changed in small steps, then two together; each proposal is scored again
before it is given. Left out on purpose: holdings and amounts spent (nobody is advised to buy or to
spend more), friends (they are other persons), and everything that only time changes.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum
from itertools import combinations
from typing import Any, NamedTuple

from backoffice.core.translation import gettext_noop as _
from risk.policy import ScoringPolicy
from risk.scoring.rules.assessment import ScoreInputs, assess
from risk.scoring.rules.payment_behaviour import PaymentCounts

STEPS_MAX = 20
STEP_PERCENT = 5


class Lever(StrEnum):
    """Inputs that a customer can act on."""

    UTILITY_PAYMENTS = "utility_payments"
    FAILED = "failed"
    REFUNDS = "refunds"
    LARGE_PAYMENTS = "large_payments"
    NIGHT_PAYMENTS = "night_payments"
    ACTIVE_DAYS = "active_days"
    MERCHANTS = "merchants"
    MOVES = "moves"


WORDS = {
    Lever.UTILITY_PAYMENTS: _("Utility bills paid in six months: {now}, would have been {then}."),
    Lever.FAILED: _("Failed payments in 90 days: {now}, would have been {then}."),
    Lever.REFUNDS: _("Refunded payments in 90 days: {now}, would have been {then}."),
    Lever.LARGE_PAYMENTS: _("Payments above 5,000.00 in 30 days: {now}, would have been {then}."),
    Lever.NIGHT_PAYMENTS: _("Payments at night in 90 days: {now}, would have been {then}."),
    Lever.ACTIVE_DAYS: _("Days with a payment out of 90: {now}, would have been {then}."),
    Lever.MERCHANTS: _("Different merchants in 90 days: {now}, would have been {then}."),
    Lever.MOVES: _("Subscriptions and redemptions in 30 days: {now}, would have been {then}."),
}
NONE_WITHIN_REACH = _("No change of one or two of these alone would have reached the score.")


class InputChange(NamedTuple):
    """An input as it is and as it would have sufficed."""

    lever: Lever
    now: int
    then: int


class SmallestChange(NamedTuple):
    """The changes, none where the score suffices already, and the score that they give."""

    changes: tuple[InputChange, ...]
    total: int


def smallest_change(
    inputs: ScoreInputs, *, total_min: int, policy: ScoringPolicy
) -> SmallestChange | None:
    """Return the change of fewest steps with which the score is at least ``total_min``.

    A change of one input comes before one of two, the fewest steps before more. None where none is
    within reach, or no score is computed at all.

    Raises:
        UnknownCodeError: credit reporting does not define a monthly code.
    """

    def total(changed: ScoreInputs) -> int:
        return assess(changed, policy=policy).score.total or 0

    if (now := total(inputs)) >= total_min:
        return SmallestChange((), now)
    levers = list(_levers(inputs, policy=policy))
    for group in ([(lever,) for lever in levers], list(combinations(levers, 2))):
        found = [
            (sum(steps), order, steps)
            for order, together in enumerate(group)
            if (steps := _fewest(inputs, together, total, total_min)) is not None
        ]
        if found:
            _count, order, steps = min(found)
            changes = [lever.at(n) for lever, n in zip(group[order], steps, strict=True)]
            return SmallestChange(tuple(changes), total(_apply(inputs, changes)))
    return None


class _Range(NamedTuple):
    """A lever of some inputs: its value by the number of steps, best value last."""

    lever: Lever
    now: int
    step: int
    best: int

    @property
    def steps_max(self) -> int:
        return min(STEPS_MAX, -(-abs(self.best - self.now) // abs(self.step)))

    def at(self, steps: int) -> InputChange:
        then = self.now + steps * self.step
        bound = min if self.step > 0 else max
        return InputChange(self.lever, self.now, bound(then, self.best))


def _levers(inputs: ScoreInputs, *, policy: ScoringPolicy) -> Iterator[_Range]:
    """Yield the levers that have somewhere to go."""
    ranges = _ranges_of(inputs.counts, policy) if inputs.counts else []
    if inputs.holdings:
        moves = inputs.holdings.moves
        ranges.append(_Range(Lever.MOVES, moves, -1, min(moves, policy.wealth_moves_free)))
    yield from (one for one in ranges if one.now != one.best)


def _ranges_of(counts: PaymentCounts, policy: ScoringPolicy) -> list[_Range]:
    def fewer(lever: Lever, now: int) -> _Range:
        return _Range(lever, now, -max(1, now * STEP_PERCENT // 100), 0)

    def more(lever: Lever, now: int, step: int, full: int) -> _Range:
        return _Range(lever, now, step, max(now, full))

    active_days_max = min(policy.pay_05_full, counts.payments)
    return [
        more(Lever.UTILITY_PAYMENTS, counts.utility_payments, 1, policy.pay_07_full),
        fewer(Lever.FAILED, counts.failed),
        fewer(Lever.REFUNDS, counts.refunds),
        _Range(Lever.LARGE_PAYMENTS, counts.large_payments, -1, 0),
        fewer(Lever.NIGHT_PAYMENTS, counts.night_payments),
        more(Lever.ACTIVE_DAYS, counts.active_days, 5, active_days_max),
        more(Lever.MERCHANTS, counts.merchants, 2, min(policy.pay_06_full, counts.payments)),
    ]


def _apply(inputs: ScoreInputs, changes: list[InputChange]) -> ScoreInputs:
    for lever, _now, then in changes:
        if lever is Lever.MOVES:
            assert inputs.holdings is not None
            inputs = inputs._replace(holdings=inputs.holdings._replace(moves=then))
        else:
            assert inputs.counts is not None
            changed: dict[str, Any] = {lever.value: then}
            inputs = inputs._replace(counts=inputs.counts._replace(**changed))
    return inputs


def _fewest(
    inputs: ScoreInputs,
    together: tuple[_Range, ...],
    total: Callable[[ScoreInputs], int],
    total_min: int,
) -> tuple[int, ...] | None:
    """Return the fewest steps of one or two levers that suffice; more steps never score less."""

    def suffices(*steps: int) -> bool:
        changes = [lever.at(n) for lever, n in zip(together, steps, strict=True)]
        return total(_apply(inputs, changes)) >= total_min

    first_max, *second_max = (lever.steps_max for lever in together)
    if not suffices(first_max, *second_max):
        return None
    if not second_max:
        return (next(n for n in range(1, first_max + 1) if suffices(n)),)
    # Each step more of the first allows the second to take fewer: one way along the border.
    found, second = [], second_max[0]
    for first in range(1, first_max + 1):
        while second > 1 and suffices(first, second - 1):
            second -= 1
        if suffices(first, second):
            found.append((first, second))
    return min(found, key=sum)
