"""What the launcher refuses: one line in two languages, with its remedy, and no traceback."""

import ast
import os
import shutil
import socket
import subprocess
from importlib.metadata import version

import pytest

from backoffice.up import paths, postgresql, preflight
from backoffice.up.lock import Lock
from tests.launcher import ANONYMOUS_UID, as_root, lay

HIDDEN = "import sys; sys.modules[{!r}] = None"
WINDOWS = "import sys; sys.platform = 'win32'; sys.modules['fcntl'] = sys.modules['pwd'] = None"
MUSL = """
import os
def confstr(name):
    raise OSError(22, 'Invalid argument')
os.confstr = confstr
"""


def test_a_second_start_names_the_first(checkout):
    checkout.run.mkdir()
    first = Lock(checkout.run)
    first.claim(address="http://127.0.0.1:8001")

    line = checkout.fails()
    first.release()

    assert "already running: http://127.0.0.1:8001: open it, or end it by Ctrl-C" in line
    assert f"(process {os.getpid()})" in line


def test_a_start_beside_tests_waits_for_them(checkout):
    checkout.run.mkdir()
    first = Lock(checkout.run)
    first.claim(address="")

    line = checkout.fails()
    first.release()

    assert "uses the services (tests or checks): try again" in line


def test_a_taken_port_names_another(checkout):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        line = checkout.fails(names={"PORT": str(port)})

    assert f"port {port} is in use: PORT=" in line


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv_learns_where_it_comes_from(checkout, module):
    (checkout.root / ".venv").rename(checkout.root / "lent")
    try:
        line = checkout.fails(before=HIDDEN.format(module), names={"PATH": "/usr/bin:/bin"})
    finally:
        (checkout.root / "lent").rename(checkout.root / ".venv")

    assert f"Python has no {module} module: apt-get install python3-venv" in line


def test_windows_is_sent_to_wsl(checkout):
    assert "on Windows it runs inside WSL" in checkout.fails(before=WINDOWS)


def test_a_system_without_fcntl_learns_what_is_needed(checkout):
    line = checkout.fails(before="import sys; sys.modules['fcntl'] = None")

    assert "Linux, macOS or WSL with Python 3.11+ is needed" in line


DEAD_DATABASE = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
DEAD_BROKER = {"CELERY_BROKER_URL": "redis://127.0.0.1:1/0"}


def test_a_given_database_that_does_not_serve_is_reported(checkout):
    line = checkout.fails("--no-demo", names=DEAD_DATABASE)

    assert "DATABASE_URL leads to no service (django.db.utils.OperationalError: " in line
    assert "Connection refused Is the server running" in line
    assert "start it, or fix or remove DATABASE_URL" in line


def test_a_given_broker_that_does_not_serve_is_reported(checkout):
    line = checkout.fails(names=DEAD_DATABASE | DEAD_BROKER)

    assert "CELERY_BROKER_URL leads to no service (redis.exceptions.ConnectionError: " in line
    assert "start it, or fix or remove CELERY_BROKER_URL" in line


def test_a_variable_that_cannot_be_used_is_reported(checkout):
    line = checkout.fails(names={"DATABASE_URL": "nonsense"})

    assert "manage.py migrate failed (" in line
    assert "DATABASE_URL: Weidai needs PostgreSQL" in line
    assert f"see {checkout.run}/migrate.log" in line
    bank = checkout.run / "bank.log"
    assert not bank.exists() or "Traceback" not in bank.read_text()


@pytest.mark.skipif(shutil.which("make") is None, reason="no make here")
def test_make_shows_the_same_line_and_fails(checkout):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            ["make", "run"],
            capture_output=True,
            text=True,
            check=False,
            **checkout.options({"PORT": str(port)}),
        )

    line, of_make = done.stderr.splitlines()
    assert f"port {port} is in use: PORT=" in line
    assert of_make.startswith("make: ***")
    assert done.returncode != 0


def test_musl_learns_which_services_to_name(checkout):
    line = checkout.fails(before=MUSL)

    assert "musl systems" in line
    assert "set DATABASE_URL and CELERY_BROKER_URL" in line
    assert "musl systems" in checkout.fails(before=MUSL, names={"DATABASE_URL": "postgres://db/x"})


@pytest.mark.parametrize(
    ("program", "shown"),
    [
        ("\x7fELF of another machine", "Exec format error"),
        ("#!/bin/sh\necho GLIBC_2.99 not found >&2; exit 127\n", "GLIBC_2.99 not found"),
        ("#!/bin/sh\nkill -ILL $$\n", "exit code -4"),
    ],
)
def test_a_program_that_does_not_run_here_names_the_own_services(checkout, program, shown):
    programs = checkout.home / f"programs-{version(postgresql.PACKAGE)}"
    initdb = programs / postgresql.INSTALLATION / "bin"
    shutil.rmtree(checkout.home, ignore_errors=True)
    initdb.mkdir(parents=True)
    (initdb / "initdb").write_text(program)
    (initdb / "initdb").chmod(0o755)

    line = checkout.fails()
    shutil.rmtree(checkout.home)

    assert shown in line
    assert "set DATABASE_URL and CELERY_BROKER_URL to services of your own" in line


def test_a_whole_cluster_whose_programs_do_not_run_here_is_not_to_blame(checkout):
    programs = checkout.home / f"programs-{version(postgresql.PACKAGE)}"
    bin_folder = programs / postgresql.INSTALLATION / "bin"
    lay(checkout, PG_VERSION="18\n")
    shutil.rmtree(bin_folder, ignore_errors=True)
    bin_folder.mkdir(parents=True)
    for name in ("postgres", "pg_isready"):
        (bin_folder / name).write_text("\x7fELF of another machine")
        (bin_folder / name).chmod(0o755)

    line = checkout.fails()
    shutil.rmtree(checkout.home)

    assert f"an embedded program does not run on this machine ({bin_folder}/pg_isready)" in line


def older_pythons():
    """The older Pythons of this machine that really run."""
    for number in ("2", "3.6", "3.7", "3.8", "3.9", "3.10"):
        found = shutil.which(f"python{number}")
        probe = [found or "false", "-c", "import sys; sys.exit(sys.version_info >= (3, 11))"]
        if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
            yield found


def test_an_older_python_names_the_one_it_takes(checkout):
    pythons = list(older_pythons())
    if not pythons:
        pytest.skip("no older Python here")

    for python in pythons:
        done = subprocess.run(
            [python, "-m", "backoffice.up"], cwd=checkout.root, capture_output=True, check=False
        )

        assert done.returncode == 1
        assert "PYTHON=python3.11 make run" in done.stderr.decode()
        assert len(done.stderr.splitlines()) == 1


def test_even_the_oldest_python_reads_as_far_as_the_question():
    source = (paths.ROOT / "backoffice" / "up" / "__init__.py").read_bytes()

    ast.parse(source, feature_version=(3, 4))

    assert b"coding: utf-8" in source.splitlines()[0]  # Python 2 reads no Chinese without
    assert not (paths.ROOT / "backoffice" / "__init__.py").read_bytes()


def test_a_data_folder_that_is_a_file_is_refused(checkout):
    line = checkout.fails(names={"WEIDAI_DATA": str(checkout.root / "manage.py")})

    assert "set WEIDAI_DATA=/a/writable/folder" in line


@pytest.mark.parametrize("version", ["15", "17", "19"])
def test_a_cluster_of_another_postgresql_is_left_alone(checkout, version):
    data = lay(checkout, PG_VERSION=f"{version}\n")

    line = checkout.fails()

    assert f"holds data of PostgreSQL {version}, the embedded one is 18: dump it" in line
    assert "set DATABASE_URL" in line
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


@pytest.mark.parametrize("files", [{}, {"postgresql.conf": ""}, {"PG_VERSION": "\x07 garbage"}])
def test_what_is_no_cluster_is_left_alone(checkout, files):
    data = lay(checkout, **files)

    line = checkout.fails()

    assert "is no whole PostgreSQL data directory: restore it from a backup" in line
    assert f"or begin again: mv '{data}' '{data}.old'" in line
    assert {path.name: path.read_text() for path in data.iterdir()} == files


def test_a_file_or_a_dead_link_in_the_place_of_the_cluster_is_left_alone(checkout):
    checkout.home.mkdir(parents=True, exist_ok=True)
    data = checkout.home / "postgresql"

    data.write_text("garbage")
    assert "is no whole PostgreSQL data directory" in checkout.fails()
    data.unlink()
    data.symlink_to(checkout.folder / "unmounted")
    assert "is no whole PostgreSQL data directory" in checkout.fails()


def test_a_half_made_cluster_shows_what_postgresql_says_of_it(checkout):
    lay(checkout, PG_VERSION="18\n")

    line = checkout.fails()

    assert "the embedded PostgreSQL does not start" in line
    assert "postgresql.log" in line
    assert "restore its data directory from a backup" in line


@as_root
def test_a_cluster_of_another_user_learns_whose_it_must_be(checkout):
    os.chown(lay(checkout, PG_VERSION="18\n"), ANONYMOUS_UID, -1)

    assert "belongs to 12345, not to nobody: sudo chown -R 65534" in checkout.fails()


@as_root
def test_a_data_folder_that_the_servers_user_cannot_enter_is_refused(checkout):
    closed = checkout.folder / "closed"
    closed.mkdir(mode=0o700)

    line = checkout.fails(names={"WEIDAI_DATA": str(closed)})

    assert f"PostgreSQL's user nobody cannot enter {closed}: set WEIDAI_DATA=" in line


def test_a_data_directory_that_is_open_to_others_is_closed(tmp_path, capsys):
    (tmp_path / "PG_VERSION").write_text("18\n")
    tmp_path.chmod(0o777)

    preflight.require_usable(tmp_path, os.getuid())

    assert tmp_path.stat().st_mode & 0o777 == 0o700
    assert "as PostgreSQL wants it" in capsys.readouterr().err


BROKEN = """
from backoffice.up import launch
def require_startable(port):
    raise ZeroDivisionError('division\\nby zero')
launch.require_startable = require_startable
"""


def test_an_error_of_the_launcher_itself_is_kept_in_a_file(checkout):
    checkout.run.mkdir()

    line = checkout.fails(before=BROKEN)

    log = checkout.run / "launcher.log"
    assert f"the launcher has failed (ZeroDivisionError: division by zero): send {log}" in line
    assert "Traceback (most recent call last):" in log.read_text()
    assert "line 4, in require_startable" in log.read_text()


def test_an_error_of_the_launcher_before_it_has_a_folder_is_kept_in_another(checkout, tmp_path):
    line = checkout.fails(before=BROKEN, names={"TMPDIR": str(tmp_path)})

    (log,) = tmp_path.glob("weidai-*.log")
    assert f"send {log} to its maintainers" in line
    assert "ZeroDivisionError" in log.read_text()
