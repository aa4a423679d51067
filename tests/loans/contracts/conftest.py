"""Somebody with an active line and a score, who can ask for cost sheets."""

from datetime import timedelta
from typing import NamedTuple

import pytest
from django.db import transaction

from accounts.models import Consent, Customer, CustomerState
from backoffice.core import workflow
from risk.lines.operations.imports import ImportedLine, record_import
from risk.models import Assessment, CreditLine
from tests.accounts.api.conftest import newcomer
from tests.accounts.conftest import stopped_clock
from tests.accounts.people import AT, LONG_AGO, request_of

__all__ = ["newcomer", "stopped_clock"]


class Borrower(NamedTuple):
    """A customer with a line of 10,000.00, of which 8,500.00 are usable."""

    customer: Customer
    line: CreditLine

    def context(self, *, after: timedelta = timedelta(0)):
        """Return the context of a request, some time after the first one."""
        customer = Customer.objects.get(pk=self.customer.pk)
        return request_of(customer, at=AT + after, wall_at=AT + after)


def scored(customer, score=760, *, state="approved", failed=()):
    """Store a decided assessment with a score; None is one that could not be computed."""
    is_approved = state == "approved"
    with transaction.atomic(), workflow.importing():
        return Assessment.objects.create(
            customer=customer, state=state, requested_at=LONG_AGO, due_at=AT, inputs={},
            policies={}, result={"failed_gates": [{"code": code} for code in failed]},
            scored_at=LONG_AGO, score=score, limit_fen=1_000_000 if is_approved else None,
            decided_at=LONG_AGO, decided_by="li",
        )  # fmt: skip


def withdrawn(customer, purpose):
    """Store a consent that was given and taken back."""
    Consent.objects.create(
        customer=customer, purpose=purpose, version="2026-11", text_digest="0" * 64,
        given_at=LONG_AGO, given_by="customer", withdrawn_at=AT, withdrawn_by="customer",
    )  # fmt: skip


def give_line(customer, limit_fen=1_000_000):
    """Open a line for a customer as an import does."""
    with transaction.atomic(), workflow.importing():
        line = CreditLine.objects.create(
            customer=customer, limit_fen=limit_fen, buffer_permille=150, opened_on=LONG_AGO.date()
        )
        imported = ImportedLine(customer.pk, line.pk, limit_fen, "")
        record_import([imported], by="system:import", on=LONG_AGO.date(), at=LONG_AGO)
    return line


def borrower_of(*, score=760, limit_fen=1_000_000):
    """Return a new customer with a line and, unless it is 0, a score."""
    customer = Customer.objects.create(registered_at=LONG_AGO, state=CustomerState.REGISTERED)
    line = give_line(customer, limit_fen)
    if score:
        scored(customer, score)
    return Borrower(customer, line)


@pytest.fixture
def borrower(db):
    return borrower_of()
