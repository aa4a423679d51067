"""The latest rows on a customer's page: by their business date, not by when they were stored."""

from datetime import date

import pytest
from django.contrib import admin
from django.db import models

from accounts.customers.latest import latest, relations
from accounts.models import Customer, Staff
from risk.models import Conduct
from tests.accounts.people import AT

pytestmark = pytest.mark.django_db

# Those of an imported portfolio: the current month is stored before the five before it.
MONTHS = [date(2026, 10, 27), *(date(2026, month, 27) for month in (4, 5, 6, 7, 8, 9))]


def test_the_latest_payments_are_those_of_the_latest_due_dates(rf):
    customer = Customer.objects.create(registered_at=AT)
    for due_on in MONTHS:
        Conduct.objects.create(customer=customer, source=f"s:{due_on}", due_on=due_on, total_fen=1,
                               minimum_fen=1, paid_fen=1, outcome="paid",
                               recorded_at=AT)  # fmt: skip
    request = rf.get("/")
    request.user = Staff(is_superuser=True, is_active=True)
    [relation] = [one for one in relations() if one.related_model is Conduct]

    section = latest(relation, request, customer)

    shown = [row[1] for row in section.rows]
    assert shown == ["2026-10-27", "2026-09-27", "2026-08-27", "2026-07-27", "2026-06-27"]


@pytest.mark.parametrize("relation", relations(), ids=lambda one: one.related_model._meta.label)
def test_each_kind_of_rows_names_its_business_date(relation):
    pages = admin.site.get_model_admin(relation.related_model)

    column = relation.related_model._meta.get_field(pages.latest_by)

    assert isinstance(column, models.DateField)  # a moment is one too
    assert not column.null
