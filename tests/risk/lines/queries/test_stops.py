"""A line that is stopped states why, and what its customer can do."""

import pytest
from django.db import transaction
from django.utils.translation import override

from backoffice.platform import work_queue
from risk.lines.queries import stops
from risk.lines.queries.stops import RESUMPTION_QUEUE, LineStop, sentences, stop_of
from risk.models import CreditLine
from tests.risk.lines.making import ON, granted, moment

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("values", "is_overdue", "expected"),
    [
        ({"state": "active"}, True, None),
        ({"state": "closed"}, True, None),
        ({"state": "frozen"}, True, LineStop.FROZEN),
        ({"state": "suspended", "is_stopped": True}, True, LineStop.BILL_OVERDUE),
        ({"state": "suspended", "is_stopped": True}, False, LineStop.STOPPED),
        ({"state": "suspended", "is_below_minimum": True}, False, LineStop.LOW_LIMIT),
        (
            {"state": "suspended", "is_below_minimum": True, "is_stopped": True},
            False,
            LineStop.STOPPED,
        ),
    ],
)
def test_what_stops_a_line(monkeypatch, values, is_overdue, expected):
    monkeypatch.setattr(stops, "_overdue", [lambda customer_id: is_overdue])

    assert stop_of(CreditLine(pk=1, customer_id=1, **values)) == expected


def test_a_line_that_waits_for_its_review_states_it(monkeypatch):
    monkeypatch.setattr(stops, "_overdue", [])
    line = granted()
    stopped = CreditLine(pk=line.pk, customer_id=line.customer_id, state="suspended")
    with transaction.atomic():
        work_queue.add([line], queue=RESUMPTION_QUEUE, at=moment(ON))

    assert stop_of(stopped) == LineStop.IN_REVIEW


def test_every_stop_is_stated_in_both_languages_with_its_calls():
    with override("en"):
        assert sentences(LineStop.BILL_OVERDUE) == "A bill of yours is overdue. Pay it first."
    with override("zh-hans"):
        assert sentences(LineStop.BILL_OVERDUE) == "您有账单已逾期。请先还清该账单。"
    assert set(stops.CAUSES) == set(stops.CALLS) == set(LineStop)
    steps = [one["endpoint"] for one in stops.next_steps(LineStop.BILL_OVERDUE)]
    assert steps == ["/api/v1/bills", "/api/v1/bills/{id}/payments", "/api/v1/me/line"]
