"""The clients of the bulk scoring: real where they are said to be, the same in each run."""

import csv
import gzip

import pytest

from loans.migration.operations.demo import PORTFOLIO
from tests.bench import scoring


def test_repayment_statuses_and_payments_are_those_of_the_file():
    with gzip.open(PORTFOLIO, "rt") as file:
        row = next(csv.DictReader(file))
    first, *_others = everybody = scoring.clients()

    assert len(everybody) == 24_000
    assert (row["PAY_6"], row["PAY_2"], row["PAY_0"]) == ("-2", "2", "2")
    assert first.reading.months == "NNNN22"
    paid = [int(float(row[f"PAY_AMT{n}"])) * 25 for n in range(6, 0, -1)]
    assert list(first.features.payment.monthly_inflow_fen) == paid
    assert everybody == scoring.clients()


@pytest.mark.parametrize(("status", "code"), [(-2, "N"), (0, "N"), (1, "1"), (7, "7"), (8, "7")])
def test_a_status_becomes_a_code_of_credit_reporting(status, code):
    assert scoring.code(status) == code
