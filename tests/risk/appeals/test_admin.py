"""Staff pages of appeals: worked on by credit, proposed on a page, decided by another person."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from accounts.models import ProofReview, Staff
from backoffice.core.models import Approval
from backoffice.web.readonly_admin import address
from risk.appeals.rules.deadlines import Contested
from risk.models import Appeal, CreditLine
from tests.risk.appeals.conftest import (
    added,
    opened,
    person,
    proof_of,
    reread,
    submitted,
    taken,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


def client_of(who, language="en"):
    client = Client(headers={"accept-language": language})
    client.force_login(who)
    return client


@pytest.fixture
def contested(people, bureau):
    """A submitted appeal against a limit, with a pay slip."""
    assessment = people.assessed("average-1", bureau=bureau)
    appeal = opened(assessment, Contested.LIMIT)
    added(appeal, proof=proof_of(assessment.customer))
    added(appeal, text="call me at 13800000001")
    return submitted(appeal)


def perform(client, appeal, code, **given):
    return client.post(f"/admin/risk/appeal/{appeal.pk}/action/{code}/", given)


def review(client, appeal, step, **given):
    [proof] = appeal.customer.proofs.all()
    typed = {f"verdict-{proof.pk}": "accepted", f"income-{proof.pk}": "20,000"}
    address = f"/admin/risk/appeal/{appeal.pk}/review/"
    return client.post(address, typed | given | {"step": step})


def words_of(answer):
    return [str(one) for one in get_messages(answer.wsgi_request)]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["My salary rose", "Contested decision", "not reviewed", "call me at"]),
        ("zh-hans", ["被申诉的决定", "申诉材料", "未审核"]),
    ],
)
def test_the_page_shows_the_words_and_the_materials(contested, language, words):
    content = client_of(person("support"), language).get(address(contested)).content.decode()

    assert [one for one in words if one not in content] == []
    assert "13800000001" not in content


@pytest.mark.parametrize("group", ["support", "credit", "risk", "auditor", "manager"])
def test_who_works_with_decisions_lists_them(contested, group):
    page = client_of(person(group)).get("/admin/risk/appeal/")

    assert f"AP{contested.pk}" in page.content.decode()


@pytest.mark.parametrize("group", ["collections", "finance"])
def test_others_do_not(contested, group):
    assert client_of(person(group)).get(address(contested)).status_code in (302, 403)


@pytest.mark.parametrize("code", ["take", "ask", "reject"])
def test_support_and_managers_cannot_forge_a_review(contested, code):
    given = {"question": "More?", "answer": "No.", "reason": "no reason"}
    for group in ("support", "manager"):
        assert perform(client_of(person(group)), contested, code, **given).status_code == 403

    assert reread(contested).state == "submitted"


def test_credit_takes_asks_and_rejects(contested):
    credit = client_of(person("credit"))
    perform(credit, contested, "take")
    perform(credit, contested, "ask", question="October too?")
    assert (reread(contested).state, reread(contested).question) == ("more_info", "October too?")

    submitted(contested)
    perform(credit, contested, "take")
    perform(
        credit, contested, "reject", answer="The slip is of another person.", reason="name differs"
    )

    assert (reread(contested).state, reread(contested).outcome) == ("rejected", "rejected")


def test_a_preview_shows_the_new_limit_and_stores_nothing(contested):
    who = person("credit")
    taken(contested, who)

    content = review(client_of(who), contested, "preview").content.decode()

    assert "20,000.00" in content
    assert "yuan are possible" in content
    assert not (ProofReview.objects.exists() or Approval.objects.exists())


def test_a_low_score_is_named_as_one_that_a_person_may_set_aside(in_review, staff):
    page = client_of(staff.one).get(f"/admin/risk/appeal/{in_review.pk}/review/")

    assert "a person may set it aside: The score is 503" in page.content.decode()


def test_a_proposal_is_decided_by_another_person(contested):
    who, manager = person("credit"), person("manager")
    taken(contested, who)
    before_fen = CreditLine.objects.get().limit_fen
    limit = f"{before_fen // 100 + 1000}"

    review(client_of(who), contested, "propose", limit=limit, reason="the slip shows it")

    made = Approval.objects.get()
    shown = client_of(manager).get(address(made)).content.decode()
    assert "20,000.00 yuan a month" in shown
    assert "monthly_income_fen" not in shown
    decide = f"/admin/backoffice/approval/{made.pk}/action/approve/"
    assert client_of(who).post(decide, {"reason": "agreed"}).status_code == 403
    client_of(manager).post(decide, {"reason": "agreed"})
    assert (reread(contested).state, Approval.objects.get().state) == ("upheld", "approved")
    assert CreditLine.objects.get().target_fen == before_fen + 100_000


def test_a_proposer_with_every_right_is_refused_on_the_page(contested):
    both = Staff.objects.create_superuser("both")
    taken(contested, both)
    limit = f"{CreditLine.objects.get().limit_fen // 100 + 1000}"
    review(client_of(both), contested, "propose", limit=limit, reason="the slip shows it")

    decide = f"/admin/backoffice/approval/{Approval.objects.get().pk}/action/approve/"
    answer = client_of(both).post(decide, {"reason": "agreed"})

    assert ["yourself" in one for one in words_of(answer)] == [True]
    assert reread(contested).state == "in_review"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"limit": "much", "reason": "the slip shows it"}, "limit in yuan"),
        ({"limit": "20,000", "reason": "x"}, "reason of at least"),
        ({"limit": "9,999,900", "reason": "the slip shows it"}, "cannot lead to"),
    ],
)
def test_a_bad_proposal_keeps_what_was_typed(contested, given, words):
    who = person("credit")
    taken(contested, who)

    content = review(client_of(who), contested, "propose", **given).content.decode()

    assert words in content and f'value="{given["limit"]}"' in content
    assert not Approval.objects.exists()


def test_only_the_reviewer_sees_the_review_page(contested):
    taken(contested, person("credit"))
    page = f"/admin/risk/appeal/{contested.pk}/review/"

    assert client_of(person("credit")).get(page).status_code == 302
    assert client_of(person("manager")).get(page).status_code == 403
    assert client_of(person("credit")).get("/admin/risk/appeal/0/review/").status_code == 404


def test_late_ones_are_a_filter(contested):
    Appeal.objects.update(escalated_at=contested.due_at)

    content = client_of(person("credit")).get("/admin/risk/appeal/?late=1").content.decode()

    assert f"AP{contested.pk}" in content


@pytest.mark.parametrize(
    ("group", "status"),
    [("finance", 403), ("collections", 403), ("credit", 200), ("risk", 200), ("auditor", 200)],
)
def test_a_request_to_uphold_is_read_by_who_reads_appeals(contested, group, status):
    credit = person("credit")
    limit = f"{CreditLine.objects.get().limit_fen // 100 + 1000}"
    appeal = taken(contested, credit)
    review(client_of(credit), appeal, "propose", limit=limit, reason="the slip shows it")
    made = Approval.objects.get()
    client = client_of(person(group))

    assert client.get(address(made)).status_code == status
    listed = client.get("/admin/backoffice/approval/").context["cl"].result_list
    assert list(listed) == ([made] if status == 200 else [])


def rows_of(client, made):
    [changes] = [
        one for one in client.get(address(made)).context["lead_sections"] if one.title == "changes"
    ]
    return {name: values for name, *values in changes.rows}


def test_a_request_names_the_income_that_counts(contested):
    who = person("credit")
    limit = f"{CreditLine.objects.get().limit_fen // 100 + 1000}"
    review(client_of(who), taken(contested, who), "propose", limit=limit, reason="as the slip")

    rows = rows_of(client_of(person("manager")), Approval.objects.get())

    assert rows["monthly income that counts"] == ["9,000.00", "20,000.00"]
    assert rows["occupation factor"][0] == rows["occupation factor"][1]
    assert "condition not met" not in rows


def test_a_request_names_each_condition_that_is_set_aside(in_review, staff):
    page = f"/admin/risk/appeal/{in_review.pk}/review/"
    most = client_of(staff.one).get(page).context["most"].removesuffix(".00")
    client_of(staff.one).post(page, {"step": "propose", "limit": most, "reason": "paid since"})

    rows = rows_of(client_of(staff.manager), Approval.objects.latest("pk"))

    assert rows["condition not met"] == [
        "The score is 503; at least 510 is needed.", "set aside",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "income", "words"),
    [
        ("", "20,000", "verdict: select or enter a value."),
        ("accepted", "much", "enter whole yuan in digits"),
    ],
)
@pytest.mark.parametrize("step", ["preview", "propose"])
def test_after_an_input_error_there_are_no_figures(contested, verdict, income, words, step):
    who = person("credit")
    [proof] = taken(contested, who).customer.proofs.all()
    typed = {f"verdict-{proof.pk}": verdict, f"income-{proof.pk}": income, "limit": "20000"}

    page = review(client_of(who), contested, step, **typed, reason="the slip shows it")

    content = page.content.decode()
    assert words in content
    assert "Not computed: correct the findings first." in content
    assert f'value="{income}"' in content
    assert "yuan are possible" not in content and "section" not in page.context
    assert not Approval.objects.exists()


def offered(client, appeal):
    dialogs = client.get(address(appeal)).context["record_actions"]
    return [one.action.code for one in dialogs]


def test_who_has_an_appeal_does_not_take_it_again(contested):
    one, other = person("credit"), person("credit")
    assert offered(client_of(one), contested) == ["take"]

    taken(contested, one)

    assert offered(client_of(one), contested) == ["ask", "reject"]
    assert "take" in offered(client_of(other), contested)


def test_who_decided_before_is_not_offered_the_appeal(contested):
    who = person("credit")
    Staff.objects.filter(pk=who.pk).update(username=contested.assessment.decided_by)

    assert offered(client_of(who), contested) == []
    assert offered(client_of(person("credit")), contested) == ["take"]
