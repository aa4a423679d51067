"""Rewrites a PDF in a process of its own, with bounded time and memory.

A hostile file may fill the memory, loop, or end the process that parses it. That process holds no
settings and no connections, writes no files, and is not the web's. Few of them run at a time, so
that uploads never occupy every thread of the web.
"""

import resource
import subprocess
import sys
import threading
from pathlib import Path
from typing import NamedTuple

from accounts.proofs.rules.pdfs import BadPdf, PdfFault, rewrite

_ROOT = Path(__file__).resolve().parents[2]
_FAULTS = tuple(PdfFault)
_FIRST_FAULT = 10  # exit codes from here on are faults, in the order of the enum


class PdfBudget(NamedTuple):
    """What one file may cost: seconds on the clock and of the processor, bytes of memory."""

    seconds_max: float = 20
    cpu_seconds_max: int = 10
    memory_bytes_max: int = 1 << 30


BUDGET = PdfBudget()
AT_ONCE_MAX = 2  # of the web's four threads
WAIT_SECONDS_MAX = 2
_running = threading.BoundedSemaphore(AT_ONCE_MAX)


class PdfProcessesBusy(Exception):
    """As many files are read at the moment as may be."""


def rewrite_apart(data: bytes, *, budget: PdfBudget = BUDGET) -> bytes:
    """Return a PDF written again, as ``pdfs.rewrite`` does.

    Raises:
        BadPdf: with its fault; a file that exceeds the budget or ends the process is too large.
        PdfProcessesBusy: too many files are read at the moment.
    """
    if not _running.acquire(timeout=WAIT_SECONDS_MAX):
        raise PdfProcessesBusy
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__, str(budget.cpu_seconds_max),
             str(budget.memory_bytes_max)],
            input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=_ROOT, env={},
            timeout=budget.seconds_max, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise BadPdf(PdfFault.TOO_LARGE) from None
    finally:
        _running.release()
    if done.returncode == 0:
        return done.stdout
    number = done.returncode - _FIRST_FAULT
    raise BadPdf(_FAULTS[number] if 0 <= number < len(_FAULTS) else PdfFault.TOO_LARGE)


def _main(cpu_seconds_max: int, memory_bytes_max: int) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds_max, cpu_seconds_max))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes_max, memory_bytes_max))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        written = rewrite(sys.stdin.buffer.read())
    except BadPdf as bad:
        return _FIRST_FAULT + _FAULTS.index(bad.fault)
    sys.stdout.buffer.write(written)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(_main(*map(int, sys.argv[1:])))
