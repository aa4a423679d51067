"""What the launcher refuses: one line in two languages, with its remedy, and no traceback."""

import ast
import errno
import os
import re
import shutil
import socket
import subprocess
from dataclasses import replace

import pytest

from backoffice.up import faults, places, soundness
from backoffice.up.lock import Lock
from tests.weather import STRANGER, as_root, built

HIDDEN = "import sys; sys.modules[{!r}] = None"
WINDOWS = "import sys; sys.platform = 'win32'; sys.modules['fcntl'] = sys.modules['pwd'] = None"
MUSL = """
import os
def confstr(name):
    raise OSError(22, 'Invalid argument')
os.confstr = confstr
"""


@pytest.fixture(scope="module")
def kept():
    with built() as house:
        yield house


@pytest.fixture
def house(kept):
    """A checkout that has not been started; the programs that a test copied serve the next."""
    yield kept
    shutil.rmtree(kept.run, ignore_errors=True)
    for path in kept.home.glob("postgresql*"):
        path.unlink() if path.is_symlink() or path.is_file() else shutil.rmtree(path)


def test_a_second_start_names_the_first(house):
    house.run.mkdir()
    first = Lock(house.run)
    first.claim(address="http://127.0.0.1:8001")

    line = house.fails()
    first.release()

    assert "already running: http://127.0.0.1:8001: open it, or end it by Ctrl-C" in line
    assert f"(process {os.getpid()})" in line


def test_a_start_beside_tests_waits_for_them(house):
    house.run.mkdir()
    first = Lock(house.run)
    first.claim(address="")

    line = house.fails()
    first.release()

    assert "uses the services (tests or checks): try again" in line


def test_a_taken_port_names_another(house):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        line = house.fails(names={"PORT": str(port)})

    assert f"port {port} is in use: PORT=" in line


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv_is_told_where_it_comes_from(house, module):
    (house.root / ".venv").rename(house.root / "lent")
    try:
        line = house.fails(before=HIDDEN.format(module), names={"PATH": "/usr/bin:/bin"})
    finally:
        (house.root / "lent").rename(house.root / ".venv")

    assert f"Python has no {module} module: apt-get install python3-venv" in line


def test_windows_is_sent_to_wsl(house):
    assert "on Windows it runs inside WSL" in house.fails(before=WINDOWS)


def test_musl_is_told_which_services_to_name(house):
    line = house.fails(before=MUSL)

    assert "musl systems" in line
    assert "set DATABASE_URL and CELERY_BROKER_URL" in line
    assert "musl systems" in house.fails(before=MUSL, names={"DATABASE_URL": "postgres://db/x"})


def older_pythons():
    """The older Pythons of this machine that really run."""
    for number in ("2", "3.6", "3.7", "3.8", "3.9", "3.10"):
        found = shutil.which(f"python{number}")
        probe = [found or "false", "-c", "import sys; sys.exit(sys.version_info >= (3, 11))"]
        if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
            yield found


def test_an_older_python_names_the_one_it_takes(house):
    pythons = list(older_pythons())
    if not pythons:
        pytest.skip("no older Python here")

    for python in pythons:
        done = subprocess.run(
            [python, "-m", "backoffice.up"], cwd=house.root, capture_output=True, check=False
        )

        assert done.returncode == 1
        assert "PYTHON=python3.11 make run" in done.stderr.decode()
        assert len(done.stderr.splitlines()) == 1


def test_even_the_oldest_python_reads_as_far_as_the_question():
    source = (places.ROOT / "backoffice" / "up" / "__init__.py").read_bytes()

    ast.parse(source, feature_version=(3, 4))

    assert b"coding: utf-8" in source.splitlines()[0]  # Python 2 reads no Chinese without
    assert not (places.ROOT / "backoffice" / "__init__.py").read_bytes()


def test_a_data_folder_that_is_a_file_is_refused(house):
    line = house.fails(names={"WEIDAI_DATA": str(house.root / "manage.py")})

    assert "set WEIDAI_DATA=/a/writable/folder" in line


def lay(house, **files):
    """Lay a data directory with these files where the cluster would stand."""
    house.home.mkdir(parents=True, exist_ok=True)
    data = house.home / "postgresql"
    data.mkdir(mode=0o700)
    for name, words in files.items():
        (data / name).write_text(words)
    if os.getuid() == 0:
        os.chown(data, 65534, -1)
    return data


@pytest.mark.parametrize("version", ["15", "17", "19"])
def test_a_cluster_of_another_postgresql_is_left_alone(house, version):
    data = lay(house, PG_VERSION=f"{version}\n")

    line = house.fails()

    assert f"holds data of PostgreSQL {version}, the embedded one is 18: dump it" in line
    assert "set DATABASE_URL" in line
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


@pytest.mark.parametrize("files", [{}, {"postgresql.conf": ""}, {"PG_VERSION": "\x07 garbage"}])
def test_what_is_no_cluster_is_left_alone(house, files):
    data = lay(house, **files)

    line = house.fails()

    assert "is no whole PostgreSQL data directory: restore it from a backup" in line
    assert f"or begin anew: mv '{data}' '{data}.old'" in line
    assert {path.name: path.read_text() for path in data.iterdir()} == files


def test_a_file_or_a_dead_link_in_the_place_of_the_cluster_is_left_alone(house):
    house.home.mkdir(parents=True, exist_ok=True)
    data = house.home / "postgresql"

    data.write_text("garbage")
    assert "is no whole PostgreSQL data directory" in house.fails()
    data.unlink()
    data.symlink_to(house.folder / "unmounted")
    assert "is no whole PostgreSQL data directory" in house.fails()


def test_a_half_made_cluster_shows_what_postgresql_says_of_it(house):
    lay(house, PG_VERSION="18\n")

    line = house.fails()

    assert "the embedded PostgreSQL does not start" in line
    assert "postgresql.log" in line
    assert "restore its data directory from a backup" in line


@as_root
def test_a_cluster_of_another_user_is_told_whose_it_must_be(house):
    os.chown(lay(house, PG_VERSION="18\n"), STRANGER, -1)

    assert "belongs to 12345, not to nobody: sudo chown -R 65534" in house.fails()


@as_root
def test_a_data_folder_that_the_servers_user_cannot_enter_is_refused(house):
    closed = house.folder / "closed"
    closed.mkdir(mode=0o700)

    line = house.fails(names={"WEIDAI_DATA": str(closed)})

    assert f"PostgreSQL's user nobody cannot enter {closed}: set WEIDAI_DATA=" in line


def test_a_data_directory_that_is_open_to_others_is_closed(tmp_path, capsys):
    (tmp_path / "PG_VERSION").write_text("18\n")
    tmp_path.chmod(0o777)

    soundness.require_sound(tmp_path, os.getuid())

    assert tmp_path.stat().st_mode & 0o777 == 0o700
    assert "as PostgreSQL wants it" in capsys.readouterr().err


def test_a_full_disk_is_recognised_with_and_without_a_number(tmp_path):
    numbered = OSError(28, "No space left on device", "/srv/weidai/keys.env.new")
    written = OSError(errno.EDQUOT, "Disk quota exceeded")
    copied = shutil.Error([("a", "b", "[Errno 28] No space left on device: 'b'")])
    (tmp_path / "postgresql.log").write_text("PANIC: could not write: No space left on device\n")

    lines = [faults.explained(error, [tmp_path]) for error in (numbered, written, copied)]
    lines.append(faults.full_in_logs(tmp_path, [tmp_path]))

    assert "the disk is full (/srv/weidai/keys.env.new)" in str(lines[0])
    assert all(f"the disk is full ({tmp_path})" in str(line) for line in lines[1:])
    assert faults.explained(OSError(9, "Bad file descriptor"), [tmp_path]) is None


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "mkdir"),
        ("os", "write"),
        ("os", "chmod"),
        ("os", "open"),
        ("io", "open"),
        ("shutil", "copytree"),
        ("subprocess", "Popen"),
    ],
)
def test_a_full_disk_is_said_wherever_it_is_met(house, module, name):
    shutil.rmtree(house.home, ignore_errors=True)
    # In the environment already: no other interpreter takes over, which would know no patch.
    inside = replace(house, python=str(house.root / ".venv" / "bin" / "python"))

    line = inside.fails(before=FULL.format(module=module, name=name))

    assert re.search(r"the disk is full \(/[^ ]", line), line
    assert "make room, or set WEIDAI_DATA=" in line


FULL = """
import {module}
from backoffice.up import environment, faults, launch, lock, postgresql, terminal, valkey
def full(*_, **__):
    raise OSError(28, 'No space left on device')
{module}.{name} = full
"""


BROKEN = """
from backoffice.up import launch
def require_place(port):
    raise ZeroDivisionError('division\\nby zero')
launch.require_place = require_place
"""


def test_an_error_of_the_launcher_itself_is_kept_in_a_file(house):
    house.run.mkdir()

    line = house.fails(before=BROKEN)

    log = house.run / "launcher.log"
    assert f"the launcher has failed (ZeroDivisionError: division by zero): send {log}" in line
    assert "Traceback (most recent call last):" in log.read_text()
    assert "line 4, in require_place" in log.read_text()


def test_an_error_of_the_launcher_before_it_has_a_folder_is_kept_in_another(house, tmp_path):
    line = house.fails(before=BROKEN, names={"TMPDIR": str(tmp_path)})

    (log,) = tmp_path.glob("weidai-*.log")
    assert f"send {log} to its maintainers" in line
    assert "ZeroDivisionError" in log.read_text()


def tmpfs(folder, size):
    return f"mount -t tmpfs -o size={size},mode=755 tmpfs '{folder}'"


needs_mounts = pytest.mark.skipif(
    subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode != 0
    if shutil.which("unshare")
    else True,
    reason="a mount takes root, and a kernel that lets it",
)


@needs_mounts
@pytest.mark.parametrize("size", ["8k", "4m"])
def test_a_full_disk_under_the_data_is_said(house, size):
    line = house.fails(mounts=tmpfs(house.data, size))

    assert "the disk is full" in line
    assert "make room, or set WEIDAI_DATA=" in line


@needs_mounts
def test_a_disk_too_small_for_a_cluster_is_said(house):
    house.home.mkdir(parents=True, exist_ok=True)
    programs = house.folder / "programs"
    programs.mkdir(exist_ok=True)
    keep = f"mount --bind '{house.home}' '{programs}'"
    link = f"mkdir '{house.home}' && ln -s '{programs}'/programs-* '{house.home}'"
    if not list(house.home.glob("programs-*")):
        lay(house, PG_VERSION="18\n")
        house.fails()

    line = house.fails(mounts=f"{keep}\n{tmpfs(house.data, '12m')}\n{link}")

    assert f"the disk is full ({house.home})" in line


@needs_mounts
def test_a_full_disk_under_the_checkouts_run_folder_is_said(house):
    house.run.mkdir()

    fill = f"head -c 1m /dev/zero > '{house.run}/fill' 2> /dev/null || true"
    line = house.fails(mounts=f"{tmpfs(house.run, '4k')}\n{fill}")

    assert "the disk is full" in line


@needs_mounts
def test_a_full_disk_under_the_environment_is_said(house):
    line = house.fails(
        mounts=tmpfs(house.root / ".venv", "1m"), names={"PATH": "/usr/bin:/bin:/usr/sbin"}
    )

    assert f"the disk is full ({house.root}/.venv)" in line


@needs_mounts
def test_a_checkout_that_cannot_be_written_is_to_be_copied(house):
    again = f"mount --bind '{house.root}' '{house.root}'"
    line = house.fails(mounts=f"{again}\nmount -o remount,ro,bind '{house.root}'")

    assert f"{house.root} is not writable" in line
    assert "copy it to a folder of your own" in line


@needs_mounts
def test_a_data_folder_that_cannot_be_written_names_the_variable(house):
    shutil.rmtree(house.home, ignore_errors=True)
    again = f"mount --bind '{house.data}' '{house.data}'"
    line = house.fails(mounts=f"{again}\nmount -o remount,ro,bind '{house.data}'")

    assert f"{house.home} cannot be used" in line
    assert "set WEIDAI_DATA=/a/writable/folder" in line
