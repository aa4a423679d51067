"""The timeline of an onboarding: every kind of event with its moment, words and actor."""

from datetime import timedelta

import pytest
from django.utils.translation import override

from accounts.cards.operations import cards
from accounts.cards.operations.cards import ClassChange
from accounts.consents.operations import consents
from accounts.customer_page.queries import records
from accounts.customer_page.queries.timeline import timeline
from accounts.login import operations as logins
from accounts.models import Profile, WechatAccount
from accounts.privacy.operations import holds
from tests.accounts.cards.cards import ONE, bound, customer, sent
from tests.accounts.identity.operations.test_people import check, session
from tests.accounts.identity.operations.test_submissions import submit
from tests.accounts.people import AT, LONG_AGO, device, request_of

pytestmark = pytest.mark.django_db

LATER = AT + timedelta(hours=1)


@pytest.fixture(autouse=True)
def english():
    with override("en"):
        yield


@pytest.fixture
def owner():
    return customer()


def shown(owner, what=None):
    """Return the events as text, all or those of one kind."""
    events = timeline(records.read(owner))
    return [
        (event.at, str(event.what), event.detail, event.by)
        for event in events
        if what in (None, str(event.what))
    ]


def test_of_a_newcomer_there_is_the_registration_alone(owner):
    assert shown(owner) == [(LONG_AGO, "registered", "", "")]


def test_events_come_oldest_first_whatever_their_kind(owner):
    sent(owner, 1, at=LATER)
    sent(owner, 2, at=AT)
    hold = holds.Hold(owner, "legal", "court")
    holds.place(hold, by="ann", reason="x", at=AT - timedelta(days=1), wall_at=AT)

    events = shown(owner)

    moments = [event[0] for event in events]
    assert moments == sorted(moments)
    assert [(event[0], event[1]) for event in events] == [
        (LONG_AGO, "registered"), (AT - timedelta(days=1), "hold placed"),
        (AT, "card sent"), (LATER, "card sent"),
    ]  # fmt: skip


def test_accounts_are_shown_when_they_come_and_when_they_go():
    login = session(1)
    account = login.account
    assert shown(account.customer, "WeChat account unbound") == []
    WechatAccount.objects.filter(pk=account.pk).update(unbound_at=LATER)

    found = shown(account.customer)

    assert (LONG_AGO, "WeChat account bound", str(account), "") in found
    assert (LATER, "WeChat account unbound", str(account), "") in found


def test_a_device_is_shown_with_its_model_and_system():
    login = session(1)

    [(at, _what, detail, _by)] = shown(login.account.customer, "first login on a device")

    assert (at, detail) == (LONG_AGO, f"{login.device} Pixel 9 android 16")


def test_no_login_comes_before_the_registration_whatever_the_machine_says():
    """A sandbox whose clock is ahead: the machine is 60 days behind the product."""
    report = logins.DeviceReport(**device())
    login = logins.log_in(
        logins.Arrival("ahead", None, report, None), at=AT, wall_at=LONG_AGO
    ).session

    found = shown(login.account.customer)

    assert [event[:2] for event in found] == [
        (AT, "registered"), (AT, "WeChat account bound"), (AT, "first login on a device"),
    ]  # fmt: skip


def test_a_submission_is_shown_with_what_was_asked_about_it():
    login = session(1)
    made = submit(login)
    check(made.pk)
    owner = login.account.customer

    [submitted] = shown(owner, "identity verification submitted")
    calls = shown(owner, "provider asked")
    [move] = shown(owner, "identity verification")

    assert submitted == (AT, "identity verification submitted", str(made), "")
    assert [call[2].split(":")[0] for call in calls] == ["sandbox ID check", "sandbox face check"]
    assert all("matches 0" in call[2] for call in calls)
    assert (move[0], move[2].startswith(f"{made} pending → passed")) == (AT, True)


def test_a_card_is_shown_by_its_bank_and_last_four(owner):
    card = bound(owner, account_class=ONE)
    change = ClassChange(card.pk, "II")

    cards.reclassify([change], by="bank", reason="classed again", at=LATER)

    name = f"{card.bank} **** {card.last_four}"
    assert shown(owner, "card sent") == [(AT, "card sent", name, "")]
    moves = shown(owner, "bank card")
    assert [move[0] for move in moves] == [AT, LATER]
    assert moves[1][2:] == (f"{name} active → repay only: classed again", "bank")


def test_what_holds_a_card_is_named_in_words(owner):
    card = bound(owner, account_class=ONE)
    name = f"{card.bank} **** {card.last_four}"

    cards.hold(card.pk, holder="auto-debit", by="customer:1", at=LATER)
    cards.release([card.pk], holder="loan:13", by="x", at=LATER)  # holds nothing: no entry
    cards.release([card.pk], holder="auto-debit", by="x", at=LATER)

    assert [one[2] for one in shown(owner, "bank card")][-2:] == [
        f"{name}: held by the direct debit", f"{name}: released by the direct debit",
    ]  # fmt: skip


def test_a_consent_is_shown_when_it_is_given_and_when_it_is_taken_back(owner):
    bound(owner, account_class=ONE)
    given = consents.give(request_of(owner), purpose="bureau")
    consents.withdraw(owner, purpose="bureau", by="customer:1", at=LATER)

    [first] = shown(owner, "consent given")
    [second] = shown(owner, "consent taken back")

    assert (first[0], second[0]) == (AT, LATER)
    assert first[2] == second[2]
    assert first[2].endswith(f" {given.version}")


def test_a_profile_is_shown_by_its_occupation(owner):
    Profile.objects.create(
        customer=owner, monthly_income_fen=7, occupation="employee", declared_at=AT
    )

    assert shown(owner, "profile declared") == [(AT, "profile declared", "employee", "")]


def test_a_hold_is_shown_with_its_reasons_and_actors(owner):
    held = holds.place(
        holds.Hold(owner, "block", "risk"), by="ann", reason="odd logins", at=AT, wall_at=AT
    )
    assert shown(owner, "hold lifted") == []

    holds.lift(held.pk, by="ben", reason="cleared", at=LATER)

    assert shown(owner, "hold placed")[0] == (AT, "hold placed", "blocked, risk: odd logins", "ann")
    assert (LATER, "hold lifted", "blocked, risk: cleared", "ben") in shown(owner, "hold lifted")


def test_nothing_of_another_customer_is_shown(owner):
    bound(customer(2), 2, account_class=ONE)

    assert shown(owner) == [(LONG_AGO, "registered", "", "")]
