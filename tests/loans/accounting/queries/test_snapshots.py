"""Where a loan stood at the issue of a bill: stored, and read back to the fen (GEN-9)."""

import json

import pytest
from hypothesis import given

from backoffice.core import bulk
from loans.accounting.queries.snapshots import (
    SNAPSHOT_COLUMNS,
    billed_rows,
    is_of,
    latest,
    reset_to,
    to_row,
)
from loans.accounting.rules.cap import accrue
from loans.accounting.rules.debt import Debt
from loans.accounting.rules.position import InstalmentKey, blank, start_segment
from loans.models import BillSnapshot, Loan
from tests.loans.cases import TERMS, day, loan, part
from tests.loans.strategies import positions
from tests.profiles import pure


def stored(position) -> BillSnapshot:
    """The row of a position as the database returns it."""
    values = dict(zip(SNAPSHOT_COLUMNS, to_row(5, 7, position), strict=True))
    parts = json.loads(values.pop("parts"))
    return BillSnapshot(bill_id=values.pop("bill"), loan_id=values.pop("loan"), parts=parts,
                        **values)  # fmt: skip


def test_a_position_is_stored_with_every_component_by_name():
    row = part(1_000, "own", interest_fen=5, late_fee_fen=7, segment_posted_fen=5, due_on=day(0),
               uncharged_plan_fee_fen=60)  # fmt: skip
    before = loan(row, accrued_on=day(-10))._replace(
        principal_nights_fen=20_000, charged_fen=12, waived_fen=3
    )

    *values, parts = to_row(5, 7, before)

    assert values == [5, 7, 1, day(-10), 20_000, 12, 3]
    assert json.loads(parts) == [
        {
            "debt": {"penalty_fen": 0, "late_fee_fen": 7, "interest_fen": 5, "plan_fee_fen": 0,
                     "principal_fen": 1_000},
            "accrual": "own", "segment_on": "2026-09-01", "segment_base_fen": 1_000,
            "segment_posted_fen": 5, "due_on": "2026-10-01", "uncharged_plan_fee_fen": 60,
            "is_billed": False,
        }
    ]  # fmt: skip


@pure
@given(positions(TERMS, over_cap=True))
def test_a_loan_goes_back_to_where_it_stood_whatever_came_after(position):
    late, _charges = accrue(position, on=day(40), terms=TERMS)
    for index, row in enumerate(late.parts):
        paid = row._replace(debt=Debt(penalty_fen=1, principal_fen=row.debt.principal_fen // 2))
        late = late.with_part(index, start_segment(paid, "penalty", on=day(40)))

    assert reset_to(stored(position), late, billed_on=day(0)) == position


def test_the_state_and_the_bills_of_a_loan_stay_as_they_are():
    issued = loan(part(1_000), accrued_on=day(-10))
    today = loan(part(900, bill_id=5, late_fee_base_fen=1_005), accrued_on=day(9))
    today = today._replace(state="overdue", overdue_on=day(4), ended_on=day(9), rate_ppm=350,
                           is_bullet=False)  # fmt: skip

    back = reset_to(stored(issued), today, billed_on=day(-10))

    kept = {"state": "overdue", "overdue_on": day(4), "ended_on": day(9), "rate_ppm": 350,
            "is_bullet": False}  # fmt: skip
    row = issued.parts[0]._replace(bill_id=5, late_fee_base_fen=1_005)
    assert back == issued._replace(parts=(row,), **kept)


def test_a_snapshot_of_other_instalments_is_refused():
    plan = loan(part(1), part(2))._replace(is_bullet=False)

    with pytest.raises(ValueError, match="zip"):
        reset_to(stored(loan(part(1))), plan, billed_on=day(0))


@pytest.mark.parametrize(("billed_on", "is_bullet"), [(day(-1), True), (day(0), False)])
def test_a_loan_converted_after_a_bill_goes_back_to_a_bullet(billed_on, is_bullet):
    converted = {"is_bullet": False, "converted_on": day(0), "converted_to": "plan-3"}
    bullet = loan(part(900))
    row = part(300, "none", due_on=day(30), uncharged_plan_fee_fen=5)
    today = loan(part(0, "none"), row)._replace(**converted)
    held = stored(bullet if is_bullet else today)

    back = reset_to(held, today, billed_on=billed_on)

    assert back == (bullet._replace(parts=(bullet.parts[0], blank(row))) if is_bullet else today)


def test_a_stored_snapshot_is_read_as_it_was_written(db, make_bill):
    bill = make_bill()

    snapshot = BillSnapshot.objects.get()

    assert (snapshot.bill, snapshot.loan) == (bill, Loan.objects.get())
    now = loan(part(5, "none"))
    issued = part(1_000_000, due_on=bill.due_on)
    assert reset_to(snapshot, now, billed_on=bill.billed_on) == loan(issued, accrued_on=day(-30))


def test_the_highest_revision_holds(db, make_bill):
    bill = make_bill()
    [first] = latest([bill.pk]).values()
    later = loan(part(900_000, bill_id=bill.pk), accrued_on=day(-5))
    bulk.copy(BillSnapshot, SNAPSHOT_COLUMNS,
              [to_row(bill.pk, first.loan_id, later, revision=2)])  # fmt: skip

    [held] = latest([bill.pk]).values()

    assert (first.revision, held.revision, held.accrued_on) == (1, 2, day(-5))
    assert is_of(held, to_row(bill.pk, first.loan_id, later))
    assert not is_of(first, to_row(bill.pk, first.loan_id, later))
    assert latest([]) == {}


def test_the_instalments_a_bill_was_issued_with_are_known(db):
    rows = loan(part(1_000, bill_id=5), part(2_000), part(3_000, bill_id=5))

    assert billed_rows(stored(rows)) == (InstalmentKey(7, 0), InstalmentKey(7, 2))
