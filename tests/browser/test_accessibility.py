"""The main pages have no serious or critical fault of accessibility, whatever theme and width."""

import pytest
from django.urls import reverse

from backoffice.web.readonly_admin import address
from loans.models import Bill, ContractTerms, DebitOrder
from tests.browser.accessibility import faults
from tests.server import served

pytestmark = pytest.mark.chromium


def pages():
    overdue = Bill.objects.filter(state="overdue").earliest("pk")
    return {
        "overview": reverse("admin:index"),
        "run": reverse("admin:loans_run"),
        "bills": f"{reverse('admin:loans_bill_changelist')}?state__exact=overdue",
        "bill": address(overdue),
        "loan": address(overdue.instalments.get().loan),
        "orders": reverse("admin:loans_debitorder_changelist"),
        "order": address(DebitOrder.objects.latest("pk")),
        "customers": reverse("admin:accounts_customer_changelist"),
        "customer": address(overdue.customer),
        "statement": reverse("admin:loans_customer_statement", args=[overdue.customer_id]),
        "debts": reverse("admin:loans_customer_debts", args=[overdue.customer_id]),
        "balance": reverse("admin:loans_trial_balance"),
        "account": f"{reverse('admin:loans_statement')}?account=bank",
        "terms": address(ContractTerms.objects.latest("pk")),
        "changes": reverse("admin:backoffice_statechange_changelist"),
        "queues": reverse("admin:backoffice_workitem_queues"),
        "policy": reverse("admin:backoffice_policyversion_propose"),
        "staff": reverse("admin:accounts_staff_add"),
        "missing": "/nowhere/",
    }  # fmt: skip


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize(("theme", "locale"), [("light", "zh-CN"), ("dark", "en-GB")])
def test_no_page_has_a_serious_fault(walk, theme, locale, width):
    person = walk(locale, color_scheme=theme, viewport={"width": width, "height": 900})
    person.go(reverse("admin:login"))
    found = {"login": faults(person.page)}
    person.log_in()
    for name, path in pages().items():
        person.go(path)
        person.shoot(f"{theme}-{width}-{name}")
        found[name] = faults(person.page)
        assert person.page.locator("main").count() == 1, name

    assert {name: those for name, those in found.items() if those} == {}


@pytest.fixture
def site(committed_db):
    """The address of a server without data."""
    with served() as site:
        yield site


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize(("theme", "locale"), [("light", "zh-CN"), ("dark", "en-GB")])
def test_the_error_catalogue_fits_and_has_no_serious_fault(site, walk_at, theme, locale, width):
    person = walk_at(site, locale, color_scheme=theme, viewport={"width": width, "height": 900})
    for path in ("/api/errors/", "/api/errors/card-refused"):
        person.go(path)
        assert faults(person.page) == []
        assert person.overhang() <= 0
        assert person.page.locator("main").count() == 1
    assert person.faults == []


def test_a_fault_is_found(walk):
    person = walk("en-GB")
    person.log_in()
    person.page.evaluate("document.body.append(new Image())")

    assert [rule for rule, *_rest in faults(person.page)] == ["image-alt"]
