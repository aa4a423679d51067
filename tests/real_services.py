"""Debian's PostgreSQL and RabbitMQ, each as a server of its own that ends with the test.

Nothing of the system's own cluster or broker is used: data, logs, ports, cookie and node name are
the test's. What to make on them is taken from the README, so that the README is what is tested.
"""

import os
import pwd
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from backoffice.up.paths import ROOT
from backoffice.up.processes import Child, bound_to_parent, end
from tests.launcher import free_port, until

VERSION_MIN = 15  # the README's
POSTGRESQL = Path("/usr/lib/postgresql")
RABBITMQ = Path("/usr/lib/rabbitmq/bin")
MISSING = (
    "PostgreSQL 15 and RabbitMQ from Debian: apt-get install --no-install-recommends "
    "postgresql rabbitmq-server"
)
READY_SECONDS_MAX = 60.0
PASSWORD = "test-password"


def require_packages() -> None:
    """Skip the test where the packages are missing, or fail where .ci/run has installed them."""
    if postgresql_programs() and (RABBITMQ / "rabbitmq-server").exists() and shutil.which("epmd"):
        return
    if os.environ.get("WEIDAI_REAL_SERVICES") == "required":
        pytest.fail(f"missing: {MISSING}")
    pytest.skip(MISSING)


def postgresql_programs() -> Path | None:
    """Return the programs of the oldest installed PostgreSQL that the README allows."""
    found = {int(path.name): path / "bin" for path in POSTGRESQL.glob("[0-9]*")}
    versions = [number for number, programs in found.items() if (programs / "initdb").exists()]
    allowed = [number for number in versions if number >= VERSION_MIN]
    return found[min(allowed)] if allowed else None


def user_of(name: str) -> int:
    """Return the user that runs a service: Debian's for root, else our own."""
    return pwd.getpwnam(name).pw_uid if os.getuid() == 0 else os.getuid()


@contextmanager
def own_folder(uid: int) -> Iterator[Path]:
    """A folder that a service's user owns: pytest's own folders are closed to other users."""
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="weidai-") as name:
        os.chown(name, uid, -1)
        yield Path(name)


def started(
    command: Sequence[str],
    log: Path,
    *,
    env: Mapping[str, str],
    uid: int | None = None,
    cwd: Path = Path("/"),
    stop_signal: signal.Signals = signal.SIGTERM,
) -> Child:
    """Start a process that ends with this one; its output is added to its log."""
    with log.open("a") as output:
        process = subprocess.Popen(
            bound_to_parent(command, ends_with=stop_signal, uid=uid),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            text=True,
            env=env,
            cwd=cwd,
            start_new_session=True,
        )
    return Child(log.stem, process, log, stop_signal)


class Readme:
    """The statements and commands of the README's section, with hosts and passwords filled in."""

    def __init__(self) -> None:
        text = (ROOT / "README.md").read_text()
        section = text.partition("\n## On real services\n")[2].partition("\n## ")[0]
        blocks = re.findall(r"```(sql|sh)\n(.*?)```", section, re.DOTALL)
        shell = "".join(block for kind, block in blocks if kind == "sh")
        lines = [line.partition(" #")[0].strip() for line in shell.splitlines()]
        self._lines = [line.replace("'choose one'", PASSWORD) for line in lines if line]
        self._sql = "".join(block for kind, block in blocks if kind == "sql")

    def statements(self) -> list[str]:
        """Return the SQL of the superuser."""
        sql = re.sub(r"'choose \w+'", f"'{PASSWORD}'", self._sql)
        return [statement.strip() for statement in sql.split(";") if statement.strip()]

    def commands(self, start: str) -> list[list[str]]:
        """Return the commands that start so, as words, without that start."""
        lines = [line for line in self._lines if line.startswith(start)]
        return [shlex.split(line.removeprefix(start)) for line in lines]

    def url(self, name: str, *, port: int) -> str:
        """Return the URL of a variable, on this machine."""
        [url] = [line.partition("=")[2] for line in self._lines if line.startswith(f"{name}=")]
        return re.sub(r":\.\.\.@[\w.]+:\d+", f":{PASSWORD}@127.0.0.1:{port}", url)


@dataclass
class PostgreSQL:
    """A cluster as Debian makes one where no language is set: its templates are not UTF-8."""

    folder: Path
    programs: Path
    uid: int
    port: int = field(default_factory=free_port)

    def make(self) -> None:
        command = [str(self.programs / "initdb"), "-D", str(self.data), "-U", "postgres"]
        command += ["--no-sync", "--auth-local=trust", "--auth-host=scram-sha-256"]
        done = subprocess.run(
            bound_to_parent(command, uid=self.uid), env=self.env, cwd="/", stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout

    def start(self) -> Child:
        command = [str(self.programs / "postgres"), "-D", str(self.data), "-p", str(self.port)]
        command += ["-c", "listen_addresses=127.0.0.1", "-k", str(self.folder)]
        log, stop_signal = self.folder / "postgresql.log", signal.SIGINT
        return started(command, log, env=self.env, uid=self.uid, stop_signal=stop_signal)

    def is_up(self) -> bool:
        """Return whether it takes connections: it listens before that."""
        probe = [str(self.programs / "pg_isready"), "-q", "-h", str(self.folder)]
        return subprocess.run([*probe, "-p", str(self.port)], check=False).returncode == 0

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def env(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "LC_ALL": "C"}

    def superuser(self) -> psycopg.Connection:
        where = f"host={self.folder} port={self.port} user=postgres dbname=postgres"
        return psycopg.connect(where, autocommit=True)


@dataclass
class RabbitMQ:
    """A node that knows no other one, and may be stopped and started again."""

    folder: Path
    uid: int
    port: int = field(default_factory=free_port)
    node: Child | None = None

    def __post_init__(self) -> None:
        (self.folder / "plugins").write_text("[].\n")
        # An IP address and localhost: the machine's own name need not resolve.
        self.env = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(self.folder),
            "RABBITMQ_NODENAME": f"weidai-{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "none"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "none.sh"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_PORT": str(free_port()),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }

    def start_names(self) -> Child:
        """Start the name server of Erlang: a node that finds none leaves one behind."""
        epmd = shutil.which("epmd")
        assert epmd
        return started([epmd], self.folder / "epmd.log", env=self.env, uid=self.uid)

    def start(self) -> None:
        command = [str(RABBITMQ / "rabbitmq-server")]
        log = self.folder / "rabbitmq.log"
        self.node = started(command, log, env=self.env, uid=self.uid)
        wait_for(self.node, lambda: answers(self.port))
        self.control("await_startup")

    def stop(self) -> None:
        if self.node:
            end([self.node])

    def control(self, *words: str) -> None:
        """Run ``rabbitmqctl``."""
        command = bound_to_parent([str(RABBITMQ / "rabbitmqctl"), *words], uid=self.uid)
        done = subprocess.run(
            command, env=self.env, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False, timeout=READY_SECONDS_MAX,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout


def answers(port: int) -> bool:
    """Return whether something listens on a port of this machine."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


def wait_for(child: Child, is_up: Callable[[], bool]) -> None:
    """Wait until a service is up, or has ended."""
    until(lambda: is_up() or child.process.poll() is not None, READY_SECONDS_MAX)
    assert is_up(), child.last_output()


@contextmanager
def postgresql(readme: Readme) -> Iterator[PostgreSQL]:
    """PostgreSQL with the roles and the database of the README."""
    uid, programs = user_of("postgres"), postgresql_programs()
    assert programs
    with own_folder(uid) as folder, ExitStack() as stack:
        cluster = PostgreSQL(folder, programs, uid)
        cluster.make()
        server = cluster.start()
        stack.callback(end, [server])
        wait_for(server, cluster.is_up)
        with cluster.superuser() as connection:
            for statement in readme.statements():
                connection.execute(statement)
        yield cluster


@contextmanager
def rabbitmq(readme: Readme) -> Iterator[RabbitMQ]:
    """RabbitMQ with the virtual host and the user of the README."""
    uid = user_of("rabbitmq")
    with own_folder(uid) as folder, ExitStack() as stack:
        broker = RabbitMQ(folder, uid)
        names = broker.start_names()
        stack.callback(end, [names])
        wait_for(names, lambda: answers(int(broker.env["ERL_EPMD_PORT"])))
        stack.callback(broker.stop)
        broker.start()
        for words in readme.commands("rabbitmqctl "):
            broker.control(*words)
        yield broker


@dataclass
class Deployment:
    """The product on these services, by the commands of the README."""

    readme: Readme
    env: Mapping[str, str]
    folder: Path
    port: int = field(default_factory=free_port)
    children: list[Child] = field(default_factory=list)

    def manage(self, *words: str) -> str:
        """Run ``manage.py`` and return what it prints."""
        command = bound_to_parent([sys.executable, "manage.py", *words])
        done = subprocess.run(
            command, env=self.env, cwd=ROOT, stdin=subprocess.DEVNULL, text=True,
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, part: str) -> Child:
        """Start the README's process with this word, on a port and with files of the test."""
        [command] = [words for words in self.readme.commands(".venv/bin/") if part in words]
        ours = {"127.0.0.1:8000": f"127.0.0.1:{self.port}",
                "/var/lib/weidai-beat/schedule": str(self.folder / "schedule")}  # fmt: skip
        program = str(Path(sys.executable).with_name(command[0]))
        command = [program, *(ours.get(word, word) for word in command[1:])]
        child = started(command, self.folder / f"{part}.log", env=self.env, cwd=ROOT)
        self.children.append(child)
        return child

    def stop(self) -> None:
        end(self.children)
