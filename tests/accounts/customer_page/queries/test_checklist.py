"""The four basic conditions of a customer with their evidence, as the staff see them (ELIG-13)."""

from datetime import date, timedelta

import pytest

from accounts.cards.operations import cards
from accounts.customer_page.queries import records
from accounts.customer_page.queries.checklist import checklist
from accounts.identity.operations import identities
from accounts.models import DeviceLink, ProviderCall, WechatAccount
from accounts.onboarding.rules.eligibility import CheckOutcome
from accounts.policy import AccountPolicy
from tests.accounts.cards.cards import (
    ONE,
    TWO,
    UNKNOWN,
    ask_bank,
    bound,
    customer,
    refuses,
    sent,
)
from tests.accounts.identity.operations.test_people import check, session
from tests.accounts.identity.operations.test_submissions import submit
from tests.accounts.people import AT, person

pytestmark = pytest.mark.django_db

ON = AT.date()
PASS, FAIL, OPEN, REVIEW = (
    CheckOutcome.PASS, CheckOutcome.FAIL, CheckOutcome.OPEN, CheckOutcome.REVIEW,
)  # fmt: skip


def lines(owner, *, on=ON, wall_at=AT, **numbers):
    policy = AccountPolicy(**numbers)
    found = checklist(records.read(owner), on=on, wall_at=wall_at, numbers=policy)
    return {line.requirement.code: line for line in found}


def result(owner, code, **given):
    return lines(owner, **given)[code].result


def evidence(owner, code, **given):
    return lines(owner, **given)[code].evidence


def test_of_a_newcomer_nothing_but_the_account_is_known():
    owner = session(1).account.customer

    found = lines(owner)

    assert list(found) == ["age", "identity", "card", "accounts"]
    assert [line.result for line in found.values()] == [OPEN, OPEN, OPEN, PASS]
    assert [found[code].evidence for code in ("age", "identity", "card")] == [{}, {}, {}]


@pytest.mark.parametrize(
    ("on", "expected", "age"),
    [
        (date(2008, 3, 6), FAIL, 17),
        (date(2008, 3, 7), PASS, 18),
        (date(2051, 3, 6), PASS, 60),
        (date(2051, 3, 7), FAIL, 61),
    ],
)
def test_the_age_is_that_of_the_day_with_the_day_of_birth_as_evidence(on, expected, age):
    owner = customer(born_on=date(1990, 3, 7))

    assert result(owner, "age", on=on) == expected
    assert evidence(owner, "age", on=on) == {"age": age, "born_on": "1990-03-07"}


def test_the_numbers_of_the_policy_are_the_bounds():
    owner = customer(born_on=date(1990, 3, 7))

    assert result(owner, "age", age_min=37) == FAIL
    assert result(owner, "age", age_max=35) == FAIL
    assert result(owner, "age", age_min=36, age_max=36) == PASS


def test_a_passed_identity_shows_its_checks_and_how_the_provider_finds_them():
    login = session(1)
    proof = check(submit(login).pk)

    line = lines(login.account.customer)["identity"]

    calls = {call.action: call for call in ProviderCall.objects.all()}
    assert line.result == PASS
    assert line.evidence == {
        "identity_code": "0", "face": "pass", "similarity_permille": 920, "proof": str(proof),
        "identity_checked_on": "2026-11-24", "face_code": proof.face_code,
        "face_checked_on": "2026-11-24",
        "identity_call": f"sandbox {calls['identity'].request_id or calls['identity']}",
        "face_call": f"sandbox {calls['face'].request_id or calls['face']}",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("token", "expected", "face"),
    [
        ("sandbox:score=75", REVIEW, "review"),
        ("sandbox:not-live", FAIL, "refuse"),
        ("sandbox:down", OPEN, None),
    ],
)
def test_a_face_that_did_not_pass_decides_the_line(token, expected, face):
    login = session(1)
    made = submit(login, face_token=token)
    if token != "sandbox:down":
        check(made.pk)

    line = lines(login.account.customer)["identity"]

    assert line.result == expected
    assert line.evidence.get("face") == face


def test_an_id_number_of_somebody_else_fails_before_any_face_is_compared():
    login = session(1)
    check(submit(login, person()._replace(name="张不符")).pk)

    line = lines(login.account.customer)["identity"]

    assert (line.result, line.evidence["identity_code"]) == (FAIL, "-1")
    assert "face" not in line.evidence and "face_code" not in line.evidence


@pytest.mark.parametrize(("is_accepted", "expected"), [(True, PASS), (False, FAIL)])
def test_a_person_decides_what_the_score_left_open(is_accepted, expected):
    login = session(1)
    proof = check(submit(login, face_token="sandbox:score=75").pk)

    identities.decide(proof.pk, is_accepted=is_accepted, by="credit", reason="looked", at=AT)

    assert result(login.account.customer, "identity") == expected


def test_the_verification_that_passed_counts_before_a_later_one():
    login = session(1)
    check(submit(login, face_token="sandbox:not-live").pk)
    passed = check(submit(login).pk)

    line = lines(login.account.customer)["identity"]

    assert (line.result, line.evidence["proof"]) == (PASS, str(passed))


@pytest.mark.parametrize(
    ("account_class", "expected"), [(ONE, PASS), (TWO, FAIL), (UNKNOWN, REVIEW)]
)
def test_a_card_is_judged_by_the_class_of_its_account(account_class, expected):
    owner = customer()
    card = bound(owner, account_class=account_class)
    call = ProviderCall.objects.get()

    line = lines(owner)["card"]

    assert line.result == expected
    assert line.evidence == {
        "card_code": "0", "account_class": account_class.value,
        "card": f"{card.bank} **** {card.last_four}", "card_checked_on": "2026-11-24",
        f"{call.action}_call": f"fake {call.request_id}",
    }  # fmt: skip


def test_a_card_the_bank_rejected_is_not_looked_at():
    owner = customer()
    ask_bank(sent(owner).pk, checks=refuses(), at=AT)

    line = lines(owner)["card"]

    assert (line.result, line.evidence) == (OPEN, {})


def test_a_card_the_bank_was_not_asked_about_is_open():
    owner = customer()
    card = sent(owner)

    line = lines(owner)["card"]

    assert line.result == OPEN
    assert line.evidence == {"card": f"{card.bank} **** {card.last_four}"}


def test_the_card_that_receives_money_counts_before_older_ones():
    owner = customer()
    bound(owner, 1, account_class=UNKNOWN)
    bound(owner, 2, account_class=TWO)
    best = bound(owner, 3, account_class=ONE)
    bound(owner, 4, account_class=ONE)

    line = lines(owner)["card"]

    assert line.result == PASS
    assert line.evidence["card"] == f"{best.bank} **** {best.last_four}"


def test_what_a_bank_answered_of_another_card_is_no_evidence():
    owner = customer()
    bound(owner, 1, account_class=ONE)
    ask_bank(sent(owner, 2).pk, checks=refuses(), at=AT)

    assert evidence(owner, "card")["card_call"] == "fake r-1"


def test_an_unbound_card_counts_no_more():
    owner = customer()
    card = bound(owner, account_class=ONE)

    cards.unbind(card, by="customer:1", at=AT)

    assert result(owner, "card") == OPEN


def test_accounts_count_while_they_have_a_seat():
    login = session(1)
    owner = login.account.customer
    gone = WechatAccount.objects.create(
        customer=owner, seat=2, bound_at=AT, unbound_at=AT + timedelta(hours=1)
    )
    assert evidence(owner, "accounts")["accounts"] == 2

    WechatAccount.objects.filter(pk=gone.pk).update(seat=None)

    assert evidence(owner, "accounts") == {
        "accounts": 1, "device_accounts": 1, "device_people": 1,
    }  # fmt: skip


@pytest.mark.parametrize(("accounts_max", "expected"), [(2, PASS), (1, FAIL)])
def test_more_accounts_than_allowed_fail(accounts_max, expected):
    login = session(1)
    WechatAccount.objects.create(
        customer=login.account.customer, seat=2, bound_at=AT, unbound_at=AT
    )

    assert result(login.account.customer, "accounts", accounts_max=accounts_max) == expected


def on_one_device(count):
    """Let several customers log in on the device of the first; return the first."""
    first, *others = [session(number) for number in range(1, count + 1)]
    for other in others:
        DeviceLink.objects.filter(account=other.account).update(device=first.device)
    return first.account.customer


@pytest.mark.parametrize(("count", "expected"), [(3, PASS), (4, FAIL)])
def test_many_accounts_on_one_device_fail(count, expected):
    owner = on_one_device(count)

    assert result(owner, "accounts") == expected
    assert evidence(owner, "accounts")["device_accounts"] == count
    assert result(owner, "accounts", device_accounts_max=4, device_people_min=9) == PASS


@pytest.mark.parametrize(("people_min", "expected"), [(3, PASS), (2, REVIEW)])
def test_many_people_on_one_device_need_a_person(people_min, expected):
    owner = on_one_device(2)

    assert result(owner, "accounts", device_people_min=people_min) == expected


@pytest.mark.parametrize(("seconds", "count"), [(0, 2), (1, 0)])
def test_a_device_counts_who_was_seen_on_it_in_thirty_days(seconds, count):
    owner = on_one_device(2)
    wall_at = AT + timedelta(days=30, seconds=seconds)

    assert evidence(owner, "accounts", wall_at=wall_at)["device_accounts"] == count


def test_nothing_of_another_customer_is_evidence():
    owner, other = customer(), customer(2, born_on=date(1990, 3, 7))
    bound(other, 2, account_class=ONE)

    found = lines(owner)

    assert person(2).card_number[-4:] not in str(found)
    assert [line.result for line in found.values()] == [OPEN, OPEN, OPEN, PASS]
