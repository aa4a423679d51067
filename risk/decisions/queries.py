"""Assessments as customers and staff read them: facts from the stored result, in words.

The result holds codes and exact numbers; the words are those of the active language. Nobody else
is named in it, and nobody is advised to buy or to spend more (FAQ-2).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.core import bulk
from backoffice.core.money import yuan
from backoffice.web import wording
from risk.decisions.rules import decision as rules
from risk.decisions.rules.decision import DecisionGate, DecisionInputs, Doubt
from risk.models import (
    REVIEWED_STATES,
    Appeal,
    Assessment,
    AssessmentState,
    Conduct,
    ConductOutcome,
)
from risk.policy import ScoringPolicy
from risk.scoring.rules import explanation as words
from risk.scoring.rules import withdrawal
from risk.scoring.rules.components import Component, hundredths
from risk.scoring.rules.payment_behaviour import PAYMENT_INDICATORS
from risk.scoring.rules.score import Components
from risk.scoring.rules.smallest_change import NONE_WITHIN_REACH, WORDS, Lever
from risk.scoring.rules.withdrawal import Source, WithdrawalPreview

OWN_DAYS = 730  # 24 months of own bills (SCORE-6)
SHARES = {"PAY-04", "PAY-08", "PAY-09", "PAY-10", "PAY-11"}  # shown with two decimals

COMPONENT_TITLES = {
    Component.PAYMENT: _("payment behaviour"),
    Component.SOCIAL: _("social relations"),
    Component.WEALTH: _("holdings"),
    Component.CONSUMPTION: _("consumption"),
    Component.PERFORMANCE: _("repayment history"),
}
GATE_TEXTS = {
    DecisionGate.NOT_READY: _("Onboarding was not complete when it was decided."),
    DecisionGate.OVERDUE_HISTORY: _(
        "Months with a delay of more than 90 days or a loss, of the last 24 in the credit report:"
        " {months}. Months since the latest: {months_ago}."
    ),
    DecisionGate.NOT_SCORABLE: _(
        "Without the consents to payment behaviour and credit reports no score is computed."
    ),
    DecisionGate.LOW_SCORE: _("The score is {total}; at least {total_min} is needed."),
    DecisionGate.LOW_LIMIT: _(
        "The verified income gives a limit below the lowest one of {limit_min_yuan} yuan."
    ),
}
DOUBT_TEXTS = {
    Doubt.INCOME: _("The declared income is three times the mean monthly inflow or more."),
    Doubt.ADDRESS: _("The declared address is in another province than the network address."),
    Doubt.EMPLOYER: _("The declared employer is not the one that was verified."),
    Doubt.PHONE: _("The declared phone number is not the one on file with the bank."),
    Doubt.INCOME_UNVERIFIED: _("No inflow and no document evidences the declared income."),
}


class ScoredPart(NamedTuple):
    """A component: points out of 100 in hundredths, and what it adds to the score."""

    component: str
    title: str
    value_hundredths: int | None
    points: int
    what_counts: str


class MeasuredIndicator(NamedTuple):
    """An indicator of payment behaviour: what was measured, as text, and its points."""

    code: str
    name: str
    measured: str | None
    points: int


class CodedText(NamedTuple):
    """A code and its text in the active language."""

    code: str
    text: str


class Explanation(NamedTuple):
    """Everything that explains a decision (SCORE-8, LAW-18)."""

    components: list[ScoredPart]
    indicators: list[MeasuredIndicator]
    failed_gates: list[CodedText]
    doubts: list[CodedText]
    not_evaluated: list[str]
    weakest: list[CodedText]
    smallest_change: list[CodedText]
    change_total: int | None
    neutral_note: str
    limit_parts: list[CodedText]


def own_codes(customer_ids: Sequence[int], *, on: date) -> dict[int, str]:
    """Return the monthly codes of own bills of the last 24 months, the oldest first (SCORE-6).

    A month with an overdue bill has code 1: loans report that a bill was overdue, not for how long.
    """
    found = Conduct.objects.filter(
        customer_id__any=bulk.Of(customer_ids),
        due_on__gte=on - timedelta(days=OWN_DAYS),
        due_on__lt=on,
    )
    overdue: dict[int, dict[tuple[int, int], bool]] = defaultdict(dict)
    for customer_id, due_on, outcome in found.values_list("customer", "due_on", "outcome"):
        month = (due_on.year, due_on.month)
        before = overdue[customer_id].get(month, False)
        overdue[customer_id][month] = before or outcome == ConductOutcome.OVERDUE
    return {
        customer_id: "".join("1" if months[one] else "N" for one in sorted(months))[-24:]
        for customer_id, months in overdue.items()
    }


def explain(assessment: Assessment) -> Explanation:
    """Return the explanation of a scored assessment in the active language."""
    result = assessment.result
    change = result["smallest_change"]
    return Explanation(
        [_part(component, result) for component in Component],
        list(_indicators(result)),
        [CodedText(one["code"], gate_text(one)) for one in result["failed_gates"]],
        [CodedText(code, str(DOUBT_TEXTS[Doubt(code)])) for code in result["doubts"]],
        list(result["not_evaluated"]),
        [
            CodedText(code, gettext(words.WHAT_COUNTS[Component(code)]))
            for code in result["weakest"]
        ],
        list(_changes(result)),
        change["total"] if change else None,
        gettext(words.NEUTRAL_NOTE),
        [*_limit_parts(result), *_decided_parts(assessment)],
    )


def _limit_parts(result: Mapping[str, Any]) -> Iterator[CodedText]:
    """Yield what the limit was computed from, in the order of its computation (LIMIT-2 to 12)."""
    capacity = result["capacity"]
    occupation, consumption = (
        f"{permille // 1000}.{permille % 1000:03}"
        for permille in (capacity["occupation_permille"], capacity["consumption_permille"])
    )
    parts = (
        ("income", _("Monthly income that counts: {value} yuan"), yuan(capacity["income_fen"])),
        ("occupation", _("Factor of the occupation: {value}"), occupation),
        ("assets", _("Accepted assets: {value}"), len(capacity["assets"])),
        ("consumption", _("Factor of consumption: {value}"), consumption),
        ("limit", _("Computed limit: {value} yuan"), yuan(result["limit_fen"])),
    )
    for code, words_of, value in parts:
        yield CodedText(code, str(words_of).format(value=value))


def _decided_parts(assessment: Assessment) -> Iterator[CodedText]:
    """Yield what a person decided otherwise than the model: conditions set aside, the limit."""
    if assessment.state != AssessmentState.APPROVED:
        return
    if assessment.result["failed_gates"]:
        yield CodedText("set-aside", gettext("A person set aside the conditions that are not met."))
    if assessment.limit_fen != assessment.result["limit_fen"]:
        text = gettext("A person decided on a limit of {value} yuan.")
        yield CodedText("decided", text.format(value=yuan(assessment.limit_fen or 0)))


def rate_ppm(assessment: Assessment) -> int | None:
    """Return the daily rate at which an assessment was approved, in ppm; else None.

    A score too low that a person approved has the rate of the lowest grade (SCORE-11).
    """
    if assessment.state != AssessmentState.APPROVED:
        return None
    stored: int | None = assessment.rate_ppm
    return stored if stored is not None else int(assessment.result["lowest_grade_rate_ppm"])


def rate_text(daily_ppm: int | None) -> str:
    """Return the simple annual rate of 365 days, then the daily rate; empty for None (LAW-1)."""
    if daily_ppm is None:
        return ""
    return f"{wording.percent(daily_ppm * 365)} · {wording.percent(daily_ppm)}"


def is_reviewable(assessment: Assessment) -> bool:
    """Return whether the customer may ask a person to review this decision (LAW-18).

    Not while an appeal is with the staff: a person decides then anyway.
    """
    with_staff = Appeal.objects.filter(customer=assessment.customer_id, state__in=REVIEWED_STATES)
    if with_staff.exists():
        return False
    if assessment.is_open or assessment.review_of_id is not None or assessment.appeal_id:
        return False
    return not _later(assessment).exists()


def is_contestable(assessment: Assessment) -> bool:
    """Return whether the customer may contest this decision in an appeal (FAQ-8).

    That is the latest decision, once; the time for it is not looked at.
    """
    if assessment.is_open or assessment.appeal_id is not None:
        return False
    is_contested = Appeal.objects.filter(assessment=assessment).exists()
    return not (is_contested or _later(assessment).exists())


def _later(assessment: Assessment) -> QuerySet[Assessment]:
    return Assessment.objects.filter(customer=assessment.customer_id, pk__gt=assessment.pk)


def components_of(result: Mapping[str, Any]) -> Components:
    """Return the exact components of a stored result."""
    values = (result["components"][component.value]["value"] for component in Component)
    return Components(*(None if value is None else Fraction(value) for value in values))


def latest_scored(customer_id: int) -> Assessment | None:
    """Return the latest assessment of a customer that has a result."""
    mine = Assessment.objects.filter(customer=customer_id, scored_at__isnull=False)
    return mine.order_by("-pk").first()


def preview(assessment: Assessment, source: Source, *, policy: ScoringPolicy) -> WithdrawalPreview:
    """Return what withdrawing a source would change, from the stored components (FAQ-3)."""
    return withdrawal.preview(components_of(assessment.result), source, policy=policy)


class HistoryRow(NamedTuple):
    """A score and what changed since the one before, by component; the newest first (FAQ-6)."""

    assessment: Assessment
    deltas: list[tuple[str, int]]
    hints: list[CodedText]


def score_history(customer_id: int) -> list[HistoryRow]:
    """Return the scores of a customer, the newest first, with the deltas to the one before.

    Human reviews have the score of what they review and are left out.
    """
    mine = Assessment.objects.filter(customer=customer_id, score__isnull=False, review_of=None)
    found = list(mine.order_by("pk"))
    rows, before = [], None
    for one in found:
        rows.append(HistoryRow(one, _deltas(before, one), explain(one).weakest))
        before = one
    return rows[::-1]


def _deltas(before: Assessment | None, after: Assessment) -> list[tuple[str, int]]:
    if before is None:
        return []
    changed = [
        (
            component.value,
            after.result["components"][component.value]["points"]
            - before.result["components"][component.value]["points"],
        )
        for component in Component
    ]
    return sorted(changed, key=lambda one: -abs(one[1]))


def _part(component: Component, result: Mapping[str, Any]) -> ScoredPart:
    stored = result["components"][component.value]
    value = stored["value"]
    return ScoredPart(
        component.value,
        str(COMPONENT_TITLES[component]),
        None if value is None else hundredths(Fraction(value)),
        stored["points"],
        gettext(words.WHAT_COUNTS[component]),
    )


def _indicators(result: Mapping[str, Any]) -> Iterator[MeasuredIndicator]:
    names = {one.code: one.name_en for one in PAYMENT_INDICATORS}
    for one in result["indicators"]:
        code, value = one["code"], one["value"]
        measured = None if value is None else _measured(code, Fraction(value))
        yield MeasuredIndicator(code, gettext(names[code]), measured, one["points"])


def _measured(code: str, value: Fraction) -> str:
    if code == "PAY-02":
        return yuan(int(value))
    cents = int(abs(value) * 100)
    sign = "-" if value < 0 else ""
    return f"{sign}{cents // 100}.{cents % 100:02}" if value.denominator > 1 else str(value)


def gate_text(stored: Mapping[str, Any]) -> str:
    """Return a failed gate, stored as code and facts, in the active language."""
    facts = dict(stored["facts"])
    if "limit_min_fen" in facts:
        facts["limit_min_yuan"] = yuan(facts["limit_min_fen"])
    return str(GATE_TEXTS[DecisionGate(stored["code"])]).format(**facts)


def _changes(result: Mapping[str, Any]) -> Iterator[CodedText]:
    codes = {one["code"] for one in result["failed_gates"]}
    if DecisionGate.LOW_SCORE not in codes:
        return
    change = result["smallest_change"]
    if change is None:
        yield CodedText("none-within-reach", gettext(NONE_WITHIN_REACH))
        return
    for one in change["changes"]:
        text = gettext(WORDS[Lever(one["lever"])]).format(now=one["now"], then=one["then"])
        yield CodedText(one["lever"], text)


class ResultDifference(NamedTuple):
    """A value that a replay computed otherwise: where, what is stored, what was computed."""

    place: str
    stored: Any
    computed: Any


def differences(stored: Any, computed: Any, place: str = "") -> list[ResultDifference]:
    """Return where two JSON values differ, by JSON pointer."""
    if isinstance(stored, dict) and isinstance(computed, dict):
        names = sorted({*stored, *computed})
        return [
            found
            for name in names
            for found in differences(stored.get(name), computed.get(name), f"{place}/{name}")
        ]
    if isinstance(stored, list) and isinstance(computed, list) and len(stored) == len(computed):
        return [
            found
            for index, pair in enumerate(zip(stored, computed, strict=True))
            for found in differences(*pair, f"{place}/{index}")
        ]
    return [] if stored == computed else [ResultDifference(place, stored, computed)]


def inputs_of(assessment: Assessment) -> DecisionInputs:
    """Return the frozen inputs of a scored assessment."""
    return DecisionInputs.from_json(assessment.inputs)


def computed(assessment: Assessment, *, scoring: ScoringPolicy, limits: Any) -> dict[str, Any]:
    """Return the result of a scored assessment, computed again from its frozen inputs."""
    decided = rules.decide(inputs_of(assessment), scoring=scoring, limits=limits)
    return rules.result_of(decided, scoring=scoring)
