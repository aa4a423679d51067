"""A start, step by step: services, migrations, bank, demo, web, worker and beat."""

import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from backoffice.up import network, services
from backoffice.up.console import BOLD, LaunchError, both, paint, print_done, put
from backoffice.up.lock import Lock
from backoffice.up.paths import RUN, make_own
from backoffice.up.processes import ProcessGroup, bound_to_parent
from backoffice.up.terminal import own_foreground

START_SECONDS_MAX = 60.0
OUTPUT_MAX = 500
# Their output is read as UTF-8 in every locale: an ASCII locale would fail on Chinese.
UTF8 = {"PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8"}
# A host that drops packets must not block the start.
PATIENCE = {"PGCONNECT_TIMEOUT": "10"}
CONNECT = """
import os
from kombu import Connection
Connection(os.environ["CELERY_BROKER_URL"], connect_timeout=10).connect()
"""


@dataclass(frozen=True)
class Options:
    """The options of a start."""

    port: int
    demo: bool
    sandbox: bool

    @property
    def address(self) -> str:
        """Where the pages are."""
        return f"http://{network.HOST}:{self.port}"


def require_startable(port: int) -> None:
    """Check, before anything is installed, that a start is possible.

    Raises:
        LaunchError: A launcher already runs for this checkout, or the port is taken.
    """
    make_own(RUN, mode=0o700)
    lock = Lock(RUN)
    _claim(lock, address="")
    lock.release()
    with network.reserved(port):
        return


def _claim(lock: Lock, *, address: str) -> None:
    owner = lock.claim(address=address)
    if owner is None:
        return
    if owner.address:
        raise LaunchError(
            f"已在运行: {owner.address}: 直接打开, 或先在那个终端按 Ctrl-C (进程 {owner.pid})",
            f"already running: {owner.address}: open it, or end it by Ctrl-C (process {owner.pid})",
        )
    raise LaunchError(
        f"进程 {owner.pid} 正在使用服务 (测试或检查): 等它结束后重试",
        f"process {owner.pid} uses the services (tests or checks): try again when it has ended",
    )


def run(options: Options) -> int:
    """Start everything and keep it running until Ctrl-C; return the exit code.

    Raises:
        LaunchError: A step fails, or a process ends by itself.
    """
    lock = Lock(RUN)
    _claim(lock, address=options.address)
    services.ENV_FILE.unlink(missing_ok=True)
    try:
        with own_foreground(), ProcessGroup(RUN) as group:
            start_all(group, options)
            group.watch()
    except KeyboardInterrupt:
        print_done("已全部停止", "everything has stopped")
    finally:
        services.ENV_FILE.unlink(missing_ok=True)
        lock.release()
    return 0


def start_all(group: ProcessGroup, options: Options) -> None:
    """Start every part in its order and print the address.

    Raises:
        LaunchError: A step fails, or a process ends by itself.
    """
    with network.reserved(options.port):
        bank_port = network.free_port()
        names = services.start(group, extra=_names(options, bank_port))
    env = PATIENCE | services.environ(names) | UTF8
    require_broker(env)
    has_bank = names["SANDBOX"] == "1" and names["CHANNEL_URL"] == _bank_url(bank_port)
    if has_bank:
        start_bank(group, bank_port, env)  # parallel to the migrations: it has its own store
    manage("migrate", "--verbosity", "0", env=env)
    print_done("数据库迁移", "database migrated")
    if has_bank:
        wait(group, lambda: network.answers(bank_port))
        print_done("沙箱银行", f"sandbox bank {_bank_url(bank_port)}")
    start_web(group, options.port, env)  # parallel to the demo, on migrated tables
    logins = manage("demo", env=env) if options.demo else ""
    wait(group, lambda: network.is_alive(options.port))
    start_workers(group, env)
    ready = f"{both('就绪', 'ready')}: {options.address}  ·  Ctrl-C"
    put(f"{logins}{paint(BOLD, ready, sys.stdout)}\n", sys.stdout)


def _names(options: Options, bank_port: int) -> dict[str, str]:
    sandbox = options.demo or options.sandbox
    channel = _bank_url(bank_port) if sandbox else ""
    return {"SANDBOX": "1" if sandbox else "0", "CHANNEL_URL": channel}


def _bank_url(port: int) -> str:
    return f"http://{network.HOST}:{port}"


def require_broker(env: Mapping[str, str]) -> None:
    """Check that a given broker answers: a worker would retry for ever.

    Raises:
        LaunchError: It does not.
    """
    if "CELERY_BROKER_URL" in services.given_environment():
        done = _python("-c", CONNECT, env=env)
        if done.returncode:
            raise not_serving("CELERY_BROKER_URL", last_output(done.stderr))


def not_serving(name: str, error: str) -> LaunchError:
    """Return the error for a service of the operator."""
    return LaunchError(
        f"{name} 指向的服务不可用: 启动该服务, 或改正、删除 {name}",
        f"{name} leads to no service ({error}): start it, or fix or remove {name}",
    )


def manage(*arguments: str, env: Mapping[str, str]) -> str:
    """Run a management command; return its output.

    Raises:
        LaunchError: The command failed; its last output follows.
    """
    done = _python("manage.py", *arguments, env=env)
    log = RUN / f"{arguments[0]}.log"
    log.write_text(done.stdout + done.stderr, encoding="utf-8")
    if done.returncode:
        output = last_output(done.stderr)
        if "OperationalError" in output and "DATABASE_URL" in services.given_environment():
            raise not_serving("DATABASE_URL", output)
        raise LaunchError(
            f"manage.py {arguments[0]} 失败: 见 {log}",
            f"manage.py {arguments[0]} failed ({output}): see {log}",
        )
    return done.stdout


def _python(*arguments: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        bound_to_parent([sys.executable, *arguments]),
        env=env,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def last_output(output: str) -> str:
    """Return the end of a command's output on one line; of a traceback only the error."""
    lines = output.rstrip().splitlines()
    frames = [number for number, line in enumerate(lines) if line.startswith("  ")]
    after = frames[-1] + 1 if "Traceback (most recent call last):" in lines else 0
    return textwrap.shorten(" ".join(lines[after:][-12:]), OUTPUT_MAX, placeholder=" …")


def start_bank(group: ProcessGroup, port: int, env: Mapping[str, str]) -> None:
    """Start the sandbox bank."""
    arguments = ["sandbox_bank", "--port", str(port), "--store", str(RUN / "sandbox-bank.sqlite3")]
    group.start("bank", [sys.executable, "manage.py", *arguments], env=env)


def start_web(group: ProcessGroup, port: int, env: Mapping[str, str]) -> None:
    """Start the web process."""
    server = [sys.executable, "-m", "backoffice.web.server"]
    group.start("web", [*server, "--bind", f"{network.HOST}:{port}"], env=env)


def start_workers(group: ProcessGroup, env: Mapping[str, str]) -> None:
    """Start the worker, and beat, which sends one tick a minute."""
    celery = [sys.executable, "-m", "celery", "--quiet", "-A", "backoffice"]
    worker = ["worker", "--concurrency", "2", "--loglevel", "INFO"]
    group.start("worker", [*celery, *worker], env=env)
    beat = ["beat", "--schedule", str(RUN / "beat"), "--pidfile=", "--loglevel", "INFO"]
    group.start("beat", [*celery, *beat], env=env)


def wait(group: ProcessGroup, is_ready: Callable[[], bool]) -> None:
    """Wait until a process answers.

    Raises:
        LaunchError: It never does, or a process ends by itself.
    """
    until = time.monotonic() + START_SECONDS_MAX
    while not is_ready():
        group.check()
        if time.monotonic() > until:
            raise LaunchError(
                f"{START_SECONDS_MAX:.0f} 秒内没有应答: 见 {RUN}/*.log",
                f"no answer within {START_SECONDS_MAX:.0f} seconds: see {RUN}/*.log",
            )
        time.sleep(0.05)
