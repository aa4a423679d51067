"""Where things are kept: ``.run/`` in the checkout, data in a folder of the user's own."""

import hashlib
import os
import stat
from pathlib import Path

from backoffice.up.console import LaunchError

ROOT = Path(__file__).resolve().parent.parent.parent
RUN = ROOT / ".run"
VENV = ROOT / ".venv"

SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_BYTES_MAX = 107


def data_home(environ: dict[str, str], *, uid: int) -> Path:
    """Return the folder that holds one data folder per checkout.

    Root's is reachable by the unprivileged user that PostgreSQL runs as; root's home is not.
    """
    if chosen := environ.get("WEIDAI_DATA"):
        return Path(chosen).absolute()
    if uid == 0:
        return Path("/var/lib/weidai")
    shared = environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(shared) / "weidai"


def data_folder(environ: dict[str, str], *, uid: int, root: Path = ROOT) -> Path:
    """Return the data folder of a checkout: the same path always has the same data."""
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:8]
    return data_home(environ, uid=uid) / f"{root.name}-{digest}"


def make_own(folder: Path, *, mode: int) -> Path:
    """Make a folder of ours with exactly this mode; parents that are missing are open to read.

    Raises:
        LaunchError: It cannot be made, or somebody else's folder stands there.
    """
    umask = os.umask(0o022)
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
        state = folder.lstat()
        if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.getuid():
            raise PermissionError(f"{folder} belongs to another user")
        folder.chmod(mode)
    except OSError as error:
        raise LaunchError(
            f"目录 {folder} 不可用 ({error}): 请设 WEIDAI_DATA=/可写目录",
            f"the folder {folder} cannot be used ({error}): set WEIDAI_DATA=/a/writable/folder",
        ) from error
    finally:
        os.umask(umask)
    return folder


def socket_folder(data: Path, *, uid: int) -> Path:
    """Return the folder for PostgreSQL's socket; a deep data folder is too long for the kernel."""
    folder = data / "sock"
    if len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX:
        return folder
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:8]
    # Not a guessable temporary file: whoever makes the folder checks whose it is.
    return Path(f"/tmp/weidai-{uid}-{digest}")  # nosec B108
