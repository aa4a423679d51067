"""A pause of 9:00 holds for the hourly debits too, also for those planned before it."""

import pytest

from accounts.models import Staff
from backoffice.platform import job_control
from loans.models import DebitOrder
from tests.loans.conftest import day, moment
from tests.loans.days import work

pytestmark = pytest.mark.usefixtures("committed_db")


def test_an_hourly_run_planned_before_the_pause_asks_for_nothing(make_bill, channel, monkeypatch):
    make_bill()
    monkeypatch.setattr("loans.tasks.debit_channel", lambda: channel)
    monkeypatch.setattr("backoffice.platform.jobs.run_chunk", paused_before(day(0)))

    work("10:00", day(0))

    assert channel.submitted == []
    assert DebitOrder.objects.count() == 0


def paused_before(on):
    from backoffice.platform.jobs import run_chunk

    def run(chunk_id, *, at):
        person = Staff.objects.create_user("manager")
        job_control.pause("09:00", by=person, reason="bank is down", at=moment(on))
        return run_chunk(chunk_id, at=at)

    return run
