"""The inputs of a limit follow the facts: what was verified, expired, spent or withdrawn."""

from datetime import timedelta

import pytest

from accounts.models import AssetProof, Profile
from accounts.onboarding.rules.occupations import Occupation
from accounts.proofs.operations import reviews
from accounts.proofs.operations.reviews import ProofFinding
from accounts.proofs.rules.findings import ProofVerdict
from backoffice.core.clock import day_of
from risk.decisions.operations import inputs
from risk.facts.operations import events
from risk.models import CreditLine, LimitChange, ModelInputs, PaymentMonth
from tests.accounts.people import AT
from tests.policies import put_in_force
from tests.risk.lines.making import granted
from tests.risk.people import payment, withdraw

pytestmark = pytest.mark.django_db

ON = day_of(AT)
ACCEPTED = ProofVerdict.ACCEPTED


@pytest.fixture
def line(people, bureau):
    """The line of somebody average: 9,000.00 of income that only the inflow evidences."""
    people.assessed("average-1", bureau=bureau)
    return CreditLine.objects.get()


def latest():
    return ModelInputs.objects.latest("pk")


def targets(line):
    return CreditLine.objects.get(pk=line.pk).target_fen


def refresh(line, *, at=AT, evidence="facts:1"):
    inputs.refresh([line.pk], evidence=evidence, by="system:limits", on=day_of(at), at=at)


def proof(line, kind, n=1):
    return AssetProof.objects.create(
        customer_id=line.customer_id, kind=kind, content_type="image/png", size=1,
        digest=bytes([n]) * 32, uploaded_at=AT, asset_number=str(n), asset_blind=bytes([n]) * 16,
    )  # fmt: skip


def find(line, kind, n=1, *, at=AT, verdict=ACCEPTED, **shown):
    found = [ProofFinding(proof(line, kind, n).pk, verdict, **shown)]
    [made] = reviews.review(found, by="li", reason="seen it", at=at, on=day_of(at))
    return made


def test_an_accepted_income_starts_a_recomputation_at_once(line):
    made = find(line, "income", monthly_income_fen=1_500_000)

    assert (latest().income_fen, latest().evidence) == (1_500_000, f"proof-review:{made.pk}")
    change = LimitChange.objects.latest("pk")
    assert (change.rule, change.reason, change.old_fen == change.new_fen) == (
        "LIMIT-13", "limit-new-inputs", True,
    )  # fmt: skip
    assert targets(line) > line.limit_fen


def test_an_accepted_asset_raises_the_target_and_a_second_look_takes_it_back(line):
    before_fen = targets(line)
    deed = find(line, "house")
    raised_fen = targets(line)

    again = ProofFinding(AssetProof.objects.get().pk, ProofVerdict.ALTERED)
    reviews.review([again], by="wang", reason="forged", at=AT + timedelta(hours=1), on=ON)

    assert raised_fen == before_fen * 115 // 100 // 10_000 * 10_000
    assert targets(line) == before_fen
    assert deed.asset_blind.hex() == ModelInputs.objects.order_by("-pk")[1].assets[0]["number"]


def test_a_proof_stops_to_count_after_a_year(line):
    find(line, "house")
    raised_fen = targets(line)

    refresh(line, at=AT + timedelta(days=364), evidence="facts:2")
    assert [one["kind"] for one in latest().assets] == ["house"]
    refresh(line, at=AT + timedelta(days=365), evidence="facts:3")

    assert latest().assets == []
    assert targets(line) < raised_fen


def test_a_proven_occupation_counts_and_falls_to_one_after_a_year(line):
    Profile.objects.update(occupation="civil_servant", employer=None)
    find(line, "occupation", occupation=Occupation.CIVIL_SERVANT, since_on=ON - timedelta(days=9))
    proven = latest().occupation_permille

    refresh(line, at=AT + timedelta(days=365))

    assert (proven, latest().occupation_permille) == (1200, 1000)


def test_a_declaration_alone_raises_nothing(line):
    Profile.objects.update(occupation="freelancer", employer=None)
    refresh(line)
    assert latest().occupation_permille == 800

    Profile.objects.update(occupation="employee")
    refresh(line, evidence="facts:2")

    assert latest().occupation_permille == 800


def test_an_income_that_nobody_verified_follows_no_inflow(line):
    before = latest().income_fen

    refresh(line, at=AT + timedelta(days=120))

    assert latest().income_fen == before


def test_spending_moves_the_consumption_factor(line):
    put_in_force("limits", {"consumption_middle_min": 0, "consumption_high_min": 1}, on=ON)

    refresh(line)

    assert latest().consumption_permille == 1100


def test_a_withdrawn_consumption_counts_in_the_middle(line):
    put_in_force("limits", {"consumption_middle_min": 0, "consumption_high_min": 1}, on=ON)
    refresh(line)

    withdraw(line.customer, "consumption")
    refresh(line, evidence="facts:2")

    assert latest().consumption_permille == 1000


def test_what_did_not_change_is_not_stored_again(line):
    refresh(line)
    rows, changes = ModelInputs.objects.count(), LimitChange.objects.count()

    refresh(line)
    refresh(line, evidence="facts:2")

    assert (ModelInputs.objects.count(), LimitChange.objects.count()) == (rows, changes)


def test_days_with_a_payment_are_counted_once(line):
    since = AT - timedelta(days=1)
    PaymentMonth.objects.all().delete()
    openid = line.customer.wechat_accounts.get().openid
    day = "2026-11-2{}T12:00:00+08:00"
    batch = [
        payment("d-1", openid=openid, occurred_at=day.format(2)),
        payment("d-2", openid=openid, occurred_at=day.format(2)),
        payment("d-3", openid=openid, occurred_at=day.format(3), direction="in",
                category="salary"),
        payment("d-4", openid=openid, occurred_at=day.format(3), result="failed"),
    ]  # fmt: skip
    events.receive(batch, partner="pay", by="partner:pay", at=AT + timedelta(minutes=1))

    for _ in "12":
        inputs.count_payment_days(
            [line.pk], since=AT + timedelta(seconds=1), at=AT + timedelta(hours=1)
        )

    [month] = PaymentMonth.objects.filter(customer=line.customer_id)
    assert (month.month_on.day, month.day_bits) == (1, 1 << 21)
    assert since < AT


def test_a_line_without_inputs_is_left_as_it_is(line):
    other = granted()
    ModelInputs.objects.none()

    refresh(other)

    assert CreditLine.objects.get(pk=other.pk).limit_fen == other.limit_fen
