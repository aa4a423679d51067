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
def test_a_full_disk_is_reported_wherever_it_is_met(checkout, module, name):
    shutil.rmtree(checkout.home, ignore_errors=True)
    # In the environment already: no other interpreter takes over, which would know no patch.
    inside = replace(checkout, python=str(checkout.root / ".venv" / "bin" / "python"))

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
def test_a_full_disk_under_the_data_is_reported(checkout, size):
    line = checkout.fails(mounts=tmpfs(checkout.data, size))

    assert f"the disk is full ({checkout.data}" in line
    assert "make room; WEIDAI_DATA=/other/disk moves the data" in line


# Too small for a cluster, and too small for the tables in it.
@needs_mounts
@pytest.mark.parametrize("size", ["12m", "43m"])
def test_a_disk_that_fills_while_postgresql_writes_is_reported(checkout, size):
    checkout.home.mkdir(parents=True, exist_ok=True)
    programs = checkout.folder / "programs"
    programs.mkdir(exist_ok=True)
    keep = f"mount --bind '{checkout.home}' '{programs}'"
    link = f"mkdir '{checkout.home}' && ln -s '{programs}'/programs-* '{checkout.home}'"
    if not list(checkout.home.glob("programs-*")):
        lay(checkout, PG_VERSION="18\n")
        checkout.fails()

    line = checkout.fails(mounts=f"{keep}\n{tmpfs(checkout.data, size)}\n{link}")

    assert f"the disk is full ({checkout.home})" in line


@needs_mounts
def test_a_full_disk_under_the_checkouts_run_folder_is_reported(checkout):
    checkout.run.mkdir()

    fill = f"head -c 1m /dev/zero > '{checkout.run}/fill' 2> /dev/null || true"
    line = checkout.fails(mounts=f"{tmpfs(checkout.run, '4k')}\n{fill}")

    assert f"the disk is full ({checkout.run})" in line


@needs_mounts
def test_a_full_disk_under_the_environment_is_reported(checkout):
    line = checkout.fails(
        mounts=tmpfs(checkout.root / ".venv", "1m"), names={"PATH": "/usr/bin:/bin:/usr/sbin"}
    )

    assert f"the disk is full ({checkout.root}/.venv)" in line


@needs_mounts
def test_a_checkout_that_cannot_be_written_is_to_be_copied(checkout):
    again = f"mount --bind '{checkout.root}' '{checkout.root}'"
    line = checkout.fails(mounts=f"{again}\nmount -o remount,ro,bind '{checkout.root}'")

    assert f"{checkout.root} is not writable" in line
    assert "copy it to a folder of your own" in line


@needs_mounts
def test_a_data_folder_that_cannot_be_written_names_the_variable(checkout):
    shutil.rmtree(checkout.home, ignore_errors=True)
    again = f"mount --bind '{checkout.data}' '{checkout.data}'"
    line = checkout.fails(mounts=f"{again}\nmount -o remount,ro,bind '{checkout.data}'")

    assert f"{checkout.home} cannot be used" in line
    assert "set WEIDAI_DATA=/a/writable/folder" in line
