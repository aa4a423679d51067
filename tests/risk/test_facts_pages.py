"""Staff pages, customer export and account closure of events and credit reports."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import Staff
from accounts.privacy.operations import exports
from risk import account_closure
from risk.bureau import operations as reports
from risk.bureau.admin import CODES
from risk.bureau.rules import BureauCode
from risk.facts import reading
from risk.facts.admin import FACT_NAMES
from risk.facts.operations import events
from risk.facts.rules import CATEGORIES
from risk.gateways.sandbox import SandboxBureau
from risk.models import BureauPayload, BureauReport, PartnerEvent
from tests.accounts.people import AT, person
from tests.risk.bureau.conftest import make_customer
from tests.risk.people import employer, payment

__all__ = ["make_customer"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(make_customer):
    customer = make_customer("overdue90-1")
    batch = [payment(openid="overdue90-1"), employer(openid="overdue90-1")]
    assert events.receive(batch, partner="pay", by="partner:pay", at=AT).accepted == 2
    reports.fetch([customer.pk], bureau=SandboxBureau(), at=AT)
    return customer


def staff(group):
    who = Staff.objects.create_user(group, is_staff=True)
    who.groups.add(Group.objects.get(name=group))
    client = Client(headers={"accept-language": "en"})
    client.force_login(who)
    return client


def pages():
    event, report = PartnerEvent.objects.first(), BureauReport.objects.get()
    return [
        "/admin/risk/partnerevent/",
        f"/admin/risk/partnerevent/{event.pk}/change/",
        "/admin/risk/bureaureport/",
        f"/admin/risk/bureaureport/{report.pk}/change/",
    ]


@pytest.mark.parametrize("group", ["credit", "risk", "auditor"])
def test_who_decides_or_audits_sees_events_and_reports_masked(customer, group):
    client = staff(group)

    for page in pages():
        shown = client.get(page)
        assert shown.status_code == 200
        assert person(7).id_number not in shown.content.decode()
        assert person(7).name not in shown.content.decode()


def test_the_page_of_a_report_shows_what_decisions_read(customer):
    shown = staff("credit").get(pages()[3]).content.decode()

    assert "NNNNNNNNNNNNNNNN1234NNNN" in shown


@pytest.mark.parametrize("group", ["support", "collections", "finance"])
def test_nobody_else_sees_them(customer, group):
    client = staff(group)

    assert {client.get(page).status_code for page in pages()} == {403}


def test_a_list_is_found_by_customer(customer):
    found = staff("risk").get(f"/admin/risk/partnerevent/?q=C{customer.pk}").content.decode()
    other = staff("auditor").get("/admin/risk/partnerevent/?q=C999999").content.decode()

    event = PartnerEvent.objects.first()
    assert str(event) in found and str(event) not in other


def test_the_export_of_a_customer_holds_both(customer):
    sections = exports.as_json(customer, at=AT)["sections"]

    rows = sections["partner_events"]["rows"]
    assert [(row["kind"], row["source"], row["amount_fen"]) for row in rows] == [
        ("employer", "agreement", None), ("payment", "payment", 3500),
    ]  # fmt: skip
    [report] = sections["bureau_reports"]["rows"]
    assert (report["months"], report["fetched_at"]) == ("N" * 16 + "1234NNNN", AT)


def test_account_closure_erases_the_content_of_reports_and_nothing_else(customer):
    account_closure.end(customer.pk, by="retention", reason="left", at=AT)

    assert BureauPayload.objects.count() == 0
    assert (BureauReport.objects.count(), PartnerEvent.objects.count()) == (1, 2)
    [report] = exports.as_json(customer, at=AT)["sections"]["bureau_reports"]["rows"]
    assert report["months"] is None
    assert "The content is erased." in staff("risk").get(pages()[3]).content.decode()


def words(client, page, language):
    """Return the text of a page without its tags, spaces in one."""
    shown = client.get(page, headers={"accept-language": language}).content.decode()
    return " ".join(re.sub(r"<[^>]*>", " ", unescape(shown)).split())


@pytest.mark.parametrize(
    ("language", "expected", "fact"),
    [
        ("en", ["Money out", "Payment succeeded", "Dining"], "payment method: qr"),
        ("zh-hans", ["支出", "支付成功", "餐饮"], "支付方式：qr"),
    ],
)
def test_events_are_shown_in_words_in_the_list_and_on_the_page(customer, language, expected, fact):
    batch = [payment("p-2", openid="overdue90-1", channel="qr")]
    events.receive(batch, partner="pay", by="partner:pay", at=AT)
    event = PartnerEvent.objects.get(event_id="p-2")

    page = words(staff("risk"), f"/admin/risk/partnerevent/{event.pk}/change/", language)
    rows = words(staff("credit"), "/admin/risk/partnerevent/", language)

    for text in (page, rows):
        assert [one for one in expected if one.lower() not in text.lower()] == []
        assert not re.search(r"\b(out|succeeded) (out|succeeded) ", text)
    assert fact in page and '{"channel' not in page


def test_every_further_fact_has_a_name_and_every_category_a_label():
    facts = {
        name
        for fields in reading.FIELDS.values()
        for name, field in fields.items()
        if field.target == "facts"
    }

    assert set(FACT_NAMES) == facts
    labels = dict(PartnerEvent._meta.get_field("category").choices)
    assert set(labels) == {code.value for codes in CATEGORIES.values() for code in codes or ()}
    assert set(CODES) == set(BureauCode)


def test_the_gravest_code_of_a_report_is_in_words(customer):
    assert "4 91 to 120 days past due" in words(staff("credit"), pages()[3], "en")
    assert "4 逾期91至120天" in words(staff("risk"), pages()[3], "zh-hans")


@pytest.mark.parametrize(
    ("language", "caption", "prefix"),
    [("en", "The bureau has a file", "By"), ("zh-hans", "征信机构有记录", "以")],
)
def test_the_caption_of_a_filter_is_its_title(customer, language, caption, prefix):
    shown = words(staff("credit"), "/admin/risk/bureaureport/", language)

    assert caption in shown
    assert not re.search(rf"\b{prefix} {caption}", shown, re.IGNORECASE)


def test_an_empty_list_offers_nothing_that_nobody_can_do(db):
    client = staff("credit")

    shown = words(client, "/admin/risk/bureaureport/", "en")
    filtered = words(client, "/admin/risk/bureaureport/?has_file__exact=1", "en")

    assert "No results found" in shown and "No row matches" not in shown
    assert "No row matches the search and the filters. Show all" in filtered
    for text in (shown, filtered):
        assert "new item" not in text and "Add credit report" not in text
