"""The codes of facts, and the feature record as it is frozen in a decision."""

import json
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from risk.facts.rules import (
    NOT_SPENT,
    ConsumptionFeatures,
    DeclaredFeatures,
    EvidenceFeatures,
    Features,
    LivingSpend,
    PaymentCategory,
    PaymentFeatures,
    ProvenFact,
    SocialFeatures,
    WealthFeatures,
    continuous,
    months_before,
)
from tests.profiles import pure

counts = st.integers(0, 10**15)
days = st.dates(date(2011, 1, 1), date(2100, 1, 1))
texts = st.text(max_size=20)
payments = st.builds(
    PaymentFeatures, *[counts] * 9, st.lists(counts, min_size=6, max_size=6).map(tuple),
    counts, counts,
)  # fmt: skip
records = st.builds(
    Features,
    customer_id=counts,
    on=days,
    sources=st.lists(texts, max_size=3).map(tuple),
    payment=st.none() | payments,
    social=st.none() | st.builds(SocialFeatures, *[counts] * 5),
    wealth=st.none() | st.builds(WealthFeatures, *[counts] * 3),
    consumption=st.none() | st.builds(ConsumptionFeatures, counts, counts),
    evidence=st.none()
    | st.builds(
        EvidenceFeatures, st.none() | counts, st.none() | texts, st.none() | texts,
        st.none() | days, st.none() | days,
    ),
    declared=st.none()
    | st.builds(DeclaredFeatures, counts, texts, st.none() | days, st.none() | texts),
    proofs=st.lists(
        st.builds(
            ProvenFact, texts, texts, days, st.none() | days, st.none() | counts,
            st.none() | texts, st.none() | days, st.none() | texts,
        ),
        max_size=2,
    ).map(tuple),
)  # fmt: skip


@pure
@given(records)
def test_a_record_comes_back_from_json_exactly(record):
    stored = json.loads(json.dumps(record.as_json()))

    assert Features.from_json(stored) == record


def test_living_spend_is_some_of_the_categories_and_none_that_is_not_spent():
    living = {PaymentCategory(one.value) for one in LivingSpend}

    assert living and not living & NOT_SPENT


@pure
@given(days, st.integers(1, 36))
def test_months_follow_each_other_without_a_gap(on, count):
    months = months_before(on, count)

    assert months == sorted(set(months), reverse=True)
    ends = [on, *months]
    assert all(28 <= (end - start).days <= 31
               for end, start in zip(ends, months, strict=False))  # fmt: skip


def test_a_day_that_a_month_does_not_have_is_its_last():
    assert months_before(date(2026, 3, 31), 2) == [date(2026, 2, 28), date(2026, 1, 31)]
    assert months_before(date(2026, 1, 15), 1) == [date(2025, 12, 15)]
    assert months_before(date(2024, 3, 29), 1)[0] + timedelta(days=1) == date(2024, 3, 1)


def test_tenure_ends_at_the_first_gap():
    assert continuous((True, True, False, True)) == 2
    assert continuous((True,) * 24) == 24
    assert continuous(()) == continuous((False, True)) == 0
