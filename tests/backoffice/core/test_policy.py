"""Product numbers: overrides are checked against the dataclass and count from their day on."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import pytest
from django.db import IntegrityError, ProgrammingError
from django.db.transaction import atomic
from django.utils.translation import override

from backoffice.core import policy
from backoffice.core.models import Approval, PolicyVersion
from backoffice.core.policy import BadPolicyError, current, draft
from backoffice.platform import approvals
from backoffice.platform.approvals import Proposal
from loans.policy import LoanTerms
from tests.policies import payload, two_people

AT = datetime(2026, 10, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Numbers:
    """A policy of every type of number."""

    rate_ppm: int = 500
    is_on: bool = True
    at: time = time(9, 0)
    hours: tuple[int, ...] = (9, 10)
    words: str = "x"

    def __post_init__(self) -> None:
        if self.rate_ppm < 0:
            raise ValueError("rates are not negative")


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setattr(policy, "_registered", dict(policy.registered()))
    policy.register("test", Numbers)


def test_no_override_leaves_the_defaults():
    assert draft("test", {}) == Numbers()


def test_json_values_become_the_types_of_the_dataclass():
    drafted = draft("test", {"rate_ppm": 1, "is_on": False, "at": "21:30:00", "hours": [1, 2]})

    assert drafted == Numbers(1, False, time(21, 30), (1, 2))


@pytest.mark.parametrize(
    ("overrides", "why"),
    [
        ({"rate": 1}, "unknown field"),
        ({"rate_ppm": "500"}, "it must be a whole number"),
        ({"rate_ppm": 0.5}, "it must be a whole number"),
        ({"rate_ppm": True}, "it must be a whole number"),
        ({"rate_ppm": None}, "it must be a whole number"),
        ({"is_on": 1}, "it must be true or false"),
        ({"words": 1}, "it must be text"),
        ({"at": "half past nine"}, "an hour without a time zone"),
        ({"at": 9}, "an hour without a time zone"),
        ({"at": "09:00+08:00"}, "without a time zone"),
        ({"hours": 9}, "not iterable"),
        ({"rate_ppm": -1}, "rates are not negative"),
    ],
)
def test_a_bad_override_is_refused_by_name(overrides, why):
    with pytest.raises(BadPolicyError) as caught, override("en"):
        draft("test", overrides)

    with override("en"):
        assert why in str(caught.value)
    assert caught.value.facts["field"] == next(iter(overrides))
    assert caught.value.code == "bad-policy"


@pytest.mark.parametrize(
    "impossible",
    [
        {"daily_rate_min_ppm": 501},
        {"daily_rate_min_ppm": -1},
        {"minimum_permille": 0},
        {"minimum_permille": 1_001},
        {"penalty_ppm": -1},
        {"cap_annual_ppm": -1},
        {"late_fee_ppm": -1},
        {"grace_days": 4},
        {"classified_latest_days": 3},
        {"grace_days": -1},
    ],
    ids=str,
)
def test_numbers_of_loans_that_cannot_work_together_are_refused(impossible):
    with pytest.raises(BadPolicyError):
        draft("loans", impossible)


@pytest.fixture
def version(db):
    """Return a function that proposes a version and has it decided."""
    maker, checker = two_people()

    def make(effective_on, decision="approve", **overrides):
        proposal = Proposal("policy-change", payload=payload("test", overrides, effective_on))
        [made] = approvals.propose([proposal], by=maker, reason="a test", at=AT)
        if decision:
            decider = maker if decision == "withdraw" else checker
            decide = getattr(approvals, decision)
            decide([made.pk], by=decider, reason="x", at=AT)
        return made

    return make


def test_a_version_counts_from_its_day_on(version):
    version(date(2026, 10, 2), rate_ppm=400)

    assert current(Numbers, on=date(2026, 10, 1)).rate_ppm == 500
    assert current(Numbers, on=date(2026, 10, 2)).rate_ppm == 400
    assert current(Numbers, on=date(2027, 1, 1)).rate_ppm == 400


@pytest.mark.parametrize("decision", [None, "reject", "withdraw"])
def test_only_an_approved_version_counts(version, decision):
    version(date(2026, 10, 1), decision, rate_ppm=400)

    assert current(Numbers, on=date(2026, 10, 1)) == Numbers()


def test_later_versions_override_earlier_ones_field_by_field(version):
    version(date(2026, 10, 2), rate_ppm=400, words="y")
    version(date(2026, 10, 3), rate_ppm=300)
    version(date(2026, 10, 3), is_on=False)
    version(date(2026, 10, 3), rate_ppm=299)

    assert current(Numbers, on=date(2026, 10, 2)) == Numbers(400, words="y")
    assert current(Numbers, on=date(2026, 10, 3)) == Numbers(299, False, words="y")


def test_a_version_of_one_app_leaves_the_others_alone(version):
    version(date(2026, 10, 1), rate_ppm=400)

    assert current(LoanTerms, on=date(2026, 10, 1)) == LoanTerms()


def test_a_decision_is_kept_with_person_and_moment(version):
    version(date(2026, 10, 1))

    stored = PolicyVersion.objects.get().approval
    assert (stored.state, stored.decided_by.username) == ("approved", "policy-checker")
    assert stored.decided_at == AT


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_what_was_decided_cannot_be_changed_any_more(version, decision):
    made = version(date(2026, 10, 1), decision=decision)

    with pytest.raises(IntegrityError, match="as it was proposed, and once"), atomic():
        Approval.objects.filter(pk=made.pk).update(payload={"rate_ppm": 5_000})
    with pytest.raises(ProgrammingError, match="Cannot delete"), atomic():
        Approval.objects.filter(pk=made.pk)._raw_delete("default")

    assert Approval.objects.get(pk=made.pk).payload == made.payload


def test_a_version_in_force_is_changed_by_nobody(version):
    version(date(2026, 10, 1), rate_ppm=400)

    with pytest.raises(ProgrammingError), atomic():
        PolicyVersion.objects.update(overrides={"rate_ppm": 5_000})
    with pytest.raises(ProgrammingError), atomic():
        PolicyVersion.objects.all().delete()

    assert PolicyVersion.objects.get().overrides == {"rate_ppm": 400}


@dataclass(frozen=True, slots=True)
class Stricter(Numbers):
    """The numbers of a release that allows less than the one before."""

    def __post_init__(self) -> None:
        if self.rate_ppm < 450:
            raise ValueError("rates are 450 at least")


def test_a_history_passes_over_a_version_that_is_invalid_by_now(version):
    version(date(2026, 10, 1), words="y")
    version(date(2026, 10, 2), rate_ppm=400)
    policy.register("test", Stricter)

    found = policy.history(Stricter)

    assert found == [(date.min, Stricter()), (date(2026, 10, 1), Stricter(words="y"))]
