"""What a row comes to: the live loan behind its bill, the past bills, the money at the bank."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loans.accounting.rules.cap import cap_fen
from loans.delinquency.rules.classification import outcome_at_due
from loans.migration.operations import debts
from loans.migration.operations.debts import LiveLoan, PastBill
from loans.migration.operations.reading import ClientRow
from loans.policy import LoanTerms

ON = date(2026, 10, 1)
TERMS = LoanTerms()
DRAFT = LoanTerms(minimum_permille=30)


def a_row(*bills, payments=(0,) * 6, has_defaulted=False):
    bills = (*bills, *(0,) * (6 - len(bills)))
    return ClientRow(2, 1, 80_000, 1, 35, (0,) * 6, bills, payments, has_defaulted)


def test_a_bill_of_40600_dollars_is_the_loan_of_table_1_9():
    assert debts.live_loan(a_row(40_600), on=ON, terms=TERMS) == LiveLoan(
        principal_fen=1_000_000,
        interest_fen=15_000,
        minimum_fen=101_500,
        rate_ppm=500,
        drawn_on=date(2026, 9, 1),
        due_on=ON,
        charged_through=ON,
    )


@pytest.mark.parametrize("dollars", [0, -1, -165_580])
def test_no_bill_is_no_loan(dollars):
    assert debts.live_loan(a_row(dollars), on=ON, terms=TERMS) is None


def test_a_bill_of_a_dollar_is_all_principal():
    loan = debts.live_loan(a_row(1), on=ON, terms=TERMS)

    assert (loan.principal_fen, loan.interest_fen, loan.minimum_fen) == (25, 0, 25)


def test_interest_rounded_beyond_the_cap_goes_to_the_principal():
    # 50 fen are 49.26 + 0.74: half-up 49 + 1, but the cap of 49 fen in 30 nights is 0.
    loan = debts.live_loan(a_row(2), on=ON, terms=TERMS)

    assert (loan.principal_fen, loan.interest_fen) == (50, 0)


@given(st.integers(1, 100_000_000), st.dates(date(2026, 1, 1), date(2030, 1, 1)))
def test_the_bill_is_kept_to_the_fen_and_the_interest_stays_within_the_cap(dollars, on):
    loan = debts.live_loan(a_row(dollars), on=on, terms=TERMS)

    assert loan.total_fen == dollars * 25
    assert loan.principal_fen > 0
    assert 0 <= loan.interest_fen <= cap_fen(loan.principal_fen * loan.charged_nights, TERMS)
    assert 0 < loan.minimum_fen <= loan.total_fen
    assert loan.charged_nights in range(28, 32)


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (date(2026, 10, 1), 1, date(2026, 9, 1)),
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2028, 3, 31), 1, date(2028, 2, 29)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
        (date(2026, 5, 31), 6, date(2025, 11, 30)),
        (date(2026, 12, 31), 12, date(2025, 12, 31)),
    ],
)
def test_months_are_counted_back_by_the_calendar(day, months, before):
    assert debts.months_before(day, months=months) == before


def test_past_bills_pair_each_month_with_what_was_paid_of_it():
    row = a_row(1, 200, 0, -5, 500, 600, payments=(20, 30, 40, 50, 60, 70))

    assert debts.past_bills(row) == [
        PastBill(2, 5_000, 500),
        PastBill(5, 12_500, 1_250),
        PastBill(6, 15_000, 1_500),
    ]


# total, paid -> under 10 %, under 3 %; amounts in fen.
OUTCOMES = [
    (100_000, 100_000, "paid", "paid"),
    (100_000, 120_000, "paid", "paid"),
    (100_000, 99_000, "carried", "carried"),  # the rest is 10.00
    (100_000, 98_999, "min_paid", "min_paid"),
    (100_000, 10_000, "min_paid", "min_paid"),
    (100_000, 9_999, "overdue", "min_paid"),
    (100_000, 3_000, "overdue", "min_paid"),
    (100_000, 2_999, "overdue", "overdue"),
    (100_000, 0, "overdue", "overdue"),
    (1_000, 0, "carried", "carried"),  # nothing paid of 10.00
    (1_001, 0, "overdue", "overdue"),
    (999, 0, "carried", "carried"),
    (1_100, 100, "carried", "carried"),
    (25, 25, "paid", "paid"),
]


@pytest.mark.parametrize(("total_fen", "paid_fen", "ours", "drafted"), OUTCOMES)
def test_past_bills_end_as_live_ones_do(total_fen, paid_fen, ours, drafted):
    bill = PastBill(2, total_fen, paid_fen)

    assert debts.classify(bill, terms=TERMS)[1] == ours
    assert debts.classify(bill, terms=DRAFT)[1] == drafted


def test_the_minimum_of_a_past_bill_is_its_plain_share():
    assert debts.classify(PastBill(2, 100_005, 0), terms=TERMS)[0] == 10_001
    assert debts.classify(PastBill(2, 999, 0), terms=TERMS)[0] == 999


@given(st.integers(1, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_who_pays_more_never_ends_worse(total_fen, paid_fen, more_fen):
    worst_first = ("overdue", "min_paid", "carried", "paid")
    minimum_fen = min(total_fen, total_fen // 10 + 1)
    ends = [
        outcome_at_due(total_fen, minimum_fen=minimum_fen, paid_fen=paid, terms=TERMS)
        for paid in (paid_fen, paid_fen + more_fen)
    ]

    assert worst_first.index(ends[0]) <= worst_first.index(ends[1])


def test_the_bank_holds_a_tenth_more_than_the_bill_where_nobody_defaulted():
    assert debts.funds_fen(a_row(40_600)) == 1_116_500
    assert debts.funds_fen(a_row(1)) == 28
    assert debts.funds_fen(a_row(40_600, has_defaulted=True)) == 0
    assert debts.funds_fen(a_row(-5)) == 0
