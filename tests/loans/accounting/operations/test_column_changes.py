"""Only what a change of a position touches is written."""

import pytest

from loans.accounting.operations import column_changes
from loans.models import Loan
from tests.raw import execute

COLUMNS = ("charged_fen", "waived_fen")


def test_a_record_whose_position_is_the_same_is_left_out():
    same, before, after = object(), object(), object()
    records = {1: "first", 2: "second"}

    found = column_changes.changed({1: same, 2: before}, {1: same, 2: after}, records)

    assert list(found) == [("second", before, after)]


@pytest.mark.django_db
@pytest.mark.parametrize(("written", "waived_fen"), [((), 9), (("waived_fen",), 0)])
def test_only_columns_that_differ_are_written_and_those_that_are_named(
    make_bill, written, waived_fen
):
    make_bill()
    loan = Loan.objects.get()
    execute("UPDATE loans_loan SET waived_fen = 9")  # what the record does not know

    column_changes.update([(loan, (0, 0), (7, 0))], COLUMNS, written=written)

    loan = Loan.objects.get()
    assert (loan.charged_fen, loan.waived_fen) == (7, waived_fen)


def test_nothing_is_written_where_nothing_differs():
    column_changes.update([(Loan(), (1, 2), (1, 2))], COLUMNS)
    column_changes.update([], COLUMNS)
