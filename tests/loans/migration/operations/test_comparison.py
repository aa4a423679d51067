"""Our outcomes against the lender's status, month by month and policy by policy."""

from collections import Counter

from loans.migration.operations.comparison import Comparison
from loans.migration.operations.reading import ClientRow
from loans.policy import LoanTerms


def a_row(status, bill, paid):
    return ClientRow(2, 1, 80_000, 1, 35, (status, *(-2,) * 5), (0, bill, 0, 0, 0, 0),
               (paid, 0, 0, 0, 0, 0), False)  # fmt: skip


def compared(*rows):
    comparison = Comparison([LoanTerms(), LoanTerms(minimum_permille=30)])
    for row in rows:
        comparison.add(row)
    return comparison


def test_a_status_is_set_against_the_bill_of_the_month_before():
    row = ClientRow(2, 1, 80_000, 1, 35, (0, -1, 2, -2, 0, 0), (0, 400, 300, 200, 0, 900),
              (40, 300, 0, 5, 900, 7), False)  # fmt: skip

    ours, drafted = compared(row).months

    assert [dict(month.counts) for month in ours] == [
        {(0, "min_paid"): 1},
        {(-1, "paid"): 1},
        {(2, "overdue"): 1},
        {(-2, "no_bill"): 1},
        {(0, "paid"): 1},
    ]
    assert [month.column for month in ours] == ["PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5"]
    assert [month.minimum_permille for month in (ours[0], drafted[0])] == [100, 30]


def test_the_draft_calls_minimum_what_the_rulebook_calls_overdue():
    ours, drafted = (months[0] for months in compared(a_row(0, 1_000, 30)).months)

    assert (ours.counts, drafted.counts) == (Counter({(0, "overdue"): 1}),
                                             Counter({(0, "min_paid"): 1}))  # fmt: skip
    assert (ours.agreed_permille, drafted.agreed_permille) == (0, 1000)


def test_agreement_leaves_out_months_without_use_or_bill():
    month = compared(
        a_row(-2, 1_000, 1_000),
        a_row(-1, 0, 0),
        a_row(-1, 1_000, 1_000),
        a_row(-1, 1_000, 0),
        a_row(0, 1_000, 980),
        a_row(3, 1_000, 0),
        a_row(1, 1_000, 1_000),
    ).months[0][0]

    assert (month.compared, month.agreed, month.agreed_permille) == (5, 3, 600)


def test_everything_late_stands_in_one_row():
    month = compared(a_row(1, 1_000, 0), a_row(8, 1_000, 0), a_row(-1, 0, 0)).months[0][0]

    assert month.by_status() == {-1: Counter({"no_bill": 1}), 1: Counter({"overdue": 2})}


def test_nothing_compared_is_no_agreement():
    assert compared().months[0][0].agreed_permille == 0
