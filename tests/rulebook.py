"""The rules of scores and limits, each with an example and its exact value.

``make rules`` writes ``docs/rules.md`` from this table and from the rule ids that
modules of rules and their tests name in their docstrings.
"""

import ast
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from django.utils.translation import override

from accounts.cards.rules import card_numbers
from accounts.onboarding import queries as onboarding
from accounts.onboarding.rules.history import enough_history_on
from accounts.onboarding.rules.occupations import Occupation
from accounts.onboarding.rules.onboarding import Identity, OnboardingStatus
from accounts.policy import AccountPolicy
from backoffice.guide import comparison, numbers, opening
from risk.appeals.rules import deadlines
from risk.lines.rules import cuts, grant, growth, points, reserve, temporary, walk
from risk.lines.rules.available import LineAmounts, available_fen
from risk.lines.rules.reasons import LineReason
from risk.policy import COMPONENTS, AppealPolicy, AssessmentPolicy, LimitPolicy, ScoringPolicy
from risk.scoring.rules import (
    components,
    cross_checks,
    explanation,
    gates,
    special_review,
    withdrawal,
)
from risk.scoring.rules.assessment import assess
from risk.scoring.rules.payment_behaviour import score_values
from risk.scoring.rules.score import Components, graded, open_plans, score
from risk.scoring.rules.smallest_change import smallest_change
from tests.risk.scoring.inputs import ORDINARY
from tests.source_tree import ROOT, name_of, sources, tree

SCORING, LIMITS, APPEALS = ScoringPolicy(), LimitPolicy(), AppealPolicy()
BANK_FEN = AccountPolicy().limit_max_fen
MICRO_FEN = AccountPolicy(lender_type="MICRO").limit_max_fen
PAGE = ROOT / "docs" / "rules.md"
GOOD = Components(*map(Fraction, (80, 70, 60, 90, 100)))
HALF = [(4, 1), (15_000, 1), (10, 3), (1, 5), (45, 1), (15, 1), (6, 1), (1, 10), (1, 6), (1, 2),
        (0, 1), (12, 1)]  # fmt: skip
OPENED = date(2026, 9, 1)
SUBMITTED = datetime(2026, 11, 24, 15, tzinfo=UTC)


class Row(NamedTuple):
    """A rule, an example in words, its value by the rules and as it must be, and the module.

    ``test`` is the test module where it is not the mirror of the module.
    """

    rule: str
    example: str
    found: Callable[[], Any]
    expected: Any
    module: str
    test: str = ""


def first_limit(
    income_fen: int, *, occupation: int = 1000, assets: str = "", cap_fen: int = BANK_FEN
) -> int:
    """Return the first limit in fen; ``assets`` are kinds with a comma between."""
    listed = [
        grant.Asset(grant.AssetKind(kind), str(n))
        for n, kind in enumerate(filter(None, assets.split(",")))
    ]
    model = grant.model_part(grant.Capacity(income_fen, occupation, listed, 1000), policy=LIMITS)
    return grant.grant(model, cap_fen=cap_fen, policy=LIMITS).limit_fen


def grown(*permilles: int) -> Fraction:
    """Return the growth factor after bills, one each 30 days."""
    history = [growth.GrowthStep(OPENED, growth.START)]
    for n, permille in enumerate(permilles, 1):
        on = date.fromordinal(OPENED.toordinal() + 30 * n)
        step = Fraction(permille, 1000)
        history.append(growth.GrowthStep(on, growth.grown(history, step, on=on, policy=LIMITS)))
    return history[-1].factor


def following(limit_fen: int, target_fen: int) -> tuple[int, str]:
    """Return the limit of the next day and what becomes of the line."""
    found = walk.next_day(limit_fen, target_fen, policy=LIMITS)
    return found.limit_fen, found.verdict.value


def temporary_verdict(**change: Any) -> str:
    """Return the answer to a request for 2,000.00 over 30 days on a limit of 10,000.00."""
    request = temporary.TemporaryRequest(1_000_000, 200_000, 30, (True,) * 3, OPENED)
    changed = request._replace(**change)
    return temporary.decide(changed, cap_fen=BANK_FEN, policy=LIMITS).verdict.value


def own_cells() -> list[str]:
    """Return the own column of the comparison in English, the numbers of the rulebook."""
    with override("en"):
        found = numbers.by_default()
        return [row.cells[0].text for row in comparison.rows(found)]


def guide_needs(step: str) -> str:
    """Return the first thing that a step of the opening guide needs, in English."""
    with override("en"):
        [found] = [one for one in opening.guide(numbers.by_default()) if one.step == step]
        return found.needs[0]


def occupation(kind: Occupation, years: int, *, is_proved: bool) -> int:
    """Return the factor of an occupation in permille."""
    return grant.occupation_permille(kind, years, is_proved=is_proved, policy=LIMITS)


_PARTS, _PAYMENT = "risk/scoring/rules/components.py", "risk/scoring/rules/payment_behaviour.py"
_SCORE, _REVIEW = "risk/scoring/rules/score.py", "risk/scoring/rules/special_review.py"
_GRANT, _WALK = "risk/lines/rules/grant.py", "risk/lines/rules/walk.py"
_GATES, _CHECKS = "risk/scoring/rules/gates.py", "risk/scoring/rules/cross_checks.py"
_GROWTH, _POINTS = "risk/lines/rules/growth.py", "risk/lines/rules/points.py"
_DEADLINES = "risk/appeals/rules/deadlines.py"
_TEMPORARY, _RESERVE = "risk/lines/rules/temporary.py", "risk/lines/rules/reserve.py"

ROWS = (
    Row("SCORE-1", "weights of the five components in percent",
        lambda: [getattr(SCORING, f"{one}_weight_percent") for one in COMPONENTS],
        [30, 25, 20, 15, 10], "risk/policy.py"),
    Row("SCORE-2", "every indicator half way: component",
        lambda: score_values(HALF, policy=SCORING).component, 50, _PAYMENT),
    Row("SCORE-3", "payments of 5,000.00 and 5,000.01: reviewed",
        lambda: [special_review.is_needed(fen, policy=SCORING) for fen in (500_000, 500_001)],
        [False, True], _REVIEW),
    Row("SCORE-4", "26 users, 32 transfers, 91 others, 8 of depth 2, 3 overdue",
        lambda: components.social(components.Friends(26, 32, 91, 8, 3), policy=SCORING),
        Fraction(456, 5), _PARTS),
    Row("SCORE-5", "365 stable days, one fen below a month's income, 5 moves",
        lambda: components.wealth(components.Holdings(365, 499_999, 500_000, 5), policy=SCORING),
        72, _PARTS),
    Row("SCORE-6", "codes NN1N2N1", lambda: components.performance("NN1N2N1", policy=SCORING),
        50, _PARTS),
    Row("SCORE-7", "61 % of everyday spending",
        lambda: components.consumption(components.Spending(61, 100), policy=SCORING),
        Fraction(161, 2), _PARTS),
    Row("SCORE-8", "components 80, 70, 60, 90, 100: score",
        lambda: score(GOOD, policy=SCORING).total, 724, _SCORE),
    Row("SCORE-9", "the same without social relations",
        lambda: score(GOOD._replace(social=None), policy=SCORING).total, 736, _SCORE),
    Row("SCORE-9", "the same without payment behaviour",
        lambda: score(GOOD._replace(payment=None), policy=SCORING).total, None, _SCORE),
    Row("SCORE-10", "167 points: factor of the year",
        lambda: points.yearly_step(167, policy=LIMITS), Fraction(8501, 8000), _POINTS),
    Row("SCORE-11", "grades of 800, 799, 500, 499",
        lambda: [graded(total, policy=SCORING).grade for total in (800, 799, 500, 499)],
        ["AAA", "AA", "C", None], _SCORE),
    Row("SCORE-12", "9,000.00 declared, 3,000.00 a month come in: income that is scored",
        lambda: cross_checks.cross_check(
            cross_checks.Declaration(income_fen=900_000, inflow_fen=300_000), policy=SCORING
        ).income_fen, 300_000, _CHECKS),
    Row("RATE-1", "rates of 800, 723, 500, 499 in ppm a day",
        lambda: [graded(total, policy=SCORING).rate_ppm for total in (800, 723, 500, 499)],
        [200, 300, 500, None], _SCORE),
    Row("REPAY-6", "plans open at 699, 700, 749, 750",
        lambda: [open_plans(total, policy=SCORING) for total in (699, 700, 749, 750)],
        [(), (3, 6), (3, 6), (3, 6, 12)], _SCORE),
    Row("ELIG-11", "code 4 in the 24th month back, and in the 25th",
        lambda: [
            len(gates.failed_gates(f"4{'N' * n}", graded(700, policy=SCORING), policy=SCORING))
            for n in (23, 24)
        ], [1, 0], _GATES),
    Row("LIMIT-1", "income 200,000.00 at a bank, at a micro-loan company; income 200.00",
        lambda: [first_limit(20_000_000), first_limit(20_000_000, cap_fen=MICRO_FEN),
                 first_limit(20_000)], [30_000_000, 20_000_000, 0], _GRANT),
    Row("LIMIT-2", "income 5,000.00 and 5,000.01, factor 1.5",
        lambda: [first_limit(fen, occupation=1500) for fen in (500_000, 500_001)],
        [1_000_000, 1_500_000], _GRANT),
    Row("LIMIT-3", "civil servant of 3 years with proof, without proof",
        lambda: [occupation(Occupation.CIVIL_SERVANT, 3, is_proved=one) for one in (True, False)],
        [1350, 1000], _GRANT),
    Row("LIMIT-4", "income 8,000.00, factor 1.5, home and car",
        lambda: first_limit(800_000, occupation=1500, assets="house,vehicle"), 3_000_000, _GRANT),
    Row("LIMIT-5", "10,000.00 on the way to 30,000.00 and to 3,000.00",
        lambda: [following(1_000_000, target) for target in (3_000_000, 300_000)],
        [(1_200_000, "keep"), (800_000, "keep")], _WALK),
    Row("LIMIT-1", "600.00 on the way to 499.00",
        lambda: following(60_000, 49_900), (50_000, "suspend"), _WALK),
    Row("LIMIT-6", "purchases of 6,000.00 and of 5,000.00: holds",
        lambda: [reserve.hold_fen(fen, available_fen=9_000_000, policy=LIMITS)
                 for fen in (600_000, 500_000)], [480_000, 0], _RESERVE),
    Row("LIMIT-6", "a hold of 1 September 08:00 ends",
        lambda: reserve.held_until(datetime(2026, 9, 1, 8, tzinfo=UTC), policy=LIMITS),
        datetime(2026, 9, 4, 8, tzinfo=UTC), _RESERVE),
    Row("LIMIT-7", "the second of three bills not in full",
        lambda: temporary_verdict(in_full=(True, False, True)), "bills", _TEMPORARY),
    Row("LIMIT-8", "2,000.00 and 2,000.01 on 10,000.00, 31 days, 29 days after the last",
        lambda: [temporary_verdict(), temporary_verdict(amount_fen=200_001),
                 temporary_verdict(days=31), temporary_verdict(last_valid_to=date(2026, 8, 3))],
        ["ok", "amount", "days", "gap"], _TEMPORARY),
    Row("LIMIT-9", "limit 10,000.00, drawn 3,000.00, held 4,800.00",
        lambda: available_fen(LineAmounts(1_000_000, 0, 150, 480_000, 0, 300_000)), 70_000,
        "risk/lines/rules/available.py"),
    Row("LIMIT-10", "a bill in full, then one overdue", lambda: grown(1050, 950),
        Fraction(399, 400), _GROWTH),
    Row("LIMIT-11", "three bills in full, then a fourth",
        lambda: [grown(1050, 1050, 1050), grown(1050, 1050, 1050, 1050)],
        [Fraction(23, 20), Fraction(23, 20)], _GROWTH),
    Row("LIMIT-12", "factors of 39.99, 40, 79.99 and 80 points",
        lambda: [grant.consumption_permille(Fraction(n, 100), policy=LIMITS)
                 for n in (3999, 4000, 7999, 8000)], [900, 1000, 1000, 1100], _GRANT),
    Row("LIMIT-13", "income from 4,000.00 to 8,000.00: limit of the first day",
        lambda: following(first_limit(400_000), first_limit(800_000)), (960_000, "keep"), _WALK),
    Row("FAQ-2", "the two weakest of 80, 70, 60, 90, 100",
        lambda: [one.value for one in explanation.weakest(GOOD)], ["wealth", "social"],
        "risk/scoring/rules/explanation.py"),
    Row("FAQ-2", "650 points: change of inputs for 654, for 720",
        lambda: [found and [(one.lever.value, one.now, one.then) for one in found.changes]
                 for found in (smallest_change(ORDINARY, total_min=total, policy=SCORING)
                               for total in (654, 720))], [[("moves", 6, 5)], None],
        "risk/scoring/rules/smallest_change.py"),
    Row("FAQ-3", "preview without holdings: 724 becomes",
        lambda: withdrawal.preview(GOOD, withdrawal.Source.WEALTH, policy=SCORING).then.total,
        747, "risk/scoring/rules/withdrawal.py"),
    Row("FAQ-6", "deltas of 724 to 736 by component sum to",
        lambda: sum(one.points for one in explanation.deltas(
            GOOD, GOOD._replace(social=None), policy=SCORING)), 12,
        "risk/scoring/rules/explanation.py"),
    Row("FAQ-8", "submitted on 2026-11-24 15:00: a limit, a credit report due on",
        lambda: [deadlines.due_at(SUBMITTED, one, policy=APPEALS)
                 for one in (deadlines.Contested.LIMIT, deadlines.Contested.BUREAU)],
        [SUBMITTED + timedelta(days=15), SUBMITTED + timedelta(days=20)], _DEADLINES),
    Row("FAQ-8", "the same limit, four days waited for the customer",
        lambda: deadlines.moved_on(
            SUBMITTED + timedelta(days=15), asked_at=SUBMITTED + timedelta(days=3),
            answered_at=SUBMITTED + timedelta(days=7)),
        SUBMITTED + timedelta(days=19), _DEADLINES),
    Row("FAQ-8", "a decision of 2026-11-24 15:00 may be contested until",
        lambda: deadlines.filed_until(SUBMITTED, policy=APPEALS),
        SUBMITTED + timedelta(days=60), _DEADLINES),
    Row("FAQ-1", "next steps of a refused customer whose identity is verified",
        lambda: [(one["step"], one["state"]) for one in onboarding.after_refusal(
            OnboardingStatus(identity=Identity.DONE))],
        [("check-identity", "done"), ("update-profile", "open"), ("ask-support", "open")],
        "accounts/onboarding/queries.py"),
    Row("FAQ-4", "day limits of cards of class I, II and III in fen",
        lambda: [card_numbers.day_limit_fen(one) for one in ("I", "II", "III")],
        [None, 1_000_000, 200_000], "accounts/cards/rules/card_numbers.py"),
    Row("CMP-1", "own column of the comparison, from the policies", own_cells,
        ["15 minutes",
         "7.3 % - 18.25 % of 365 days, that is 0.02 % - 0.05 % a day (7.2 % - 18 % of 360 days)",
         "500 - 300,000 yuan", "payment behaviour 30 %, social relations 25 %"],
        "backoffice/guide/comparison.py", "tests/backoffice/guide/test_api.py"),
    Row("CMP-2", "WeChat used since 31 August 2026: long enough on",
        lambda: enough_history_on(date(2026, 8, 31), AccountPolicy().history_months).isoformat(),
        "2027-02-28", "accounts/onboarding/rules/history.py"),
    Row("GEN-16", "first need of the identity step in the opening guide",
        lambda: guide_needs("identity"), "Age: 18 to 60 complete years.",
        "backoffice/guide/opening.py", "tests/backoffice/guide/test_texts.py"),
    Row("RATE-2", "annual rates of the best and the last grade in the comparison",
        lambda: own_cells()[1][:16], "7.3 % - 18.25 % ", "backoffice/guide/numbers.py",
        "tests/backoffice/guide/test_texts.py"),
    Row("LAW-18", "changes of a line (granted, lower target, two steps), each with its fall",
        lambda: cuts.origins([
            cuts.TargetChange(0, 1_400_000, 1_400_000, LineReason.GRANTED),
            cuts.TargetChange(1_400_000, 1_400_000, 1_000_000, LineReason.NEW_INPUTS),
            cuts.TargetChange(1_400_000, 1_120_000, 1_000_000, LineReason.WALKED),
            cuts.TargetChange(1_120_000, 1_000_000, 1_000_000, LineReason.WALKED)]),
        [None, 1, 1, 1], "risk/lines/rules/cuts.py"),
    Row("LAW-18", "a cut of 2026-11-24 15:00 may be reviewed until",
        lambda: cuts.requested_until(SUBMITTED, policy=AssessmentPolicy()),
        SUBMITTED + timedelta(days=60), "risk/lines/rules/cuts.py"),
    Row("LAW-18", "the same inputs again give the same score",
        lambda: assess(ORDINARY, policy=SCORING) == assess(ORDINARY, policy=SCORING), True,
        "risk/scoring/rules/assessment.py"),
)  # fmt: skip

# Rules whose place is not in the rules of risk, with the reason.
ELSEWHERE = {
    "LIMIT-14": "a row for each change of a limit: models and operations of `risk/lines`",
    "FAQ-5": "the statement of charges (RATE-9): `loans/accounting/queries/statement.py`",
    "FAQ-7": "another card, direct debit, a later due date: `loans/billing/operations`",
    "RATE-8": "rates of other lenders: content of `backoffice/guide/comparison.py`",
}
HEAD = """# Rules, code and tests

Written by `make rules`; a test compares this page with the table in `tests/rulebook.py`.

## Scores and limits

Each row is run by `tests/test_rulebook.py::test_a_rule_gives_its_example`.

| rule | example | value | code | tests |
|---|---|---|---|---|
"""
ELSEWHERE_HEAD = "\nNot among these rules:\n\n| rule | where |\n|---|---|\n"
TAIL = """
## Onboarding and loans

Modules of rules, and test modules, that name a rule in the sentence at their top.

| rule | code | tests |
|---|---|---|
"""
ID = re.compile(
    r"\b(GEN|ELIG|SCORE|LIMIT|SEC|RATE|REPAY|FAQ|LAW|OPS|CMP)-(\d+)((?:(?:, | to )\d+)*)"
)


def page() -> str:
    """Return the page as it must be committed."""
    rows = "".join(
        f"| {row.rule} | {row.example} | {_shown(row.expected)} | `{row.module}` |"
        f" {f'`{row.test}`' if row.test else _test_of(row.module)} |\n"
        for row in ROWS
    )
    elsewhere = "".join(f"| {rule} | {where} |\n" for rule, where in ELSEWHERE.items())
    named = "".join(
        f"| {rule} | {_listed(code)} | {_listed(tests)} |\n" for rule, code, tests in _named()
    )
    return HEAD + rows + ELSEWHERE_HEAD + elsewhere + TAIL + named


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    if isinstance(value, tuple):
        return f"({', '.join(map(_shown, value))})"
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def _test_of(module: str) -> str:
    path = Path(module)
    return f"`{Path('tests') / path.parent / f'test_{path.name}'}`"


def _listed(paths: list[str]) -> str:
    return ", ".join(f"`{path}`" for path in sorted(paths))


def _named() -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield rules of accounts and loans with the modules whose docstrings name them."""
    code = _by_rule(
        path for path in sources()
        if path.relative_to(ROOT).parts[0] in ("accounts", "loans")
        and "rules" in path.with_suffix("").parts
    )  # fmt: skip
    tests = _by_rule(
        path for app in ("accounts", "loans") for path in (ROOT / "tests" / app).rglob("test_*.py")
    )
    for rule in sorted({*code} & {*tests}, key=_order):
        yield rule, code[rule], tests[rule]


def _order(rule: str) -> tuple[str, int]:
    family, _dash, n = rule.partition("-")
    return family, int(n)


def _by_rule(paths: Iterator[Path]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in paths:
        for rule in rules_in(ast.get_docstring(tree(path)) or ""):
            found.setdefault(rule, []).append(name_of(path))
    return found


def rules_in(text: str) -> set[str]:
    """Return the rule ids of a text: ``REPAY-7, 9 to 11`` are four, and so with full ids."""
    full = re.sub(r"([A-Z]+)-(\d+) to \1-(\d+)", r"\1-\2 to \3", text)
    found = set()
    for family, first, more in ID.findall(full):
        last = int(first)
        found.add(f"{family}-{last}")
        for word, n in re.findall(r"(, | to )(\d+)", more):
            numbers = range(last + 1, int(n) + 1) if word == " to " else (int(n),)
            found |= {f"{family}-{one}" for one in numbers}
            last = int(n)
    return found


def write() -> None:
    """Write the page again."""
    PAGE.write_text(page())
