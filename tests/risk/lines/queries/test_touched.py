"""The job computes only lines that something touched (GEN-8)."""

import uuid
from datetime import time, timedelta

import pytest

from accounts.models import Consent, ProofReview
from backoffice.core import clock
from backoffice.platform import approvals
from backoffice.platform.approvals import Proposal
from risk.lines import operations as lines
from risk.lines.operations import temporary
from risk.lines.queries import touched
from risk.models import CreditLine, PartnerEvent
from tests.policies import payload, put_in_force, simulate, two_people
from tests.risk.lines.making import BY, ON, day, granted, moment, report

pytestmark = pytest.mark.django_db


def of_day(n):
    return touched.line_ids(on=day(n), at=moment(day(n)))


@pytest.fixture
def line():
    granted()  # of somebody whom nothing touches
    return granted()


def test_without_anything_nobody_is_read(line):
    assert of_day(1) == []


def test_a_report_of_a_bill(line):
    report(line, day(4))

    assert (of_day(4), of_day(5)) == ([], [line.pk])


def test_a_target_that_is_not_reached(line):
    change = lines.InputsChange(line.pk, "x", income_fen=900_000)
    lines.revise([change], by=BY, on=ON, at=moment(ON))

    assert of_day(1) == [line.pk]


def test_an_anniversary(line):
    CreditLine.objects.filter(pk=line.pk).update(anniversary_on=day(9))

    assert (of_day(8), of_day(9), of_day(10)) == ([], [line.pk], [line.pk])


def test_a_temporary_limit_that_has_ended(line):
    for n in (90, 60, 30):
        report(line, ON - timedelta(n))
    temporary.request(line.customer, amount_fen=100, days=3, by=BY, on=ON, at=moment(ON))

    assert (of_day(3), of_day(4)) == ([], [line.pk])


def test_a_hold_after_72_hours(line):
    purchase = lines.Purchase(line.customer_id, "payment:1", 600_000, moment(ON))
    lines.hold_for_purchase([purchase], by=BY, on=ON)

    assert (of_day(2), of_day(3)) == ([], [line.pk])


def test_a_closed_line_is_left_out(line):
    CreditLine.objects.filter(pk=line.pk).update(anniversary_on=day(1))
    report(line, day(1))
    lines.close([line.customer_id], by=BY, reason="left", at=moment(ON))

    assert of_day(5) == []


def new_facts(n, *, proof_days=365):
    return touched.with_new_facts(on=day(n), at=moment(day(n)), proof_days=proof_days)


def event(line, *, on, received_at):
    PartnerEvent.objects.create(
        customer_id=line.customer_id, partner="pay", event_id="e", kind="payment",
        source="payment", occurred_at=moment(on), occurred_on=on, received_at=received_at,
        amount_fen=1, direction="out", result="succeeded", category="dining",
        party_blind=b"x" * 16,
    )  # fmt: skip


def test_an_event_counts_on_the_day_after_its_receipt_and_when_it_leaves_the_window(line):
    event(line, on=day(1), received_at=moment(day(1)) + timedelta(hours=9))

    reached = [n for n in range(95) if new_facts(n)]

    assert reached == [2, 92]
    assert new_facts(2) == [line.pk]


def test_a_proof_counts_on_the_day_it_stops_to_count(line):
    ProofReview.objects.create(
        customer_id=line.customer_id, proof_id=uuid.uuid4(), kind="house", verdict="accepted",
        asset_blind=b"x" * 16, valid_until_on=day(20), reviewed_on=day(0), at=moment(day(0)),
    )  # fmt: skip

    assert [n for n in range(40) if new_facts(n, proof_days=30)] == [21, 30]


def test_a_withdrawn_consent(line):
    Consent.objects.create(
        customer_id=line.customer_id, purpose="consumption", version="1", text_digest="0" * 64,
        given_at=moment(day(0)), given_by="customer", withdrawn_by="customer",
        withdrawn_at=moment(day(3)) + timedelta(hours=9),
    )  # fmt: skip

    assert [n for n in range(7) if new_facts(n)] == [4]


def test_a_closed_line_is_not_read(line):
    event(line, on=day(1), received_at=moment(day(1)) + timedelta(hours=9))
    lines.close([line.customer_id], by=BY, reason="left", at=moment(day(1)))

    assert new_facts(2) == []


@pytest.mark.parametrize(
    ("app", "overrides", "is_new"),
    [
        ("limits", {"reserve_hours": 48}, True),
        ("accounts", {"lender_type": "MICRO"}, True),
        ("accounts", {"age_max": 59}, False),
        ("scoring", {"special_review_hours": 48}, False),
    ],
)
def test_numbers_that_make_a_limit_are_new_on_their_day_alone(app, overrides, is_new):
    put_in_force(app, overrides, on=day(3))

    found = [touched.has_new_numbers(on=day(n)) for n in (2, 3, 4)]

    assert found == [False, is_new, False]


def test_numbers_approved_during_their_day_are_new_on_the_next():
    maker, checker = two_people()
    proposal = Proposal("policy-change", payload=payload("limits", {"reserve_hours": 48}, day(3)))
    [made] = approvals.propose([proposal], by=maker, reason="a test", at=moment(day(2)))
    at = clock.moment_of(day(3), time(10))
    simulate(made, at=at)
    approvals.approve([made.pk], by=checker, reason="agreed", at=at)

    assert [touched.has_new_numbers(on=day(n)) for n in (3, 4, 5)] == [False, True, False]


def test_every_line_that_is_not_closed_is_open(line):
    lines.close([line.customer_id], by=BY, reason="left", at=moment(ON))

    assert touched.open_line_ids() == [CreditLine.objects.exclude(pk=line.pk).get().pk]
