"""The project's ``.venv``: made once, its packages installed when the requirements change."""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from backoffice.up.console import LaunchError, begin
from backoffice.up.places import ROOT, RUN, VENV, make_own

RUNTIME = ROOT / "requirements.txt"
DEVELOPMENT = ROOT / "requirements-dev.txt"
# Prints the prefix where the interpreter is one that Weidai runs on.
PROBE = "import sys; print(sys.prefix if sys.version_info >= (3, 11) else '')"


def enter(*, dev: bool) -> None:
    """Make the environment ready and go on in its interpreter, which replaces this process.

    Raises:
        LaunchError: The environment cannot be made or a package cannot be installed.
    """
    make_own(RUN, mode=0o700)
    with (RUN / "environment.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two first starts at once: the second waits
        if not is_current(VENV) and not is_usable(VENV):
            create(VENV)
        stale = stale_requirements(VENV, dev=dev)
        if stale:
            install(VENV, stale)
    if not is_current(VENV):
        python = str(VENV / "bin" / "python")
        sys.stderr.flush()
        os.execv(python, [python, "-m", "backoffice.up", *sys.argv[1:]])


def is_current(venv: Path) -> bool:
    """Return whether this interpreter is the environment's."""
    return Path(sys.prefix).resolve() == venv.resolve()


def is_usable(venv: Path) -> bool:
    """Return whether the environment's interpreter runs and is new enough."""
    python = venv / "bin" / "python"
    if not python.exists():
        return False
    answer = subprocess.run([python, "-c", PROBE], capture_output=True, text=True, check=False)
    return answer.returncode == 0 and Path(answer.stdout.strip()).resolve() == venv.resolve()


def stale_requirements(venv: Path, *, dev: bool) -> list[Path]:
    """Return the requirement files that changed since they were installed."""
    wanted = [RUNTIME, DEVELOPMENT] if dev else [RUNTIME]
    return [file for file in wanted if _stamp(venv, file) != digest(file)]


def digest(file: Path) -> str:
    """Return what stands for the content of a requirement file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _stamp_file(venv: Path, file: Path) -> Path:
    return venv / f"installed-{file.stem}.sha256"


def _stamp(venv: Path, file: Path) -> str:
    stamp = _stamp_file(venv, file)
    return stamp.read_text() if stamp.exists() else ""


def create(venv: Path) -> None:
    """Make the environment afresh, with uv where it is on PATH.

    Raises:
        LaunchError: Python's venv module is incomplete or the environment cannot be made.
    """
    if _ran("uv", "venv", "--quiet", "--clear", "--python", sys.executable, str(venv)):
        return
    _require_venv()
    if not _ran(sys.executable, "-m", "venv", "--clear", str(venv)):
        raise LaunchError(
            f"无法创建 {venv}: 请删除该目录后重试",
            f"cannot create {venv}: remove that folder and try again",
        )


def _require_venv() -> None:
    missing = [name for name in ("venv", "ensurepip") if not importlib.util.find_spec(name)]
    if missing:
        raise LaunchError(
            f"Python 缺少 {missing[0]} 模块: apt-get install python3-venv",
            f"Python has no {missing[0]} module: apt-get install python3-venv",
        )


def install(venv: Path, files: list[Path]) -> None:
    """Install the packages that the files name and remember the files' digests.

    Raises:
        LaunchError: A package cannot be installed.
    """
    names = ", ".join(file.name for file in files)
    begin(f"安装 {names} (首次约一分钟)", f"installing {names} (a minute or so the first time)")
    digests = {file: digest(file) for file in files}
    wanted = [argument for file in files for argument in ("-r", str(file))]
    python = str(venv / "bin" / "python")
    # uv does not read pip's configuration: where only pip knows the package index, pip is next.
    if not _ran("uv", "pip", "install", "--quiet", "--python", python, *wanted):
        _install_with_pip(python, wanted)
    for file, value in digests.items():
        _stamp_file(venv, file).write_text(value)


def _install_with_pip(python: str, wanted: list[str]) -> None:
    if not _ran(python, "-c", "import pip"):
        _ran(python, "-m", "ensurepip", "--upgrade")
    quietly = ["-qq", "--no-input", "--disable-pip-version-check"]
    if not _ran(python, "-m", "pip", "install", *quietly, *wanted):
        raise LaunchError(
            "依赖安装失败: 检查网络与 pip 配置后重试",
            "packages cannot be installed: check the network and pip's configuration, try again",
        )


def _ran(program: str, *arguments: str) -> bool:
    """Run a program; return whether it is there and succeeded."""
    if not shutil.which(program):
        return False
    return subprocess.run([program, *arguments], stdout=sys.stderr, check=False).returncode == 0
