"""Staff pages of credit lines: the bar, the tables, and the actions with their rights."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts.models import Staff
from backoffice.core.models import Approval
from risk.lines import operations as lines
from risk.lines.operations import temporary
from risk.lines.operations.growth import apply_conduct
from risk.models import CreditLine, TemporaryLimit
from tests.risk.lines.making import BY, ON, day, granted, moment, report, reread

pytestmark = pytest.mark.django_db
REASON = "looked at closely"


def client_of(group):
    who = Staff.objects.create_user(f"{group}{Staff.objects.count()}", is_staff=True)
    who.groups.add(Group.objects.get(name=group))
    client = Client(headers={"accept-language": "en"})
    client.force_login(who)
    return client


@pytest.fixture
def line():
    """A line with everything a page can show."""
    line = granted()
    for n in (90, 60, 30):
        report(line, ON - timedelta(n))
    temporary.request(line.customer, amount_fen=100_000, days=3, by=BY, on=ON, at=moment(ON))
    purchase = lines.Purchase(line.customer_id, "payment:1", 600_000, moment(ON))
    lines.hold_for_purchase([purchase], by=BY, on=ON)
    report(line, day(4))
    apply_conduct([line.pk], by=BY, on=day(5), at=moment(day(5)))
    return reread(line)


def page_of(record):
    model = type(record)._meta
    return reverse(f"admin:{model.app_label}_{model.model_name}_change", args=[record.pk])


def perform(client, record, code, **given):
    return client.post(
        f"{page_of(record).removesuffix('change/')}action/{code}/",
        {"reason": REASON, **given},
        follow=True,
    )


def test_the_page_of_a_line_adds_its_numbers_up(line):
    shown = client_of("support").get(page_of(line)).content.decode()

    assert (
        "Limit 14,000.00 + temporary limit 1,000.00 - buffer 2,250.00 (15% of both) - held "
        "4,800.00 - reserved 0.00 - drawn 0.00 = 7,950.00 yuan, which can be drawn."
    ) in shown
    assert "The limit goes to 14,700.00 yuan by daily steps." in shown
    for words in ("payment:1", "was paid in full by its due date", "1.0500", "Requested at"):
        assert words in shown


@pytest.mark.parametrize(
    "name", ["creditline", "limitchange", "temporarylimit", "reservehold", "growthchange"]
)
def test_each_list_and_page_opens_for_the_auditor(line, name):
    client = client_of("auditor")

    shown = client.get(reverse(f"admin:risk_{name}_changelist"))
    [first, *_rest] = shown.context["cl"].result_list

    assert client.get(page_of(first)).status_code == 200


def test_suspend_and_resume_freeze_and_unfreeze(line):
    client = client_of("risk")
    states = []

    for code in ("suspend", "resume", "freeze", "unfreeze"):
        perform(client, line, code)
        states.append(reread(line).state)

    assert states == ["suspended", "active", "frozen", "active"]


@pytest.mark.parametrize("group", ["support", "credit", "collections", "auditor"])
@pytest.mark.parametrize("code", ["suspend", "freeze"])
def test_others_cannot(line, group, code):
    assert perform(client_of(group), line, code).status_code == 403
    assert reread(line).state == "active"


def test_an_action_needs_a_reason(line):
    shown = perform(client_of("risk"), line, "freeze", reason="x").content.decode()

    assert "Enter a reason" in shown
    assert reread(line).state == "active"


def test_credit_proposes_a_review_and_a_manager_decides(line):
    perform(client_of("credit"), line, "review", limit="20,000", evidence="payslip")
    [made] = Approval.objects.all()
    assert (made.kind, made.subject_id) == ("limit-review", line.pk)
    assert made.payload == {"limit_fen": 2_000_000, "evidence": "payslip"}

    client = client_of("manager")
    assert "20,000.00" in client.get(page_of(made)).content.decode()
    perform(client, made, "approve")

    assert reread(line).target_fen == 2_000_000


@pytest.mark.parametrize("limit", ["", "many", "12.5", "-5", "１２"])
def test_a_limit_that_is_no_amount_proposes_nothing(line, limit):
    perform(client_of("credit"), line, "review", limit=limit, evidence="payslip")

    assert not Approval.objects.exists()


def test_a_temporary_limit_is_revoked(line):
    perform(client_of("credit"), TemporaryLimit.objects.get(), "revoke")

    assert TemporaryLimit.objects.get().state == "revoked"
    assert CreditLine.objects.get().temporary_fen == 0


def test_the_bar_of_an_overdrawn_line_stays_in_its_frame(line):
    CreditLine.objects.filter(pk=line.pk).update(drawn_fen=3_000_000)

    shown = client_of("support").get(page_of(line)).content.decode()

    assert "nothing can be drawn until it is above 0" in shown
    widths = [float(part.split("%")[0]) for part in shown.split("width: ")[1:] if "%" in part[:12]]
    assert sum(widths[:5]) <= 100
