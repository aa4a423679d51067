"""Fetching credit reports: once in thirty days, only under a consent, an outage is pending."""

import json
from datetime import timedelta

import pytest
from django.db import connection, transaction

from accounts.models import ProviderCall
from risk.bureau import operations as reports
from risk.gateways.bureau import BureauAnswer, BureauVerdict
from risk.models import BureauPayload, BureauReport
from tests.accounts.people import AT, person
from tests.risk.people import withdraw

pytestmark = pytest.mark.django_db


def fetch(customer, bureau, *, at=AT):
    return reports.fetch([customer.pk], bureau=bureau, at=at)[customer.pk]


def test_a_report_is_fetched_stored_sealed_and_read(make_customer, bureau):
    customer = make_customer()

    found = fetch(customer, bureau)

    assert (found.state, found.current.reading.months) == ("ready", "N" * 24)
    report = BureauReport.objects.get()
    assert (report.consent.purpose, report.has_file, report.fetched_at) == ("bureau", True, AT)
    assert found.current.digest == report.digest
    assert json.loads(BureauPayload.objects.get().content)["identity"]["name"] == person(7).name
    with connection.cursor() as cursor:
        cursor.execute("SELECT encode(content, 'escape') FROM risk_bureaupayload")
        assert person(7).id_number not in cursor.fetchone()[0]


def test_the_call_is_stored_masked_under_its_number(make_customer, bureau):
    customer = make_customer()

    fetch(customer, bureau)

    call = ProviderCall.objects.get()
    assert call.number == BureauReport.objects.get().call_number
    assert call.number == f"bureau-{customer.pk}-20261124-1"
    assert (call.provider, call.action, call.verdict) == ("sandbox", "bureau", "found")
    assert person(7).id_number not in json.dumps(call.masked)


@pytest.mark.parametrize(("days", "asked"), [(0, 1), (29, 1), (30, 2)])
def test_a_report_serves_for_thirty_days(make_customer, bureau, days, asked):
    customer = make_customer()
    fetch(customer, bureau)

    found = fetch(customer, bureau, at=AT + timedelta(days=days))

    assert found.state == "ready"
    assert len(bureau.attempts) == BureauReport.objects.count() == asked


def test_without_the_consent_nobody_is_asked_and_no_report_serves(make_customer, bureau):
    customer = make_customer()
    fetch(customer, bureau)

    withdraw(customer, "bureau")

    assert fetch(customer, bureau) == reports.FetchedReport(reports.BureauState.NO_CONSENT)
    assert len(bureau.attempts) == 1


def test_a_consent_withdrawn_while_the_bureau_answers_stores_nothing(make_customer, bureau):
    customer = make_customer()
    bureau.answers = lambda _subject: withdraw(customer, "bureau")

    found = fetch(customer, bureau)

    assert (found.state, found.current) == ("no-consent", None)
    assert BureauReport.objects.count() == BureauPayload.objects.count() == 0
    assert ProviderCall.objects.get().verdict == "found"


def test_somebody_who_is_not_identified_is_not_asked_about(bureau, make_customer):
    from tests.risk.people import consenting

    assert fetch(consenting(), bureau).state == "not-identified"
    assert (bureau.attempts, ProviderCall.objects.count()) == ([], 0)


def test_an_outage_is_pending_and_the_next_attempt_may_succeed(make_customer, bureau):
    customer = make_customer("bureau-late")

    first = fetch(customer, bureau)
    second = fetch(customer, bureau)

    assert (first.state, second.state) == ("pending", "ready")
    assert bureau.attempts == [1, 2]
    assert list(ProviderCall.objects.order_by("pk").values_list("verdict", flat=True)) == [
        "unavailable", "found",
    ]  # fmt: skip


def test_a_bureau_that_cannot_be_reached_is_pending(make_customer, bureau):
    def fail(_subject):
        raise ConnectionResetError

    customer = make_customer()
    bureau.answers = fail

    assert fetch(customer, bureau).state == "pending"
    assert BureauReport.objects.count() == 0


def test_a_malformed_report_is_refused_and_its_place_kept(make_customer, bureau):
    customer = make_customer("bureau-broken")

    assert fetch(customer, bureau).state == "pending"
    call = ProviderCall.objects.get()
    assert (call.verdict, call.code) == ("malformed", "/reported_on")
    assert BureauReport.objects.count() == 0


def test_the_report_of_another_person_is_refused(make_customer, bureau):
    customer = make_customer()

    def other(subject):
        answer = (
            type(bureau)
            .__mro__[1]
            .fetch(bureau, subject._replace(id_number=person(8).id_number), on=AT.date(), attempt=1)
        )
        assert answer.verdict is BureauVerdict.FOUND
        return answer

    bureau.answers = other

    assert fetch(customer, bureau).state == "pending"
    assert ProviderCall.objects.get().code == "/identity/id_number"


def test_nobody_known_to_the_bureau_has_a_thin_file(make_customer, bureau):
    found = fetch(make_customer("thin-1"), bureau)

    assert (found.state, found.current.reading.is_thin) == ("ready", True)
    assert not BureauReport.objects.get().has_file


def test_an_answer_that_comes_twice_is_stored_once(make_customer, bureau):
    customer = make_customer()

    def twice(_subject):
        bureau.answers = lambda _again: None
        fetch(customer, bureau)  # another process asks under the same number

    bureau.answers = twice

    assert fetch(customer, bureau).state == "ready"
    assert (BureauReport.objects.count(), ProviderCall.objects.count()) == (1, 1)


def test_a_report_is_never_changed(make_customer, bureau):
    fetch(make_customer(), bureau)

    with pytest.raises(Exception, match=r"permission denied|Cannot"), transaction.atomic():
        BureauReport.objects.update(digest="0")


def test_many_customers_are_fetched_each_by_their_own(make_customer, bureau):
    customers = [make_customer("strong-1", 1), make_customer("overdue90-1", 2)]

    found = reports.fetch([one.pk for one in customers], bureau=bureau, at=AT)

    assert [found[one.pk].current.reading.is_adverse for one in customers] == [False, True]


def test_no_question_is_asked_inside_a_transaction(make_customer, bureau):
    customer = make_customer()

    with transaction.atomic(), pytest.raises((AssertionError, RuntimeError)):
        fetch(customer, bureau)

    assert bureau.attempts == []
    assert isinstance(fetch(customer, bureau), reports.FetchedReport)
    assert BureauAnswer(BureauVerdict.FOUND, "0", "").payload is None


def test_a_consent_withdrawn_after_the_moment_of_the_request_stores_nothing_either(
    make_customer, bureau
):
    customer = make_customer()
    later = AT + timedelta(seconds=1)
    bureau.answers = lambda _subject: withdraw(customer, "bureau", at=later)

    assert fetch(customer, bureau).current is None
    assert BureauReport.objects.count() == BureauPayload.objects.count() == 0
