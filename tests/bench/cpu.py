"""CPU seconds of a block: of this process, and of the server process of its connection."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connection

_TICKS = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME = 11, 12  # after the name of the process, which may hold blanks


def of_process(pid: int) -> float:
    """Return the CPU seconds a process has used, from ``/proc``.

    Raises:
        FileNotFoundError: it does not run on this machine.
    """
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS


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
