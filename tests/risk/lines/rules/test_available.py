"""What may still be drawn on a line (LIMIT-9): one answer from Python, SQL and trigger."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Customer
from risk.lines.rules.available import LineAmounts, available_fen, uncovered_sql
from risk.models import CreditLine
from tests.loans.conftest import moment

fen = st.integers(0, 50_000_000)
lines = st.builds(LineAmounts, fen, fen, st.integers(0, 1000), fen, fen, fen)


@pytest.mark.parametrize(
    ("line", "expected_fen"),
    [
        (LineAmounts(1_000_000, 0, 150, 480_000, 0, 300_000), 70_000),  # worked example 71
        (LineAmounts(1_000_000, 0, 150, 0, 0, 860_000), 0),  # worked example 72
        (LineAmounts(1_000_000, 200_000, 150, 0, 0, 0), 1_020_000),
        (LineAmounts(1_000_000, 0, 150, 0, 840_000, 0), 10_000),
        (LineAmounts(1, 0, 150, 0, 0, 0), 0),
        (LineAmounts(1999, 0, 150, 0, 0, 0), 1699),
    ],
)
def test_a_line_gives_what_its_limit_leaves_after_buffer_holds_and_debt(line, expected_fen):
    assert available_fen(line) == expected_fen


@pytest.mark.django_db
@given(lines)
def test_sql_gives_the_same_as_the_rule(line):
    columns = ", ".join(f"%s::bigint AS {name}" for name in LineAmounts._fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT greatest(0, {uncovered_sql('line')}) FROM (SELECT {columns}) AS line",
            list(line),
        )
        assert cursor.fetchone() == (available_fen(line),)


@pytest.fixture
def line(db):
    customer = Customer.objects.create(registered_at=moment(date(2026, 10, 1)))
    return CreditLine.objects.create(
        customer=customer, limit_fen=1999, temporary_fen=0, buffer_permille=150, held_fen=100,
        drawn_fen=300, opened_on=date(2026, 10, 1),
    )  # fmt: skip


@pytest.mark.django_db
def test_query_and_trigger_stop_at_the_last_fen(line):
    mine = CreditLine.objects.filter(pk=line.pk)

    assert mine.usable_at_least(1299).exists()
    assert not mine.usable_at_least(1300).exists()
    mine.update(reserved_fen=1299)
    with pytest.raises(IntegrityError, match="reservation above available"), transaction.atomic():
        mine.update(reserved_fen=1300)


def test_the_formula_of_a_trigger_is_that_of_python():
    assert uncovered_sql("NEW") == (
        "((((((NEW.limit_fen + NEW.temporary_fen) * (1000 - NEW.buffer_permille)) / 1000)"
        " - NEW.held_fen) - NEW.reserved_fen) - NEW.drawn_fen)"
    )
