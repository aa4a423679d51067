"""The product's own 9:00 run: the plan, every chunk, guards, triggers and traces on."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from django.db import connection

from backoffice.core import bulk
from backoffice.core.models import JobRun
from backoffice.platform import jobs
from loans import tasks  # noqa: F401 - a worker has its jobs at hand before nine
from loans.collection.queries.due import first_debits
from tests.bench.day import NINE, ON
from tests.bench.fixed_channel import FixedChannel


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
    with _fixed_answers(), counted() as statements:
        planned, chunks = _planned()
        for chunk_id in chunks:
            _work(chunk_id)
    return {
        "bills": planned.planned,
        "chunks": len(chunks),
        "statements_per_chunk": statements.count // max(1, len(chunks)),
    }


def with_two_children() -> Callable[[], dict[str, int]]:
    """Return the run as a worker with two children does it; the children stand ready."""
    connection.close()  # nobody inherits it
    with _fixed_answers():
        children = multiprocessing.get_context("fork").Pool(2, connection.ensure_connection)

    def run() -> dict[str, int]:
        planned, chunks = _planned()
        children.map(_work, chunks, chunksize=1)
        return {"bills": planned.planned, "chunks": len(chunks)}

    return run


def _fixed_answers() -> Any:
    return patch("loans.tasks.debit_channel", FixedChannel)


def _planned() -> tuple[JobRun, list[int]]:
    planned = jobs.claim(jobs.job_named(first_debits(on=ON), on=ON), on=ON, by="bench", at=NINE)
    return planned, list(planned.chunks.values_list("pk", flat=True))


def _work(chunk_id: int) -> None:
    jobs.run_chunk(chunk_id, at=NINE)
