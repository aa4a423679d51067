"""``make bench``: what customers call, under eight clients, against an endpoint that does nothing.

One web process as a start has it, over HTTP; each client keeps its connection, as a phone behind a
proxy does. Rounds are interleaved, and every ratio is of one round.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any, NamedTuple

from django.core.management import call_command
from django.db import connections
from rich.progress import Progress

from tests.bench import databases, portfolios
from tests.bench.debit_day import PROJECT, Figure

CLIENTS = 8
REQUESTS = 150  # each client, each round
START_SECONDS = 30.0
_DEVICE = {"fingerprint": "fingerprint-{}", "model": "Pixel 9", "os": "android",
           "os_version": "16", "is_emulator": False, "is_rooted": False}  # fmt: skip


class Endpoints(NamedTuple):
    """Milliseconds of a request by endpoint, and ratios to the empty one."""

    milliseconds: dict[str, Figure]
    ratios: dict[str, Figure]


class Client:
    """A phone: one connection, one account, one token."""

    def __init__(self, port: int, number: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
        self._login = {
            "code": f"sandbox:bench-{number}",
            "device": _DEVICE | {"fingerprint": f"fingerprint-{number}"},
        }
        self._token = ""

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Return the reply; anything but 200 ends the benchmark."""
        sent = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        self._connection.request(method, path, sent, headers)
        reply = self._connection.getresponse()
        content = reply.read()
        assert reply.status == 200, content
        return json.loads(content)

    def empty(self) -> None:
        """Ask for nothing."""
        self.call("GET", "/api/empty")

    def me(self) -> None:
        """Ask who one is."""
        self.call("GET", "/api/v1/me")

    def log_in(self) -> None:
        """Log in, as one does who was here before."""
        self._token = ""
        self._token = self.call("POST", "/api/v1/auth/wechat", self._login)["token"]


CALLS = {"empty": Client.empty, "me": Client.me, "login": Client.log_in}


def measure(*, rounds: int, progress: Progress) -> Endpoints:
    """Measure the endpoints in interleaved rounds."""
    steps = progress.add_task("endpoints", total=rounds)
    seconds: dict[str, list[float]] = defaultdict(list)
    with _database() as database, _web(database) as port:
        phones = [Client(port, number) for number in range(CLIENTS)]
        for name in ("login", "me", "empty"):  # warm
            _all(phones, CALLS[name], 5)
        for _round in range(rounds):
            for name, call in CALLS.items():
                seconds[name].append(_all(phones, call, REQUESTS))
            progress.advance(steps)
    return Endpoints(
        {name: Figure.of([1000 * one for one in found]) for name, found in seconds.items()},
        {
            f"{name} / empty": Figure.of(
                [own / empty for own, empty in zip(seconds[name], seconds["empty"], strict=True)]
            )
            for name in CALLS
            if name != "empty"
        },
    )


def _all(phones: list[Client], call: Callable[[Client], None], times: int) -> float:
    """Let every client call so often at the same time; return the seconds a request took."""

    def work(phone: Client) -> None:
        for _time in range(times):
            call(phone)

    with ThreadPoolExecutor(len(phones)) as threads:
        before = time.perf_counter()
        list(threads.map(work, phones))
        return (time.perf_counter() - before) / (len(phones) * times)


@contextmanager
def _database() -> Iterator[str]:
    database = f"{databases.PREFIX}_endpoints"
    databases.drop(database)
    databases.create(database)
    names = {alias: connections[alias].settings_dict["NAME"] for alias in connections}
    try:
        portfolios.point_at(dict.fromkeys(names, database))
        call_command("migrate", verbosity=0, interactive=False)
        yield database
    finally:
        portfolios.point_at(names)
        databases.drop(database)


@contextmanager
def _web(database: str) -> Iterator[int]:
    """Lend a web process on a database; it is gone afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "tests.bench.served:application",
               "-b", f"127.0.0.1:{port}", "--threads", "4", "--no-control-socket",
               "--log-level", "warning"]  # fmt: skip
    names = databases.names_for(database)
    env = {**os.environ, **names, "DJANGO_SETTINGS_MODULE": "backoffice.settings"}
    with subprocess.Popen(command, env=env, cwd=PROJECT) as web:
        try:
            _await(port)
            yield port
        finally:
            web.terminate()


def _await(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            Client(port, 0).call("GET", "/api/empty")
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
