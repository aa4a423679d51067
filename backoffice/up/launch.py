"""A whole start, step by step: services, migrations, bank, demo, web, worker and beat."""

import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from backoffice.up import network, services
from backoffice.up.console import BOLD, LaunchError, paint, put, say
from backoffice.up.lock import Lock
from backoffice.up.paths import RUN, make_own
from backoffice.up.processes import Family, bound_to_parent
from backoffice.up.terminal import own_foreground

START_SECONDS_MAX = 60.0
WORDS_MAX = 500
# We read what they say, whatever the terminal shows: their Chinese would end them in a system of
# ASCII alone.
UTF8 = {"PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8"}
# A host that swallows what it is asked is given up soon.
PATIENCE = {"PGCONNECT_TIMEOUT": "10"}
CONNECT = """
import os
from kombu import Connection
Connection(os.environ["CELERY_BROKER_URL"], connect_timeout=10).connect()
"""


@dataclass(frozen=True)
class Options:
    """What a start was asked for."""

    port: int
    demo: bool
    sandbox: bool

    @property
    def address(self) -> str:
        """Where the pages are."""
        return f"http://{network.HOST}:{self.port}"


def require_place(port: int) -> None:
    """Look, before anything is installed, whether a start has a place here.

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
        with own_foreground(), Family(RUN) as family:
            start_all(family, options)
            family.watch()
    except KeyboardInterrupt:
        say("已全部停止", "everything has stopped")
    finally:
        services.ENV_FILE.unlink(missing_ok=True)
        lock.release()
    return 0


def start_all(family: Family, options: Options) -> None:
    """Start every part in its order and print the address.

    Raises:
        LaunchError: A step fails, or a process ends by itself.
    """
    with network.reserved(options.port):
        bank_port = network.free_port()
        names = services.start(family, extra=_names(options, bank_port))
    env = PATIENCE | services.environ(names) | UTF8
    require_broker(env)
    has_bank = names["SANDBOX"] == "1" and names["CHANNEL_URL"] == _bank_url(bank_port)
    if has_bank:
        start_bank(family, bank_port, env)  # beside the migrations: it keeps books of its own
    manage("migrate", "--verbosity", "0", env=env)
    say("数据库迁移", "database migrated")
    if has_bank:
        wait(family, lambda: network.answers(bank_port))
        say("沙箱银行", f"sandbox bank {_bank_url(bank_port)}")
    start_web(family, options.port, env)  # beside the demo, on tables that are all there
    logins = manage("demo", env=env) if options.demo else ""
    wait(family, lambda: network.is_alive(options.port))
    start_workers(family, env)
    ready = f"就绪 / ready: {options.address}  ·  Ctrl-C"
    put(f"{logins}{paint(BOLD, ready, sys.stdout)}\n", sys.stdout)


def _names(options: Options, bank_port: int) -> dict[str, str]:
    sandbox = options.demo or options.sandbox
    channel = _bank_url(bank_port) if sandbox else ""
    return {"SANDBOX": "1" if sandbox else "0", "CHANNEL_URL": channel}


def _bank_url(port: int) -> str:
    return f"http://{network.HOST}:{port}"


def require_broker(env: Mapping[str, str]) -> None:
    """Look whether a given broker serves: a worker would only ask it again and again.

    Raises:
        LaunchError: It does not.
    """
    if "CELERY_BROKER_URL" in services.given_names():
        done = _python("-c", CONNECT, env=env)
        if done.returncode:
            raise not_serving("CELERY_BROKER_URL", last_words(done.stderr))


def not_serving(name: str, words: str) -> LaunchError:
    """Return what to say of a service of the operator's own."""
    return LaunchError(
        f"{name} 指向的服务不可用: 启动该服务, 或改正、删除 {name}",
        f"{name} leads to no service ({words}): start it, or fix or remove {name}",
    )


def manage(*words: str, env: Mapping[str, str]) -> str:
    """Run a management command to its end; return what it printed.

    Raises:
        LaunchError: The command failed; its last words follow.
    """
    done = _python("manage.py", *words, env=env)
    log = RUN / f"{words[0]}.log"
    log.write_text(done.stdout + done.stderr, encoding="utf-8")
    if done.returncode:
        said = last_words(done.stderr)
        if "OperationalError" in said and "DATABASE_URL" in services.given_names():
            raise not_serving("DATABASE_URL", said)
        raise LaunchError(
            f"manage.py {words[0]} 失败: 见 {log}",
            f"manage.py {words[0]} failed ({said}): see {log}",
        )
    return done.stdout


def _python(*words: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        bound_to_parent([sys.executable, *words]),
        env=env,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def last_words(output: str) -> str:
    """Return on one line what a command said last; of a traceback only the error."""
    lines = output.rstrip().splitlines()
    frames = [number for number, line in enumerate(lines) if line.startswith("  ")]
    after = frames[-1] + 1 if "Traceback (most recent call last):" in lines else 0
    return textwrap.shorten(" ".join(lines[after:][-12:]), WORDS_MAX, placeholder=" …")


def start_bank(family: Family, port: int, env: Mapping[str, str]) -> None:
    """Start the sandbox bank."""
    words = ["sandbox_bank", "--port", str(port), "--store", str(RUN / "sandbox-bank.sqlite3")]
    family.start("bank", [sys.executable, "manage.py", *words], env=env)


def start_web(family: Family, port: int, env: Mapping[str, str]) -> None:
    """Start the web process."""
    gunicorn = [sys.executable, "-m", "gunicorn", "backoffice.wsgi:application"]
    options = ["-b", f"{network.HOST}:{port}", "--threads", "4", "--no-control-socket"]
    family.start("web", [*gunicorn, *options], env=env)


def start_workers(family: Family, env: Mapping[str, str]) -> None:
    """Start the worker and the beat that wakes it every minute."""
    celery = [sys.executable, "-m", "celery", "--quiet", "-A", "backoffice"]
    worker = ["worker", "--concurrency", "2", "--loglevel", "INFO"]
    family.start("worker", [*celery, *worker], env=env)
    beat = ["beat", "--schedule", str(RUN / "beat"), "--pidfile=", "--loglevel", "INFO"]
    family.start("beat", [*celery, *beat], env=env)


def wait(family: Family, is_ready: Callable[[], bool]) -> None:
    """Wait until a part answers.

    Raises:
        LaunchError: It never does, or a process ends by itself.
    """
    until = time.monotonic() + START_SECONDS_MAX
    while not is_ready():
        family.check()
        if time.monotonic() > until:
            raise LaunchError(
                f"{START_SECONDS_MAX:.0f} 秒内没有应答: 见 {RUN}/*.log",
                f"no answer within {START_SECONDS_MAX:.0f} seconds: see {RUN}/*.log",
            )
        time.sleep(0.05)
