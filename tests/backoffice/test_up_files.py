"""The files that the launcher writes: names, keys, lock, and the folders they stand in."""

import os
import stat
import subprocess
import sys

import environ
import pytest

from backoffice.up import dotenv, paths, postgresql, services
from backoffice.up.console import LaunchError
from backoffice.up.lock import Lock, Owner
from backoffice.up.paths import SOCKET_NAME, SOCKET_PATH_BYTES_MAX


def test_what_is_written_is_read_back_by_us_and_by_the_settings(tmp_path, monkeypatch):
    pairs = {
        "WEIDAI_T_URL": "postgres://weidai_app@/weidai?host=/var/lib/a%20b",
        "WEIDAI_T_KEY": f"1:{dotenv.key()}",
        "WEIDAI_T_EMPTY": "",
    }
    for name in pairs:
        monkeypatch.setenv(name, "to be restored")
        monkeypatch.delenv(name)

    dotenv.write(tmp_path / "env", pairs)
    environ.Env.read_env(str(tmp_path / "env"))

    assert dotenv.read(tmp_path / "env") == pairs
    assert {name: os.environ[name] for name in pairs} == pairs


def test_a_written_file_is_private_whatever_stood_there(tmp_path):
    (tmp_path / "env").write_text("OLD=1")

    dotenv.write(tmp_path / "env", {"NEW": "1"})

    assert dotenv.read(tmp_path / "env") == {"NEW": "1"}
    assert stat.S_IMODE((tmp_path / "env").stat().st_mode) == 0o600


def test_comments_quotes_and_export_are_understood(tmp_path):
    (tmp_path / ".env").write_text("# A=1\n\nexport B='two words'\nC = \"3\"\nnothing\n")

    assert dotenv.read(tmp_path / ".env") == {"B": "two words", "C": "3"}


def test_keys_are_made_once_and_a_new_name_is_added(tmp_path):
    file = tmp_path / "keys.env"
    first = dotenv.generated_keys(file)
    dotenv.write(file, {name: first[name] for name in first if name != "BLIND_KEY"})

    again = dotenv.generated_keys(file)

    assert {**again, "BLIND_KEY": first["BLIND_KEY"]} == first
    assert again["BLIND_KEY"] != first["BLIND_KEY"]
    assert dotenv.generated_keys(file) == again


def test_given_services_are_used_and_nothing_is_started(tmp_path, monkeypatch):
    given = {
        "DATABASE_URL": "postgres://db.example/weidai",
        "CELERY_BROKER_URL": "amqp://mq.example",
        "WEIDAI_DATA": str(tmp_path),
        "SANDBOX": "0",
    }
    monkeypatch.setattr(services, "ENV_FILE", tmp_path / "env")
    monkeypatch.delenv("DATABASE_OWNER_URL", raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    names = services.start(None, extra={"SANDBOX": "1", "CHANNEL_URL": ""})

    assert names["DATABASE_URL"] == names["DATABASE_OWNER_URL"] == given["DATABASE_URL"]
    assert (names["CELERY_BROKER_URL"], names["SANDBOX"]) == ("amqp://mq.example", "0")
    assert dotenv.read(tmp_path / "env") == names


def test_an_owner_without_a_database_is_of_another_database(monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgres://owner@/other")

    assert "DATABASE_OWNER_URL" not in services.given_environment()


def test_each_checkout_has_its_own_data(tmp_path):
    given = {"XDG_DATA_HOME": "/home/li/data"}
    one = paths.data_folder(given, uid=1000, root=tmp_path / "weidai")

    assert one == paths.data_folder(given, uid=1000, root=tmp_path / "weidai")
    assert one != paths.data_folder(given, uid=1000, root=tmp_path / "other" / "weidai")
    assert str(one).startswith("/home/li/data/weidai/weidai-")


def test_roots_data_is_where_an_unprivileged_server_can_reach_it():
    assert str(paths.data_folder({"XDG_DATA_HOME": "/root/x"}, uid=0)).startswith("/var/lib/")
    assert str(paths.data_folder({"WEIDAI_DATA": "/srv/w"}, uid=0)).startswith("/srv/w/")


@pytest.mark.parametrize("depth", range(70, 110))
def test_a_socket_path_never_passes_the_kernels_limit(tmp_path, depth):
    data = paths.Path("/" + "d" * depth)

    folder = paths.socket_folder(data, uid=1000)

    assert len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX
    is_short = len(os.fsencode(data / "sock" / SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX
    assert (folder == data / "sock") == is_short


def test_a_link_in_the_place_of_our_folder_is_refused(tmp_path):
    (tmp_path / "ours").symlink_to(tmp_path)

    with pytest.raises(LaunchError, match="WEIDAI_DATA"):
        paths.make_own(tmp_path / "ours", mode=0o700)


def test_a_private_umask_does_not_lock_the_server_out(tmp_path):
    site = tmp_path / "site"
    (site / postgresql.INSTALLATION / "bin").mkdir(parents=True)
    (site / postgresql.INSTALLATION / "bin" / "postgres").touch(mode=0o700)
    (site / postgresql.INSTALLATION / "words").touch(mode=0o600)
    umask = os.umask(0o077)
    try:
        home = paths.make_own(tmp_path / "data" / "home", mode=0o755)
        postgresql._copy(site, home / "programs")
    finally:
        os.umask(umask)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.parent.rglob("*")}

    assert modes["postgres"] == modes["bin"] == modes["programs"] == modes["home"] == 0o755
    assert modes["words"] == 0o644
    assert stat.S_IMODE(home.parent.stat().st_mode) == 0o755


def test_a_second_start_learns_the_address_of_the_first(tmp_path):
    first, second = Lock(tmp_path), Lock(tmp_path)

    assert first.claim(address="http://127.0.0.1:8001") is None
    assert second.claim(address="") == Owner(os.getpid(), "http://127.0.0.1:8001")

    first.release()
    assert second.claim(address="") is None
    second.release()


def test_a_killed_owner_leaves_no_lock(tmp_path):
    program = (
        f"import os, sys; sys.path.insert(0, {str(paths.ROOT)!r})\n"
        "from pathlib import Path; from backoffice.up.lock import Lock\n"
        f"Lock(Path({str(tmp_path)!r})).claim(address='x'); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", program], check=False)
    lock = Lock(tmp_path)

    assert killed.returncode == -9
    assert lock.claim(address="") is None
    lock.release()


def test_the_owner_knows_of_its_borrowers(tmp_path):
    owner, borrower = Lock(tmp_path), Lock(tmp_path)
    assert not owner.is_borrowed()

    borrower.borrow()
    assert owner.is_borrowed()

    borrower.release()
    assert not owner.is_borrowed()
