"""Staff read conversions, and withdraw a planned one at the wish of its customer."""

from datetime import time

import pytest
from django.urls import reverse

from loans.accounting.rules.codes import Plan
from loans.conversion.operations import conversions
from loans.models import Conversion, Instalment, Loan
from tests.loans.billing.operations.test_extensions import request
from tests.loans.conftest import day, moment
from tests.loans.conversion.sheets import convert
from tests.loans.days import set_clock
from tests.loans.test_staff_decisions import client_of, page_of, perform

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def bill(make_bill):
    bill = make_bill()
    convert(bill, Plan.PLAN_3, at=moment(day(-5)))
    set_clock(day(-4))
    return bill


def take_effect(bill):
    at = moment(day(0), time(0, 5))
    conversions.take_effect([bill.pk], by="system:end-of-day", on=day(0), at=at)
    set_clock(day(0))


def page(client, record):
    return client.get(page_of(record)).content.decode()


def test_a_planned_one_stands_on_the_page_of_its_bill(bill):
    client = client_of("support")

    found = page(client, bill)

    assert "Conversions into instalments" in found
    assert "10,000.00" in found
    assert (
        str(Conversion.objects.get())
        in client.get(reverse("admin:loans_conversion_changelist")).content.decode()
    )


def test_the_loan_shows_the_rows_and_the_conversion(bill):
    take_effect(bill)

    found = page(client_of("auditor"), Loan.objects.get())

    for words in ("3,333.34", "Conversions into instalments", "3 instalments", "50.00"):
        assert words in found
    assert str(Instalment.objects.get(number=4).due_on) in found


def test_support_withdraws_a_planned_one_after_reading_its_effect(bill):
    client, planned = client_of("support"), Conversion.objects.get()
    assert "10,000.00 yuan of principal do not become instalments" in page(client, planned)

    perform(client, planned, "withdraw")

    found = Conversion.objects.get()
    assert (found.state, found.lapsed_because) == ("lapsed", "conversion-withdrawn")
    take_effect(bill)
    assert not Loan.objects.get().converted_on
    assert Instalment.objects.count() == 1


def test_who_only_reads_withdraws_nothing(bill):
    planned = Conversion.objects.get()

    answer = perform(client_of("auditor"), planned, "withdraw")

    assert answer.status_code == 403
    assert Conversion.objects.get().state == "planned"


def test_what_took_effect_is_not_withdrawn(bill):
    take_effect(bill)
    done = Conversion.objects.get()

    with pytest.raises(conversions.ConversionDecidedError):
        conversions.withdraw([done.pk], by="li", reason="too late", at=moment(day(0)))

    assert Conversion.objects.get().state == "effective"


def test_an_extension_that_would_end_a_planned_one_says_so_before(bill):
    extension = request(bill, n=-4)

    assert "The conversion planned of this bill lapses." in page(
        client_of("collections"), extension
    )
