"""Transfers are added as they are given, those of nothing left out."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from psycopg.errors import CheckViolation

from loans.accounting.operations import ledger
from loans.accounting.operations.ledger import Entry
from loans.models import Transfer
from tests.loans.cases import day
from tests.loans.conftest import moment

pytestmark = pytest.mark.django_db

AT = moment(day(1))
ACCRUAL = Entry(day(0), "interest", "accrued_unposted", 500, "accrual", "end_of_day", 3, 7, 9)


def stored() -> list[tuple[object, ...]]:
    return list(
        Transfer.objects.order_by("id").values_list(
            "business_date", "debit_account", "credit_account", "amount_fen", "kind", "cause_type",
            "cause_id", "loan_id", "customer_id", "reverses",
        )
    )  # fmt: skip


def test_every_value_of_a_transfer_has_its_column():
    back = ACCRUAL._replace(debit="accrued_unposted", credit="interest", kind="reversal",
                            reverses="accrual")  # fmt: skip

    ledger.post([ACCRUAL, back], at=AT)

    assert stored() == [ACCRUAL, back]
    assert set(Transfer.objects.values_list("funder", "at")) == {("own", AT)}


def test_a_transfer_may_belong_to_no_loan_and_no_customer():
    night = Entry(day(0), "accrued_unposted", "accrual_income", 500, "night", "night", None, None,
                  None)  # fmt: skip

    ledger.post([night], at=AT)

    assert stored() == [night]


def test_a_transfer_of_nothing_is_left_out():
    ledger.post([ACCRUAL._replace(amount_fen=0), ACCRUAL._replace(amount_fen=1)], at=AT)

    assert [row[3] for row in stored()] == [1]


@pytest.mark.parametrize("entries", [[], [ACCRUAL._replace(amount_fen=0)]])
def test_nothing_to_post_posts_nothing(entries):
    ledger.post(entries, at=AT)

    assert stored() == []


@pytest.mark.parametrize(
    "bad",
    [
        ACCRUAL._replace(amount_fen=-1),
        ACCRUAL._replace(debit="cash"),
        ACCRUAL._replace(kind="reversal"),
        ACCRUAL._replace(reverses="night"),
        ACCRUAL._replace(cause_type="whim"),
    ],
    ids=["a negative amount", "an unknown account", "a reversal of nothing",
         "what it reverses without reversing", "an unknown cause"],
)  # fmt: skip
def test_one_bad_transfer_keeps_all_of_them_out(bad):
    with pytest.raises(CheckViolation), transaction.atomic():
        ledger.post([ACCRUAL, bad], at=AT)

    assert stored() == []


def test_transfers_of_the_month_need_no_look_at_the_closed_ones():
    with CaptureQueriesContext(connection) as asked:
        ledger.post([ACCRUAL], at=AT)
    assert len(asked) == 1

    with CaptureQueriesContext(connection) as asked:
        ledger.post([ACCRUAL._replace(business_date=day(-1))], at=AT)
    assert len(asked) == 3  # it waits for a close that is under way, then asks what is closed
    assert set(Transfer.objects.values_list("accounting_date", flat=True)) == {None}
