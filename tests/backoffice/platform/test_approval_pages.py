"""Staff pages of four-eyes requests: who sees them, who decides, and how numbers are proposed."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts.models import Staff
from backoffice.core import clock, policy
from backoffice.core.models import Approval, PolicyVersion
from backoffice.platform import job_control, policy_changes
from backoffice.platform.policy_changes import PolicyChange
from loans.policy import LoanTerms

pytestmark = pytest.mark.django_db

FORM = "/admin/backoffice/policyversion/propose/"


def client_of(group, number=1):
    staff, is_new = Staff.objects.get_or_create(username=f"{group}{number}", is_staff=True)
    if is_new:
        staff.groups.add(Group.objects.get(name=group))
    client = Client(headers={"accept-language": "en"})
    client.force_login(staff)
    return client


def perform(client, approval, code, **given):
    address = reverse("admin:backoffice_approval_action", args=[approval.pk, code])
    return client.post(address, given, follow=True)


def messages_of(page):
    return [str(message) for message in page.context["messages"]]


def page_of(approval):
    return reverse("admin:backoffice_approval_change", args=[approval.pk])


@pytest.fixture
def filled():
    return {
        "number": "loans.grace_days", "value": "2", "reason": "fewer days",
        "effective_on": clock.business_date().isoformat(),
    }  # fmt: skip


@pytest.fixture
def proposed(filled):
    assert client_of("risk").post(FORM, filled, follow=True).status_code == 200
    return Approval.objects.get()


def test_risk_proposes_and_a_manager_approves_what_then_is_in_force(proposed):
    messages = messages_of(perform(client_of("manager"), proposed, "approve", reason="agreed then"))

    assert messages == ["The request is approved and has taken effect."]
    assert PolicyVersion.objects.get().approval == proposed
    assert policy.current(LoanTerms, on=clock.business_date()).grace_days == 2


def test_the_page_shows_the_old_and_the_new_value(proposed):
    page = client_of("manager").get(page_of(proposed))

    [section] = page.context["lead_sections"]
    assert list(section.rows) == [("grace after the due date", "REPAY-12", "3", "2", "days")]
    assert "terms of loans" in section.note
    assert "fewer days" in page.content.decode()


def test_the_page_shows_no_stored_units(filled):
    given = {"number": "limits.income_permille", "value": "2.2"}
    client_of("risk").post(FORM, filled | given)

    page = client_of("manager").get(page_of(Approval.objects.get()))

    section, _simulations = page.context["lead_sections"]
    assert list(section.rows) == [("limit in monthly incomes", "LIMIT-2", "2", "2.2", "times")]
    assert "2200" not in page.content.decode()
    assert "permille" not in page.content.decode()


def test_a_stored_version_shows_what_it_changed(proposed):
    perform(client_of("manager"), proposed, "approve", reason="agreed then")
    version = PolicyVersion.objects.get()
    change = reverse("admin:backoffice_policyversion_change", args=[version.pk])
    listed = reverse("admin:backoffice_policyversion_changelist")

    page = client_of("auditor").get(change)

    [changes] = page.context["lead_sections"]
    assert list(changes.rows) == [("grace after the due date", "REPAY-12", "3", "2", "days")]
    assert "grace after the due date: 2 days" in client_of("auditor").get(listed).content.decode()


def test_a_manager_rejects_and_the_proposer_withdraws(proposed, filled):
    assert messages_of(perform(client_of("manager"), proposed, "reject", reason="not now")) == [
        "The request is rejected."
    ]
    client_of("risk").post(FORM, filled)
    second = Approval.objects.latest("pk")
    assert messages_of(perform(client_of("risk", 2), second, "withdraw", reason="not mine")) == [
        "Somebody else proposed this request. "
        "Reject it instead, if you have the permission to decide it."
    ]
    perform(client_of("risk"), second, "withdraw", reason="a mistake")

    assert [one.state for one in Approval.objects.order_by("pk")] == ["rejected", "withdrawn"]
    assert not PolicyVersion.objects.exists()


@pytest.mark.parametrize("group", ["finance", "auditor", "support"])
@pytest.mark.parametrize("code", ["approve", "reject"])
def test_only_managers_decide(proposed, group, code):
    assert perform(client_of(group, 2), proposed, code, reason="agreed then").status_code == 403

    assert Approval.objects.get().state == "proposed"


@pytest.mark.parametrize("code", ["approve", "reject"])
def test_who_decides_other_requests_does_not_decide_on_numbers(proposed, code):
    # Risk decides on limits: the page serves, the request itself asks for its own permission.
    client = client_of("risk", 2)
    offered = client.get(page_of(proposed)).context["record_actions"]
    [message] = messages_of(perform(client, proposed, code, reason="agreed then"))

    assert [one.action.code for one in offered] == []
    assert message.startswith("You may not propose or decide requests of this kind: policy change.")
    assert "policyversion" not in message
    assert Approval.objects.get().state == "proposed"


LISTED = "/admin/backoffice/approval/"


@pytest.mark.parametrize("group", ["finance", "collections", "credit"])
def test_who_may_not_read_policies_reads_no_request_to_change_them(proposed, group):
    client = client_of(group)

    assert client.get(page_of(proposed)).status_code == 403
    assert perform(client, proposed, "withdraw", reason="not mine").status_code == 403
    assert list(client.get(LISTED).context["cl"].result_list) == []


@pytest.mark.parametrize("group", ["risk", "manager", "auditor"])
def test_who_may_read_policies_reads_them(proposed, group):
    client = client_of(group)

    assert client.get(page_of(proposed)).status_code == 200
    assert list(client.get(LISTED).context["cl"].result_list) == [proposed]


def test_requests_to_resume_a_job_are_read_by_who_sees_its_pause():
    maker = Staff.objects.create_superuser("maker")
    job_control.pause("09:00", by=maker, reason="the bank is down", at=clock.now())
    job_control.request_resume("09:00", by=maker, reason="the bank is up", at=clock.now())
    made = Approval.objects.get()

    assert client_of("finance").get(page_of(made)).status_code == 200
    assert client_of("credit").get(page_of(made)).status_code == 403


def test_a_decision_is_a_post(proposed):
    address = reverse("admin:backoffice_approval_action", args=[proposed.pk, "approve"])

    assert client_of("manager").get(address).status_code == 405
    assert Approval.objects.get().state == "proposed"


def test_a_decision_needs_a_reason(proposed):
    [message] = messages_of(perform(client_of("manager"), proposed, "approve", reason=" "))

    assert message.startswith("Enter a reason")

    assert Approval.objects.get().state == "proposed"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"number": "loans.nonsense"}, "number"),
        ({"number": ""}, "number"),
        ({"value": " "}, "value"),
        ({"value": "many"}, "grace after the due date: enter a whole number in days."),
        ({"value": "2.5"}, "grace after the due date: enter a whole number in days."),
        (
            {"number": "limits.limit_min_fen", "value": "1.005"},
            "lowest limit: enter a number in yuan with at most 2 decimals.",
        ),
        (
            {"number": "scoring.score_base", "value": "x"},
            "enter a whole number",
        ),
        ({"value": "[" * 100_000}, "value"),
        ({"number": "loan_operations.debit_at", "value": "09:00+08:00"}, "without a time zone"),
        ({"number": "loan_operations.debit_at", "value": "nine"}, "such as 09:00"),
        ({"value": "3"}, "already"),
        ({"value": "99"}, "grace after the due date = 99 days: allowed is 0 – 13"),
        ({"effective_on": "soon"}, "effective on"),
        ({"effective_on": "2020-01-01"}, "in the past"),
        ({"reason": "x"}, "Enter a reason"),
    ],
)
def test_a_bad_proposal_is_refused_by_name_and_keeps_what_was_typed(filled, change, code):
    page = client_of("risk").post(FORM, filled | change)

    assert code in messages_of(page)[0]
    assert (filled | change)["reason"] in page.content.decode()
    assert not Approval.objects.exists()


def test_a_change_that_is_submitted_twice_is_one_request(filled):
    client = client_of("risk")
    client.post(FORM, filled)

    page = client.post(FORM, filled | {"reason": "once more"})

    made = Approval.objects.get()
    since = made.proposed_at.astimezone(clock.SHANGHAI)
    assert messages_of(page)[-1].startswith(
        f"The same request waits for its decision already: approval request {made.pk} · "
        f"grace after the due date 2 · proposed by {made.proposed_by} on {since:%Y-%m-%d %H:%M}."
    )
    assert Approval.objects.count() == 1


def test_several_numbers_of_one_policy_are_one_request(filled):
    both = {
        "number": ["scoring.payment_weight_percent", "scoring.social_weight_percent", ""],
        "value": ["35", "20", ""],
    }
    client_of("risk").post(FORM, filled | both, follow=True)

    payload = Approval.objects.get().payload
    assert payload["overrides"] == {"payment_weight_percent": 35, "social_weight_percent": 20}


@pytest.mark.parametrize(
    ("numbers", "values"),
    [
        (["scoring.score_base", "limits.proof_days"], ["310", "300"]),
        (["limits.proof_days", "limits.nonsense"], ["300", "1"]),
        (["limits.proof_days", ""], ["300", "1"]),
        ([], []),
    ],
)
def test_numbers_of_two_policies_or_of_none_are_no_request(filled, numbers, values):
    page = client_of("risk").post(FORM, filled | {"number": numbers, "value": values})

    assert "number" in messages_of(page)[0]
    assert not Approval.objects.exists()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "All numbers of a request belong to one policy; these belong to: limits, scoring."),
        ("zh-hans", "评分参数"),
    ],
)
def test_numbers_of_two_policies_are_refused_by_their_names(filled, language, words):
    both = {"number": ["scoring.score_base", "limits.proof_days"], "value": ["310", "300"]}

    page = client_of("risk").post(FORM, filled | both, headers={"accept-language": language})

    assert words in messages_of(page)[0]
    assert not Approval.objects.exists()


def test_a_number_that_is_entered_twice_is_refused(filled):
    twice = {"number": ["loans.grace_days", "loans.grace_days"], "value": ["2", "4"]}

    page = client_of("risk").post(FORM, filled | twice)

    assert messages_of(page)[0].startswith("grace after the due date is entered twice.")
    assert not Approval.objects.exists()


def test_a_request_to_resume_names_its_job_and_why_it_is_paused():
    maker = Staff.objects.create_superuser("maker")
    job_control.pause("09:00", by=maker, reason="the bank is down", at=clock.now())
    job_control.request_resume("09:00", by=maker, reason="the bank is up", at=clock.now())

    page = client_of("manager").get(page_of(Approval.objects.get()))

    [section] = page.context["lead_sections"]
    assert list(section.rows) == [("09:00 direct debits", "paused · the bank is down", "resumed")]


def test_the_form_shows_what_each_number_may_be(filled):
    page = client_of("risk").get(FORM).content.decode()

    assert "Interval of debits of an overdue bill = 7 days (allowed: 1 – 90)" in page
    assert "Type of the lender = BANK (allowed: BANK, MICRO)" in page
    assert "Lowest limit = 500.00 yuan (allowed: 0.01 – 300,000.00)" in page


def test_a_number_out_of_range_is_refused_in_chinese_too(filled):
    bad = {"number": "loans.recovery_every_days", "value": "0"}
    page = client_of("risk").post(FORM, filled | bad, headers={"accept-language": "zh-hans"})

    assert " = 0 天：允许范围为 1 – 90" in messages_of(page)[0]
    assert not Approval.objects.exists()


@pytest.mark.parametrize("group", ["manager", "finance", "auditor"])
def test_who_may_not_propose_finds_no_form(filled, group):
    client = client_of(group)

    assert client.get(FORM).status_code == 403
    assert client.post(FORM, filled).status_code == 403
    assert not Approval.objects.exists()


def test_the_list_of_versions_leads_to_the_form_for_those_who_may():
    listed = reverse("admin:backoffice_policyversion_changelist")

    assert FORM in client_of("risk").get(listed).content.decode()
    assert FORM not in client_of("manager").get(listed).content.decode()
    assert "Grace after the due date = 3 days" in client_of("risk").get(FORM).content.decode()


def test_an_action_is_offered_while_the_request_is_open(proposed):
    manager = client_of("manager")
    offered = [one.action.code for one in manager.get(page_of(proposed)).context["record_actions"]]
    perform(manager, proposed, "reject", reason="not now")
    later = manager.get(page_of(proposed)).context["record_actions"]

    assert (offered, later) == (["approve", "reject"], [])


def test_the_proposer_is_offered_only_to_withdraw(proposed):
    offered = client_of("risk").get(page_of(proposed)).context["record_actions"]

    assert [one.action.code for one in offered] == ["withdraw"]


def test_a_person_without_rights_for_the_kind_learns_which():
    maker = Staff.objects.create_superuser("root")
    change = PolicyChange("loans", {"grace_days": 2}, clock.business_date())
    [made] = policy_changes.propose([change], by=maker, reason="a test", at=clock.now())
    staff = Staff.objects.create_user("half", is_staff=True)
    staff.user_permissions.set(
        Group.objects.get(name="manager").permissions.exclude(codename="decide_policyversion")
    )
    client = Client(headers={"accept-language": "en"})
    client.force_login(staff)

    messages = messages_of(perform(client, made, "approve", reason="agreed then"))

    assert messages[0].startswith("You may not propose or decide requests of this kind: policy")
    assert Approval.objects.get().state == "proposed"
