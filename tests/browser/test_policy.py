"""The way of a change of limits: proposed, simulated, approved by another, in force on its day."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from accounts.models import Staff
from backoffice.core import clock, policy
from backoffice.core.models import Approval, PolicyVersion
from backoffice.web.readonly_admin import address, list_address
from risk import tasks
from risk.lines import tasks as line_tasks
from risk.models import CreditLine, PolicySimulation
from risk.policy import LimitPolicy
from risk.simulation.operations import requests
from tests.browser.conftest import PASSWORD, served
from tests.browser.page_language import chinese, english
from tests.generated_lines import store

pytestmark = pytest.mark.chromium

LINES = 400


def person_of(name, *groups):
    person = Staff.objects.create_user(name, password=PASSWORD, is_staff=True)
    person.groups.set(Group.objects.filter(name__in=groups))
    return person


@pytest.fixture
def lines(committed_db, monkeypatch):
    """A portfolio, its staff, and workers that compute only when the test does."""
    store(LINES, seed=11)
    person_of("risk-maker", "risk", "manager")
    person_of("manager-checker", "manager")
    monkeypatch.setattr(tasks.simulate_policy, "delay", lambda _simulation: None)


def log_in(person, name):
    person.go("/admin/login/")
    person.page.fill("[name=username]", name)
    person.page.fill("[name=password]", PASSWORD)
    person.page.click("form[method=post] button[type=submit]")
    person.page.wait_for_url("**/admin/")


def press(person, button, reason="read and understood"):
    person.page.click(f".record-actions > button:has-text('{button}')")
    person.page.fill("dialog[open] textarea[name=reason]", reason)
    person.page.click("dialog[open] button[type=submit]")
    person.page.wait_for_load_state("load")
    return person.page.inner_text("body")


def propose(person, number, value, on):
    person.go(reverse("admin:backoffice_policyversion_propose"))
    person.page.select_option("[name=number]", number)
    person.page.fill("[name=value]", value)
    person.page.fill("[name=effective_on]", on.isoformat())
    person.page.fill("[name=reason]", "incomes have risen")
    person.page.click("form[method=post] button[type=submit]:has-text('Propose')")
    person.page.wait_for_url("**/approval/**")
    return Approval.objects.latest("pk")


def work_all(simulation):
    at = clock.now()
    while requests.work_on_part(simulation.pk, by="system:simulation", at=at, wall_at=clock.wall()):
        continue


def test_a_change_of_limits_goes_from_its_proposal_to_its_day(lines, walk_at):
    on = clock.business_date() + timedelta(days=1)
    with served() as site:
        maker = walk_at(site, "en-GB")
        log_in(maker, "risk-maker")
        made = propose(maker, "limits.income_permille", "2.3", on)
        assert "limit in monthly incomes" in maker.page.inner_text("body")

        checker = walk_at(site, "en-GB")
        log_in(checker, "manager-checker")
        checker.go(address(made))
        assert "was not simulated" in press(checker, "Approve")
        assert Approval.objects.get(pk=made.pk).state == "proposed"

        press(maker, "Simulate")
        simulation = PolicySimulation.objects.get()
        maker.go(address(simulation))
        assert "0 of 1" in maker.page.inner_text("body")
        work_all(simulation)
        maker.page.wait_for_selector("svg[role=img]")  # the page goes on by itself
        text = maker.page.inner_text("body")
        result = PolicySimulation.objects.get().result
        assert result["raised"] > 100
        assert f"{result['raised']:,}" in text
        with maker.page.expect_download() as file:
            press_and_wait_for_nothing(maker, "Download all rows")
        rows = file.value.path().read_text().splitlines()
        assert len(rows) == result["lines"] + 1

        maker.go(address(made))
        assert "Approve" not in maker.page.inner_text(".record-actions")
        assert Approval.objects.get(pk=made.pk).state == "proposed"

        checker.go(address(made))
        checker.page.click(f"a:has-text('{simulation}')")
        checker.page.wait_for_selector("svg[role=img]")
        checker.go(address(made))
        assert "has taken effect" in press(checker, "Approve")
        checker.go(address(PolicyVersion.objects.get()))
        assert str(simulation) in checker.page.inner_text("body")
        # The refused download of a page is an abort, not a fault of it.
        assert [one for one in (*maker.faults, *checker.faults) if "/action/" not in one] == []

    assert policy.current(LimitPolicy, on=on - timedelta(days=1)).income_permille == 2000
    assert policy.current(LimitPolicy, on=on).income_permille == 2300
    at = clock.moment_of(on, line_tasks.JOBS[0].at)
    line_tasks.work(line_tasks.plan(on=on, at=at).ids, run_id=0, on=on, at=at)
    for mover in result["movers"]:
        assert CreditLine.objects.get(pk=mover["line"]).target_fen == mover["after_fen"]


def press_and_wait_for_nothing(person, button):
    person.page.click(f".record-actions > button:has-text('{button}')")
    person.page.fill("dialog[open] textarea[name=reason]", "for the committee")
    person.page.click("dialog[open] button[type=submit]")


@pytest.fixture
def simulated(lines):
    """A request with its simulation, done."""
    from backoffice.platform import policy_changes
    from backoffice.platform.policy_changes import PolicyChange

    maker = Staff.objects.get(username="risk-maker")
    on = clock.business_date() + timedelta(days=1)
    change = PolicyChange(
        "limits", {"limit_min_fen": 300_000, "income_permille": 2200, "reserve_hours": 48}, on
    )
    [made] = policy_changes.propose([change], by=maker, reason="2026-11", at=clock.now())
    simulation = requests.request(made.pk, by="risk-maker", reason="2026-11", at=clock.now())
    work_all(simulation)
    return made, PolicySimulation.objects.get()


@pytest.mark.parametrize(("locale", "strange"), [("zh-CN", english), ("en-GB", chinese)])
def test_the_pages_are_whole_in_each_language(simulated, walk_at, locale, strange):
    made, simulation = simulated
    pages = {
        "policy-request": address(made),
        "policy-simulation": address(simulation),
        "policy-simulations": list_address(PolicySimulation),
        "policy-propose": reverse("admin:backoffice_policyversion_propose"),
    }
    with served() as site:
        person = walk_at(site, locale)
        log_in(person, "risk-maker")
        for name, path in pages.items():
            person.go(path)
            person.shoot(name)
            # The name of a person, types of lenders, grades.
            names = "(?i)risk-maker|BANK|MICRO|[ABC]+(?=级)"
            text = re.sub(names, "", person.text())
            assert (strange(text), person.overhang(), person.faults) == ([], 0, []), name


def test_the_chart_can_be_read_in_the_dark_on_a_phone_and_on_paper(simulated, walk_at):
    _made, simulation = simulated
    with served() as site:
        dark = walk_at(site, "zh-CN", color_scheme="dark")
        phone = walk_at(site, "zh-CN", viewport={"width": 390, "height": 844})
        for person, name in ((dark, "policy-dark"), (phone, "policy-phone")):
            log_in(person, "risk-maker")
            person.go(address(simulation))
            person.shoot(name)
            assert (person.overhang(), person.faults) == (0, [])
        dark.page.emulate_media(media="print", color_scheme="light")
        dark.shoot("policy-print")
        assert dark.page.locator(".record-actions").is_hidden()
        chart = dark.page.locator("svg[role=img]").bounding_box()
        assert chart["width"] > 500
