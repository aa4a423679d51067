"""The one rule that stands twice: the SQL of the night is the Python of the rules."""

from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from backoffice.core import bulk, workflow
from loans.accounting.operations.terms import signed_under
from loans.accounting.queries.unposted import unposted
from loans.accounting.rules.cap import accrue
from loans.delinquency.operations import end_of_day
from loans.models import Accrual, ContractTerms, Instalment, Loan, LoanState, Plan, Transfer
from loans.reconciliation import queries as reconciliation
from tests.loans.cases import TERMS, loan, part
from tests.loans.conftest import DUE_ON, moment
from tests.loans.strategies import positions, terms
from tests.profiles import database

pytestmark = pytest.mark.django_db

_LOAN = (
    "id", "customer", "line", "terms", "state", "plan", "principal_fen", "daily_rate_ppm",
    "drawn_on", "unpaid_principal_fen", "accrued_on", "principal_nights_fen", "charged_fen",
    "waived_fen",
)  # fmt: skip
_INSTALMENT = (
    "loan", "customer", "number", "due_on", "principal_fen", "plan_fee_fen",
    "unpaid_principal_fen", "unpaid_interest_fen", "unpaid_plan_fee_fen", "unpaid_late_fee_fen",
    "unpaid_penalty_fen", "accrual", "segment_on", "segment_base_fen", "segment_posted_fen",
    "late_fee_base_fen",
)  # fmt: skip


@pytest.fixture
def home(make_bill):
    """A loan whose customer and line the loans of a portfolio share; it accrues nothing itself."""
    make_bill()
    Instalment.objects.update(accrual=Accrual.NONE)
    return Loan.objects.get()


@contextmanager
def undone():
    """Take back what an example wrote."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def plan_of(position):
    """A bullet has one part."""
    return Plan.BULLET if len(position.parts) == 1 else Plan.PLAN_3


def write(home, portfolio, state=LoanState.ACTIVE):
    """Put positions and their terms into the database as loans."""
    loan_ids = bulk.reserve_ids(Loan, len(portfolio))
    is_paid_out = state not in (LoanState.CREATED, LoanState.DISBURSING, LoanState.CANCELLED)
    loans, parts = [], []
    for loan_id, (policy, position) in zip(loan_ids, portfolio, strict=True):
        principal_fen = position.principal_fen
        loans.append(
            (loan_id, home.customer_id, home.line_id, signed_under(policy).pk, state,
             plan_of(position), max(1, principal_fen), position.rate_ppm, DUE_ON,
             principal_fen * is_paid_out, position.accrued_on, position.principal_nights_fen,
             position.charged_fen, position.waived_fen)
        )  # fmt: skip
        parts += [
            (loan_id, home.customer_id, number, DUE_ON, max(1, row.debt.principal_fen), 0,
             row.debt.principal_fen, 0, 0, 0, row.debt.penalty_fen, row.accrual, row.segment_on,
             row.segment_base_fen, row.segment_posted_fen, 0)
            for number, row in enumerate(position.parts, 1)
        ]  # fmt: skip
    with workflow.importing():
        bulk.copy(Loan, _LOAN, loans)
        bulk.copy(Instalment, _INSTALMENT, parts)


def by_rules(portfolio, on):
    """What the Python rules say the portfolio has accrued beyond what is charged."""
    return sum(
        accrue(position, on=on, terms=policy)[0].charged_fen - position.charged_fen
        for policy, position in portfolio
        if position.accrued_on < on
    )


@st.composite
def portfolios(draw, size=6, **shape):
    policies = [draw(terms) for _ in range(draw(st.integers(1, size)))]
    days = st.integers(0, 3).map(lambda n: timedelta(days=n))
    return [
        (policy, draw(positions(policy, **shape).flatmap(lambda p: _accrued(p, days))))
        for policy in policies
    ]


def _accrued(position, days):
    """The same loan, everything of it some days later."""
    return days.map(
        lambda later: position._replace(
            accrued_on=position.accrued_on + later,
            parts=tuple(row._replace(segment_on=row.segment_on + later) for row in position.parts),
        )
    )


nights = st.one_of(st.integers(0, 4), st.integers(1, 70))


@database
@given(portfolios(over_cap=True), nights)
def test_the_sql_of_the_night_is_the_python_of_the_rules(home, portfolio, night_count):
    on = DUE_ON + timedelta(days=night_count)
    with undone():
        write(home, portfolio)

        assert unposted(on=on).closed_form_fen == by_rules(portfolio, on)


@database
@given(portfolios(size=3), nights)
def test_a_loan_whose_terms_came_a_moment_ago_is_counted(home, portfolio, night_count):
    on = DUE_ON + timedelta(days=night_count)
    with undone():
        write(home, portfolio)
        with patch.object(ContractTerms.objects, "values_list", return_value=[]):
            assert unposted(on=on).closed_form_fen == by_rules(portfolio, on)


@database
@given(portfolios(size=3, kinds=("own", "none")), st.integers(1, 400))
def test_straight_lines_agree_over_a_year(home, portfolio, night_count):
    on = DUE_ON + timedelta(days=night_count)
    with undone():
        write(home, portfolio)

        assert unposted(on=on).closed_form_fen == by_rules(portfolio, on)


@database
@given(portfolios(size=3), st.lists(st.integers(0, 9), min_size=1, max_size=4))
def test_each_night_brings_the_ledger_to_the_rules(home, portfolio, steps):
    on = DUE_ON
    with undone():
        write(home, portfolio)
        for step in steps:
            on += timedelta(days=step)
            end_of_day.accrue_night(on=on, at=moment(on))

            assert unposted(on=on).ledger_fen == by_rules(portfolio, on)
            assert list(reconciliation.accruals(on=on)) == []


def one_loan():
    return [(TERMS, loan(part(segment_on=DUE_ON), accrued_on=DUE_ON))]


@pytest.mark.parametrize(
    "state", sorted({*LoanState} - {"active", "overdue", "settled", "recovered"})
)
def test_only_loans_that_live_accrue(home, state):
    write(home, one_loan(), state)

    assert unposted(on=DUE_ON + timedelta(days=5)).closed_form_fen == 0


def test_a_night_that_stands_is_booked_once(home):
    write(home, one_loan())
    on = DUE_ON + timedelta(days=2)

    booked = [end_of_day.accrue_night(on=on, at=moment(on)) for _ in range(2)]

    assert booked == [1_000, 0]
    night = Transfer.objects.get(kind="night")
    assert (night.amount_fen, night.loan_id, night.business_date) == (
        1_000,
        None,
        on - timedelta(days=1),
    )


def test_a_book_without_loans_has_accrued_nothing():
    assert unposted(on=DUE_ON) == (0, 0)
    assert end_of_day.accrue_night(on=DUE_ON, at=moment(DUE_ON)) == 0
    assert not Transfer.objects.exists()
