"""The orders of a day as a file: requested from their list, downloaded from the export's page."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts.models import Staff
from backoffice.core.models import Export, ExportDownload
from backoffice.platform import export, tasks
from tests.loans.conftest import day
from tests.loans.days import live, set_clock

pytestmark = pytest.mark.usefixtures("committed_db")

LIST = "/admin/loans/debitorder/"


def person(group):
    staff, is_new = Staff.objects.get_or_create(username=group, is_staff=True)
    if is_new:
        staff.groups.add(Group.objects.get(name=group))
    client = Client(headers={"accept-language": "en"})
    client.force_login(staff)
    return client


@pytest.fixture
def orders(make_bill, channel, monkeypatch):
    """Two orders of the day, one paid and one refused; what is sent to workers runs at once."""
    for number, code in enumerate(("SUCCESS", "NOTENOUGH"), 1):
        make_bill()
        channel.will_answer(f"acct-{number}", code)
    live(channel, monkeypatch, day(0), until="09:00")
    set_clock(day(0), "09:00")
    monkeypatch.setattr(tasks.run_export, "delay", tasks.run_export)


@pytest.fixture
def wanted():
    return {"business_date": day(0).isoformat(), "file_format": "csv", "reason": "bank asked"}


def messages_of(page):
    return [str(message) for message in page.context["messages"]]


def downloaded(client, made):
    return client.post(reverse("admin:backoffice_export_action", args=[made.pk, "download"]))


def test_finance_exports_the_orders_of_a_day(orders, wanted):
    client = person("finance")

    page = client.post(f"{LIST}export/", wanted, follow=True)
    made = Export.objects.get()
    file = downloaded(client, made)

    assert messages_of(page) == ["The export is requested; its page shows the file."]
    lines = file.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith(
        "order number,customer,name,method,bank,bank card,business date,attempt,amount"
    )
    assert [line.split(",")[8:11] for line in lines[1:]] == [
        ["10150.00", "paid", "10150.00"], ["10150.00", "debit failed", "0.00"],
    ]  # fmt: skip
    assert (made.state, made.rows, made.is_masked) == ("done", 2, True)
    assert ExportDownload.objects.get().staff.username == "finance"


def test_the_list_offers_the_export_once_a_day_is_chosen(orders, wanted):
    client = person("finance")
    of_day = client.get(LIST, {"business_date": wanted["business_date"]})

    assert of_day.context["is_exportable"]
    assert "Export this list" in of_day.content.decode()
    assert not client.get(LIST).context["is_exportable"]


@pytest.mark.parametrize(
    ("other", "is_exportable"),
    [
        ({"state": "failed"}, False),
        ({"code": "NOTENOUGH"}, False),
        ({"q": "C1"}, False),
        ({"q": ""}, True),
        ({"o": "1"}, True),
        ({"p": "1"}, True),
    ],
)
def test_a_list_of_fewer_rows_than_the_file_is_not_offered(orders, wanted, other, is_exportable):
    chosen = {"business_date": wanted["business_date"]} | other

    page = person("finance").get(LIST, chosen)

    assert (page.status_code, page.context["is_exportable"]) == (200, is_exportable)
    assert ("Export this list" in page.content.decode()) == is_exportable


@pytest.mark.parametrize("group", ["support", "auditor", "collections"])
def test_who_may_not_export_is_offered_nothing_and_refused(orders, wanted, group):
    client = person(group)

    page = client.post(f"{LIST}export/", wanted, follow=True)

    assert not client.get(LIST, {"business_date": "2026-10-01"}).context["is_exportable"]
    assert messages_of(page)[0].startswith(
        "You do not have the permission backoffice.request_export."
    )
    assert not Export.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"business_date": ""}, "The filter business_date"),
        ({"business_date": "someday"}, "The filter business_date"),
        ({"file_format": "exe"}, "The filter format"),
        ({"reason": "x"}, "Enter a reason"),
    ],
)
def test_a_bad_request_is_refused_by_name(orders, wanted, change, words):
    page = person("finance").post(f"{LIST}export/", wanted | change, follow=True)

    assert messages_of(page)[0].startswith(words)
    assert not Export.objects.exists()


def test_a_refused_request_is_open_with_what_was_sent(orders, wanted):
    page = person("finance").post(f"{LIST}export/", wanted | {"reason": "x"}, follow=True)

    text = page.content.decode()
    assert (page.status_code, page.redirect_chain) == (200, [])
    assert '<option value="csv" selected>' in text
    assert "\nx</textarea>" in text
    assert page.context["page_address"] == f"{LIST}?business_date={day(0)}"
    assert len(page.context["cl"].result_list) == 2


def test_a_download_is_a_post_with_rights_of_its_own(orders, wanted):
    person("finance").post(f"{LIST}export/", wanted)
    made = Export.objects.get()
    address = reverse("admin:backoffice_export_action", args=[made.pk, "download"])

    assert person("finance").get(address).status_code == 405
    assert downloaded(person("auditor"), made).status_code == 403
    assert downloaded(person("support"), made).status_code == 403
    shown = messages_of(person("manager").post(address, follow=True))

    assert shown[0].startswith("Somebody else requested this export.")
    assert not ExportDownload.objects.exists()


def test_a_manager_may_ask_for_names_in_full_and_finance_gets_them_masked(orders, wanted):
    for group in ("finance", "manager"):
        person(group).post(f"{LIST}export/", wanted | {"is_unmasked": "1"})
    person("manager").post(f"{LIST}export/", wanted)

    assert list(Export.objects.order_by("pk").values_list("is_masked", flat=True)) == [
        True, False, True,
    ]  # fmt: skip


def test_a_workbook_is_written_too(orders, wanted):
    client = person("finance")
    client.post(f"{LIST}export/", wanted | {"file_format": "xlsx"})
    file = downloaded(client, Export.objects.get())

    assert file.content[:2] == b"PK"
    assert file["Content-Disposition"].endswith(".xlsx")
    assert file["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in file["Cache-Control"]


def test_without_a_broker_the_request_stands_and_the_tick_finds_it(orders, wanted, monkeypatch):
    from kombu.exceptions import OperationalError

    def unreachable(*_given):
        raise OperationalError

    monkeypatch.setattr(tasks.run_export, "delay", unreachable)
    person("finance").post(f"{LIST}export/", wanted)

    made = Export.objects.get()
    assert made.state == "requested"
    assert export.waiting(before=made.requested_at.replace(year=2030)) == [made.pk]
