"""Inputs of scores, drawn at random within what can be counted, and one ordinary customer."""

from fractions import Fraction

from hypothesis import strategies as st

from risk.policy import ScoringPolicy
from risk.scoring.rules.assessment import ScoreInputs
from risk.scoring.rules.components import Friends, Holdings, Spending
from risk.scoring.rules.payment_behaviour import PaymentCounts
from risk.scoring.rules.score import Components

POLICY = ScoringPolicy()
ORDINARY = ScoreInputs(
    PaymentCounts(
        payments=517, outgoing_fen=1_913_771, large_payments=2, night_payments=41, active_days=83,
        merchants=29, utility_payments=9, failed=13, tried=530, refunds=11,
        inflow_of_months_fen=(812_340, 790_001, 815_517, 803_219, 777_777, 821_003),
        inflow_fen=2_413_739, months_of_use=31,
    ),
    Friends(9, 13, 47, 5, 1),
    Holdings(211, 803_217, 803_216, 6),
    Spending(1_013_557, 1_913_771),
    "NNNN1NNNNNNNNNNNNNNNNNNN",
)  # fmt: skip

points = st.fractions(0, 100, max_denominator=9_999)
components = st.builds(
    Components, points, *(st.none() | points for _ in range(3)), performance=points
)
few = st.integers(0, 40)
fen = st.integers(0, 10_000_000)


@st.composite
def counts(draw):
    payments = draw(st.integers(0, 2000))
    failed = draw(few)
    return PaymentCounts(
        payments=payments,
        outgoing_fen=draw(fen),
        large_payments=draw(few),
        night_payments=draw(st.integers(0, payments)),
        active_days=draw(st.integers(0, min(90, payments))),
        merchants=draw(st.integers(0, min(60, payments))),
        utility_payments=draw(st.integers(0, 20)),
        failed=failed,
        tried=payments + failed,
        refunds=draw(st.integers(0, min(50, payments))),
        inflow_of_months_fen=tuple(draw(st.lists(fen, min_size=6, max_size=6))),
        inflow_fen=draw(fen),
        months_of_use=draw(few),
    )


@st.composite
def spendings(draw):
    total = draw(fen)
    return Spending(draw(st.integers(0, total)), total)


def histories(codes):
    return st.lists(st.sampled_from(codes), max_size=30).map("".join)


inputs = st.builds(
    ScoreInputs,
    counts(),
    st.none() | st.builds(Friends, few, few, st.integers(0, 200), few, st.integers(0, 5)),
    st.none() | st.builds(Holdings, st.integers(0, 800), fen, st.none() | fen, few),
    st.none() | spendings(),
    histories("NNNNNNNNNNNNNNN12*#C"),
    histories("NNNNNNNNNNNNNNN1"),
)


def uniform(value):
    """Return components that all have one value."""
    return Components(*(Fraction(value) for _ in Components._fields))
