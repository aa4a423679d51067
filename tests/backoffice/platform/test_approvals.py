"""Four eyes: one proposes, another decides, and an approved request takes effect at once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import IntegrityError
from django.db.transaction import atomic

from backoffice.core.errors import Refused
from backoffice.core.models import Approval, StateChange
from backoffice.platform import approvals
from backoffice.platform.approvals import (
    AlreadyProposedError,
    ExpiredError,
    NotPermittedError,
    NotProposedError,
    NotProposerError,
    Proposal,
    SamePersonError,
    UnknownKindError,
)

AT = datetime(2026, 10, 1, 1, tzinfo=UTC)
LATER = AT + timedelta(days=1)
DECIDE, PROPOSE = "backoffice.decide_policyversion", "backoffice.add_policyversion"


class SpaceTakenError(Refused):
    code = "no-room-in-a-test"


@pytest.fixture
def effects(monkeypatch):
    """What approved requests of the kind ``paint`` did."""
    done = []

    def apply(approved, *, by, reason, at):
        if any(one.payload.get("colour") == "red" for one in approved):
            raise SpaceTakenError
        done.append(([one.pk for one in approved], by, reason, at))

    monkeypatch.setattr(approvals, "_kinds", {})
    approvals.register(
        "paint", title="paint", apply=apply, permission=DECIDE, propose_permission=PROPOSE,
        valid_for=timedelta(days=3),
    )  # fmt: skip
    return done


def staff(name, *rights):
    person = get_user_model().objects.create_user(username=name)
    person.user_permissions.set(
        Permission.objects.filter(codename__in=[right.partition(".")[2] for right in rights])
    )
    return person


@pytest.fixture
def maker(db):
    return staff("maker", PROPOSE, DECIDE)


@pytest.fixture
def checker(db):
    return staff("checker", DECIDE)


@pytest.fixture
def request_id(effects, maker):
    return propose(maker)


def propose(by, subject_id=7, **payload):
    proposal = Proposal("paint", subject_id, payload)
    [made] = approvals.propose([proposal], by=by, reason="it is old", at=AT)
    return made.pk


def refused(error, command, ids, **given):
    """Expect a refusal that leaves every request as it was and no trace."""
    before = list(Approval.objects.order_by("pk").values())
    with pytest.raises(error):
        command(ids, reason="a reason", **given)
    assert list(Approval.objects.order_by("pk").values()) == before
    assert not StateChange.objects.exists()


def test_a_proposal_is_stored_with_its_proposer_and_an_end(request_id, maker):
    made = Approval.objects.get(pk=request_id)

    assert (made.kind, made.subject_id, made.payload, made.state) == ("paint", 7, {}, "proposed")
    assert (made.proposed_by, made.proposed_at, made.reason) == (maker, AT, "it is old")
    assert made.expires_at == AT + timedelta(days=3)
    assert (made.decided_by, made.decided_at) == (None, None)


def test_an_approved_request_takes_effect_once(request_id, effects, checker):
    approvals.approve([request_id], by=checker, reason="agreed", at=LATER)

    made = Approval.objects.get(pk=request_id)
    assert (made.state, made.decided_by, made.decided_at, made.note) == (
        "approved", checker, LATER, "agreed",
    )  # fmt: skip
    assert effects == [([request_id], "checker", "agreed", LATER)]
    [change] = StateChange.objects.all()
    assert (change.transition, change.actor, change.facts) == (
        "approve",
        "checker",
        {"text": "agreed"},
    )


def test_a_batch_of_one_kind_takes_effect_together(effects, maker, checker):
    ids = [propose(maker, subject) for subject in (1, 2)]

    approvals.approve(ids, by=checker, reason="agreed", at=LATER)

    assert effects == [(ids, "checker", "agreed", LATER)]


def test_an_effect_that_is_refused_undoes_the_approval(effects, maker, checker):
    ids = [propose(maker, 1), propose(maker, 2, colour="red")]

    refused(SpaceTakenError, approvals.approve, ids, by=checker, at=LATER)

    assert effects == []


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_the_proposer_never_decides(request_id, effects, maker, decision):
    refused(SamePersonError, getattr(approvals, decision), [request_id], by=maker, at=LATER)

    assert effects == []


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_nobody_decides_without_the_right_of_the_kind(request_id, effects, decision):
    other = staff("other", PROPOSE)

    refused(NotPermittedError, getattr(approvals, decision), [request_id], by=other, at=LATER)

    assert effects == []


def test_nobody_proposes_without_the_right_of_the_kind(effects, checker):
    with pytest.raises(NotPermittedError):
        propose(checker)

    assert not Approval.objects.exists()


def test_a_rejected_request_has_no_effect(request_id, effects, checker):
    approvals.reject([request_id], by=checker, reason="too dear", at=LATER)

    made = Approval.objects.get(pk=request_id)
    assert (made.state, made.decided_by, made.note) == ("rejected", checker, "too dear")
    assert effects == []


def test_the_proposer_withdraws_and_nobody_else(request_id, effects, maker, checker):
    refused(NotProposerError, approvals.withdraw, [request_id], by=checker, at=LATER)

    approvals.withdraw([request_id], by=maker, reason="a mistake", at=LATER)

    made = Approval.objects.get(pk=request_id)
    assert (made.state, made.decided_by, effects) == ("withdrawn", maker, [])


@pytest.mark.parametrize("decision", ["approve", "reject", "withdraw"])
def test_what_is_decided_is_not_decided_again(request_id, maker, checker, decision):
    approvals.reject([request_id], by=checker, reason="no", at=LATER)
    by = maker if decision == "withdraw" else checker

    with pytest.raises(NotProposedError):
        getattr(approvals, decision)([request_id], by=by, reason="again", at=LATER)

    assert Approval.objects.get(pk=request_id).note == "no"


def test_one_decided_request_refuses_the_whole_batch(effects, maker, checker):
    ids = [propose(maker, subject) for subject in (1, 2)]
    approvals.reject(ids[:1], by=checker, reason="no", at=LATER)

    with pytest.raises(NotProposedError):
        approvals.approve(ids, by=checker, reason="yes", at=LATER)

    assert [one.state for one in Approval.objects.order_by("pk")] == ["rejected", "proposed"]
    assert effects == []


def test_an_overdue_request_is_not_approved_any_more(request_id, effects, checker):
    at = AT + timedelta(days=3)

    refused(ExpiredError, approvals.approve, [request_id], by=checker, at=at)

    assert effects == []


def test_overdue_requests_expire_and_the_others_stay(request_id, maker):
    approvals.propose([Proposal("paint", 8)], by=maker, reason="later", at=LATER)

    ended = approvals.expire_overdue(by="system", reason="overdue", at=AT + timedelta(days=3))

    assert ended == 1
    assert [(one.state, one.decided_by) for one in Approval.objects.order_by("pk")] == [
        ("expired", None), ("proposed", None),
    ]  # fmt: skip
    assert StateChange.objects.get().subject_id == request_id


def test_the_same_record_is_proposed_once_at_a_time(request_id, maker, checker):
    with pytest.raises(AlreadyProposedError):
        propose(maker)
    assert Approval.objects.count() == 1

    approvals.reject([request_id], by=checker, reason="no", at=LATER)
    propose(maker)

    assert Approval.objects.count() == 2


def test_a_kind_that_nobody_registered_is_named(effects, maker):
    with pytest.raises(UnknownKindError, match="wallpaper") as caught:
        approvals.propose([Proposal("wallpaper")], by=maker, reason="it is old", at=AT)

    assert caught.value.facts["kinds"] == "paint"
    assert not Approval.objects.exists()


@pytest.mark.parametrize("column", ["proposed_by", "payload", "reason", "expires_at"])
def test_what_was_proposed_is_never_changed(request_id, checker, column):
    other = {"proposed_by": checker, "payload": {"colour": "blue"}, "reason": "another",
             "expires_at": LATER}  # fmt: skip

    with pytest.raises(IntegrityError, match="as it was proposed"), atomic():
        Approval.objects.filter(pk=request_id).update(**{column: other[column]})

    assert Approval.objects.get(pk=request_id).proposed_by.username == "maker"


def test_a_decider_is_not_exchanged_afterwards(request_id, maker, checker):
    approvals.approve([request_id], by=checker, reason="agreed", at=LATER)

    for decider in (maker, staff("third")):
        with pytest.raises(IntegrityError, match="and once"), atomic():
            Approval.objects.filter(pk=request_id).update(decided_by=decider)

    assert Approval.objects.get(pk=request_id).decided_by == checker


def test_of_two_deciders_at_once_one_is_refused(together, monkeypatch):
    done = []
    monkeypatch.setattr(approvals, "_kinds", {})
    approvals.register(
        "paint", title="paint", apply=lambda approved, **_facts: done.append(approved),
        permission=DECIDE, propose_permission=PROPOSE,
    )  # fmt: skip
    request_id = propose(staff("maker", PROPOSE))
    people = [staff("one", DECIDE), staff("other", DECIDE)]

    def decide(number):
        try:
            approvals.approve([request_id], by=people[number], reason="agreed", at=LATER)
        except NotProposedError:
            return "refused"
        return "approved"

    assert sorted(together(2, decide)) == ["approved", "refused"]
    assert len(done) == 1


def test_the_same_content_without_a_record_is_proposed_once(effects, maker, checker):
    first = propose(maker, None, colour="blue", size=1)

    with pytest.raises(AlreadyProposedError):
        propose(checker_who_proposes(checker), None, size=1, colour="blue")
    propose(maker, None, colour="green")
    approvals.reject([first], by=checker, reason="not now", at=LATER)
    propose(maker, None, colour="blue", size=1)

    states = Approval.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["rejected", "proposed", "proposed"]


def checker_who_proposes(checker):
    right = Permission.objects.get(codename="add_policyversion")
    checker.user_permissions.add(right)
    return get_user_model().objects.get(pk=checker.pk)
