"""An ordinary user and root at one checkout: what of one stands in the other's way is named."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.launcher import ANONYMOUS_UID, as_root, built

pytestmark = as_root
FIRST_PORT_OF_ALL = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


@pytest.fixture(scope="module")
def kept():
    with built(ANONYMOUS_UID) as checkout:
        yield checkout


@pytest.fixture
def checkout(kept):
    """A checkout that the user has not started; whatever a test lays there is root's."""
    yield kept
    os.chown(kept.root, ANONYMOUS_UID, -1)
    shutil.rmtree(kept.run, ignore_errors=True)
    shutil.rmtree(kept.home, ignore_errors=True)


def own(checkout, folder):
    """Make a private folder of the user's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chown(folder, checkout.uid, checkout.uid)


def test_roots_run_folder_is_named_with_both_ways_out(checkout):
    checkout.run.mkdir(mode=0o700)

    line = checkout.fails()

    assert f"{checkout.run} belongs to root: start as that user, or stop it and run" in line
    assert f"sudo rm -rf '{checkout.run}' '{checkout.root / '.venv'}'" in line


def test_a_users_run_folder_is_not_roots(checkout):
    own(checkout, checkout.run)

    line = replace(checkout, uid=os.getuid()).fails()

    assert f"{checkout.run} belongs to {ANONYMOUS_UID}: start as that user" in line
    assert checkout.run.stat().st_uid == ANONYMOUS_UID


def test_roots_file_in_the_run_folder_is_to_be_handed_over(checkout):
    own(checkout, checkout.run)
    (checkout.run / "lock").touch(mode=0o600)

    line = checkout.fails()

    assert f"no permission {checkout.run}/lock: sudo chown -R 12345 '{checkout.run}'" in line


def test_roots_checkout_is_to_be_copied(checkout):
    os.chown(checkout.root, 0, 0)

    line = checkout.fails()

    assert f"{checkout.root} is not writable (Permission denied): copy it to a folder" in line


def test_roots_environment_is_to_be_removed_when_it_must_change(checkout):
    stamp = checkout.root / ".venv" / "installed-requirements.sha256"
    digest = stamp.read_text()
    stamp.write_text("of an earlier day")
    try:
        line = checkout.fails()
    finally:
        stamp.write_text(digest)

    venv = checkout.root / ".venv"
    assert f"{venv} must change and is not writable (another user's?): sudo rm -rf" in line


def test_an_environment_whose_python_only_root_reaches_is_to_be_removed(checkout):
    venv, closed = checkout.root / ".venv", checkout.folder / "private"
    venv.rename(checkout.folder / "lent")
    closed.mkdir(mode=0o700)
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(closed / "python")
    try:
        line = checkout.fails()
    finally:
        shutil.rmtree(venv)
        (checkout.folder / "lent").rename(venv)

    assert f"{venv} must change and is not writable (another user's?): sudo rm -rf" in line


def test_roots_data_folder_names_the_variable(checkout):
    checkout.home.mkdir(mode=0o755)

    line = checkout.fails()

    assert f"{checkout.home} is no folder of this user (root owns it): set WEIDAI_DATA=" in line


def test_roots_keys_are_to_be_handed_over_and_not_made_again(checkout):
    own(checkout, checkout.home)
    (checkout.home / "keys.env").write_text("SECRET_KEY=roots")
    (checkout.home / "keys.env").chmod(0o600)

    line = checkout.fails()

    assert f"no permission {checkout.home}/keys.env: sudo chown -R 12345 '{checkout.home}'" in line
    assert (checkout.home / "keys.env").read_text() == "SECRET_KEY=roots"


def test_roots_cluster_is_to_be_handed_over(checkout):
    own(checkout, checkout.home)
    (checkout.home / "postgresql").mkdir(mode=0o700)

    line = checkout.fails()

    assert "belongs to root, not to 12345: sudo chown -R 12345" in line


def test_a_data_folder_that_only_root_may_write_names_the_variable(checkout):
    closed = checkout.folder / "closed"
    closed.mkdir(mode=0o755)

    line = checkout.fails(names={"WEIDAI_DATA": str(closed)})

    assert "cannot be used (Permission denied): set WEIDAI_DATA=/a/writable/folder" in line


def test_a_user_without_a_home_names_the_variable(checkout):
    line = checkout.fails(names={"WEIDAI_DATA": None, "HOME": None})

    assert "this user has no home: set WEIDAI_DATA=/a/writable/folder" in line


def test_a_port_below_1024_is_roots(checkout):
    if int(FIRST_PORT_OF_ALL.read_text()) <= 80:
        pytest.skip("this machine gives every port to everyone")

    assert "port 80 is for root alone: PORT=8001 make run" in checkout.fails(names={"PORT": "80"})
