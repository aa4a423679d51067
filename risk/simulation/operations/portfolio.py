"""A draft of product numbers over the whole portfolio: computed, written to a file, never applied.

Each part of the portfolio is read in a transaction that the database keeps from writing. Parts are
worked on by processes of their own; a part holds some 20,000 lines in memory, whatever the size of
the portfolio. What changes meanwhile is seen by the parts that are read later.
"""

import gc
import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, cast

from django.db import connection, transaction
from django.db.backends.postgresql.base import DatabaseWrapper
from django.utils.translation import gettext_lazy as _

from accounts.policy import AccountPolicy
from backoffice.core import policy
from risk.policy import LimitPolicy, ScoringPolicy
from risk.simulation.queries import portfolio as queries
from risk.simulation.queries.portfolio import SimulationRange
from risk.simulation.rules import figures, moves
from risk.simulation.rules.drafts import Overrides, SimulationSides
from risk.simulation.rules.figures import SimulationFigures
from risk.simulation.rules.moves import LineMove, SimulatedNumbers

HEADINGS = ("line,customer,before_fen,after_fen,delta_fen,reason,decision_before,decision_after,"
            "grade_before,grade_after")  # fmt: skip
Advance = Callable[[int], None]


class SimulationPart(NamedTuple):
    """The figures of a part, and its rows as CSV without headings."""

    figures: SimulationFigures
    rows: str


def sides(overrides: Overrides, *, on: date) -> SimulationSides:
    """Return the numbers in force on a day and those under a draft, each checked as a whole.

    Raises:
        policy.BadPolicyError: an app or field is unknown, or a value is refused.
    """
    in_force = {app: policy.overridden(app, on=on) for app in policy.registered()}
    drafted = dict(in_force)
    for app, values in overrides.items():
        if app not in in_force or not isinstance(values, Mapping):
            known = ", ".join(in_force)
            why = _("it must be fields of a policy: {known}").format(known=known)
            raise policy.BadPolicyError(app=app, field=app, value=policy.shortened(values), why=why)
        drafted[app] = {**in_force[app], **values}
        policy.draft(app, drafted[app])
    return SimulationSides(_numbers(in_force), _numbers(drafted))


def plan(of: SimulationSides) -> list[SimulationRange]:
    """Return the parts of the portfolio: open lines, and applicants where decisions are made again.

    A decision takes many times as long as a limit: parts with decisions are smaller.
    """
    if not of.redecides:
        return queries.ranges(queries.LINES, rows=queries.CHUNK_LINES)
    return [
        part
        for kind in (queries.LINES, queries.APPLICANTS)
        for part in queries.ranges(kind, rows=queries.CHUNK_DECISIONS)
    ]


def simulate_part(part: SimulationRange, of: SimulationSides) -> SimulationPart:
    """Return what the draft does to a part of the portfolio; nothing is written."""
    with _not_collecting(), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        found = _moves(part, of)
        return SimulationPart(figures.of_moves(found), "".join(map(_row, found)))


def simulate(
    of: SimulationSides, *, csv_file: Path, processes: int, advance: Advance = lambda _lines: None
) -> SimulationFigures:
    """Simulate the portfolio and write the rows of all lines to a file; return the figures.

    ``processes`` above 1 are forked: the caller has no transaction open. ``advance`` is called with
    the number of lines and applicants of each finished part.
    """
    parts = plan(of)
    found = []
    with TemporaryDirectory(dir=csv_file.parent) as folder, csv_file.open("w") as whole:
        whole.write(f"{HEADINGS}\n")
        work = partial(_to_file, of=of, folder=Path(folder))
        for of_part, rows in _mapped(work, parts, processes):
            found.append(of_part)
            whole.write(rows.read_text())
            rows.unlink()
            advance(of_part.lines + of_part.applicants)
    return figures.merged(found)


def result_of(found: SimulationFigures, *, of: SimulationSides, on: date) -> dict[str, Any]:
    """Return the result of a simulation as JSON holds it."""
    return {
        "on": on.isoformat(),
        "changed": of.changed(),
        "later_only": of.later_only(),
        **asdict(found),
    }


def _numbers(by_app: Mapping[str, Mapping[str, Any]]) -> SimulatedNumbers:
    named = {known: app for app, known in policy.registered().items()}
    scoring, limits, accounts = (
        policy.draft(named[known], by_app[named[known]])
        for known in (ScoringPolicy, LimitPolicy, AccountPolicy)
    )
    return SimulatedNumbers(scoring, limits, accounts.limit_max_fen)


def _moves(part: SimulationRange, of: SimulationSides) -> list[LineMove]:
    before, after = of
    if part.kind == queries.APPLICANTS:
        return [
            moves.applicant_move(customer_id, moves.decision_move(inputs, before, after))
            for customer_id, inputs in queries.applicants_in(part).items()
        ]
    lines = queries.lines_in(part)
    if not of.redecides:
        return [moves.line_move(line, before, after) for line in lines]
    asked = queries.decisions_of([line.customer_id for line in lines])
    decided = {
        customer_id: moves.decision_move(inputs, before, after)
        for customer_id, inputs in asked.items()
    }
    return [
        moves.line_move(line, before, after, decision=decided.get(line.customer_id))
        for line in lines
    ]


def _row(move: LineMove) -> str:
    line, customer, was, now, reason, _was, _is, decision = move
    of_decision = ",,,"
    if decision is not None:
        of_decision = ",".join(decision)
    return f"{line or ''},{customer},{was},{now},{now - was},{reason.value},{of_decision}\n"


def _to_file(
    part: SimulationRange, *, of: SimulationSides, folder: Path
) -> tuple[SimulationFigures, Path]:
    done = simulate_part(part, of)
    rows = folder / f"{part.kind}-{part.first_id}.csv"
    rows.write_text(done.rows)
    return done.figures, rows


def _mapped(work: Any, parts: list[SimulationRange], processes: int) -> Iterator[Any]:
    """Yield what the work returns for each part, in order."""
    if processes == 1 or len(parts) < 2:
        yield from map(work, parts)
        return
    connection.close()
    cast(DatabaseWrapper, connection).close_pool()
    workers = min(processes, len(parts))
    with multiprocessing.get_context("fork").Pool(workers, _forget_connection) as pool:
        yield from pool.imap(work, parts)


def _forget_connection() -> None:
    """Let a process that was forked connect on its own.

    Django keeps one connection for a thread and another for its event loop: the fork of a thread
    with a loop, where the latter was closed, would find the former.
    """
    connection.connection = None


@contextmanager
def _not_collecting() -> Iterator[None]:
    """Switch the garbage collector off: a part keeps its rows until its end, and has no cycles."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
