"""Staff walk every page in a browser, in Chinese and in English, and nothing is broken."""

import re
import socket

import pytest
from django.contrib import admin
from django.urls import reverse

from backoffice.models import JobRun, SlotPause
from loans.models import Bill, DebitOrder

pytestmark = pytest.mark.chromium

# What stays Latin in a Chinese page: names, codes, ids and the names of both languages.
LATIN = re.compile(
    r"^(admin|ID|C|English|en|zh-hans|EN|ZH-HANS|Esc|Ctrl|K|loans|bill|loan|creditline|mandate|"
    r"debitorder|risk|slotpause|backoffice|acct|close|channel|collection|repayment|night|due|"
    r"enter_grace|record_overdue|settle|cure|suspend|resume|pay|send|succeed|fail|lose_sight|"
    r"terminate|ref|B\d+|C\d+|L\d+|M\d+|R\d+|U\d+|T\d+|[A-Z]+(_[A-Z]+)+|[A-Z]{5,}|\w*\d\w*)$"
)
NAMES = {"Backoffice", "Manager", *re.findall(r"\w+", socket.gethostname())}
CHECKED = [
    f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    for model in admin.site._registry
]


def english(text):
    """Return the Latin words of a Chinese page that are no names or codes."""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", text)  # public ids
    words = set(re.findall(r"[A-Za-z_]\w+", text)) - NAMES
    return sorted(word for word in words if not LATIN.match(word))


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
        ("run-row", reverse("admin:backoffice_jobrun_change", args=[order.run_id])),
        ("group", reverse("admin:auth_group_change", args=[7])),
        *((name.removeprefix("admin:").removesuffix("_changelist"), reverse(name))
          for name in CHECKED),
    ]  # fmt: skip


def test_every_page_is_whole_and_chinese(walk):
    person = walk("zh-CN")
    person.log_in()
    foreign = {}
    for name, path in pages():
        person.go(path)
        person.shoot(name)
        if found := english(person.words()):
            foreign[name] = found

    assert person.faults == []
    assert not foreign, "\n".join(f"{name}: {words}" for name, words in foreign.items())


def test_every_page_is_whole_in_english(walk):
    person = walk("en-GB")
    person.log_in()
    for name, path in pages():
        person.go(path)
        person.shoot(name)
        chinese = set(re.findall(r"[\u4e00-\u9fff]+", person.words()))
        assert chinese <= {"张", "建设银行", "简体中文"}, name

    assert person.faults == []


def test_the_language_is_switched_in_the_page(walk):
    person = walk("zh-CN")
    person.log_in()
    assert "业务日期" in person.words()

    person.page.click("nav#nav-sidebar-inner >> text=admin")
    person.page.click("button:has-text('English')")
    person.page.wait_for_load_state("load")

    assert "Business date" in person.words()
    assert person.faults == []


def test_a_slot_is_paused_after_it_was_asked(walk):
    person = walk("en-GB")
    person.log_in()
    person.go(reverse("admin:loans_run"))

    row = person.page.locator("tr", has=person.page.get_by_text("10:00", exact=True))
    row.get_by_role("button", name="Pause at once").first.click()
    dialog = person.page.locator("dialog[open]")
    person.shoot("pause-dialog")
    assert not SlotPause.objects.exists()
    dialog.locator("textarea").fill("the bank asked for it")
    dialog.get_by_role("button", name="Pause at once").click()
    person.page.wait_for_load_state("load")

    assert "The slot 10:00 is stopped." in person.words()
    assert SlotPause.objects.get().reason == "the bank asked for it"
    assert person.faults == []


def test_a_running_page_brings_itself_up_to_date(walk):
    JobRun.objects.filter(slot="09:00", business_date="2026-10-09").update(finished_at=None)
    person = walk("en-GB")
    person.log_in()
    person.go(reverse("admin:loans_run"))
    assert "99%" in person.words()

    JobRun.objects.filter(slot="09:00", finished_at=None).update(finished_at="2026-10-09 09:00Z")
    person.page.wait_for_selector("text=100%", timeout=6_000)

    assert person.page.locator("#run[hx-get]").count() == 0
    assert person.faults == []
