"""A checkout of its own for real starts of the launcher, under the launcher environment of a test.

It has its own data folder and port. Packages are lent by the environment of the tests, so that
hardly any start installs them.
"""

import os
import pty
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from backoffice.up import environment, paths, postgresql

PARTS = ("backoffice", "accounts", "risk", "loans", "locale", "templates")
FILES = ("manage.py", "Makefile", "pyproject.toml", "requirements*.txt")
# A number without a name, as containers run under.
ANONYMOUS_UID = 12345
CHINESE = re.compile(r"[\u4e00-\u9fff]")
READY = "ready: http"
READY_SECONDS_MAX = 120.0
GONE_SECONDS_MAX = 20.0

as_root = pytest.mark.skipif(os.getuid() != 0, reason="another user or a mount takes root")


@dataclass
class Checkout:
    """One checkout with its data folder; ``uid`` starts it, where it is not the tests' own user."""

    folder: Path
    uid: int = field(default_factory=os.getuid)
    python: str = sys.executable

    @property
    def root(self) -> Path:
        return self.folder / "微贷 checkout"

    @property
    def run(self) -> Path:
        return self.root / ".run"

    @property
    def data(self) -> Path:
        """The folder that WEIDAI_DATA names."""
        return self.folder / "data"

    @property
    def home(self) -> Path:
        """The checkout's own folder in it."""
        given = {"WEIDAI_DATA": str(self.data)}
        return paths.data_folder(given, uid=self.uid, root=self.root)

    def environ(self, names: Mapping[str, str | None]) -> dict[str, str]:
        """The environment of a start: nothing of the services that the tests themselves run on."""
        ours = {"WEIDAI_DATA": str(self.data), "PORT": str(free_port()), "LANG": "C.UTF-8"}
        kept = {"PATH": os.environ["PATH"], "HOME": str(self.folder / "home")}
        all_names = kept | ours | {"PYTHON": self.python} | names
        return {name: value for name, value in all_names.items() if value is not None}

    def options(self, names: Mapping[str, str | None]) -> dict[str, object]:
        other = self.uid != os.getuid()
        user = {"user": self.uid, "group": self.uid, "extra_groups": []} if other else {}
        return {"cwd": self.root, "env": self.environ(names), **user}

    def fails(
        self,
        *arguments: str,
        before: str = "",
        mounts: str = "",
        names: Mapping[str, str | None] | None = None,
    ) -> str:
        """Start, see it refused in one line in two languages, and return that line.

        ``before`` is Python that the launcher's process runs first, ``mounts`` shell whose mounts
        no other process sees.
        """
        start = f"{before}\nimport runpy, sys\nsys.argv[1:] = {list(arguments)!r}\n"
        start += "runpy.run_module('backoffice.up', run_name='__main__', alter_sys=True)"
        command = [self.python, "-c", start]
        if mounts:
            command = ["unshare", "--mount", "sh", "-ec", f'{mounts}\nexec "$@"', "sh", *command]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
            **self.options(names or {}),
        )
        lines = [line for line in done.stdout.splitlines() if not is_progress(line)]
        assert done.returncode != 0, done.stdout
        assert len(lines) == 1, done.stdout
        chinese, _, english = lines[0].partition(" / ")
        assert CHINESE.search(chinese)
        assert english
        return lines[0]

    @contextmanager
    def starts(
        self, *arguments: str, names: Mapping[str, str | None] | None = None
    ) -> Iterator["Start"]:
        """Start, wait until it is ready, and see in the end that nothing is left."""
        began = time.monotonic()
        command = arguments or (self.python, "-m", "backoffice.up", "--no-demo", "--sandbox")
        start = Start(self, command, names or {})
        try:
            start.wait_until_ready()
            start.seconds = time.monotonic() - began
            yield start
        finally:
            start.end()

    def processes(self) -> dict[int, str]:
        """Every process that has to do with this checkout, with its command."""
        found = {}
        for proc in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (proc / "cmdline").read_bytes()
                content = (
                    command
                    + (proc / "environ").read_bytes()
                    + os.fsencode(os.readlink(proc / "cwd"))
                )
                if os.fsencode(self.folder) in content and int(proc.name) != os.getpid():
                    found[int(proc.name)] = command.replace(b"\0", b" ").decode(errors="replace")
        return found


class Start:
    """One launcher in a terminal of its own."""

    def __init__(
        self, checkout: Checkout, command: Sequence[str], names: Mapping[str, str | None]
    ) -> None:
        self.checkout = checkout
        self.seconds = 0.0
        self.port = free_port()
        self.terminal, inner = pty.openpty()
        options = checkout.options({"PORT": str(self.port)} | names)
        self.process = subprocess.Popen(
            # The shell gives the command the terminal, as the shell of a person does.
            [checkout.python, "-c", TAKE_TERMINAL, *command],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
            **options,
        )
        os.close(inner)
        self.output = ""

    def wait_until_ready(self) -> None:
        until(lambda: READY in self.listen() or self.has_ended(), READY_SECONDS_MAX)
        assert READY in self.output, self.output

    def listen(self) -> str:
        """Read the output so far; return all of it."""
        os.set_blocking(self.terminal, False)
        with suppress(OSError):
            while data := os.read(self.terminal, 65536):
                self.output += data.decode(errors="replace")
        return self.output

    def has_ended(self) -> bool:
        """Read on, for a process with a full pipe does not end; return whether it has ended."""
        self.listen()
        return self.process.poll() is not None

    def type(self, keys: bytes) -> None:
        os.write(self.terminal, keys)

    def code(self) -> int:
        """Listen until the end and return the exit code."""
        assert until(self.has_ended), self.output
        return self.process.returncode

    def hang_up(self) -> None:
        """Close the terminal's window."""
        if self.terminal >= 0:
            os.close(self.terminal)
            self.terminal = -1

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            until(self.has_ended)
        self.hang_up()
        until(lambda: not self.checkout.processes())
        left = self.checkout.processes()
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        assert not left


# Tests that run in the background, or under nohup, ignore signals that a person's terminal brings.
TAKE_TERMINAL = """
import fcntl, os, signal, sys, termios
for number in (signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""


def until(is_so: Callable[[], bool], seconds: float = GONE_SECONDS_MAX) -> bool:
    """Wait for a fact; return whether it came."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_so():
            return True
        time.sleep(0.05)
    return False


def lay(checkout: Checkout, **files: str) -> Path:
    """Lay a data directory with these files where the cluster would stand."""
    checkout.home.mkdir(parents=True, exist_ok=True)
    data = checkout.home / "postgresql"
    data.mkdir(mode=0o700)
    for name, text in files.items():
        (data / name).write_text(text)
    if os.getuid() == 0:
        os.chown(data, postgresql.UNPRIVILEGED_UID, -1)
    return data


def is_progress(line: str) -> bool:
    """Return whether a line describes a step or comes from a process, and refuses nothing."""
    return not line.strip() or line.startswith((" ✓", " …")) or " │ " in line[:10]


def free_port() -> int:
    """Return a port below those that the kernel gives to whoever asks for any."""
    for port in random.sample(range(20_000, 32_000), 50):
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


@contextmanager
def built(uid: int | None = None, *, lends: bool = True) -> Iterator[Checkout]:
    """A checkout in a folder that any user can reach, for our own user or another one.

    ``lends=False``: without an environment, so that its first start makes one.
    """
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="weidai-") as folder:
        checkout = Checkout(Path(folder))
        checkout.folder.chmod(0o755)
        _copy_checkout(checkout.root)
        if uid is not None:
            checkout.uid, checkout.python = uid, _python_of(uid)
        if lends:
            lend_environment(checkout)
        for own in (checkout.data, checkout.folder / "home"):
            own.mkdir()
        for path in (checkout.root, checkout.data, checkout.folder / "home"):
            os.chown(path, checkout.uid, -1)
        yield checkout


def _copy_checkout(root: Path) -> None:
    root.mkdir()
    for part in PARTS:
        shutil.copytree(paths.ROOT / part, root / part)
    for pattern in FILES:
        for file in paths.ROOT.glob(pattern):
            shutil.copy2(file, root)


def lend_environment(checkout: Checkout) -> None:
    """Make an environment that finds our own packages and counts as installed."""
    venv = checkout.root / ".venv"
    command = [checkout.python, "-m", "venv", "--without-pip", str(venv)]
    subprocess.run(command, check=True)
    site = sysconfig.get_path("purelib", vars={"base": str(venv)})
    Path(site, "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    for file in (environment.RUNTIME, environment.EMBEDDED):
        (venv / f"installed-{file.stem}.sha256").write_text(environment.digest(file))


def _python_of(uid: int) -> str:
    """A Python that another user can run and that our packages fit; the test is skipped without."""
    ours = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    for python in (ours, f"/usr/bin/python3.{sys.version_info.minor}"):
        probe = f"import os; os.listdir({sysconfig.get_path('purelib')!r})"
        with suppress(OSError):
            done = subprocess.run(
                [python, "-c", probe],
                user=uid,
                group=uid,
                cwd="/",
                capture_output=True,
                check=False,
            )
            if done.returncode == 0:
                return str(python)
    pytest.skip("another user reaches no Python of this version, or not these packages")
