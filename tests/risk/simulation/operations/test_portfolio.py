"""A draft over a portfolio: what recompute does on the day, to the fen, and nothing is written."""

import asyncio
import csv
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import duckdb
import pytest
from django.db import InternalError, connection, transaction

from backoffice.core.policy import BadPolicyError
from risk.lines import operations as lines
from risk.models import Assessment, CreditLine
from risk.policy import LimitPolicy
from risk.simulation.operations import portfolio
from risk.simulation.queries import portfolio as queries
from risk.simulation.rules.moves import MoveReason
from tests.bench.decisions import FROZEN
from tests.generated_lines import store
from tests.policies import put_in_force
from tests.risk.lines.making import BY, day, granted, moment

ON = date(2026, 10, 2)
COUNT = 10_000
DRAFTS = (
    {"limits": {"income_permille": 2300, "low_income_limit_fen": 800_000, "house_percent": 5}},
    {"limits": {"limit_min_fen": 300_000, "limit_step_fen": 50_000, "assets_max_percent": 20}},
    {"accounts": {"lender_type": "MICRO"}, "limits": {"low_income_fen": 800_000}},
    {
        "limits": {
            "limit_min_fen": 10_000,
            "limit_step_fen": 2_000,
            "vehicle_percent": 15,
            "other_asset_percent": 0,
        }
    },
)


def simulated(overrides, folder, *, processes=1):
    of = portfolio.sides(overrides, on=ON)
    found = portfolio.simulate(of, csv_file=folder / "rows.csv", processes=processes)
    text = (folder / "rows.csv").read_text()
    return found, list(csv.DictReader(text.splitlines()))


def everything():
    """Return count and versions of the rows of every table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND "
            "relnamespace = 'public'::regnamespace ORDER BY 1"
        )
        found = {}
        for (name,) in cursor.fetchall():
            cursor.execute(
                f'SELECT count(*), sum(hashtext(xmin::text || ctid::text)) FROM "{name}"'
            )
            found[name] = cursor.fetchone()
        return found


@pytest.mark.django_db
@pytest.mark.parametrize("draft", DRAFTS[:2])
def test_a_simulation_gives_the_targets_that_recompute_gives_on_the_day(draft, tmp_path):
    store(400, seed=11)
    _found, rows = simulated(draft, tmp_path)

    for app, overrides in draft.items():
        put_in_force(app, overrides, on=ON)
    ids = [*CreditLine.objects.values_list("pk", flat=True)]
    lines.recompute(ids, by=BY, on=ON, at=moment(ON))

    stored = {one.pk: one for one in CreditLine.objects.exclude(state="closed")}
    assert {int(row["line"]) for row in rows} == {*stored}
    assert {
        int(row["line"]): int(row["after_fen"]) for row in rows if row["reason"] != "no-model-part"
    } == {n: one.target_fen for n, one in stored.items() if one.model_part}


@pytest.mark.django_db
def test_a_simulation_changes_nothing(tmp_path):
    store(300, seed=5)
    before = everything()

    found, rows = simulated(DRAFTS[0], tmp_path)

    assert everything() == before
    assert found.lines == len(rows) > 250


@pytest.mark.django_db
def test_the_database_keeps_a_simulation_from_writing(monkeypatch):
    granted()
    of = portfolio.sides(DRAFTS[0], on=ON)
    [part] = portfolio.plan(of)
    monkeypatch.setattr(
        queries, "lines_in", lambda _part: CreditLine.objects.update(limit_fen=1) and []
    )

    with pytest.raises(InternalError, match="read-only"), transaction.atomic():
        portfolio.simulate_part(part, of)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        ({"limits": {"income_permile": 2000}}, "income_permile"),
        ({"limits": {"income_permille": "2000"}}, "income_permille"),
        ({"limits": {"income_permille": 0}}, "income_permille"),
        ({"limit": {"income_permille": 2000}}, "limit"),
        ({"limits": 5}, "limits"),
        (
            {"scoring": {"payment_weight_percent": 31}},
            "payment_weight_percent, social_weight_percent, wealth_weight_percent, "
            "consumption_weight_percent, performance_weight_percent",
        ),
    ],
)
def test_a_bad_draft_is_refused_by_its_field(overrides, field):
    with pytest.raises(BadPolicyError) as refused:
        portfolio.sides(overrides, on=ON)

    assert refused.value.facts["field"] == field


@pytest.mark.django_db
def test_the_numbers_in_force_are_those_of_the_day():
    put_in_force("limits", {"income_permille": 2500}, on=day(5))

    assert portfolio.sides({}, on=day(4)).before.limits == LimitPolicy()
    assert portfolio.sides({}, on=day(5)).before.limits.income_permille == 2500


def scored(customer):
    """Store a decision with frozen inputs, past the states."""
    at = moment(ON)
    one = Assessment.objects.create(customer=customer, requested_at=at, due_at=moment(day(9)))
    frozen = replace(FROZEN, features=replace(FROZEN.features, customer_id=customer.pk))
    Assessment.objects.filter(pk=one.pk).update(
        inputs=frozen.as_json(), policies={}, result={}, scored_at=at
    )


@pytest.mark.django_db
def test_a_draft_of_the_score_decides_again_on_lines_and_applicants(tmp_path):
    line = granted()
    alone = granted()
    lines.close([alone.customer_id], by=BY, reason="left", at=moment(ON))
    granted()  # without an assessment
    scored(line.customer)
    scored(alone.customer)
    grades = ("c", "b", "bb", "bbb", "a", "aa", "aaa")
    draft = {f"grade_{grade}_min": 843 + n for n, grade in enumerate(grades)}

    found, rows = simulated({"scoring": draft}, tmp_path)

    assert (found.lines, found.applicants, found.refused, found.approved) == (2, 1, 2, 0)
    assert found.grade_down == sum(found.grades.values()) == 2
    assert [row["reason"] for row in rows] == ["refused", "unchanged", "refused"]
    assert (rows[2]["line"], rows[2]["decision_after"]) == ("", "refused")


def together(folder):
    """Simulate with two processes, and close what the caller has opened."""
    try:
        return simulated(DRAFTS[1], folder, processes=2)
    finally:
        connection.close()
        connection.close_pool()


@pytest.mark.parametrize("pool", [None, {"min_size": 1}])
def test_two_processes_give_what_one_gives(committed_db, tmp_path, monkeypatch, pool):
    connection.close_pool()
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "pool", pool)
    monkeypatch.setattr(queries, "CHUNK_LINES", 150)
    store(700, seed=8)

    alone = simulated(DRAFTS[1], tmp_path)

    assert together(tmp_path) == alone
    assert [*tmp_path.iterdir()] == [tmp_path / "rows.csv"]


def test_processes_do_not_share_the_connection_of_a_thread_with_a_loop(
    committed_db, tmp_path, monkeypatch
):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    monkeypatch.setattr(queries, "CHUNK_LINES", 150)
    store(700, seed=8)
    alone = simulated(DRAFTS[1], tmp_path)

    async def in_a_loop():
        return together(tmp_path)

    # In a thread of its own: a browser test of the same process may have left a loop in this one.
    with ThreadPoolExecutor(1) as executor:
        assert executor.submit(asyncio.run, in_a_loop()).result() == alone


def test_a_second_program_computes_the_same_sums(committed_db, tmp_path):
    store(COUNT, seed=1)
    for name in ("creditline", "modelinputs"):
        copied_to(tmp_path / f"{name}.csv", name)
    reasons = set()
    for draft in DRAFTS:
        of = portfolio.sides(draft, on=ON)

        found, rows = simulated(draft, tmp_path)

        reasons |= {row["reason"] for row in rows}
        assert in_sql(tmp_path, of) == {
            int(row["line"]): (int(row["before_fen"]), int(row["after_fen"])) for row in rows
        }
        assert (found.before_fen, found.after_fen) == tuple(
            sum(int(row[name]) for row in rows) for name in ("before_fen", "after_fen")
        )
    assert reasons == {*MoveReason} - {MoveReason.APPROVED, MoveReason.REFUSED}


def copied_to(file, name):
    statement = f"COPY risk_{name} TO STDOUT WITH (FORMAT csv, HEADER)"
    with connection.cursor() as cursor, cursor.copy(statement) as stream:
        file.write_bytes(b"".join(stream))


_TARGETS = """
WITH latest AS (
  SELECT * FROM read_csv('{folder}/modelinputs.csv', all_varchar = true, auto_detect = false,
    header = true, quote = '"', escape = '"', columns = {input_columns})
  QUALIFY row_number() OVER (PARTITION BY line_id ORDER BY id::BIGINT DESC) = 1
), listed AS (
  SELECT line_id, unnest(from_json(assets, '[{{"kind":"VARCHAR","number":"VARCHAR"}}]')) AS asset
  FROM latest
), each AS (
  SELECT line_id, asset.number, min(CASE asset.kind WHEN 'house' THEN {house_percent}
    WHEN 'vehicle' THEN {vehicle_percent} ELSE {other_asset_percent} END) AS share
  FROM listed GROUP BY ALL
), added AS (
  SELECT line_id, least(sum(share), {assets_max_percent})::HUGEINT AS percent
  FROM each GROUP BY line_id
), amounts AS (
  SELECT line.id, line.limit_fen::HUGEINT AS limit_fen, line.growth, line.model_part,
    latest.line_id IS NULL AS is_bare, latest.agreed_part AS agreed,
    latest.income_fen::HUGEINT * {income_permille} * latest.occupation_permille::HUGEINT
      * (100 + coalesce(added.percent, 0)) * latest.consumption_permille::HUGEINT AS amount,
    latest.income_fen::HUGEINT <= {low_income_fen} AND latest.has_low_income_override = 'f'
      AS is_low
  FROM read_csv('{folder}/creditline.csv', all_varchar = true) AS line
  LEFT JOIN latest ON latest.line_id = line.id LEFT JOIN added ON added.line_id = line.id
  WHERE line.state <> 'closed'
), parts AS (
  SELECT *, CASE WHEN is_bare THEN model_part ELSE agreed END AS given FROM amounts
), exact AS (
  SELECT id, limit_fen, is_bare AND coalesce(model_part, '') = '' AS is_kept,
    CASE WHEN coalesce(given, '') <> '' THEN split_part(given, '/', 1)::HUGEINT
      WHEN is_low THEN least(amount, {low_income_limit_fen} * 100000000000::HUGEINT)
      ELSE amount END * split_part(growth, '/', 1)::HUGEINT AS n,
    CASE WHEN coalesce(given, '') <> ''
      THEN coalesce(nullif(split_part(given, '/', 2), ''), '1')::HUGEINT
      ELSE 100000000000 END * coalesce(nullif(split_part(growth, '/', 2), ''), '1')::HUGEINT AS d
  FROM parts
), capped AS (
  SELECT id, limit_fen, is_kept, d, least(n, {cap_fen} * d) AS n FROM exact
)
SELECT id::BIGINT, (CASE WHEN is_kept THEN limit_fen
  WHEN n > limit_fen * d THEN greatest(limit_fen, n // d // {limit_step_fen} * {limit_step_fen})
  ELSE least(limit_fen, greatest({limit_min_fen},
    ((n + d - 1) // d + {limit_step_fen} - 1) // {limit_step_fen} * {limit_step_fen})) END)::BIGINT
FROM capped
"""


def in_sql(folder, of):
    """Return the targets of both sides by line, computed by DuckDB in whole numbers."""
    with (folder / "modelinputs.csv").open() as file:
        names = next(csv.reader(file))
    columns = json.dumps(dict.fromkeys(names, "VARCHAR"))
    targets = []
    for side in of:
        numbers = {name: getattr(side.limits, name) for name in side.limits.__slots__}
        statement = _TARGETS.format(
            folder=folder, input_columns=columns, cap_fen=side.cap_fen, **numbers
        )
        with duckdb.connect() as second:
            targets.append(dict(second.execute(statement).fetchall()))
    before, after = targets
    return {line: (before[line], after[line]) for line in before}
