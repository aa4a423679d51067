"""One person, one customer, three seats: also when many try at the same moment."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.gateways.sandbox import SandboxIdentityChecks
from accounts.identity.operations import identities, people, submissions
from accounts.login import operations as logins
from accounts.models import Customer, IdentityVerification, LoginSession, WechatAccount
from backoffice.core.crypto import blind
from tests.accounts.people import AT, LONG_AGO, device, person, request_of
from tests.raw import execute, refused

TRIES = 40


def session(number, *, registered_at=LONG_AGO):
    report = logins.DeviceReport(**device(number))
    openid = f"openid-{number}"
    arrival = logins.Arrival(openid, LONG_AGO.date().replace(year=2020), report, "127.0.0.1")
    return logins.log_in(arrival, at=registered_at, wall_at=AT).session


def submitted(number, who=None):
    who = who or person()
    submission = submissions.Submission(who.name, who.id_number, None, f"face {number}")
    login = session(number)
    context = request_of(login.account.customer, session=login)
    return submissions.submit(context, submission=submission)


def check(verification_id):
    verification = IdentityVerification.objects.select_related("customer").get(pk=verification_id)
    context = request_of(verification.customer)
    return identities.check(verification, checks=SandboxIdentityChecks(), context=context)


def states():
    return sorted(IdentityVerification.objects.values_list("state", flat=True))


def identified(number, who=None):
    verification = submitted(number, who)
    return check(verification.pk)


def test_forty_who_prove_one_identity_at_once_are_one_customer(committed_db):
    waiting = [submitted(number).pk for number in range(TRIES)]

    def state_of(pk):
        try:
            return check(pk).state
        finally:
            connection.close()

    with ThreadPoolExecutor(TRIES) as threads:
        outcomes = sorted(threads.map(state_of, waiting))

    assert outcomes == states() == ["passed"] * 3 + ["refused"] * (TRIES - 3)
    assert Customer.objects.filter(state="identified").count() == 1
    [known] = Customer.objects.filter(state="identified")
    assert sorted(known.wechat_accounts.values_list("seat", flat=True)) == [1, 2, 3]
    assert Customer.objects.filter(state="closed").count() == 2


def test_forty_logins_of_one_newcomer_at_once_are_one_customer(committed_db):
    def log_in(_):
        try:
            return session(1).account_id
        finally:
            connection.close()

    with ThreadPoolExecutor(TRIES) as threads:
        accounts = set(threads.map(log_in, range(TRIES)))

    assert len(accounts) == Customer.objects.count() == WechatAccount.objects.count() == 1
    assert LoginSession.objects.count() == TRIES


@pytest.mark.django_db
def test_the_database_has_no_fourth_place():
    customer = session(1).account.customer
    with refused("wechat_account_seat_is_one_of_three", "accounts_wechataccount"):
        execute("UPDATE accounts_wechataccount SET seat = 4 WHERE customer_id = %s", customer.pk)
    with refused("wechat_account_bound_has_a_seat", "accounts_wechataccount"):
        execute("UPDATE accounts_wechataccount SET seat = NULL")


@pytest.mark.django_db
def test_the_database_knows_a_person_once():
    identified(1)
    other = session(2).account.customer
    with pytest.raises(IntegrityError), transaction.atomic():
        Customer.objects.filter(pk=other.pk).update(id_blind=blind(person().id_number, "id_number"))


@pytest.mark.django_db
def test_who_has_left_may_come_again_as_a_new_customer():
    identified(1)
    gone = Customer.objects.get(state="identified")
    execute(
        "UPDATE accounts_customer SET state = 'closed', closed_at = now() WHERE id = %s", gone.pk
    )

    again = identified(2)

    assert again.state == "passed"
    assert Customer.objects.get(state="identified").pk != gone.pk


@pytest.mark.django_db
def test_the_name_is_kept_sealed():
    identified(1)

    [(name, number)] = execute(
        "SELECT name, id_number FROM accounts_customer WHERE state = 'identified'"
    )
    assert person().name.encode() not in bytes(name)
    assert person().id_number.encode() not in bytes(number)


@pytest.mark.django_db
def test_a_report_of_history_makes_it_longer_never_shorter():
    account = session(1).account
    first, later = account.used_since_on.replace(year=2019), account.used_since_on

    changed = logins.report_history(
        [("openid-1", later), ("openid-1", first), ("nobody", first)], by="partner", at=AT
    )

    assert changed == 1
    assert WechatAccount.objects.get().used_since_on == first
    assert (
        logins.report_history([("openid-1", later)], by="partner", at=AT)
        == logins.report_history([], by="partner", at=AT)
        == 0
    )


@pytest.mark.django_db
def test_a_person_decides_on_a_face_between_the_lines():
    sent = submitted(1)
    IdentityVerification.objects.filter(pk=sent.pk).update(face_token="sandbox:score=75")
    assert check(sent.pk).state == "in_review"

    decided = identities.decide(sent.pk, is_accepted=True, by="staff", reason="seen", at=AT)

    assert decided.state == "passed"
    assert Customer.objects.get().state == "identified"
    with pytest.raises(identities.NotInReviewError):
        identities.decide(sent.pk, is_accepted=False, by="staff", reason="seen", at=AT)
    assert states() == ["passed"]


@pytest.mark.django_db
def test_four_people_on_a_device_are_looked_at():
    first = session(1).device
    for number in range(2, 5):
        other = session(number)
        other.account.devices.update(device=first, seen_at=LONG_AGO)
    sent = submitted(1)

    checked = check(sent.pk)

    assert checked.state == "in_review"


def test_unbinding_the_last_two_at_once_leaves_one(committed_db):
    accounts = [identified(1).account, identified(2).account]

    def unbind(account):
        account = WechatAccount.objects.get(pk=account.pk)
        try:
            people.unbind(account, by="customer", at=AT, wall_at=AT)
        except people.LastAccountError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(unbind, accounts)) == [False, True]

    assert WechatAccount.objects.filter(unbound_at=None).count() == 1
