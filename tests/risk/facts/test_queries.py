"""The dated feature record: windows to the day, only under consents, one statement for many."""

from datetime import date, datetime, time, timedelta

import pytest
from django.db import connection

from accounts.models import Consent, Profile
from accounts.onboarding.rules.occupations import Occupation
from accounts.proofs.operations import proofs, reviews
from accounts.proofs.operations.proofs import Upload
from accounts.proofs.operations.reviews import ProofFinding
from accounts.proofs.rules.findings import ProofVerdict
from backoffice.core.clock import SHANGHAI
from backoffice.core.crypto import blind
from risk.facts import queries
from risk.facts.operations import events
from risk.facts.rules import Features
from tests.accounts.cards.cards import customer as identified
from tests.accounts.people import AT, request_of
from tests.accounts.uploads import PDF, pdf_of
from tests.risk.people import (
    consenting,
    employer,
    friend,
    holding,
    income,
    move,
    payment,
    withdraw,
)

pytestmark = pytest.mark.django_db

ON = date(2026, 11, 24)


@pytest.fixture
def customer():
    return consenting()


def store(*batch, at=AT):
    received = events.receive(batch, partner="pay", by="partner:pay", at=at)
    assert received.refused == []


def of(customer, *, on=ON, at=AT) -> Features:
    return queries.features([customer.pk], on=on, at=at)[customer.pk]


def paid(event_id, day, at="12:00:00", **other):
    moment = datetime.combine(day, time.fromisoformat(at), tzinfo=SHANGHAI)
    return payment(event_id, occurred_at=moment.isoformat(), **other)


def ago(days):
    return ON - timedelta(days=days)


def test_without_facts_everything_is_zero(customer):
    found = of(customer)

    assert found.payment.payment_count == found.payment.outgoing_fen == 0
    assert found.payment.monthly_inflow_fen == (0,) * 6
    assert found.payment.continuous_months == 0
    assert (found.wealth.stable_days, found.consumption.spend_fen) == (0, 0)
    assert (found.evidence.monthly_income_fen, found.declared) == (None, None)


def test_payments_count_in_ninety_full_days_before_the_day(customer):
    store(
        paid("before", ago(91), amount_fen=1),
        paid("first", ago(90), "00:00:00", amount_fen=10),
        paid("last", ago(1), "23:59:59", amount_fen=100),
        paid("today", ON, "00:00:00", amount_fen=1000),
    )

    found = of(customer).payment

    assert (found.payment_count, found.outgoing_fen, found.active_days) == (2, 110, 2)


def test_night_is_from_eleven_to_six_in_shanghai(customer):
    times = ("22:59:59", "23:00:00", "00:00:00", "05:59:59", "06:00:00")
    store(*(paid(f"p-{n}", ago(9), at) for n, at in enumerate(times)))

    assert of(customer).payment.night_count == 3


def test_large_is_more_than_five_thousand_yuan_in_thirty_days(customer):
    store(
        paid("exact", ago(1), amount_fen=500_000),
        paid("large", ago(30), amount_fen=500_001),
        paid("earlier", ago(31), amount_fen=500_001),
    )

    assert of(customer).payment.large_count == 1


def test_failed_and_refunded_payments_are_counted_apart(customer):
    store(
        paid("p", ago(3), amount_fen=10),
        paid("f", ago(3), result="failed", amount_fen=100),
        paid("r", ago(2), result="refunded", direction="in", amount_fen=10),
        paid("i", ago(2), direction="in", amount_fen=1000, category="salary"),
    )

    found = of(customer).payment

    assert (found.payment_count, found.failed_count, found.refund_count) == (1, 1, 1)
    assert (found.outgoing_fen, found.inflow_fen) == (10, 1000)


def test_merchants_are_counted_once_and_transfers_are_none(customer):
    store(
        paid("1", ago(3), counterparty="a"),
        paid("2", ago(3), counterparty="A "),  # the index ignores case and spaces
        paid("3", ago(3), counterparty="b"),
        paid("4", ago(3), counterparty="friend", category="transfer"),
    )

    assert of(customer).payment.merchant_count == 2


def test_utilities_and_inflow_are_of_six_months(customer):
    store(
        paid("u1", date(2026, 5, 24), category="utilities"),
        paid("u2", date(2026, 5, 23), category="utilities"),
        paid("i1", date(2026, 11, 23), direction="in", amount_fen=1, category="salary"),
        paid("i2", date(2026, 10, 24), direction="in", amount_fen=2, category="salary"),
        paid("i3", date(2026, 10, 23), direction="in", amount_fen=4, category="salary"),
        paid("i4", date(2026, 5, 24), direction="in", amount_fen=8, category="salary"),
        paid("i5", date(2026, 5, 23), direction="in", amount_fen=16, category="salary"),
    )

    found = of(customer).payment

    assert found.utility_count == 1
    assert found.monthly_inflow_fen == (3, 4, 0, 0, 0, 8)


def test_tenure_counts_months_back_to_the_first_gap(customer):
    store(*(paid(f"p-{n}", day) for n, day in enumerate(
        [date(2026, 11, 1), date(2026, 10, 1), date(2026, 9, 1), date(2026, 7, 1)])))  # fmt: skip

    assert of(customer).payment.continuous_months == 3


def test_a_friend_counts_in_the_latest_relation(customer):
    store(
        friend("1", friend="a", relation="overdue", occurred_at="2026-01-01T12:00:00+08:00"),
        friend("2", friend="a", relation="product_user", occurred_at="2026-02-01T12:00:00+08:00"),
        friend("3", friend="b", relation="real_name"),
        friend("4", friend="c", relation="other"),
        friend("5", friend="d", relation="second_degree"),
        friend("6", friend="e", relation="overdue"),
        friend("7", friend="f", relation="other", occurred_at="2026-01-01T12:00:00+08:00"),
        friend("8", friend="f", relation="ended", occurred_at="2026-02-01T12:00:00+08:00"),
    )

    found = of(customer).social

    assert (found.product_user_count, found.real_name_count, found.other_count,
            found.second_degree_count, found.overdue_count) == (1, 1, 1, 1, 1)  # fmt: skip


def test_low_risk_holdings_count_as_reported_last(customer):
    store(
        holding("1", product="a", balance_fen=100, stable_since="2026-01-01"),
        holding("2", product="a", balance_fen=300, stable_since="2026-10-25",
                occurred_at="2026-11-02T12:00:00+08:00"),
        holding("3", product="b", risk="R2", balance_fen=50, stable_since="2026-10-15"),
        holding("4", product="c", risk="R3", balance_fen=10_000, stable_since="2020-01-01"),
        holding("5", product="d", balance_fen=0, stable_since="2020-01-01"),
        move("6", occurred_at="2026-10-25T12:00:00+08:00"),
        move("7", occurred_at="2026-10-24T12:00:00+08:00"),
    )  # fmt: skip

    found = of(customer).wealth

    assert (found.stable_days, found.balance_fen, found.move_count) == (40, 350, 1)


def test_living_spend_is_a_part_of_all_spend_and_transfers_are_neither(customer):
    store(
        paid("1", ago(5), category="groceries", amount_fen=60),
        paid("2", ago(5), category="games", amount_fen=40),
        paid("3", ago(5), category="transfer", amount_fen=1000),
        paid("4", ago(5), category="loan_repayment", amount_fen=1000),
    )

    found = of(customer).consumption

    assert (found.living_fen, found.spend_fen) == (60, 100)


def test_evidence_and_declaration_stand_beside_each_other(customer):
    Profile.objects.create(
        customer=customer, monthly_income_fen=900_000, occupation="employee", employer="星海 科技",
        occupation_since_on=date(2024, 1, 1), declared_at=AT,
    )  # fmt: skip
    store(
        employer(), income(),
        income("i-2", monthly_income_fen=700_000, occurred_at="2026-10-01T12:00:00+08:00"),
    )  # fmt: skip

    found = of(customer)

    assert (found.evidence.monthly_income_fen, found.evidence.income_document) == (
        800_000, "payroll",
    )  # fmt: skip
    assert (found.declared.monthly_income_fen, found.declared.occupation) == (900_000, "employee")
    assert found.evidence.employer == found.declared.employer == blind("星海科技", "employer").hex()
    assert found.evidence.employer_since_on == date(2024, 1, 1)


def test_evidence_older_than_a_year_is_none(customer):
    store(income(occurred_at="2025-11-23T12:00:00+08:00"))

    assert of(customer).evidence.monthly_income_fen is None


@pytest.mark.parametrize(
    ("purpose", "part"),
    [
        ("payment", "payment"), ("social", "social"), ("wealth", "wealth"),
        ("consumption", "consumption"), ("agreement", "evidence"),
    ],
)  # fmt: skip
def test_a_withdrawn_source_is_none_at_once_and_the_others_stay(customer, purpose, part):
    store(payment(), friend(), holding(), employer())
    before = of(customer)

    withdraw(customer, purpose)

    after = of(customer)
    assert getattr(before, part) is not None and getattr(after, part) is None
    assert set(before.sources) - set(after.sources) == {purpose}
    others = {"payment", "social", "wealth", "consumption", "evidence"} - {part}
    assert all(getattr(after, name) == getattr(before, name) for name in others)


def test_a_record_of_an_earlier_moment_is_made_again_exactly(customer):
    store(payment(), friend())
    first = of(customer)

    store(payment("late", amount_fen=7), at=AT + timedelta(hours=1))
    withdraw(customer, "social", at=AT + timedelta(hours=2))

    assert of(customer, at=AT) == first
    assert of(customer, at=AT + timedelta(hours=1)).payment.outgoing_fen == 3507
    assert of(customer, at=AT + timedelta(hours=2)).social is None


def test_many_customers_are_one_statement_and_keep_apart(django_assert_num_queries):
    customers = [consenting(f"o-{n}") for n in range(5)]
    store(*(payment(f"p-{n}", openid=f"o-{n}", amount_fen=n + 1) for n in range(5)))

    with django_assert_num_queries(1):
        found = queries.features([one.pk for one in customers], on=ON, at=AT)

    assert [found[one.pk].payment.outgoing_fen for one in customers] == [1, 2, 3, 4, 5]


def test_the_statement_reads_events_by_their_index(customer):
    parameters = queries._parameters([customer.pk], on=ON, at=AT)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + queries._STATEMENT, parameters)
        plan = "\n".join(row for (row,) in cursor.fetchall())

    scans = [line for line in plan.splitlines() if "Scan" in line and "risk_partnerevent_" in line]
    assert scans and all("Index" in line or "Bitmap" in line for line in scans), plan


def test_the_live_sources_are_those_of_the_moment(customer):
    withdraw(customer, "social")

    assert "social" in queries.live_sources(customer.pk, at=AT - timedelta(seconds=1))
    assert "social" not in queries.live_sources(customer.pk, at=AT)


def agreeing():
    """Return a customer with an identity who has consented to the agreement alone."""
    customer = identified()
    Consent.objects.create(
        customer=customer, purpose="agreement", version="2026-11", text_digest="0" * 64,
        given_at=AT - timedelta(days=30), given_by="customer",
    )  # fmt: skip
    return customer


def proof_of(customer, data=PDF, kind="income", **other):
    upload = Upload(kind, data, **other)
    return proofs.receive(request_of(customer, at=AT), upload=upload).proof


def find(*findings, at=AT):
    reviews.review(findings, by="li", reason="seen it", at=at, on=ON)


def test_the_latest_review_of_each_proof_counts_if_it_accepted():
    customer = agreeing()
    income, deed = proof_of(customer), proof_of(customer, pdf_of(2), "house", asset_number="A-1")
    accepted = ProofFinding(income.pk, ProofVerdict.ACCEPTED, monthly_income_fen=700_000)
    find(accepted, ProofFinding(deed.pk, ProofVerdict.ACCEPTED))
    later = AT + timedelta(hours=2)
    find(ProofFinding(deed.pk, ProofVerdict.ALTERED), at=later)

    before, after = of(customer).proofs, of(customer, at=later).proofs

    assert [one.kind for one in before] == ["income", "house"]
    assert before[1].asset == bytes(deed.asset_blind).hex()
    [left] = after
    assert (left.proof, left.accepted_on, left.monthly_income_fen) == (
        str(income.public_id), ON, 700_000,
    )  # fmt: skip


def test_a_record_with_findings_is_the_record_once_they_are_stored():
    customer = agreeing()
    work = proof_of(customer, kind="occupation")
    finding = ProofFinding(
        work.pk, ProofVerdict.ACCEPTED, occupation=Occupation.EMPLOYEE, since_on=ON
    )
    expected = queries.with_findings(of(customer), [finding], on=ON)

    find(finding)

    assert of(customer) == expected
    assert len(expected.proofs) == 1


def test_without_the_agreement_no_proof_is_used():
    customer = identified()
    find(ProofFinding(proof_of(customer).pk, ProofVerdict.ACCEPTED, monthly_income_fen=1))

    assert of(customer).proofs == ()


def test_what_was_paid_for_a_category_is_answered_in_the_order_of_the_questions(customer):
    store(
        paid("p-1", ago(5), category="education", amount_fen=100),
        paid("p-2", ago(3), category="education", amount_fen=20),
        paid("p-3", ago(3), category="education", amount_fen=7, direction="in", result="refunded"),
        paid("p-4", ago(3), category="education", amount_fen=900, result="failed"),
        paid("p-5", ago(3), category="health", amount_fen=3),
    )
    asked = [
        queries.CategorySpending(customer.pk, category, ago(since), ago(until))
        for category, since, until in (
            ("health", 9, 0), ("education", 9, 0), ("education", 4, 3), ("education", 2, 0),
        )
    ]  # fmt: skip

    assert queries.spent_fen(asked) == [3, 113, 13, 0]
    assert queries.spent_fen([]) == []
