"""The processes of one start: each bound to its parent, shown with a prefix, ended in order."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from backoffice.up.console import LaunchError, paint, put
from backoffice.up.paths import ROOT

PARENT_DEATH_SIGNAL = Path(__file__).with_name("parent_death_signal.py")
COLOURS = {"bank": "34", "web": "36", "worker": "35", "beat": "33"}
# Processes that stop together; the services stop last because the others need them.
STOP_ORDER = (("beat", "web", "worker"), ("bank",), ("valkey",), ("postgresql",))
GRACE_SECONDS = 8.0


def bound_to_parent(
    command: Sequence[str], *, ends_with: signal.Signals = signal.SIGTERM, uid: int | None = None
) -> list[str]:
    """Return the command wrapped so that it ends with the calling process."""
    user = os.getuid() if uid is None else uid
    prefix = [sys.executable, "-I", "-S", str(PARENT_DEATH_SIGNAL), str(os.getpid())]
    return [*prefix, str(int(ends_with)), str(user), *command]


@dataclass(frozen=True)
class Child:
    """A child process and its log file."""

    name: str
    process: subprocess.Popen[str]
    log: Path
    stop_signal: signal.Signals
    pump: threading.Thread | None = None

    def last_output(self) -> str:
        """Return the end of the log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-12:])


class ProcessGroup:
    """The processes of one launcher; leaving the ``with`` block stops them in order."""

    def __init__(self, run: Path) -> None:
        self.run = run
        self.children: list[Child] = []

    def __enter__(self) -> "ProcessGroup":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start_service(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        stop_signal: signal.Signals,
        uid: int | None = None,
    ) -> Child:
        """Start a service that writes only to its log, in a folder that any user can enter."""
        bound = bound_to_parent(command, ends_with=stop_signal, uid=uid)
        with self.log(name).open("w") as log:
            process = subprocess.Popen(
                bound,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                text=True,
                env=env,
                cwd="/",
                start_new_session=True,
            )
        return self._adopt(Child(name, process, self.log(name), stop_signal))

    def start(self, name: str, command: Sequence[str], *, env: Mapping[str, str]) -> Child:
        """Start a process of the product; its output goes to its log and to the terminal."""
        process = subprocess.Popen(
            bound_to_parent(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env=env,
            cwd=ROOT,
            start_new_session=True,
        )
        assert process.stdout is not None
        pump = threading.Thread(
            target=_pump, args=(name, process.stdout, self.log(name)), daemon=True
        )
        pump.start()
        return self._adopt(Child(name, process, self.log(name), signal.SIGTERM, pump))

    def log(self, name: str) -> Path:
        """Return the file that keeps a process's output."""
        return self.run / f"{name}.log"

    def _adopt(self, child: Child) -> Child:
        self.children.append(child)
        return child

    def check(self) -> None:
        """Check that every process is running.

        Raises:
            LaunchError: A process ended by itself.
        """
        for child in self.children:
            code = child.process.poll()
            if code is not None:
                raise LaunchError(
                    f"{child.name} 意外退出 (代码 {code}): 见 {child.log}",
                    f"{child.name} ended unexpectedly (code {code}): see {child.log}",
                )

    def watch(self) -> None:
        """Wait until a process ends by itself.

        Raises:
            LaunchError: A process ended by itself.
        """
        while True:
            self.check()
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop every process, the services last; kill those that exceed the grace period.

        Another Ctrl-C ends the grace period.
        """
        for names in STOP_ORDER:
            with suppress(KeyboardInterrupt):
                end([child for child in self.children if child.name in names])
        self.children.clear()


def end(children: Sequence[Child]) -> None:
    """Signal these processes, wait, then kill the rest of their process groups."""
    for child in children:
        if child.process.poll() is None:
            child.process.send_signal(child.stop_signal)
    until = time.monotonic() + GRACE_SECONDS
    try:
        for child in children:
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, until - time.monotonic()))
    finally:
        for child in children:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()
            if child.pump:
                child.pump.join(1.0)  # wait for its last lines


def _pump(name: str, output: IO[str], file: Path) -> None:
    """Copy every line until the end: a process with a full pipe would block."""
    prefix = paint(COLOURS[name], f"{name:>6} │", sys.stdout)
    with output, _opened(file) as log:
        for line in output:
            with suppress(OSError):  # the disk is full; the terminal still gets the line
                log.write(line.encode(errors="replace"))
            put(f"{prefix} {line}", sys.stdout)


def _opened(file: Path) -> IO[bytes]:
    try:
        return file.open("wb", buffering=0)
    except OSError:
        return Path(os.devnull).open("wb", buffering=0)
