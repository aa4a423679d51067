"""Loans of every shape: kinds of segment, several parts, tiny principals, near the cap."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from loans.accounting.rules.accrual import contract_fen
from loans.accounting.rules.cap import cap_fen
from loans.accounting.rules.debt import Debt
from loans.accounting.rules.position import InstalmentPosition, LoanPosition
from loans.policy import PENALTY_MODES
from tests.loans.cases import DUE_ON, TERMS

KINDS = ("none", "own", "revolving", "penalty")

principals = st.one_of(
    st.integers(1, 60),
    st.integers(1, 30_000_000),
    st.sampled_from([100_000, 1_000_000, 333_333, 102_500]),
)
rates = st.one_of(st.sampled_from([200, 225, 350, 500]), st.integers(0, 700))
terms = st.builds(
    replace,
    st.just(TERMS),
    cap_annual_ppm=st.sampled_from([240_000, 120_000, 182_500, 73_000, 0]),
    penalty_mode=st.sampled_from(PENALTY_MODES),
    penalty_ppm=st.sampled_from([1_000, 500, 750, 1]),
    penalty_factor_permille=st.sampled_from([1_500, 1_300, 2_000]),
    revolve_factor_permille=st.sampled_from([1_500, 1_000, 1_333]),
)


@st.composite
def positions(draw, policy, kinds=KINDS, over_cap=False):
    """A loan some nights after its segments began, charged anything from nothing to the cap."""
    rate_ppm = draw(rates)
    parts = tuple(
        draw(_parts(rate_ppm, policy, kinds))
        for _ in range(draw(st.sampled_from([1, 1, 2, 3, 12])))
    )
    principal_fen = sum(part.debt.principal_fen for part in parts)
    principal_nights_fen = principal_fen * draw(st.integers(0, 400)) + draw(st.integers(0, 999))
    cap = cap_fen(principal_nights_fen, policy)
    near = st.integers(0, 3).map(lambda below: max(0, cap - below))
    charged_fen = draw(st.one_of(st.integers(0, cap), near, near))
    if over_cap:
        charged_fen += draw(st.sampled_from([0, 0, 0, 1, 40, 5_000]))
    return LoanPosition(rate_ppm, parts, DUE_ON, principal_nights_fen, charged_fen, 0)


@st.composite
def _parts(draw, rate_ppm, policy, kinds):
    kind = draw(st.sampled_from(kinds))
    principal_fen = draw(principals)
    penalty_fen = draw(st.integers(0, 5_000)) if kind == "penalty" else 0
    base_fen = 0 if kind == "none" else principal_fen + penalty_fen
    days = draw(st.integers(0, 60))
    posted_fen = contract_fen(kind, base_fen, rate_ppm, days, policy)
    segment_on = DUE_ON - timedelta(days=days)
    debt = Debt(penalty_fen=penalty_fen, principal_fen=principal_fen)
    return InstalmentPosition(debt, kind, segment_on, base_fen, posted_fen)
