"""The accounts of the sandbox bank: one SQLite file, every answer committed before it is given.

``orders`` holds what became of each debit, ``attempts`` every time a number was asked for and
whether the money moved then: a number executed twice would show there as two rows. ``payouts`` and
``payout_attempts`` hold the same of money that is paid out. ``prepays`` holds the payments that
customers may confirm in WeChat; one that was confirmed is an order. ``refunds`` names the order of
each payout that returns its money.
"""

import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import NamedTuple

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
  account TEXT PRIMARY KEY,
  balance_fen INTEGER NOT NULL CHECK (balance_fen >= 0)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS nonces (
  nonce TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS nonce_age ON nonces (at);
CREATE TABLE IF NOT EXISTS prepays (
  number TEXT PRIMARY KEY,
  openid TEXT NOT NULL,
  asked_fen INTEGER NOT NULL CHECK (asked_fen > 0),
  expires_at TEXT NOT NULL,
  prepay_id TEXT NOT NULL UNIQUE,
  sheet TEXT NOT NULL,
  closed_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refunds (
  number TEXT PRIMARY KEY,
  order_number TEXT NOT NULL,
  amount_fen INTEGER NOT NULL CHECK (amount_fen > 0)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS refund_order ON refunds (order_number);
"""
_TABLES = """
CREATE TABLE IF NOT EXISTS {orders} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  number TEXT NOT NULL UNIQUE,
  account TEXT NOT NULL,
  asked_fen INTEGER NOT NULL CHECK (asked_fen > 0),
  taken_fen INTEGER NOT NULL CHECK (taken_fen IN (0, asked_fen)),
  code TEXT NOT NULL,
  reference TEXT NOT NULL,
  at TEXT NOT NULL,
  day TEXT NOT NULL,
  silent_queries INTEGER NOT NULL CHECK (silent_queries >= 0),
  silent_until INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS {index} ON {orders} (day, id) WHERE taken_fen > 0;
CREATE TABLE IF NOT EXISTS {attempts} (
  id INTEGER PRIMARY KEY,
  number TEXT NOT NULL,
  account TEXT NOT NULL,
  asked_fen INTEGER NOT NULL,
  asked_at TEXT NOT NULL,
  code TEXT NOT NULL,
  executed INTEGER NOT NULL CHECK (executed IN (0, 1))
) STRICT;
"""

_PREPAY = "number, openid, asked_fen, expires_at, prepay_id, sheet, closed_at"


class Direction(StrEnum):
    """Which way the money of an order goes; the value names the table of its orders."""

    IN = "orders"
    OUT = "payouts"

    @property
    def attempts(self) -> str:
        """Return the table of the times that a number was asked for."""
        return "attempts" if self is Direction.IN else "payout_attempts"


class Order(NamedTuple):
    """One number and what became of it; times are ISO 8601, ``day`` is of Asia/Shanghai.

    While ``silent_queries`` are left or ``silent_until`` (machine's time, seconds) has not come,
    the bank says that it is still working on the order.
    """

    number: str
    account: str
    asked_fen: int
    taken_fen: int
    code: str
    reference: str
    at: str
    day: str
    silent_queries: int = 0
    silent_until: int = 0


class Prepay(NamedTuple):
    """A payment that a customer may confirm; ``sheet`` is JSON, ``closed_at`` empty while open."""

    number: str
    openid: str
    asked_fen: int
    expires_at: str
    prepay_id: str
    sheet: str
    closed_at: str = ""


class Refund(NamedTuple):
    """Money of an order that went back to the customer."""

    number: str
    order_number: str
    amount_fen: int


class Attempt(NamedTuple):
    """One time that a number was asked for."""

    number: str
    account: str
    asked_fen: int
    asked_at: str
    code: str
    executed: bool


class BankStore:
    """The file and the one connection to it; a transaction at a time."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = Lock()
        self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        # A confirmed debit outlives the machine's power, not only the process.
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA busy_timeout = 5000")
        self._db.executescript(SCHEMA)
        for way in Direction:
            index = "statement" if way is Direction.IN else "payout_statement"
            self._db.executescript(_TABLES.format(orders=way, attempts=way.attempts, index=index))

    def close(self) -> None:
        """Close the file once the transaction under way has ended."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the accounts alone; commit at the end, undo everything on an exception."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def use_nonce(self, nonce: str, *, at: int, keep_seconds: int) -> bool:
        """Remember a nonce; return whether it was new."""
        with self.transaction():
            self._db.execute("DELETE FROM nonces WHERE at < ?", (at - keep_seconds,))
            added = self._db.execute("INSERT OR IGNORE INTO nonces VALUES (?, ?)", (nonce, at))
            return added.rowcount == 1

    def orders(self, numbers: Sequence[str], *, way: Direction) -> dict[str, Order]:
        """Return the orders known by these numbers."""
        rows = self._db.execute(
            "SELECT number, account, asked_fen, taken_fen, code, reference, at, day,"
            " silent_queries, silent_until"
            f" FROM {way} WHERE number IN (SELECT value FROM json_each(?))",  # nosec B608
            (json.dumps(numbers),),
        )
        return {row[0]: Order(*row) for row in rows}

    def balances(self, accounts: Iterable[str]) -> dict[str, int]:
        """Return the balances in fen of those of the accounts that exist."""
        rows = self._db.execute(
            "SELECT account, balance_fen FROM accounts"
            " WHERE account IN (SELECT value FROM json_each(?))",
            (json.dumps(list(accounts)),),
        )
        return dict(rows.fetchall())

    def set_balances(self, balances: Mapping[str, int]) -> None:
        """Set balances in fen, opening the accounts that are new."""
        self._db.executemany(
            "INSERT INTO accounts VALUES (?, ?)"
            " ON CONFLICT (account) DO UPDATE SET balance_fen = excluded.balance_fen",
            balances.items(),
        )

    def add(self, orders: Iterable[Order], attempts: Iterable[Attempt], *, way: Direction) -> None:
        """Write new orders and the attempts that were made."""
        self._db.executemany(
            f"INSERT INTO {way} (number, account, asked_fen, taken_fen, code, reference, at, day,"
            " silent_queries, silent_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # nosec B608
            orders,
        )
        self._db.executemany(
            f"INSERT INTO {way.attempts} (number, account, asked_fen, asked_at, code, executed)"
            " VALUES (?, ?, ?, ?, ?, ?)",  # nosec B608
            attempts,
        )

    def prepays(self, numbers: Sequence[str]) -> dict[str, Prepay]:
        """Return the payments to be confirmed that are known by these numbers."""
        rows = self._db.execute(
            f"SELECT {_PREPAY} FROM prepays"  # nosec B608: names of our own
            " WHERE number IN (SELECT value FROM json_each(?))",
            (json.dumps(numbers),),
        )
        return {row[0]: Prepay(*row) for row in rows}

    def prepay_of(self, prepay_id: str) -> Prepay | None:
        """Return the payment to be confirmed under the id that its sheet names."""
        query = f"SELECT {_PREPAY} FROM prepays WHERE prepay_id = ?"  # nosec B608: names of our own
        row = self._db.execute(query, (prepay_id,)).fetchone()
        return None if row is None else Prepay(*row)

    def add_prepays(self, prepays: Iterable[Prepay]) -> None:
        """Write new payments to be confirmed."""
        self._db.executemany("INSERT INTO prepays VALUES (?, ?, ?, ?, ?, ?, ?)", prepays)

    def close_prepays(self, numbers: Iterable[str], *, closed_at: str) -> None:
        """Close payments that were not confirmed."""
        self._db.executemany(
            "UPDATE prepays SET closed_at = ? WHERE number = ? AND closed_at = ''",
            [(closed_at, number) for number in numbers],
        )

    def refunded_fen(self, order_number: str) -> int:
        """Return how much of an order went back to the customer, in fen."""
        query = "SELECT coalesce(sum(amount_fen), 0) FROM refunds WHERE order_number = ?"
        fen: int = self._db.execute(query, (order_number,)).fetchone()[0]
        return fen

    def add_refunds(self, refunds: Iterable[Refund]) -> None:
        """Write down whose money went back."""
        self._db.executemany("INSERT INTO refunds VALUES (?, ?, ?)", refunds)

    def count_queries(self, numbers: Sequence[str], *, way: Direction) -> None:
        """Count one query against each order that keeps silent for a number of them."""
        self._db.execute(
            f"UPDATE {way} SET silent_queries = silent_queries - 1 WHERE silent_queries > 0"
            " AND number IN (SELECT value FROM json_each(?))",  # nosec B608
            (json.dumps(numbers),),
        )

    def taken_on(
        self, day: str, *, after: int, limit: int, way: Direction
    ) -> list[tuple[int, Order]]:
        """Return the successful orders of a day, by id, from beyond the id ``after``."""
        rows = self._db.execute(
            "SELECT id, number, account, asked_fen, taken_fen, code, reference, at, day,"
            " silent_queries, silent_until"
            f" FROM {way} WHERE day = ? AND id > ? AND taken_fen > 0 ORDER BY id LIMIT ?",  # nosec B608
            (day, after, limit),
        )
        return [(row[0], Order(*row[1:])) for row in rows]

    def forget(self) -> None:
        """Delete every account, order and attempt; nonces stay used."""
        of_ways = (*Direction, *(way.attempts for way in Direction))
        for table in ("accounts", "prepays", "refunds", *of_ways):
            self._db.execute(f"DELETE FROM {table}")  # nosec B608: names of our own


def new_reference() -> str:
    """Return a reference that no other order of any sandbox bank carries."""
    return f"SB{secrets.token_hex(12).upper()}"
