"""Finance enters a bank transfer on the page of its bill; a manager sees its effect, approves."""

import pytest
from django.urls import reverse

from backoffice.core.models import Approval
from loans.models import DebitOrder
from tests.loans.collection.admin.test_run import person
from tests.loans.conftest import day
from tests.loans.days import set_clock
from tests.loans.delinquency.test_overdue_life import reread

pytestmark = pytest.mark.usefixtures("committed_db")

GIVEN = {"amount": "4,000.50", "reference": "BANK-77", "value_on": str(day(0)),
         "reason": "in the list of the bank"}  # fmt: skip


@pytest.fixture
def bill(make_bill):
    made = make_bill()
    set_clock(day(0), "15:00")
    return made


def enter(client, bill, **given):
    address = reverse("admin:loans_bill_action", args=[bill.pk, "transfer"])
    return client.post(address, GIVEN | given, follow=True)


def decide(client, request):
    address = reverse("admin:backoffice_approval_change", args=[request.pk])
    page = client.get(address).content.decode()
    action = reverse("admin:backoffice_approval_action", args=[request.pk, "approve"])
    client.post(action, {"reason": "seen in the list"}, follow=True)
    return page


def test_two_people_book_a_transfer(bill):
    enter(person("finance"), bill)
    request = Approval.objects.get()
    assert request.payload == {
        "bill": bill.pk, "reference": "BANK-77", "amount_fen": 400_050, "value_on": str(day(0)),
    }  # fmt: skip
    assert DebitOrder.objects.count() == 0

    page = decide(person("manager"), request)

    for words in ("4,000.50", "BANK-77", "billed, 0.00 paid", "billed, 4,000.50 paid"):
        assert words in page
    assert (DebitOrder.objects.get().origin, reread(bill).paid_fen) == ("transfer", 400_050)


def test_the_dialog_names_what_is_owed(bill):
    page = person("finance").get(reverse("admin:loans_bill_change", args=[bill.pk]))

    assert "Today 10,150.00 yuan are owed under this bill and older ones" in page.content.decode()


def test_the_dialog_of_the_decision_names_amount_customer_and_effect(bill):
    enter(person("finance"), bill)
    address = reverse("admin:backoffice_approval_change", args=[Approval.objects.get().pk])

    page = person("manager").get(address)

    dialogs = {one.action.code: one.explanation for one in page.context["record_actions"]}
    assert dialogs["approve"] == dialogs["reject"]
    assert dialogs["approve"].removesuffix("<br>").split("<br>") == [
        "bank transfer", f"customer: {bill.customer}", f"bill: {bill}", "amount, yuan: 4,000.50",
        "bank&#x27;s reference: BANK-77", f"value date: {day(0)}",
        f"bill B{bill.pk}, due on {day(0)}: billed, 0.00 paid → billed, 4,000.50 paid",
    ]  # fmt: skip


def test_a_reference_that_is_too_long_is_refused_and_not_cut(bill):
    answer = enter(person("finance"), bill, reference="A" * 81)

    assert "at most 80 characters; this has 81" in answer.content.decode()
    assert Approval.objects.count() == 0


@pytest.mark.parametrize("group", ["support", "manager", "auditor"])
def test_others_do_not_enter_transfers(bill, group):
    assert enter(person(group), bill).status_code == 403
    assert Approval.objects.count() == 0


@pytest.mark.parametrize(
    "given", [{"amount": "4,000.505"}, {"amount": "-1"}, {"amount": "x"}, {"value_on": "today"}]
)
def test_bad_input_is_refused_on_the_page(bill, given):
    answer = enter(person("finance"), bill, **given)

    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()
    assert Approval.objects.count() == 0


def test_the_page_of_a_transfer_has_no_card(bill):
    enter(person("finance"), bill)
    decide(person("manager"), Approval.objects.get())

    order = DebitOrder.objects.get()
    page = person("auditor").get(reverse("admin:loans_debitorder_change", args=[order.pk]))

    assert page.status_code == 200
    assert "bank transfer" in page.content.decode()
