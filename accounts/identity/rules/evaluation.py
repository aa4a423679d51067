"""How good the checks of devices and faces are, measured on a labelled set (SEC-2, SEC-3).

The product is promised an accuracy of devices, and a rate of faces falsely accepted. A rate of
nothing in a few tries says little: what counts is its upper bound, one-sided at 95 % (Clopper and
Pearson), so that 0 of 30,000 attacks is just enough for 0.01 %.
"""

from collections.abc import Iterable
from enum import StrEnum
from math import exp, lgamma, log, log1p
from typing import NamedTuple

PPM = 1_000_000
PPB = 1_000_000_000
CONFIDENCE_PERMILLE = 950

_HALVINGS = 100  # of an interval of one: far below a part in a thousand million


class Label(StrEnum):
    """What a case of the set is known to be."""

    GENUINE = "genuine"
    ATTACK = "attack"


class CheckAnswer(StrEnum):
    """The answer of the check."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


class Case(NamedTuple):
    """One labelled case."""

    label: Label
    answer: CheckAnswer


class Measured(NamedTuple):
    """How a check did: cases, right ones, attacks, attacks that it accepted."""

    cases: int
    right: int
    attacks: int
    accepted_attacks: int


def measure(cases: Iterable[Case]) -> Measured:
    """Return the counts of a labelled set."""
    outcomes = [(case.label is Label.ATTACK, case.answer is CheckAnswer.ACCEPTED) for case in cases]
    return Measured(
        cases=len(outcomes),
        right=sum(is_attack is not is_accepted for is_attack, is_accepted in outcomes),
        attacks=sum(is_attack for is_attack, _is_accepted in outcomes),
        accepted_attacks=sum(is_attack and is_accepted for is_attack, is_accepted in outcomes),
    )


def accuracy_ppm(measured: Measured) -> int:
    """Return right cases of all, in parts per million, floored; of no cases, none."""
    return measured.right * PPM // measured.cases if measured.cases else 0


def accepted_bound_ppb(measured: Measured) -> int:
    """Return the upper bound of the rate of attacks accepted, in parts per thousand million.

    One-sided at 95 %, rounded up; of no attacks it is everything: nothing is known.
    """
    attacks, accepted = measured.attacks, measured.accepted_attacks
    if accepted >= attacks:
        return PPB
    missed = log(1 - CONFIDENCE_PERMILLE / 1000)
    low, high = 0.0, 1.0
    for _halving in range(_HALVINGS):
        middle = (low + high) / 2
        if _log_at_most(accepted, attacks, middle) > missed:
            low = middle
        else:
            high = middle
    return min(PPB, int(high * PPB) + 1)


def _log_at_most(accepted: int, attacks: int, rate: float) -> float:
    """Return the logarithm of the chance that at most so many attacks are accepted."""
    if rate <= 0.0:
        return 0.0
    if rate >= 1.0:
        return float("-inf")
    terms = [_log_exactly(count, attacks, rate) for count in range(accepted + 1)]
    largest = max(terms)
    return largest + log(sum(exp(term - largest) for term in terms))


def _log_exactly(count: int, attacks: int, rate: float) -> float:
    chosen = lgamma(attacks + 1) - lgamma(count + 1) - lgamma(attacks - count + 1)
    return chosen + count * log(rate) + (attacks - count) * log1p(-rate)
