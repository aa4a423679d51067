"""What staff do to a record, in a browser: asked first, done once, and never by the wrong form."""

import pytest
from django.urls import reverse

from accounts.models import AccessRecord, Customer, CustomerHold
from backoffice.web.readonly_admin import address

pytestmark = pytest.mark.chromium


def ask(person, button):
    """Press a button of a record's page and return the dialog that opens."""
    person.page.get_by_role("button", name=button).first.click()
    return person.page.locator("dialog[open]")


def test_an_identity_is_shown_once_for_a_reason(walk):
    customer = Customer.objects.earliest("pk")
    person = walk("en-GB")
    person.log_in()
    person.go(reverse("admin:accounts_customer_change", args=[customer.pk]))

    dialog = ask(person, "Show the identity in full")
    person.shoot("unmask-dialog")
    dialog.get_by_text("ID number").click()
    dialog.locator("textarea").fill("the customer has called")
    dialog.get_by_role("button", name="Show the identity in full").click()
    person.page.wait_for_url("**/unmasked/")
    person.shoot("unmasked")

    assert customer.id_number in person.text()
    assert AccessRecord.objects.get().reason == "the customer has called"
    person.page.reload()
    assert customer.id_number not in person.text()
    assert person.faults == []


def test_a_customer_is_held_and_the_hold_is_lifted(walk):
    customer = Customer.objects.earliest("pk")
    person = walk("zh-CN")
    person.log_in()
    person.go(address(customer))

    dialog = ask(person, "冻结")
    dialog.locator("input[name=holder]").fill("法院")
    dialog.locator("textarea").fill("收到协助冻结通知书")
    dialog.get_by_role("button", name="冻结", exact=True).click()
    person.page.wait_for_load_state("load")
    hold = CustomerHold.objects.get()
    assert (hold.holder, hold.reason, hold.lifted_at) == ("法院", "收到协助冻结通知书", None)

    person.go(address(hold))
    dialog = ask(person, "解除")
    dialog.locator("textarea").fill("法院已经解除")
    dialog.get_by_role("button", name="解除", exact=True).click()
    person.page.wait_for_load_state("load")

    assert CustomerHold.objects.get().lifted_reason == "法院已经解除"
    assert person.faults == []


def test_a_refused_dialog_opens_as_it_was_sent_and_a_reload_sends_nothing(walk):
    customer = Customer.objects.earliest("pk")
    person = walk("en-GB")
    person.log_in()
    person.go(address(customer))
    dialog = ask(person, "Hold")
    dialog.locator("input[name=holder]").fill("the court")
    dialog.locator("textarea").fill(" " * 8)
    dialog.get_by_role("button", name="Hold", exact=True).click()
    person.page.wait_for_load_state("load")

    opened = person.page.locator("dialog[open]")
    assert "Enter a reason" in opened.inner_text()
    assert opened.locator("input[name=holder]").input_value() == "the court"
    person.page.reload()

    assert person.page.url.endswith(address(customer))
    assert person.page.locator("dialog[open]").count() == CustomerHold.objects.count() == 0
    assert person.faults == []
