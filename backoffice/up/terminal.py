"""Ctrl-C for the launcher only: ``make`` above it would end by the signal and report a failure."""

import ctypes
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from backoffice.up.parent_death_signal import PR_SET_PDEATHSIG


def end_with_make() -> None:
    """Stop when the ``make`` above is killed, because no terminal signal would arrive.

    The shell takes the terminal back from a killed job and does not know our process group.
    """
    with suppress(OSError):  # not on Linux: only an orderly stop is supported
        if Path(f"/proc/{os.getppid()}/comm").read_text() in {"make\n", "gmake\n"}:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@contextmanager
def own_foreground() -> Iterator[None]:
    """Become the terminal's foreground group during the block if another process leads ours."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:  # no terminal: nobody types Ctrl-C
        yield
        return
    before = os.tcgetpgrp(terminal)
    if before != os.getpgrp() or before == os.getpid():
        os.close(terminal)
        yield
        return
    os.setpgid(0, 0)
    _give(terminal, os.getpgrp())
    # The shell watches the other group: stopped by Ctrl-Z, ours would hold the terminal for good.
    stop = signal.signal(signal.SIGTSTP, _disregard)
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, stop)
        with suppress(OSError):  # the terminal was closed: there is nothing to give back
            _give(terminal, before)
        os.close(terminal)


def _disregard(_: int, __: FrameType | None) -> None:
    """Do nothing; unlike SIG_IGN, this is not inherited by the processes we start."""


def _give(terminal: int, group: int) -> None:
    """Make a group the foreground; blocked, SIGTTOU does not stop a background caller."""
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        os.tcsetpgrp(terminal, group)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
