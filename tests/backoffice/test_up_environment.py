"""The environment is made and filled only when it must be."""

import subprocess
import sys

import pytest

from backoffice.up import environment
from backoffice.up.console import LaunchError


@pytest.fixture
def venv(tmp_path, monkeypatch):
    """An empty environment folder beside two requirement files of our own."""
    for name in ("RUNTIME", "DEVELOPMENT"):
        file = tmp_path / f"{name.lower()}.txt"
        file.write_text(f"# {name}\n")
        monkeypatch.setattr(environment, name, file)
    folder = tmp_path / ".venv"
    folder.mkdir()
    return folder


@pytest.fixture
def ran(monkeypatch):
    """The programs that were run; those whose first words are in ``failing`` fail."""
    lines, failing = [], []

    def run(*words):
        lines.append(" ".join(words))
        return not any(lines[-1].startswith(word) for word in failing)

    monkeypatch.setattr(environment, "_ran", run)
    return lines, failing


def test_a_requirement_file_is_installed_once(venv, ran):
    environment.install(venv, environment.stale_requirements(venv, dev=False))

    assert environment.stale_requirements(venv, dev=False) == []
    assert environment.stale_requirements(venv, dev=True) == [environment.DEVELOPMENT]


def test_a_changed_requirement_file_is_installed_again(venv, ran):
    environment.install(venv, [environment.RUNTIME, environment.DEVELOPMENT])

    environment.RUNTIME.write_text("Django\n")

    assert environment.stale_requirements(venv, dev=True) == [environment.RUNTIME]


def test_uv_comes_first_and_pip_follows_where_uv_fails(venv, ran):
    lines, failing = ran
    failing.append("uv")

    environment.install(venv, [environment.RUNTIME])

    assert lines[0].startswith("uv pip install")
    assert "-m pip install" in lines[-1]


def test_a_failed_installation_is_said_and_not_remembered(venv, ran):
    _, failing = ran
    failing += ["uv", str(venv / "bin" / "python")]

    with pytest.raises(LaunchError, match="check the network"):
        environment.install(venv, [environment.RUNTIME])

    assert environment.stale_requirements(venv, dev=False) == [environment.RUNTIME]


def test_a_python_without_venv_is_told_what_to_install(venv, ran, monkeypatch):
    ran[1].append("uv")
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
