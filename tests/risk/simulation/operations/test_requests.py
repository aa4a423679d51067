"""Simulations of requests: required, computed part by part, stored once, kept with the request."""

import csv
import gzip
from datetime import timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from backoffice.core import rotation
from backoffice.core.models import PolicyVersion, StateChange
from backoffice.platform import approvals
from backoffice.platform.approvals import Proposal
from risk import tasks
from risk.models import CreditLine, PolicySimulation, PolicySimulationPart
from risk.simulation.operations import portfolio, requests
from risk.simulation.queries import portfolio as queries
from tests.generated_lines import store
from tests.policies import payload, put_in_force, two_people
from tests.risk.lines.making import day, granted, moment, reread

pytestmark = pytest.mark.django_db

AT = moment(day(0))
ON = day(2)
DRAFT = {"income_permille": 2500}


def proposed(app="limits", overrides=DRAFT, *, on=ON):
    maker, _checker = two_people()
    proposal = Proposal("policy-change", payload=payload(app, overrides, on))
    [made] = approvals.propose([proposal], by=maker, reason="more for all", at=AT)
    return made


def request(approval):
    return requests.request(approval.pk, by="policy-maker", reason="look at it", at=AT)


def work(simulation, *, at=AT):
    return requests.work_on_part(simulation.pk, by="system:simulation", at=at, wall_at=at)


def work_all(simulation):
    while work(simulation):
        continue
    return PolicySimulation.objects.get(pk=simulation.pk)


def approve(approval):
    _maker, checker = two_people()
    return approvals.approve([approval.pk], by=checker, reason="agreed", at=AT)


def refuse_approval(approval):
    with pytest.raises(requests.NotSimulatedError):
        approve(approval)
    assert not PolicyVersion.objects.filter(approval=approval).exists()


def test_a_change_of_limits_is_approved_only_after_its_simulation():
    line = granted()
    asked = proposed()
    refuse_approval(asked)
    simulation = request(asked)
    refuse_approval(asked)

    done = work_all(simulation)

    assert (done.state, done.result["lines"], done.result["raised"]) == ("done", 1, 1)
    assert (done.result["before_fen"], done.result["after_fen"]) == (1_400_000, 1_750_000)
    approve(asked)
    assert PolicyVersion.objects.get().overrides == DRAFT
    assert reread(line).target_fen == 1_400_000  # on its day, not before


@pytest.mark.parametrize(
    ("app", "overrides"),
    [("accounts", {"cards_max": 9}), ("assessments", {"decision_minutes": 20})],
)
def test_other_numbers_need_no_simulation(app, overrides):
    asked = proposed(app, overrides)

    with pytest.raises(requests.NotSimulatableError):
        request(asked)
    approve(asked)

    assert PolicyVersion.objects.get().app == app


@pytest.mark.parametrize(
    ("app", "overrides"),
    [("scoring", {"grade_c_min": 510}), ("accounts", {"lender_type": "MICRO"})],
)
def test_scores_and_the_cap_of_the_lender_need_one_too(app, overrides):
    refuse_approval(proposed(app, overrides))


def test_numbers_in_force_that_changed_since_ask_for_another_simulation():
    granted()
    asked = proposed()
    work_all(request(asked))
    put_in_force("limits", {"house_percent": 14}, on=day(1))

    refuse_approval(asked)
    again = work_all(request(asked))

    assert PolicySimulation.objects.filter(approval=asked).count() == 2
    assert requests.is_current(again)
    assert approve(asked)


def test_numbers_that_change_while_it_is_computed_fail_it():
    granted()
    simulation = request(proposed())
    put_in_force("limits", {"house_percent": 14}, on=day(1))

    assert work(simulation) is False

    failed = PolicySimulation.objects.get(pk=simulation.pk)
    assert (failed.state, failed.error, failed.result) == (
        "failed", "simulation-numbers-changed", None,
    )  # fmt: skip


def test_the_same_content_is_simulated_once():
    granted()
    asked = proposed()

    assert request(asked) == request(asked)
    work_all(request(asked))
    assert request(asked).state == "done"
    assert PolicySimulation.objects.count() == 1


def test_a_decided_request_is_not_simulated():
    asked = proposed()
    _maker, checker = two_people()
    approvals.reject([asked.pk], by=checker, reason="not now", at=AT)

    with pytest.raises(requests.NotSimulatableError):
        request(asked)


def test_parts_are_computed_by_whoever_is_free_and_give_the_whole(monkeypatch, tmp_path):
    store(300, seed=4)
    monkeypatch.setattr(queries, "CHUNK_LINES", 70)
    asked = proposed()
    simulation = request(asked)
    parts = PolicySimulationPart.objects.filter(simulation=simulation).count()

    done = work_all(simulation)

    of = portfolio.sides({"limits": DRAFT}, on=ON)
    whole = portfolio.simulate(of, csv_file=tmp_path / "rows.csv", processes=1)
    assert parts == 5
    assert done.result == portfolio.result_of(whole, of=of, on=ON)
    text = b"".join(requests.csv_of(done)).decode()
    assert text == (tmp_path / "rows.csv").read_text()
    assert len(list(csv.DictReader(text.splitlines()))) == done.result["lines"]
    assert requests.progress(done) == (parts, parts)


def test_a_killed_worker_loses_its_part_after_ten_minutes(monkeypatch):
    granted()
    simulation = request(proposed())
    with monkeypatch.context() as killed:
        killed.setattr(portfolio, "simulate_part", lambda *_given: exit_at_once())
        with pytest.raises(SystemExit):
            work(simulation)

    assert work(simulation, at=AT + timedelta(minutes=9)) is False
    assert requests.unfinished() == [simulation.pk]
    assert work(simulation, at=AT + timedelta(minutes=11)) is True

    assert PolicySimulation.objects.get().state == "done"


def exit_at_once():
    raise SystemExit(1)


def test_a_part_that_cannot_be_computed_fails_the_simulation_and_it_may_be_requested_again(
    monkeypatch,
):
    granted()
    asked = proposed()
    simulation = request(asked)

    def bad(*_given):
        raise ValueError

    with monkeypatch.context() as broken:
        broken.setattr(portfolio, "simulate_part", bad)
        assert work(simulation) is False

    assert PolicySimulation.objects.get().error == "ValueError"
    assert work_all(request(asked)).state == "done"


def test_a_portfolio_without_lines_is_done_at_once():
    assert work_all(request(proposed())).result["lines"] == 0


def test_the_result_is_written_once():
    granted()
    done = work_all(request(proposed()))

    with pytest.raises(IntegrityError, match="result is written, once"), transaction.atomic():
        PolicySimulation.objects.filter(pk=done.pk).update(result={})
    assert PolicySimulation.objects.get().result == done.result


@pytest.mark.parametrize(
    "changed", [{"figures": {"lines": 0}}, {"rows_sha256": "0" * 64}, {"last_id": 0}]
)
def test_the_result_of_a_part_is_written_once(changed):
    granted()
    done = work_all(request(proposed()))
    part = PolicySimulationPart.objects.filter(simulation=done)

    with pytest.raises(IntegrityError, match="written, once"), transaction.atomic():
        part.update(**changed)
    with pytest.raises(ProgrammingError, match="Cannot delete"), transaction.atomic():
        part._raw_delete("default")


def test_the_rows_are_sealed_and_sealed_again_by_a_rotation():
    granted()
    done = work_all(request(proposed()))
    [table] = [one for one in rotation.tables() if one.name == "risk_policysimulationpart"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT rows FROM risk_policysimulationpart")
        [(stored,)] = cursor.fetchall()
    rows = PolicySimulationPart.objects.get().rows

    assert (table.columns, table.is_append_only) == (("rows",), False)
    assert bytes(stored) != rows and rows[:2] == b"\x1f\x8b"
    PolicySimulationPart.objects.update(rows=bytes(rows))  # what a rotation writes
    assert b"".join(requests.csv_of(done)).startswith(b"line,customer")


def test_rows_that_are_not_those_computed_are_not_downloaded():
    granted()
    done = work_all(request(proposed()))
    PolicySimulationPart.objects.update(rows=gzip.compress(b"others"))

    with pytest.raises(AssertionError, match="as they were computed"):
        list(requests.csv_of(done))


def test_every_move_is_on_record():
    granted()
    simulation = work_all(request(proposed()))

    moves = StateChange.objects.filter(
        subject_type="risk.policysimulation", subject_id=simulation.pk
    )
    assert list(moves.order_by("pk").values_list("transition", "actor")) == [
        ("request", "policy-maker"), ("begin", "system:simulation"),
        ("finish", "system:simulation"),
    ]  # fmt: skip


def test_the_sweep_goes_on_with_what_no_worker_received(monkeypatch):
    granted()
    request(proposed())
    monkeypatch.setattr(tasks.simulate_policy, "delay", tasks.simulate_policy)

    tasks.sweep_simulations()

    assert PolicySimulation.objects.get().state == "done"
    assert CreditLine.objects.get().limit_fen == 1_400_000


def test_a_request_is_sent_to_the_workers(monkeypatch):
    sent = []
    monkeypatch.setattr(tasks.simulate_policy, "delay", sent.append)

    for start in requests._starters:
        start(7)

    assert sent == [7, 7]
