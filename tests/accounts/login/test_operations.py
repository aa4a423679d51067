"""Logins: one newcomer, one device, one token that dies when it is revoked."""

from datetime import date, timedelta

import pytest

from accounts.login import operations as logins
from accounts.models import Customer, Device, LoginSession, WechatAccount
from backoffice.core.models import StateChange
from tests.accounts.people import AT, LONG_AGO, device

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def log_in(openid="one", *, since=date(2020, 1, 1), **report):
    arrival = logins.Arrival(openid, since, logins.DeviceReport(**device(**report)), "127.0.0.1")
    return logins.log_in(arrival, at=LONG_AGO, wall_at=AT)


def test_a_newcomer_is_registered_once():
    first, second = log_in(), log_in()

    assert first.session.account == second.session.account
    assert Customer.objects.get().registered_at == LONG_AGO
    assert (WechatAccount.objects.get().seat, Device.objects.count()) == (1, 1)
    assert first.token != second.token


def test_the_earliest_day_of_wechat_counts():
    log_in(since=date(2020, 1, 1))
    log_in(since=date(2019, 1, 1))
    log_in(since=None)
    log_in(since=date(2021, 1, 1))

    assert WechatAccount.objects.get().used_since_on == date(2019, 1, 1)


def test_a_device_is_kept_as_its_newest_report():
    log_in(is_rooted=False)
    log_in(is_rooted=True)

    assert Device.objects.get().is_rooted is True


def test_a_token_serves_until_two_hours_after_its_last_use():
    login = log_in()

    in_time = AT + logins.IDLE - SECOND
    assert logins.session_of(login.token, wall_at=in_time) == login.session
    assert LoginSession.objects.get().used_at == in_time
    assert logins.session_of(login.token, wall_at=in_time + logins.IDLE) is None


def test_a_token_serves_seven_days_at_most():
    login = log_in()
    LoginSession.objects.update(used_at=AT + logins.LASTS - SECOND)

    assert logins.session_of(login.token, wall_at=AT + logins.LASTS - SECOND) == login.session
    assert logins.session_of(login.token, wall_at=AT + logins.LASTS) is None


def test_a_use_is_written_down_once_a_minute():
    login = log_in()

    logins.session_of(login.token, wall_at=AT + logins.USE_NOTED_AFTER)

    assert LoginSession.objects.get().used_at == AT


@pytest.mark.parametrize("token", ["", "x", "é", "A" * 43])
def test_a_token_that_is_not_ours_finds_nothing(token):
    log_in()

    assert logins.session_of(token, wall_at=AT) is None


def test_a_revoked_token_is_dead_and_names_who_ended_it():
    login = log_in()
    mine = LoginSession.objects.all()

    assert logins.revoke(mine, by="customer:1", reason="logged out", wall_at=AT) == 1
    assert logins.revoke(mine, by="customer:1", reason="again", wall_at=AT) == 0

    assert logins.session_of(login.token, wall_at=AT) is None
    ended = LoginSession.objects.get()
    assert (ended.revoked_by, ended.revoked_facts) == ("customer:1", {"text": "logged out"})


def test_staff_end_a_login_once():
    login = log_in().session
    logins.end(login.pk, by="ann", reason="phone lost", wall_at=AT)

    with pytest.raises(logins.EndedError):
        logins.end(login.pk, by="ben", reason="again", wall_at=AT)

    ended = LoginSession.objects.get()
    assert (ended.revoked_by, ended.revoked_facts) == ("ann", {"text": "phone lost"})


def test_a_reported_history_names_its_reporter_where_it_changed_something():
    account = log_in(since=None).session.account
    reports = [("one", date(2021, 5, 1)), ("one", date(2020, 5, 1)), ("nobody", date(2020, 1, 1))]

    assert logins.report_history(reports, by="partner", at=AT) == 1
    assert logins.report_history(reports, by="partner", at=AT) == 0

    assert WechatAccount.objects.get().used_since_on == date(2020, 5, 1)
    [trace] = StateChange.objects.filter(transition="report_history")
    assert (trace.subject_id, trace.actor) == (account.pk, "partner")


def test_a_history_begins_no_later_than_today():
    account = log_in(since=None).session.account
    known = {"by": "ann", "reason": "bill of 2020", "at": AT}

    with pytest.raises(logins.BadDayError):
        logins.record_history(account, since=AT.date() + timedelta(days=1), **known)
    assert WechatAccount.objects.get().used_since_on is None

    logins.record_history(account, since=AT.date(), **known)
    assert WechatAccount.objects.get().used_since_on == AT.date()
