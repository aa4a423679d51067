"""A full disk and one that cannot be written, wherever they are met: one line names the folder."""

import errno
import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from backoffice.up import faults
from tests.launcher import lay

needs_mounts = pytest.mark.skipif(
    subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode != 0
    if shutil.which("unshare")
    else True,
    reason="a mount takes root, and a kernel that lets it",
)


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
    assert "make room; WEIDAI_DATA=/other/disk moves the data" in line


FULL = """
import {module}
from backoffice.up import environment, faults, launch, lock, postgresql, terminal, valkey
def full(*_, **__):
    raise OSError(28, 'No space left on device')
{module}.{name} = full
"""


def tmpfs(folder, size):
    return f"mount -t tmpfs -o size={size},mode=755 tmpfs '{folder}'"


@needs_mounts
@pytest.mark.parametrize("size", ["8k", "4m"])
def test_a_full_disk_under_the_data_is_said(house, size):
    line = house.fails(mounts=tmpfs(house.data, size))

    assert f"the disk is full ({house.data}" in line
    assert "make room; WEIDAI_DATA=/other/disk moves the data" in line


# Too small for a cluster, and too small for the tables in it.
@needs_mounts
@pytest.mark.parametrize("size", ["12m", "43m"])
def test_a_disk_that_fills_while_postgresql_writes_is_said(house, size):
    house.home.mkdir(parents=True, exist_ok=True)
    programs = house.folder / "programs"
    programs.mkdir(exist_ok=True)
    keep = f"mount --bind '{house.home}' '{programs}'"
    link = f"mkdir '{house.home}' && ln -s '{programs}'/programs-* '{house.home}'"
    if not list(house.home.glob("programs-*")):
        lay(house, PG_VERSION="18\n")
        house.fails()

    line = house.fails(mounts=f"{keep}\n{tmpfs(house.data, size)}\n{link}")

    assert f"the disk is full ({house.home})" in line


@needs_mounts
def test_a_full_disk_under_the_checkouts_run_folder_is_said(house):
    house.run.mkdir()

    fill = f"head -c 1m /dev/zero > '{house.run}/fill' 2> /dev/null || true"
    line = house.fails(mounts=f"{tmpfs(house.run, '4k')}\n{fill}")

    assert f"the disk is full ({house.run})" in line


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
