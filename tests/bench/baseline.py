"""The baseline: the rows of a 9:00 run, written as fast as the database accepts them.

One COPY per table for new rows and one UPDATE per table for changed rows, in one transaction, all
computed beforehand. The tables keep their indexes, keys and checks; the product's triggers are off,
without decisions, locks, calls or state changes.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import psycopg
from django.db import models
from psycopg import sql

from backoffice.core.models import JobRun, StateChange
from loans.accounting.queries.positions import LOAN_COLUMNS, PART_COLUMNS
from loans.models import (
    Bill,
    Charge,
    DebitOrder,
    Instalment,
    Loan,
    Repayment,
    RepaymentAllocation,
    Transfer,
)
from risk.models import Conduct, CreditLine
from tests.bench.databases import owner

NEW = (JobRun, DebitOrder, Repayment, RepaymentAllocation, Charge, Transfer,
       StateChange, Conduct)  # fmt: skip


class Changed(NamedTuple):
    """What a run changes of a table: the columns, and the rows by a query of their ids."""

    model: type[models.Model]
    columns: tuple[str, ...]
    rows: str


_BILL_COLUMNS = (
    "paid_fen", "last_paid_on", "shortfall_fen", "paid_on", "refusals", "debit_on", "refused_on",
)  # fmt: skip
_BILLS = "SELECT bill_id FROM loans_debitorder"
_LOANS = "SELECT loan_id FROM loans_repaymentallocation"
CHANGED = (
    Changed(Bill, ("state", *_BILL_COLUMNS), _BILLS),
    Changed(Loan, ("state", *LOAN_COLUMNS), _LOANS),
    Changed(
        Instalment,
        PART_COLUMNS,
        f"SELECT id FROM loans_instalment WHERE loan_id IN ({_LOANS})",
    ),
    Changed(
        CreditLine,
        ("drawn_fen",),
        f"SELECT line_id FROM loans_loan WHERE id IN ({_LOANS})",
    ),
)


class Written(NamedTuple):
    """What a run leaves behind: the tables with new rows, and those with changed ones."""

    new: tuple[type[models.Model], ...]
    changed: tuple[Changed, ...]


DEBITS = Written(NEW, CHANGED)


def capture(template: str, database: str, folder: Path, written: Written = DEBITS) -> None:
    """Write down what a run has added to and changed in the copy of a portfolio, a file a table."""
    with owner(template) as before, owner(database) as after:
        for model in written.new:
            last = before.execute(_last_id(model)).fetchone()
            assert last is not None
            _save(after, folder / table(model), _added(model, last[0]))
        for changed in written.changed:
            _save(after, folder / table(changed.model), _values(changed))


def table(model: type[models.Model]) -> str:
    """Return the table of a model."""
    return model._meta.db_table


def _last_id(model: type[models.Model]) -> sql.Composed:
    return sql.SQL("SELECT coalesce(max(id), 0) FROM {}").format(sql.Identifier(table(model)))


def _added(model: type[models.Model], last_id: int) -> sql.Composed:
    return sql.SQL("SELECT * FROM {} WHERE id > {} ORDER BY id").format(
        sql.Identifier(table(model)), sql.Literal(last_id)
    )


def _values(changed: Changed) -> sql.Composed:
    return sql.SQL("SELECT id, {} FROM {} WHERE id IN ({}) ORDER BY id").format(
        _listed(changed.columns), sql.Identifier(table(changed.model)), sql.SQL(changed.rows)
    )


def _listed(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _save(connection: psycopg.Connection, file: Path, query: sql.Composed) -> None:
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(query)
    with file.open("wb") as stream, connection.cursor().copy(statement) as copy:
        stream.writelines(copy)


def prepare(connection: psycopg.Connection, folder: Path, written: Written = DEBITS) -> None:
    """Do what is not on the clock: triggers off, the new values of old rows in temporary tables."""
    for model in (*written.new, *(changed.model for changed in written.changed)):
        connection.execute(
            sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table(model)))
        )
    for changed in written.changed:
        name = sql.Identifier(f"new_{table(changed.model)}")
        connection.execute(
            sql.SQL("CREATE TEMP TABLE {} AS SELECT id, {} FROM {} WHERE false").format(
                name, _listed(changed.columns), sql.Identifier(table(changed.model))
            )
        )
        _load(connection, name, folder / table(changed.model))
        connection.execute(sql.SQL("ANALYZE {}").format(name))


def _load(connection: psycopg.Connection, name: sql.Identifier, file: Path) -> None:
    statement = sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(name)
    with connection.cursor().copy(statement) as copy:
        copy.write(file.read_bytes())


def write(connection: psycopg.Connection, folder: Path, written: Written = DEBITS) -> None:
    """Write everything, one statement a table."""
    with connection.transaction():
        for model in written.new:
            _load(connection, sql.Identifier(table(model)), folder / table(model))
        for changed in written.changed:
            connection.execute(_update(changed))


def _update(changed: Changed) -> sql.Composed:
    return sql.SQL("UPDATE {table} SET {sets} FROM {new} AS new WHERE {table}.id = new.id").format(
        table=sql.Identifier(table(changed.model)),
        new=sql.Identifier(f"new_{table(changed.model)}"),
        sets=sql.SQL(", ").join(_sets(changed.columns)),
    )


def _sets(columns: Sequence[str]) -> Iterator[sql.Composed]:
    for column in columns:
        yield sql.SQL("{0} = new.{0}").format(sql.Identifier(column))
