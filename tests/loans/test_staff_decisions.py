"""What staff decide about bills and loans, from their pages: rights, dialogs, effects."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts.models import Staff
from backoffice.core import clock
from backoffice.core.models import Approval
from loans.models import Acceleration, ChargeOff, Extension, Instalment, Loan, Waiver
from tests.loans.conftest import day
from tests.loans.days import set_clock
from tests.loans.delinquency.plans import as_plan
from tests.loans.delinquency.test_overdue_life import live, reread

pytestmark = pytest.mark.usefixtures("committed_db")

REASON = "three letters without an answer"
AMOUNTS = {"penalty_fen": "50.00", "late_fee_fen": "0", "interest_fen": "0", "plan_fee_fen": "0"}


@pytest.fixture
def overdue(make_bill, channel):
    """The bill of the table 1.9 on D+14 at 9:00."""
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=14)
    set_clock(day(14))
    return bill


def client_of(group):
    who = Staff.objects.create_user(f"{group}{Staff.objects.count()}", is_staff=True)
    who.groups.add(Group.objects.get(name=group))
    client = Client(headers={"accept-language": "en"})
    client.force_login(who)
    return client


def page_of(record):
    model = type(record)._meta
    return reverse(f"admin:{model.app_label}_{model.model_name}_change", args=[record.pk])


def perform(client, record, code, **given):
    address = f"{page_of(record).removesuffix('change/')}action/{code}/"
    return client.post(address, {"reason": REASON, **given}, follow=True)


def approve_all(client):
    for one in Approval.objects.filter(state="proposed"):
        perform(client, one, "approve", reason="agreed with it")


def test_the_dialog_of_a_waiver_names_what_is_unpaid(overdue):
    shown = client_of("collections").get(page_of(overdue)).content.decode()

    assert "penalty interest 100.45, late fee 5.08, interest 170.00" in shown
    assert "A second person decides" in shown
    assert not Approval.objects.exists()


def test_two_people_waive_charges(overdue):
    perform(client_of("collections"), overdue, "waive", **AMOUNTS)
    assert not Waiver.objects.exists()
    manager = client_of("manager")
    shown = manager.get(page_of(Approval.objects.get())).content.decode()
    assert "100.45" in shown
    assert "50.45" in shown

    approve_all(manager)

    assert Waiver.objects.get().penalty_fen == 5_000
    assert "waived charges" in manager.get(page_of(Loan.objects.get())).content.decode().lower()
    assert Instalment.objects.get().unpaid_penalty_fen == 10_045 - 5_000


@pytest.mark.parametrize("typed", ["", "-1", "1.005", "abc", "1e3"])
def test_what_is_no_amount_is_not_proposed(overdue, typed):
    answer = perform(
        client_of("collections"), overdue, "waive", **{**AMOUNTS, "penalty_fen": typed}
    )

    assert "nothing was changed" in answer.content.decode()
    assert not Approval.objects.exists()


def test_two_people_charge_a_loan_off(overdue):
    collector, loan = client_of("collections"), Loan.objects.get()
    assert "10,275.53 yuan leave the balance sheet" in collector.get(page_of(loan)).content.decode()

    perform(collector, loan, "charge-off")
    approve_all(client_of("manager"))

    assert Loan.objects.get().state == "charged_off"
    shown = client_of("auditor").get(page_of(ChargeOff.objects.get())).content.decode()
    assert REASON in shown


def test_an_extension_is_approved_from_its_page(make_bill):
    bill = make_bill()
    set_clock(day(-2))
    extension = Extension.objects.create(
        customer=bill.customer, bill=bill, days=10, due_on=day(0), extended_to_on=day(10),
        reason="wages come late", requested_at=clock.now(),
    )  # fmt: skip
    collector = client_of("collections")
    shown = collector.get(page_of(extension)).content.decode()
    assert "wages come late" in shown
    assert "10,140.00" in shown

    perform(collector, extension, "approve")

    assert (reread(bill).due_on, reread(extension).state) == (day(10), "approved")


def test_later_instalments_are_called_due_from_the_page_of_the_bill(make_bill, channel):
    bill = as_plan(make_bill(mode="off", principal_fen=300_000))
    live(bill, channel, until=4)
    live(bill, channel, first=91, until=91)
    set_clock(day(91))
    collector = client_of("collections")
    assert "Principal of 2,000.00 yuan" in collector.get(page_of(bill)).content.decode()

    perform(collector, bill, "accelerate")

    assert Acceleration.objects.get().reason == REASON
    assert Instalment.objects.filter(bill=bill).count() == 3


@pytest.mark.parametrize("group", ["support", "credit", "risk", "auditor"])
def test_who_has_no_right_changes_nothing(overdue, group):
    client, loan = client_of(group), Loan.objects.get()

    answers = [
        perform(client, overdue, "waive", **AMOUNTS),
        perform(client, overdue, "accelerate"),
        perform(client, loan, "charge-off"),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert not Approval.objects.exists()


def test_whoever_proposes_does_not_decide(overdue):
    collector = client_of("collections")
    perform(collector, overdue, "waive", **AMOUNTS)

    answer = perform(collector, Approval.objects.get(), "approve", reason="agreed with it")

    assert answer.status_code == 403
    assert not Waiver.objects.exists()


@pytest.mark.parametrize("code", ["waive", "accelerate"])
def test_reading_an_address_of_an_action_changes_nothing(overdue, code):
    address = f"{page_of(overdue).removesuffix('change/')}action/{code}/"

    assert client_of("manager").get(address).status_code == 405
    assert not Approval.objects.exists()


def test_a_forged_post_is_refused(overdue):
    client = Client(enforce_csrf_checks=True)
    who = Staff.objects.create_user("forged", is_staff=True)
    who.groups.add(Group.objects.get(name="collections"))
    client.force_login(who)
    address = f"{page_of(overdue).removesuffix('change/')}action/waive/"

    assert client.post(address, {"reason": REASON, **AMOUNTS}).status_code == 403
    assert not Approval.objects.exists()
