"""Staff walk every page in a browser, in Chinese and in English, and nothing is broken."""

import pytest
from django.contrib import admin
from django.urls import reverse

from backoffice.core.models import JobPause, JobRun, StateChange
from backoffice.web.readonly_admin import address
from loans.models import Bill, DebitOrder, Transfer
from risk.models import Conduct, CreditLine
from tests.browser.page_language import chinese, english
from tests.loans.conftest import day, moment
from tests.loans.days import set_clock

pytestmark = pytest.mark.chromium

CHECKED = [
    f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    for model in admin.site._registry
]


def pages():
    overdue = Bill.objects.filter(state="overdue").earliest("pk")
    order = DebitOrder.objects.earliest("pk")
    return [
        ("index", reverse("admin:index")),
        ("run", reverse("admin:loans_run")),
        ("run-two", f"{reverse('admin:loans_run')}?on=2026-10-02"),
        ("bill", reverse("admin:loans_bill_change", args=[overdue.pk])),
        ("loan", reverse("admin:loans_loan_change", args=[overdue.instalments.get().loan_id])),
        ("order", reverse("admin:loans_debitorder_change", args=[order.pk])),
        ("customer", reverse("admin:accounts_customer_change", args=[overdue.customer_id])),
        ("statement", reverse("admin:loans_customer_statement", args=[overdue.customer_id])),
        ("debts", reverse("admin:loans_customer_debts", args=[overdue.customer_id])),
        ("balance", reverse("admin:loans_trial_balance")),
        ("account", f"{reverse('admin:loans_statement')}?account=bank"),
        ("chart", reverse("admin:loans_chart")),
        ("run-row", reverse("admin:backoffice_jobrun_change", args=[order.run_id])),
        ("group", reverse("admin:auth_group_change", args=[7])),
        *((f"{model._meta.model_name}-row", address(model.objects.latest("pk")))
          for model in (Conduct, CreditLine, StateChange, Transfer)),
        *((name.removeprefix("admin:").removesuffix("_changelist"), reverse(name))
          for name in CHECKED),
    ]  # fmt: skip


def strange_words(person, strange):
    """Open every page; return by page the words that are strange to its language."""
    found = {}

    def look(name):
        person.shoot(name)
        if text := strange(person.text()):
            found[name] = text

    person.go(reverse("admin:login"))
    look("login")
    person.log_in()
    for name, path in pages():
        person.go(path)
        look(name)
    return found


def test_every_page_is_whole_and_chinese(walk):
    person = walk("zh-CN")

    assert strange_words(person, english) == {}
    assert person.faults == []


def test_every_page_is_whole_in_english(walk):
    person = walk("en-GB")

    assert strange_words(person, chinese) == {}
    assert person.faults == []


def test_the_language_is_switched_in_the_page(walk):
    person = walk("zh-CN")
    person.log_in()
    assert "业务日期" in person.text()

    person.page.click("nav#nav-sidebar-inner >> text=admin")
    person.page.click("button:has-text('English')")
    person.page.wait_for_load_state("load")

    assert "Business date" in person.text()
    assert person.faults == []


@pytest.mark.parametrize(
    ("locale", "title"), [("zh-CN", "页面不存在"), ("en-GB", "Page not found")]
)
def test_an_unknown_address_has_a_page_in_each_language(walk, locale, title):
    person = walk(locale)
    person.log_in()
    person.go("/nonsense/")
    assert title in person.text()

    person.page.click("a")

    person.page.wait_for_url("**/admin/")


def test_a_job_is_paused_after_it_was_asked(walk):
    person = walk("en-GB")
    person.log_in()
    person.go(reverse("admin:loans_run"))

    row = person.page.locator("tr", has=person.page.get_by_text("10:00", exact=True))
    row.get_by_role("button", name="Pause", exact=True).first.click()
    dialog = person.page.locator("dialog[open]")
    person.shoot("pause-dialog")
    assert not JobPause.objects.exists()
    dialog.locator("textarea").fill("the bank asked for it")
    dialog.get_by_role("button", name="Pause", exact=True).click()
    person.page.wait_for_load_state("load")

    assert "The job 10:00 is stopped." in person.text()
    assert JobPause.objects.get().reason == "the bank asked for it"
    assert person.faults == []


def test_a_page_opened_before_nine_follows_the_run_that_begins(walk):
    set_clock(day(9), "02:00")
    person = walk("en-GB")
    person.log_in()
    person.go(reverse("admin:loans_run"))
    assert "This run has not been planned." in person.text()

    at = moment(day(9))
    JobRun.objects.create(job="09:00", business_date=day(9), finished_at=at, started_at=at,
                          heartbeat_at=at)  # fmt: skip
    person.page.wait_for_selector("text=100%", timeout=16_000)

    assert person.page.locator("#run[hx-get]").count() == 0
    assert person.faults == []


def test_a_running_page_brings_itself_up_to_date(walk):
    JobRun.objects.filter(job="09:00", business_date="2026-10-09").update(finished_at=None)
    person = walk("en-GB")
    person.log_in()
    person.go(reverse("admin:loans_run"))
    assert "99%" in person.text()

    JobRun.objects.filter(job="09:00", finished_at=None).update(finished_at="2026-10-09 09:00Z")
    person.page.wait_for_selector("text=100%", timeout=6_000)

    assert person.page.locator("#run[hx-get]").count() == 0
    assert person.faults == []
