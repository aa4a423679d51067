"""Yearly rates of real payments: compound, simple, and over 360 days (LAW-1, GEN-7, RATE-2)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loans.contracts.rules.annual_rate import Flow, irr_ppm, monthly_rate, simple_ppm
from tests.profiles import pure

DRAWN_ON = date(2026, 9, 1)


def test_a_year_of_365_nights_costs_what_it_costs():
    flows = [Flow(DRAWN_ON, -1_000_000), Flow(date(2027, 9, 1), 1_100_000)]

    assert irr_ppm(flows) == 100_000


def test_a_month_is_compounded_over_its_real_nights():
    flows = [Flow(DRAWN_ON, -1_000_000), Flow(date(2026, 10, 1), 1_015_000)]

    assert irr_ppm(flows) == 198_589  # 1.015 ** (365 / 30) - 1


def test_the_nights_of_a_leap_year_count_over_365():
    """1.1 ** (365 / 366) - 1: neither a year of its own length nor one of 30-day months."""
    flows = [Flow(date(2028, 1, 1), -1_000_000), Flow(date(2029, 1, 1), 1_100_000)]

    assert irr_ppm(flows) == 99_714


def test_a_year_of_360_days_gives_the_smaller_figure():
    flows = [Flow(DRAWN_ON, -1_000_000), Flow(date(2026, 10, 1), 1_015_000)]

    assert irr_ppm(flows, year_days=360) == 195_618  # 1.015 ** 12 - 1


def test_a_loan_without_cost_has_the_rate_0():
    flows = [Flow(DRAWN_ON, -1_000_000), Flow(date(2026, 10, 1), 1_000_000)]

    assert irr_ppm(flows) == 0
    assert monthly_rate([-1_000_000, 1_000_000]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("daily_ppb", "year_days", "ppm"),
    [(200_000, 360, 72_000), (500_000, 365, 182_500), (247_500, 365, 90_338), (1, 365, 0)],
)
def test_a_simple_rate_is_half_up(daily_ppb, year_days, ppm):
    assert simple_ppm(daily_ppb, year_days=year_days) == ppm


@pure
@given(st.integers(1, 700), st.integers(20, 50), st.integers(10_000, 30_000_000))
def test_the_headline_is_never_above_the_legal_figures(rate_ppm, nights, principal_fen):
    due_on = date.fromordinal(DRAWN_ON.toordinal() + nights)
    cost_fen = principal_fen * rate_ppm * nights // 1_000_000
    flows = [Flow(DRAWN_ON, -principal_fen), Flow(due_on, principal_fen + cost_fen)]
    ppb = rate_ppm * 1000

    assert irr_ppm(flows, year_days=360) <= irr_ppm(flows)
    assert simple_ppm(ppb, year_days=360) < simple_ppm(ppb)
