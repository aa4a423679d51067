"""Open lines and latest decisions as a simulation reads them: by COPY, a range at a time."""

import json
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from django.db import connection
from psycopg import sql

from backoffice.core import bulk
from risk.decisions.rules.decision import DecisionInputs
from risk.lines.rules.grant import Asset, AssetKind, Capacity
from risk.simulation.rules.moves import SimulatedLine

CHUNK_LINES, CHUNK_DECISIONS = 20_000, 2_000
LINES, APPLICANTS = "lines", "applicants"


class SimulationRange(NamedTuple):
    """A part of the portfolio: lines by id, or customers without an open line by id."""

    kind: str
    first_id: int
    last_id: int


# One range a part; the parts have as many rows as a chunk, whatever the gaps between the ids.
_RANGES = {
    LINES: "SELECT id FROM risk_creditline WHERE state <> 'closed'",
    APPLICANTS: (
        "SELECT DISTINCT customer_id AS id FROM risk_assessment AS asked WHERE scored_at IS NOT "
        "NULL AND NOT EXISTS (SELECT FROM risk_creditline AS line WHERE line.customer_id = "
        "asked.customer_id AND line.state <> 'closed')"
    ),
}
# The latest inputs first: read backward along the index by line and id.
_LINES = sql.SQL(
    "COPY (SELECT line.id, line.customer_id, line.limit_fen, line.growth, line.model_part, "
    "inputs.income_fen, inputs.occupation_permille, inputs.assets, inputs.consumption_permille, "
    "inputs.has_low_income_override, inputs.agreed_part FROM risk_creditline AS line LEFT JOIN ("
    "SELECT DISTINCT ON (line_id) * FROM risk_modelinputs WHERE line_id BETWEEN {first} AND {last} "
    "ORDER BY line_id DESC, id DESC) AS inputs ON inputs.line_id = line.id WHERE line.id BETWEEN "
    "{first} AND {last} AND line.state <> 'closed' ORDER BY line.id) TO STDOUT"
)
_DECISIONS = """
SELECT DISTINCT ON (customer_id) customer_id, inputs::text FROM risk_assessment AS asked
WHERE scored_at IS NOT NULL AND {where} ORDER BY customer_id, id DESC
"""
_NULL = "\\N"


def ranges(kind: str, *, rows: int) -> list[SimulationRange]:
    """Return the ranges of a kind with this many rows each, in the order of their ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(id), max(id) FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / "
            f"%s AS part FROM ({_RANGES[kind]}) AS found) AS parts "  # nosec B608 - constants only
            "GROUP BY part ORDER BY part",
            [rows],
        )
        return [SimulationRange(kind, first, last) for first, last in cursor.fetchall()]


def lines_in(part: SimulationRange) -> list[SimulatedLine]:
    """Return the open lines of a range with their latest inputs, in the order of their ids."""
    statement = _LINES.format(first=sql.Literal(part.first_id), last=sql.Literal(part.last_id))
    with connection.cursor() as cursor, cursor.copy(statement) as stream:
        text = b"".join(stream).decode()
    return list(_parsed(text))


def decisions_of(customer_ids: Sequence[int]) -> dict[int, DecisionInputs]:
    """Return the frozen inputs of the latest decision of each customer who has one."""
    return _decisions("customer_id = ANY(%s::bigint[])", [bulk.array(customer_ids)])


def applicants_in(part: SimulationRange) -> dict[int, DecisionInputs]:
    """Return the inputs of the latest decisions of customers of a range without an open line."""
    where = (
        "customer_id BETWEEN %s AND %s AND NOT EXISTS (SELECT FROM risk_creditline AS line WHERE "
        "line.customer_id = asked.customer_id AND line.state <> 'closed')"
    )
    return _decisions(where, [part.first_id, part.last_id])


def _decisions(where: str, parameters: list[int | str]) -> dict[int, DecisionInputs]:
    with connection.cursor() as cursor:
        cursor.execute(_DECISIONS.format(where=where), parameters)
        return {
            customer_id: DecisionInputs.from_json(json.loads(inputs))
            for customer_id, inputs in cursor.fetchall()
        }


def _parsed(text: str) -> Iterator[SimulatedLine]:
    for row in text.splitlines():
        line, customer, limit, growth, part, income, occupation, assets, spent, lifted, agreed = (
            row.split("\t")
        )
        if income == _NULL:  # a line without inputs keeps the model part it has, if any
            capacity, agreed = None, part
        else:
            capacity = Capacity(
                int(income), int(occupation), _assets(assets), int(spent), lifted == "t"
            )
        yield SimulatedLine(
            int(line),
            int(customer),
            int(limit),
            _exact(growth),
            capacity,
            _exact(agreed) if agreed else None,
        )


@lru_cache(maxsize=1 << 14)
def _exact(text: str) -> Fraction:
    return Fraction(text)


def _assets(text: str) -> Sequence[Asset]:
    if text == "[]":
        return ()
    stored = json.loads(text.replace("\\\\", "\\"))
    return [Asset(AssetKind(one["kind"]), one["number"]) for one in stored]
