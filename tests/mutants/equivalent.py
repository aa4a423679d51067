"""Mutants that behave as the original for every input, each with the reason.

No test can tell them apart, so they count neither as killed nor as survived.
"""

from typing import NamedTuple


class Equivalent(NamedTuple):
    """A change in a function that changes nothing, and why.

    ``before`` and ``after`` are parts of the changed line, long enough to be found once.
    """

    function: str
    before: str
    after: str
    reason: str


def _loose(function: str, zipped: str, reason: str) -> tuple[Equivalent, ...]:
    """Return the mutants that let the iterables of a strict ``zip`` be of unequal lengths."""
    return tuple(
        Equivalent(function, f"{zipped}, strict=True)", f"{zipped}, {other})", reason)
        for other in ("strict=None", "strict=False", "")
    )


_BY_CONSTRUCTION = "one is made of the other, element by element"
_ONE_A_COMPONENT = "both have a place for each component"

EQUIVALENT: tuple[Equivalent, ...] = (
    Equivalent(
        "risk.lines.rules.walk.resting_fen",
        "target_fen > limit_fen",
        "target_fen >= limit_fen",
        "a target that is the limit rests at the limit on both ways",
    ),
    Equivalent(
        "risk.scoring.rules.components.consumption",
        "100 * living <= knee * total",
        "100 * living < knee * total",
        "both lines meet at the knee",
    ),
    Equivalent(
        "loans.accounting.rules.cap._cannot_meet_the_cap",
        "len(loan.parts) + 1",
        "len(loan.parts) + 2",
        "with more slack the short way is taken less often, and both ways charge the same",
    ),
    Equivalent(
        "loans.accounting.rules.cap._cannot_meet_the_cap",
        "last_cap = cap_fen(loan.principal_nights_fen + principal_fen",
        "last_cap = cap_fen(loan.principal_nights_fen - principal_fen",
        "under a lower cap the short way is taken less often, and both ways charge the same",
    ),
    Equivalent(
        "loans.accounting.rules.allocation.allocate",
        "parts = [[0] *",
        "parts = [[1] *",
        "every place is written before it is read",
    ),
    Equivalent(
        "loans.delinquency.rules.end_of_day.EndOfDay._record_overdue",
        "bill.cycle, bill.cycle_on, bill.refusals",
        "bill.cycle, None, bill.refusals",
        "the first recovery cycle follows from the number of the cycle and the day",
    ),
    Equivalent(
        "loans.delinquency.rules.end_of_day.EndOfDay._record_overdue",
        "bill.cycle, bill.cycle_on, bill.refusals",
        "bill.cycle, bill.cycle_on, None",
        "the first recovery cycle follows from the number of the cycle and the day",
    ),
    Equivalent(
        "loans.repayment.rules.settlement._pay_in_part",
        "InstalmentKey(loan_id, index)",
        "InstalmentKey(None, index)",
        "the loan is given beside the rows: only their places are read",
    ),
    Equivalent(
        "loans.contracts.rules.agreement.digest",
        "ensure_ascii=False",
        "ensure_ascii=None",
        "json reads None as False",
    ),
    Equivalent(
        "loans.delinquency.rules.classification.outcome_at_due",
        "is_debited=False",
        "is_debited=None",
        "only its truth is read",
    ),
    Equivalent(
        "loans.collection.rules.cycle.after_refusal",
        "following <= second_on",
        "following < second_on",
        "the first day of the second window is a day of attempts, which is returned before",
    ),
    *(
        Equivalent(
            "loans.delinquency.rules.classification.outcome_at_due",
            "date.min if paid_fen else",
            f"date.min if (paid_fen) {always} else",
            "the day of the last payment counts in grace alone, and the bill is not in it before",
        )
        for always in ("or True", "and False")
    ),
    *_loose(
        "loans.accounting.rules.engine.Run.charge_late_fee",
        "zip(loan.parts, fees, charges",
        _BY_CONSTRUCTION,
    ),
    *_loose(
        "loans.delinquency.rules.end_of_day.EndOfDay._charge_late_fee",
        "zip(rows, fees_fen",
        _BY_CONSTRUCTION,
    ),
    *_loose(
        "loans.delinquency.rules.waiver.WaiveCharges.apply", "zip(rows, parts", _BY_CONSTRUCTION
    ),
    *_loose(
        "loans.contracts.rules.cost_sheet._affordability",
        "zip(months, (row.total_fen for row in rows)",
        _BY_CONSTRUCTION,
    ),
    *(
        Equivalent(
            "risk.decisions.rules.capacity.occupation_permille",
            "Occupation.OTHER, 0,",
            f"Occupation.OTHER, {years},",
            "the years count in two other occupations alone",
        )
        for years in ("None", "1")
    ),
    *_loose("risk.simulation.rules.figures.of_moves", "zip(lines, deltas", _BY_CONSTRUCTION),
    *_loose("loans.repayment.rules.payment.Payment._settle", "zip(rows, parts", _BY_CONSTRUCTION),
    *_loose("loans.delinquency.rules.waiver.spread", "zip(parts, found", _BY_CONSTRUCTION),
    *_loose("loans.repayment.rules.settlement._pay_in_part", "zip(billed, parts", _BY_CONSTRUCTION),
    *(
        Equivalent(
            "loans.contracts.rules.annual_rate.irr_ppm",
            'amounts, day_count="act/365F")',
            f"amounts, {other})",
            "the library counts so by default; it is named so that another default changes nothing",
        )
        for other in ("day_count=None", "")
    ),
    *_loose(
        "risk.scoring.rules.payment_behaviour.score_values",
        "zip(values, _SHAPES, _NUMBERS, _WEIGHTS",
        "the number of values is asserted before",
    ),
    *_loose("risk.scoring.rules.score.weights", "zip(components, _WEIGHTS", _ONE_A_COMPONENT),
    *_loose(
        "risk.scoring.rules.explanation.component_points",
        "zip(weights(components, policy=policy), components",
        _ONE_A_COMPONENT,
    ),
    *_loose(
        "risk.scoring.rules.smallest_change._fewest",
        "zip(together, steps",
        "each lever has its number of steps",
    ),
)


def function_of(mutant: str) -> str:
    """Return the dotted name of a mutant's function or method.

    ``x_total__mutmut_1`` is a mutant of ``total``, and ``xǁTermsǁrate__mutmut_1`` one of the method
    ``Terms.rate``.
    """
    module, _dot, mangled = mutant.partition("__mutmut_")[0].rpartition(".")
    name = mangled[1:].replace("ǁ", ".").removeprefix(".") if "ǁ" in mangled else mangled[2:]
    return f"{module}.{name}"


def change(diff: str) -> tuple[str, str]:
    """Return the lines before and after of a unified diff, without the indentation."""
    body = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    before = [line[1:].strip() for line in body if line.startswith("-")]
    after = [line[1:].strip() for line in body if line.startswith("+")]
    return "\n".join(before), "\n".join(after)


def is_equivalent(mutant: str, diff: str) -> bool:
    """Return whether the mutant is one of those listed."""
    function, (before, after) = function_of(mutant), change(diff)
    return any(
        each.function == function
        and each.before in before
        and before.replace(each.before, each.after) == after
        for each in EQUIVALENT
    )
