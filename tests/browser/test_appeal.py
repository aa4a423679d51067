"""The way of an appeal, from the refusal to the higher limit: phone, reviewer, second person."""

import pytest

from accounts.models import Staff
from accounts.proofs.operations.reviews import ProofFinding
from accounts.proofs.rules.findings import ProofVerdict
from backoffice.core import clock
from backoffice.core.models import Approval
from backoffice.platform import approvals
from backoffice.web.readonly_admin import address
from risk.appeals import queries
from risk.appeals.operations import reviewing, upholding
from risk.lines.operations import reviews
from risk.models import Appeal, Assessment, CreditLine
from tests.browser.conftest import PASSWORD, served
from tests.browser.page_language import chinese, english
from tests.policies import put_in_force
from tests.risk.appeals.conftest import proof_of
from tests.risk.lines.cuts import asked, latest
from tests.risk.phones import carded, consented, decide, identified, newcomer, ready, waited

__all__ = ["carded", "consented", "identified", "newcomer", "ready", "waited"]
pytestmark = pytest.mark.chromium


@pytest.fixture
def db(committed_db):
    """Commit: the server of the pages is another thread."""


@pytest.fixture
def stopped_clock():
    """Nothing: the browser waits in the machine's time."""


@pytest.fixture
def persona():
    return "nightgambler-1"


@pytest.fixture
def appeal(ready):
    """An appeal against a refusal, made over HTTP with a pay slip."""
    put_in_force("scoring", {"grade_c_min": 510}, on=clock.business_date())
    ready.post("me/assessments")
    decide()
    assert ready.get("me/report").json()["appeal"]["state"] == "open"
    opened = ready.post("appeals", {"kind": "refusal", "statement": "工资九月上调，附工资单。"})
    path = f"appeals/{opened.json()['id']}"
    ready.post(f"{path}/materials", {"proof": str(proof_of(ready.customer).public_id)})
    assert ready.post(f"{path}/submit").json()["state"] == "submitted"
    for name in ("admin", "second"):
        Staff.objects.create_superuser(name, password=PASSWORD)
    return Appeal.objects.get()


def log_in(person, name):
    person.go("/admin/login/")
    person.page.fill("[name=username]", name)
    person.page.fill("[name=password]", PASSWORD)
    person.page.click("form[method=post] button[type=submit]")
    person.page.wait_for_url("**/admin/")


def approve(person, made):
    person.go(address(made))
    person.page.click(".record-actions > button.primary")
    person.page.fill("dialog[open] textarea[name=reason]", "agreed by a second person")
    person.page.click("dialog[open] button[type=submit]")
    person.page.wait_for_load_state("load")


def test_a_refused_customer_comes_to_a_limit_by_two_persons(appeal, ready, walk_at):
    with served() as site:
        reviewer = walk_at(site, "en-GB")
        log_in(reviewer, "admin")
        reviewer.go(address(appeal))
        reviewer.page.click(".record-actions > button.primary")
        reviewer.page.click("dialog[open] button[type=submit]")
        reviewer.page.wait_for_load_state("load")
        reviewer.page.get_by_text("Review and propose to uphold").click()
        proof = ready.customer.proofs.get()
        reviewer.page.select_option(f"[name=verdict-{proof.pk}]", "accepted")
        reviewer.page.fill(f"[name=income-{proof.pk}]", "12,000")
        reviewer.page.click("button[value=preview]")
        reviewer.page.wait_for_load_state("load")
        reviewer.shoot("appeal-preview")
        assert "12,000.00" in reviewer.page.inner_text("body")
        reviewer.page.fill("[name=limit]", "5,000")
        reviewer.page.fill("[name=reason]", "the pay slip shows it")
        reviewer.page.click("button[value=propose]")
        reviewer.page.wait_for_url("**/approval/**")

        made = Approval.objects.latest("pk")
        assert "Approve" not in reviewer.page.inner_text(".record-actions")
        assert Approval.objects.get(pk=made.pk).state == "proposed"

        second = walk_at(site, "en-GB")
        log_in(second, "second")
        approve(second, made)

        line = CreditLine.objects.get()
        assert (line.limit_fen, Appeal.objects.get().state) == (500_000, "upheld")
        second.go(address(line))
        assert "5,000.00" in second.page.inner_text("body")
        second.go(address(ready.customer))
        text = second.page.inner_text("body")
    words = ("assessment decided", "report viewed", "proof uploaded", "appeal opened", "upheld")
    assert [one for one in words if one not in text] == []
    reply = ready.get(f"appeals/{appeal.public_id}").json()
    assert (reply["outcome"], reply["new_limit_fen"]) == ("upheld", 500_000)


@pytest.mark.parametrize(("locale", "strange"), [("zh-CN", english), ("en-GB", chinese)])
def test_the_pages_are_whole_in_each_language(appeal, ready, walk_at, locale, strange):
    admin, second = (Staff.objects.get(username=name) for name in ("admin", "second"))
    at = clock.now()
    reviewing.take(appeal.pk, by=admin, at=at)
    pages = {
        "appeals": "/admin/risk/appeal/",
        "appeal": address(appeal),
        "appeal-review": f"/admin/risk/appeal/{appeal.pk}/review/",
        "appeal-contested": address(Assessment.objects.get()),
    }
    with served() as site:
        person = walk_at(site, locale)
        log_in(person, "admin")
        look(person, pages, strange)
        made = proposed(appeal, admin, at=at)
        look(person, {"appeal-approval": address(made)}, strange)
        approvals.approve([made.pk], by=second, reason="10-1", at=at)
        line = CreditLine.objects.get()
        cut = asked(lowered(line, (admin, second), at=at), at=at)
        later = {
            "appeal-line": address(line),
            "cut-reviews": "/admin/risk/cutreview/",
            "cut-review": address(cut),
        }
        look(person, later, strange)
        # Of the page of the customer the language is not asked: it names devices and providers.
        look(person, {"appeal-timeline": address(ready.customer)}, lambda _text: [])


def proposed(appeal, who, *, at):
    """Return the proposal to accept the pay slip and to grant 5,000.00."""
    [proof] = queries.proofs_of(appeal).values()
    finding = ProofFinding(proof.pk, ProofVerdict.ACCEPTED, monthly_income_fen=1_200_000)
    wanted = upholding.Upholding(appeal.pk, 500_000, [finding])
    return upholding.propose(wanted, by=who, reason="10-1", at=at, on=clock.day_of(at))


def lowered(line, persons, *, at):
    """Return the change by a limit review to 3,000.00."""
    proposer, second = persons
    review = reviews.LimitReview(line.pk, 300_000, "10-1")
    [made] = reviews.propose([review], by=proposer, reason="10-1", at=at)
    approvals.approve([made.pk], by=second, reason="10-1", at=at)
    return latest(line)


def look(person, pages, strange):
    """Open pages; each is in one language, without overhang or faults."""
    for name, path in pages.items():
        person.go(path)
        person.shoot(name)
        # The customer wrote in Chinese, whatever the language of the page; "second" is a login.
        text = person.text().replace("工资九月上调，附工资单。", "").replace("second", "")
        assert (strange(text), person.overhang(), person.faults) == ([], 0, []), name
