"""CPU seconds, from ``/proc``: of a process, of a process with its children, of the database."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.db import connection

_TICKS = os.sysconf("SC_CLK_TCK")
# Positions after the name of the process, which may hold blanks.
_PARENT, _UTIME, _STIME, _CHILDREN_UTIME, _CHILDREN_STIME = 1, 11, 12, 13, 14


def of_process(pid: int) -> float:
    """Return the CPU seconds a process has used.

    Raises:
        FileNotFoundError: it does not run on this machine.
    """
    fields = _fields(pid)
    return (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS


def of_tree(pid: int) -> float:
    """Return the CPU seconds of a process and its children, of those that have ended too."""
    processes = _processes()
    tree, found = {pid}, {pid}
    while found:
        found = {each for each, fields in processes.items() if int(fields[_PARENT]) in found}
        tree |= found
    times = [processes[each][_UTIME : _CHILDREN_STIME + 1] for each in tree if each in processes]
    return sum(int(value) for each in times for value in each) / _TICKS


def database() -> int:
    """Return the first process of the database, whose children serve the connections."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(_fields(cursor.fetchone()[0])[_PARENT])


def _fields(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _processes() -> dict[int, list[str]]:
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            found[int(path.name)] = _fields(int(path.name))
    return found


def one_backend() -> int:
    """Return the server process of the connection, which does everything itself from now on.

    Parallel workers are processes of their own, gone before anybody can ask what they used.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")
        cursor.execute("SELECT pg_backend_pid()")
        pid: int = cursor.fetchone()[0]
        return pid


def measured(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """Do some work; return its result and the CPU seconds of client and server."""
    pid = one_backend()
    server, client = of_process(pid), time.process_time()
    result = work()
    return result, {
        "client": time.process_time() - client,
        "server": of_process(pid) - server,
    }
