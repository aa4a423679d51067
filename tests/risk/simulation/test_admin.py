"""The pages of simulations: requested from the request, read, downloaded on record."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.urls import reverse

from backoffice.core.models import StateChange
from backoffice.platform import approvals
from risk.models import PolicySimulation
from tests.risk.lines.making import granted
from tests.risk.simulation.operations.test_requests import proposed, request, work_all

pytestmark = pytest.mark.django_db


def as_one_of(client, group):
    who = get_user_model().objects.create_user(f"{group}-1", is_staff=True)
    who.groups.add(Group.objects.get(name=group))
    client.force_login(who)
    return who


def press(client, name, record, code, reason="look at it"):
    address = reverse(f"admin:{name}_action", args=[record.pk, code])
    return client.post(address, {"reason": reason}, follow=True)


def page_of(client, simulation):
    address = reverse("admin:risk_policysimulation_change", args=[simulation.pk])
    return client.get(address).content.decode()


def test_risk_simulates_a_request_from_its_page(client, stopped_clock):
    as_one_of(client, "risk")
    asked = proposed()

    answer = press(client, "backoffice_approval", asked, "simulate")

    simulation = PolicySimulation.objects.get()
    assert simulation.requested_by == "risk-1"
    assert f"PS{simulation.pk}" in answer.content.decode()


def test_a_manager_cannot_approve_before_the_simulation(client, stopped_clock):
    asked = proposed()
    as_one_of(client, "manager")

    page = press(client, "backoffice_approval", asked, "approve").content.decode()

    assert approvals.Approval.objects.get(pk=asked.pk).state == "proposed"
    assert "模拟" in page


@pytest.mark.parametrize("group", ["support", "collections", "auditor", "finance", "manager"])
def test_others_do_not_simulate(client, group):
    asked = proposed()
    as_one_of(client, group)

    assert press(client, "backoffice_approval", asked, "simulate").status_code == 403
    assert not PolicySimulation.objects.exists()


def test_the_page_shows_who_moves_by_how_much_with_a_chart_and_its_table(client):
    line = granted()
    done = work_all(request(proposed()))
    as_one_of(client, "manager")

    page = page_of(client, done)

    for shown in ("14,000.00", "17,500.00", "3,500.00", f"L{line.pk}", "<svg", "+20 – +50"):
        assert shown in page
    assert page.count('class="bar-rise"') == 5
    assert 'class="chart"' not in page  # the name that unfold's own charts take


def test_an_unfinished_simulation_shows_its_progress(client):
    granted()
    simulation = request(proposed())
    as_one_of(client, "auditor")

    assert "0 / 1" in page_of(client, simulation)


def test_a_page_that_waits_for_the_result_loads_again_when_it_is_there(client):
    granted()
    simulation = request(proposed())
    as_one_of(client, "auditor")
    address = reverse("admin:risk_policysimulation_change", args=[simulation.pk])

    waiting = client.get(address, headers={"hx-request": "true"})
    work_all(simulation)
    done = client.get(address, headers={"hx-request": "true"})

    assert "HX-Refresh" not in waiting
    assert "hx-get" in waiting.content.decode()
    assert done["HX-Refresh"] == "true"
    assert "HX-Refresh" not in client.get(address)


def test_the_rows_are_downloaded_on_record(client):
    granted()
    done = work_all(request(proposed()))
    as_one_of(client, "risk")

    answer = press(client, "risk_policysimulation", done, "download", "for the committee")

    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("line,customer,before_fen")
    assert len(text.splitlines()) == 2
    noted = StateChange.objects.get(subject_type="risk.policysimulation", transition="download")
    assert (noted.actor, noted.facts) == ("risk-1", {"text": "for the committee"})


def test_an_auditor_reads_and_downloads_nothing(client):
    granted()
    done = work_all(request(proposed()))
    as_one_of(client, "auditor")

    assert press(client, "risk_policysimulation", done, "download").status_code == 403


def test_the_request_and_the_version_show_the_simulation(client):
    granted()
    asked = proposed()
    done = work_all(request(asked))
    client.force_login(get_user_model().objects.create(username="a", is_superuser=True,
                                                       is_staff=True))  # fmt: skip

    page = client.get(reverse("admin:backoffice_approval_change", args=[asked.pk]))

    assert f"PS{done.pk}" in page.content.decode()
