"""The launcher's processes end with it, in their order, and never die in silence."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

from backoffice.up import command, launch, network, postgresql, processes, services, valkey
from backoffice.up.console import LaunchError
from backoffice.up.paths import ROOT
from backoffice.up.processes import ProcessGroup
from tests.launcher import until

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True);"
    "time.sleep(60)",
]
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal is Linux's")


@pytest.fixture
def group(tmp_path):
    with ProcessGroup(tmp_path) as group:
        yield group


@pytest.fixture
def reachable():
    """A folder that the unprivileged user of the server can reach; root's tmp_path is private."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def logs(child, words):
    return until(lambda: child.log.exists() and words in child.log.read_text())


def test_a_taken_port_names_the_way_out():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        words = rf"PORT={port + 1} make run / port {port} is in use"
        with pytest.raises(LaunchError, match=words), network.reserved(port):
            pass


def test_a_reserved_port_is_given_to_nobody_else():
    port = network.free_port()

    with network.reserved(port), socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind((network.HOST, port))

    with network.reserved(port):
        pass


def test_output_goes_to_the_log_and_to_the_terminal_with_its_name(group, capfd):
    child = group.start("web", SLEEP, env=os.environ)

    assert logs(child, "up\n")
    assert until(lambda: "web │ up" in capfd.readouterr().out)


def test_a_process_that_ends_by_itself_ends_the_watch(group):
    group.start("web", SLEEP, env=os.environ)
    group.start("worker", [sys.executable, "-c", "raise SystemExit(7)"], env=os.environ)

    with pytest.raises(
        LaunchError, match=r"worker ended unexpectedly \(code 7\): see .*worker.log"
    ):
        group.watch()


def test_services_stop_after_those_who_need_them(tmp_path, monkeypatch):
    ended = []
    monkeypatch.setattr(processes, "end", lambda some: ended.append([each.name for each in some]))
    group = ProcessGroup(tmp_path)
    for name in ("postgresql", "valkey", "bank", "web", "worker", "beat"):
        group.children.append(processes.Child(name, None, tmp_path / name, signal.SIGTERM))

    group.stop()

    assert ended == [["web", "worker", "beat"], ["bank"], ["valkey"], ["postgresql"]]


def test_who_does_not_end_in_the_grace_is_killed(group, monkeypatch):
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.2)
    child = group.start("worker", DEAF, env=os.environ)
    assert logs(child, "up")

    group.stop()

    assert child.process.returncode == -signal.SIGKILL


@on_linux
def test_a_killed_parent_takes_its_child_along():
    program = f"""
        import os, subprocess, sys
        sys.path.insert(0, {str(ROOT)!r})
        from backoffice.up.processes import bound_to_parent
        child = subprocess.Popen(bound_to_parent(["sleep", "60"]))
        print(child.pid, flush=True)
        sys.stdin.read()
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        pid = int(parent.stdout.readline())
        assert until(lambda: "sleep" in Path(f"/proc/{pid}/cmdline").read_text()[:5])
        parent.kill()

    assert until(lambda: not lives(pid))


@on_linux
def test_who_finds_its_parent_gone_does_not_start(tmp_path):
    prefix = [sys.executable, processes.PARENT_DEATH_SIGNAL, "1", "15", str(os.getuid())]

    done = subprocess.run(
        [*prefix, "touch", tmp_path / "started"], check=False, capture_output=True
    )

    assert done.returncode == 1
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize(("script", "code"), [("exit 3", 3), ("kill -9 $$", 137), ("true", 0)])
def test_a_command_keeps_its_exit_code(script, code):
    assert command.foreground(["sh", "-c", script], {}) == code


def test_a_command_sees_the_names_it_needs(tmp_path):
    script = f'echo "$SANDBOX ${{PATH%%:*}}" > {tmp_path}/seen'

    command.foreground(["sh", "-c", script], {"SANDBOX": "1"})

    assert (tmp_path / "seen").read_text() == f"1 {ROOT}/.venv/bin\n"


def test_an_unknown_command_is_refused():
    with pytest.raises(LaunchError, match="there is no command nosuch"):
        command.foreground(["nosuch"], {})


def test_of_a_traceback_only_the_error_is_shown():
    traceback = (
        "Traceback (most recent call last):\n  File x\n    raise Y\nOperationalError: refused\n"
    )

    assert launch.last_output(traceback) == "OperationalError: refused"
    assert launch.last_output("CommandError: no\n  remedy\n") == "CommandError: no remedy"


def test_valkeys_password_stands_in_a_private_file_alone(tmp_path):
    file = valkey.write_settings(
        tmp_path / "valkey.conf", port=7000, password="secret", folder=tmp_path
    )

    assert "requirepass secret" in file.read_text()
    assert file.stat().st_mode & 0o077 == 0


def test_the_embedded_valkey_answers_those_who_know_its_password(group, tmp_path):
    import redis

    url = valkey.start(group, tmp_path)
    stranger = redis.Redis.from_url("redis://" + url.rpartition("@")[2])

    with redis.Redis.from_url(url) as known:
        assert known.ping()
    with stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


@pytest.mark.parametrize(
    ("name", "value", "started"),
    [
        ("DATABASE_URL", "postgres://db.example/weidai", "valkey"),
        ("CELERY_BROKER_URL", "amqp://mq.example", "postgresql"),
    ],
)
def test_beside_one_given_service_the_other_is_started(
    reachable, monkeypatch, capsys, name, value, started
):
    monkeypatch.setattr(services, "RUN", reachable)
    monkeypatch.setattr(services, "ENV_FILE", reachable / "env")
    monkeypatch.setenv("WEIDAI_DATA", str(reachable))
    for each in ("DATABASE_URL", "DATABASE_OWNER_URL", "CELERY_BROKER_URL"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv(name, value)

    with ProcessGroup(reachable) as group:
        names = services.start(group, extra={})

        assert [child.name for child in group.children] == [started]
    assert names[name] == value
    assert f"using the given {name}" in capsys.readouterr().err


@on_linux
def test_the_embedded_postgresql_serves_two_roles_and_dies_with_a_killed_launcher(reachable):
    import psycopg

    program = f"""
        import sys
        sys.path.insert(0, {str(ROOT)!r})
        from pathlib import Path
        from backoffice.up import postgresql
        from backoffice.up.processes import ProcessGroup
        group = ProcessGroup(Path({str(reachable)!r}))
        cluster = postgresql.start(group, Path({str(reachable)!r}) / "data")
        print(group.children[0].process.pid, cluster.socket, flush=True)
        sys.stdin.read()
    """
    launcher = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with launcher:
        pid, folder = launcher.stdout.readline().split()
        for role, creates in ((postgresql.OWNER, True), (postgresql.SERVING, False)):
            dsn = f"host={folder} user={role} dbname={postgresql.DATABASE}"
            with psycopg.connect(dsn) as connection:
                right = "SELECT has_database_privilege(current_database(), 'CREATE')"
                assert connection.execute(right).fetchone() == (creates,)
        assert Path(folder).stat().st_mode & 0o077 == 0
        launcher.kill()

    assert until(lambda: not lives(int(pid)))
    log = (reachable / "postgresql.log").read_text()
    assert "database system is shut down" in log
    assert "listening on Unix socket" in log
    assert "listening on IP" not in log
