"""Cases published by others whose arithmetic is ours; each names its source."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from backoffice.core.money import MICROFEN_PER_FEN
from loans.accounting.rules.accrual import interest_fen, penalty_fen
from loans.accounting.rules.allocation import Claim, allocate
from loans.accounting.rules.debt import Debt
from loans.contracts.rules.annual_rate import Flow, irr_ppm, monthly_rate
from loans.delinquency.rules.late_fee import late_fee_fen
from tests.loans.cases import TERMS, fen, half_up, ppm, read

CASES = read("oracles.json")


def cases(rule):
    chosen = [case for case in CASES if case["rule"] == rule]
    return pytest.mark.parametrize("case", chosen, ids=[case["id"] for case in chosen])


def settle(paid_fen, *, penalty=0, late_fee=0, interest=0, plan_fee=0, principal):
    owed = Debt(penalty, late_fee, interest, plan_fee, principal)
    [parts], left_fen = allocate(paid_fen, [Claim(owed, 0, False, date(2023, 1, 1))])
    assert left_fen == 0
    return parts


@cases("daily simple interest")
def test_a_daily_rate_bears_the_interest_its_author_printed(case):
    rate_ppm = ppm(case["inputs"]["daily_rate_percent"])
    first, *rows = case["expected"]["rows"]
    balance_fen, day = fen(first["balance"]), 0
    for row in rows:
        nights = row["day"] - day
        exact = Decimal(balance_fen * rate_ppm * nights) / MICROFEN_PER_FEN / 100
        assert round(exact, 4) == Decimal(row["interest_unrounded"])
        interest = interest_fen(balance_fen, rate_ppm, nights)
        assert interest == fen(row["interest"])
        paid = settle(fen(row["payment"]), interest=interest, principal=balance_fen)
        assert paid.principal_fen == fen(row["principal"])
        balance_fen, day = balance_fen - paid.principal_fen, row["day"]
        assert balance_fen == fen(row["balance"])


@cases("charges, then interest, then principal")
def test_charges_of_failed_debits_are_paid_before_interest_and_principal(case):
    rate_ppm = ppm(case["inputs"]["daily_rate_percent"])
    balance_fen, paid_day, charges_fen = fen(case["inputs"]["principal"]), 0, 0
    for row in case["expected"]["rows"]:
        if fen(row["paid"]):
            paid = settle(
                fen(row["paid"]),
                late_fee=charges_fen,
                interest=interest_fen(balance_fen, rate_ppm, row["day"] - paid_day),
                principal=balance_fen,
            )
            assert paid.late_fee_fen == fen(row["charges_paid"])
            assert paid.interest_fen == fen(row["interest_paid"])
            assert paid.principal_fen == fen(row["principal_paid"])
            balance_fen, paid_day = balance_fen - paid.principal_fen, row["day"]
        charges_fen = fen(row["charges"])
        assert balance_fen == fen(row["principal_balance"])


@cases("order of allocation")
def test_a_part_payment_is_spread_as_its_author_spread_it(case):
    due = {name: fen(words) for name, words in case["inputs"]["due"].items()}

    paid = settle(
        fen(case["inputs"]["paid"]),
        penalty=due["penalties"],
        late_fee=due["fees"],
        interest=due["interest"],
        principal=due["principal"],
    )

    assert [paid.penalty_fen, paid.late_fee_fen, paid.interest_fen, paid.principal_fen] == [
        fen(case["expected"][name]) for name in ("penalties", "fees", "interest", "principal")
    ]


@cases("late fee as a share of what is overdue")
def test_a_late_fee_is_a_share_of_principal_and_interest(case):
    terms = replace(TERMS, late_fee_ppm=ppm(case["inputs"]["late_fee_percent"]))
    unpaid_fen = fen(case["inputs"]["principal"]) + fen(case["inputs"]["interest"])

    assert late_fee_fen(unpaid_fen, terms) == fen(case["expected"]["late_fee"])


@cases("penalty interest compounded nightly")
def test_penalty_grows_like_a_compounded_balance(case):
    unpaid_fen = fen(case["inputs"]["unpaid_principal"])

    borne_fen = penalty_fen(unpaid_fen, TERMS.penalty_ppm, case["inputs"]["days"])

    assert borne_fen == half_up(Decimal(case["expected"]["compound_penalty"]))


@cases("yearly rate of payments on real days")
def test_payments_on_real_days_have_the_yearly_rate_that_others_found(case):
    flows = [Flow(date.fromisoformat(on), fen(amount)) for on, amount in case["inputs"]["flows"]]

    assert agrees(irr_ppm(flows), case["expected"]["rate"])


@cases("rate of equally spaced payments")
def test_equally_spaced_payments_have_the_rate_that_others_found(case):
    found = monthly_rate([fen(amount) for amount in case["inputs"]["flows"]])

    names = {"period": found.month_ppm, "nominal": found.nominal_ppm,
             "effective": found.effective_ppm}  # fmt: skip
    digits_max = case["inputs"].get("decimals", 6)
    for name, expected in case["expected"].items():
        assert agrees(names[name], expected, digits_max=digits_max), name


def agrees(found_ppm, published, *, digits_max=6):
    """Whether a rate is a published one, to the digits that were published and are meant."""
    digits = min(digits_max, -Decimal(published).as_tuple().exponent)
    step = Decimal(1).scaleb(-digits)
    return Decimal(published).quantize(step) == (Decimal(found_ppm) / 10**6).quantize(step)
