"""Explanations: every point accounted for, in both languages, neutral, and nobody else named."""

from datetime import date, timedelta

import pytest
from django.utils.translation import override

from risk.decisions import queries
from risk.models import Conduct
from risk.policy import ScoringPolicy
from risk.scoring.rules.withdrawal import Source
from tests.accounts.people import AT
from tests.risk.decisions.conftest import low_score

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("language", "gate"),
    [("en", "delay of more than 90 days"), ("zh-hans", "90")],
)
def test_a_failed_gate_is_worded_in_both_languages(people, bureau, language, gate):
    done = people.assessed("overdue90-1", bureau=bureau)

    with override(language):
        found = queries.explain(done)

    assert [one.code for one in found.failed_gates] == ["overdue-history"]
    assert gate in found.failed_gates[0].text
    assert "{" not in str(found)


def test_a_low_score_has_its_indicators_and_what_would_have_passed(people, bureau):
    done = low_score(people, bureau)

    with override("en"):
        found = queries.explain(done)

    assert len(found.indicators) == 12
    assert 300 + sum(one.points for one in found.components) == done.score
    assert len(found.weakest) == 2
    assert found.smallest_change
    assert "no advice to buy" in found.neutral_note


def test_the_share_of_the_night_is_shown_with_two_decimals(people, bureau):
    found = queries.explain(people.assessed("nightgambler-1", bureau=bureau))

    measured = {one.code: one.measured for one in found.indicators}
    assert measured["PAY-04"].startswith("0.")


def test_withdrawing_the_social_source_is_previewed(people, bureau):
    done = people.assessed("withdrawn-1", bureau=bureau)

    found = queries.preview(done, Source.SOCIAL, policy=ScoringPolicy())

    assert found.now.total == done.score
    assert found.then.total > found.now.total
    assert queries.preview(done, Source.PAYMENT, policy=ScoringPolicy()).stops_scoring


def test_own_codes_are_one_for_each_month_the_oldest_first(people):
    customer = people.ready()
    for n, (due_on, outcome) in enumerate(
        [(date(2026, 9, 5), "paid"), (date(2026, 10, 5), "overdue"), (date(2026, 10, 9), "paid"),
         (date(2026, 11, 5), "carried"), (date(2024, 1, 5), "overdue")]
    ):  # fmt: skip
        Conduct.objects.create(
            customer=customer, source=f"bill:{n}", due_on=due_on, total_fen=100, minimum_fen=10,
            paid_fen=0, outcome=outcome, recorded_at=AT,
        )  # fmt: skip

    assert queries.own_codes([customer.pk], on=AT.date()) == {customer.pk: "N1N"}


def test_a_history_has_the_deltas_to_the_score_before(people, bureau):
    from risk.decisions.operations import requests
    from tests.accounts.people import request_of
    from tests.policies import put_in_force
    from tests.risk.decisions.conftest import decide
    from tests.risk.people import withdraw

    put_in_force("assessments", {"again_after_approval_days": 0}, on=AT.date())
    first = people.assessed("average-1", bureau=bureau)
    withdraw(first.customer, "social", at=AT)
    later = AT + timedelta(minutes=1)
    second = decide(requests.request(request_of(first.customer, at=later)), bureau=bureau, at=later)

    newest, oldest = queries.score_history(first.customer_id)

    assert (newest.assessment, oldest.assessment) == (second, first)
    assert oldest.deltas == []
    assert sum(points for _code, points in newest.deltas) == second.score - first.score
    assert len(newest.hints) == 2


def test_differences_are_found_by_pointer():
    stored = {"score": 700, "parts": [{"points": 1}], "same": None}
    computed = {"score": 701, "parts": [{"points": 2}], "same": None}

    found = queries.differences(stored, computed)

    assert found == [("/parts/0/points", 1, 2), ("/score", 700, 701)]
