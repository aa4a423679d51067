"""Paths: ``.run/`` in the checkout, data in a folder of the user."""

import hashlib
import os
import stat
from pathlib import Path

from backoffice.up import faults
from backoffice.up.console import LaunchError

ROOT = Path(__file__).resolve().parent.parent.parent
RUN = ROOT / ".run"
VENV = ROOT / ".venv"

SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_BYTES_MAX = 107


def data_home(environ: dict[str, str], *, uid: int) -> Path:
    """Return the folder that holds one data folder per checkout.

    The unprivileged user of PostgreSQL can enter root's data folder, but not root's home.

    Raises:
        LaunchError: The user has no home and sets no folder.
    """
    if chosen := environ.get("WEIDAI_DATA"):
        return Path(chosen).absolute()
    if uid == 0:
        return Path("/var/lib/weidai")
    if shared := environ.get("XDG_DATA_HOME"):
        return Path(shared) / "weidai"
    try:
        return Path.home() / ".local" / "share" / "weidai"
    except RuntimeError as error:
        raise LaunchError(
            "用户没有主目录: 请设 WEIDAI_DATA=/可写目录",
            "this user has no home: set WEIDAI_DATA=/a/writable/folder",
        ) from error


def data_folder(environ: dict[str, str], *, uid: int, root: Path = ROOT) -> Path:
    """Return the data folder of a checkout: the same path always has the same data."""
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:8]
    return data_home(environ, uid=uid) / f"{root.name}-{digest}"


def make_own(folder: Path, *, mode: int) -> Path:
    """Make a folder of ours with exactly this mode; parents that are missing are open to read.

    Raises:
        LaunchError: It cannot be created, or it belongs to another user.
    """
    umask = os.umask(0o022)
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
        state = folder.lstat()
        if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.getuid():
            raise _not_ours(folder, state)
        folder.chmod(mode)
    except OSError as error:
        raise _unusable(folder, error) from error
    finally:
        os.umask(umask)
    return folder


def _not_ours(folder: Path, state: os.stat_result) -> LaunchError:
    owner = faults.user_name(state.st_uid)
    kept = [path for path in (RUN, VENV) if path.exists()] if folder == RUN else [folder]
    remedy = "sudo rm -rf " + " ".join(f"'{path}'" for path in kept)
    if folder == RUN:
        return LaunchError(
            f"{folder} 属于用户 {owner}: 由该用户启动, 或停止后运行 {remedy}",
            f"{folder} belongs to {owner}: start as that user, or stop it and run {remedy}",
        )
    return LaunchError(
        f"{folder} 不是当前用户的目录 (属于 {owner}): 请设 WEIDAI_DATA=/可写目录",
        f"{folder} is no folder of this user ({owner} owns it): set WEIDAI_DATA=/a/writable/folder",
    )


def _unusable(folder: Path, error: OSError) -> LaunchError:
    if error.errno in faults.FULL:
        return faults.DiskFull(folder)
    if folder == RUN:
        return LaunchError(
            f"{ROOT} 不可写 ({error.strerror}): 把代码复制到自己的目录后启动",
            f"{ROOT} is not writable ({error.strerror}): copy it to a folder of your own",
        )
    return LaunchError(
        f"目录 {folder} 不可用 ({error.strerror}): 请设 WEIDAI_DATA=/可写目录",
        f"{folder} cannot be used ({error.strerror}): set WEIDAI_DATA=/a/writable/folder",
    )


def socket_folder(data: Path, *, uid: int) -> Path:
    """Return the folder for PostgreSQL's socket; a deep data folder is too long for the kernel."""
    folder = data / "sock"
    if len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX:
        return folder
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:8]
    # Not a guessable temporary file: its creation checks the owner.
    return Path(f"/tmp/weidai-{uid}-{digest}")  # nosec B108
