"""A credit line in use blocks account closure; an unused one closes with it."""

import pytest

from accounts.models import Customer
from accounts.privacy.operations import exports
from backoffice.core import workflow
from backoffice.core.models import StateChange, WorkItem
from risk import account_closure
from risk.models import CreditLine, CutReview
from tests.accounts.people import AT
from tests.risk.lines.cuts import asked, fallen


def line(**amounts):
    customer = Customer.objects.create(registered_at=AT)
    numbers = {"limit_fen": 100_000, "buffer_permille": 0, "opened_on": AT.date()}
    return CreditLine.objects.create(customer=customer, **numbers | amounts)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("amounts", "code"),
    [({}, ""), ({"drawn_fen": 1}, "line-in-use"), ({"reserved_fen": 1}, "line-in-use")],
)
def test_a_line_in_use_blocks_account_closure(amounts, code):
    assert account_closure.blocker(line(**amounts).customer_id) == code


@pytest.mark.django_db
def test_a_customer_without_a_line_may_close_the_account():
    assert account_closure.blocker(Customer.objects.create(registered_at=AT).pk) == ""


@pytest.mark.django_db
@pytest.mark.parametrize("way", [(), ("suspend",), ("freeze",)])
def test_the_line_closes_once(way):
    mine, other = line(), line()
    for transition in way:
        workflow.move([mine], transition, by="risk", reason="x", at=AT)
        workflow.save([mine])

    for _ in "12":
        account_closure.end(mine.customer_id, by="retention", reason="left", at=AT)

    assert StateChange.objects.filter(transition="close").count() == 1
    assert CreditLine.objects.get(pk=mine.pk).state == "closed"
    assert CreditLine.objects.get(pk=other.pk).state == "active"


@pytest.mark.django_db
def test_the_customer_export_includes_the_line():
    mine = line(drawn_fen=7)

    sections = exports.as_json(mine.customer, at=AT)["sections"]

    [row] = sections["credit_lines"]["rows"]
    assert (row["limit_fen"], row["drawn_fen"], row["opened_on"]) == (100_000, 7, AT.date())
    assert sections["conduct"]["rows"] == []


@pytest.mark.django_db
def test_an_open_review_of_a_cut_ends_with_the_line():
    fall = fallen()
    review = asked(fall)

    account_closure.end(review.customer_id, by="retention", reason="left", at=AT)

    assert CutReview.objects.get().state == "withdrawn"
    assert WorkItem.objects.get(queue="cut-review").state == "done"
    assert StateChange.objects.get(transition="withdraw").reason == "cut-review-customer-left"
