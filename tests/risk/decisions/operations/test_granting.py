"""Granting: a line for who has none."""

import pytest

from risk.decisions.operations import granting
from risk.decisions.operations.granting import DecidedLimit
from risk.lines.rules.grant import Capacity
from risk.models import CreditLine
from tests.accounts.people import AT

pytestmark = pytest.mark.django_db
CAPACITY = Capacity(500_000, 1000, (), 1000)


def grant(customer, limit_fen, *, evidence="AS1"):
    limit = DecidedLimit(customer.pk, CAPACITY, limit_fen, evidence)
    granting.grant([limit], by="system:assessment", at=AT, on=AT.date())


def test_a_granted_limit_opens_a_line_with_the_buffer_of_the_policy(people):
    grant(people.ready(), 1_000_000)

    line = CreditLine.objects.get()
    assert (line.limit_fen, line.buffer_permille, line.opened_on) == (1_000_000, 150, AT.date())


def test_an_open_line_is_not_moved_at_once(people):
    customer = people.ready()
    grant(customer, 1_000_000)

    grant(customer, 900_000, evidence="AS2")

    line = CreditLine.objects.get()
    assert (line.limit_fen, line.target_fen) == (1_000_000, 900_000)
