"""The product's own 9:00 run: the plan, every chunk, guards, triggers and traces on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from django.db import connection

from backoffice import bulk, jobs
from loans.queries.due import FIRST_DEBITS
from tests.bench.day import NINE, ON
from tests.bench.given import GivenChannel


@dataclass
class Statements:
    """How many statements went to the database; a COPY is one."""

    count: int = 0

    def wrap(self, execute: Any, *facts: Any) -> Any:
        """Count one statement and execute it."""
        self.count += 1
        return execute(*facts)


@contextmanager
def counted() -> Iterator[Statements]:
    """Count the statements of a block."""
    statements, copy = Statements(), bulk.copy

    def counting(*facts: Any) -> None:
        statements.count += 1
        copy(*facts)

    with connection.execute_wrapper(statements.wrap), patch.object(bulk, "copy", counting):
        yield statements


def run() -> dict[str, int]:
    """Plan and work through the 9:00 run; return bills, chunks and statements per chunk."""
    with patch("loans.tasks.debit_channel", GivenChannel), counted() as statements:
        run = jobs.claim(jobs.slot_named(FIRST_DEBITS), on=ON, at=NINE)
        chunks = list(run.chunks.values_list("pk", flat=True))
        for chunk_id in chunks:
            jobs.run_chunk(chunk_id, at=NINE)
    return {
        "bills": run.planned,
        "chunks": len(chunks),
        "statements_per_chunk": statements.count // max(1, len(chunks)),
    }
