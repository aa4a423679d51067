"""``make bench``: what customers call, under eight clients, against an endpoint that does nothing.

One web process as a start has it, over HTTP. The clients are those of wrk, in C: their share of the
processors is small, and CPU is read of the web process and of the database alone. Rounds are
interleaved, and every ratio is of one round.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import Any, NamedTuple

from rich.progress import Progress

from tests.bench import cpu, databases
from tests.bench.debit_day import PROJECT, Figure

CLIENTS = 8
CROWD = 128
SECONDS = 4  # a round of one endpoint
ONCE_SECONDS_MOST = 90
START_SECONDS = 30.0
_DEVICE = {"model": "Pixel 9", "os": "android", "os_version": "16", "is_emulator": False,
           "is_rooted": False}  # fmt: skip
# wrk calls these: the requests in turn, and one line of JSON in the end.
_SCRIPT = """
local given, requests, next = {requests}, {{}}, 0
function init(args)
  for number, each in ipairs(given) do
    requests[number] = wrk.format(each[1], each[2], each[3], each[4])
  end
end
function request()
  next = next % #requests + 1
  return requests[next]
end
function done(summary, latency)
  io.write(string.format(
    '\\n{{"requests": %d, "refused": %d, "lost": %d, "seconds": %f, "p50": %f, "p99": %f}}\\n',
    summary.requests, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


# Each request once; a client that finds none left calls the empty endpoint, then waits.
_ONCE = """
local answered = 0
next = -1  -- wrk looks at one request before it sends any
function request()
  next = next + 1
  if next == 0 then return requests[1] end
  return requests[next] or wrk.format("GET", "{path}")
end
function delay()  -- whoever has nothing left to send waits for the end
  return next < #requests and 0 or 600000
end
function response(status)
  if status == 200 then return end
  answered = answered + 1
  if answered == #requests then  -- a little later: os.execute ignores SIGINT
    os.execute("(sleep 0.1; kill -INT $PPID) > /dev/null 2>&1 &")
  end
end
"""
_EMPTY = "/api/empty"


class Call(NamedTuple):
    """A request to the web process."""

    method: str
    path: str
    token: str = ""
    body: str = ""
    key: str = ""  # of idempotency

    def headers(self) -> dict[str, str]:
        """Return its headers."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.key:
            headers["Idempotency-Key"] = self.key
        return headers


class Endpoints(NamedTuple):
    """Milliseconds of a request by endpoint, and ratios to the empty one."""

    milliseconds: dict[str, Figure]  # by the clock, whatever the clients at once
    cpu_milliseconds: dict[str, Figure]  # of the web process and the database
    web_milliseconds: dict[str, Figure]  # of CPU, of the web process alone
    p99: dict[str, Figure]
    ratios: dict[str, Figure]
    cpu_ratios: dict[str, Figure]
    crowd: dict[str, float]  # logins by many clients at once: p99 and the share that was refused


def measure(*, rounds: int, progress: Progress) -> Endpoints:
    """Measure the endpoints in interleaved rounds."""
    steps = progress.add_task("endpoints", total=rounds + 1)
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with _database() as database, web(database) as (server, port):
        calls = _calls(port)
        for each in calls.values():  # warm
            _run(port, each, clients=CLIENTS, seconds=1)
        for _round in range(rounds):
            for name, each in calls.items():
                for figure, value in _measured(server, port, each).items():
                    found[figure][name].append(value)
            progress.advance(steps)
        crowd = _run(port, calls["login"], clients=CROWD, seconds=SECONDS)
        progress.advance(steps)
    figures = {name: _figures(values) for name, values in found.items()}
    share = crowd["refused"] / crowd["requests"]
    return Endpoints(
        **figures,
        ratios=_to_empty(found["milliseconds"]),
        cpu_ratios=_to_empty(found["cpu_milliseconds"]),
        crowd={"clients": CROWD, "p50": crowd["p50"], "p99": crowd["p99"], "refused": share},
    )


def _figures(values: dict[str, list[float]]) -> dict[str, Figure]:
    return {name: Figure.of(each) for name, each in values.items()}


def _to_empty(values: dict[str, list[float]]) -> dict[str, Figure]:
    return {
        f"{name} / empty": Figure.of(
            [own / empty for own, empty in zip(each, values["empty"], strict=True)]
        )
        for name, each in values.items()
        if name != "empty"
    }


def measured_once(server: int, port: int, calls: Sequence[Call]) -> dict[str, float]:
    """Return the figures of requests that are sent once each, in milliseconds a request."""
    return _measured(server, port, calls, is_once=True)


def _measured(
    server: int, port: int, calls: Sequence[Call], *, is_once: bool = False
) -> dict[str, float]:
    """Return the figures of a round of one endpoint, in milliseconds a request."""
    trees = (server, cpu.database())
    before = [cpu.of_tree(pid) for pid in trees]
    done = _run(port, calls, clients=CLIENTS, seconds=SECONDS, is_once=is_once)
    if is_once:  # a busy machine may refuse some
        done["requests"] = len(calls) - done["refused"]
    assert is_once or not done["refused"], done
    assert not done["lost"], done
    web_used, database_used = (cpu.of_tree(pid) - at for pid, at in zip(trees, before, strict=True))
    each = 1000 / done["requests"]
    return {
        "milliseconds": done["seconds"] * each,
        "cpu_milliseconds": (web_used + database_used) * each,
        "web_milliseconds": web_used * each,
        "p99": done["p99"],
    }


def _run(
    port: int, calls: Sequence[Call], *, clients: int, seconds: int, is_once: bool = False
) -> dict[str, float]:
    """Let clients call in turn for some seconds, or until each is answered; return wrk's report."""
    wrk = shutil.which("wrk")
    if wrk is None:
        sys.exit("缺少 / missing: wrk: apt-get install wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_SCRIPT.format(requests=_lua(calls)))
        if is_once:
            script.write(_ONCE.format(path=_EMPTY))
            seconds = ONCE_SECONDS_MOST
        script.flush()
        command = [wrk, "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "30s",
                   "-s", script.name, f"http://127.0.0.1:{port}"]  # fmt: skip
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    report: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return report


def _lua(calls: Sequence[Call]) -> str:
    """Return requests as a table of Lua; a string of JSON is one of Lua here."""
    rows = []
    for call in calls:
        headers = ", ".join(
            f"[{json.dumps(k)}] = {json.dumps(v)}" for k, v in call.headers().items()
        )
        body = json.dumps(call.body) if call.body else "nil"
        rows.append(
            f"{{{json.dumps(call.method)}, {json.dumps(call.path)}, {{{headers}}}, {body}}}"
        )
    return f"{{{', '.join(rows)}}}"


def _calls(port: int) -> dict[str, list[Call]]:
    """Return the requests of each endpoint, those of one client after the other's."""
    logins = []
    for number in range(CLIENTS):
        device = _DEVICE | {"fingerprint": f"fingerprint-{number}"}
        body = json.dumps({"code": f"sandbox:bench-{number}", "device": device})
        logins.append(Call("POST", "/api/v1/auth/wechat", body=body))
    tokens = [_once(port, login)["token"] for login in logins]
    return {
        "empty": [Call("GET", _EMPTY)],
        "me": [Call("GET", "/api/v1/me", token) for token in tokens],
        "login": logins,
    }


def _once(port: int, call: Call) -> Any:
    """Return the reply to one request; anything but 200 ends the benchmark."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)) as connection:
        connection.request(call.method, call.path, call.body or None, call.headers())
        reply = connection.getresponse()
        content = reply.read()
    assert reply.status == 200, content
    return json.loads(content)


@contextmanager
def _database() -> Iterator[str]:
    database = f"{databases.PREFIX}_endpoints"
    try:
        with databases.migrated_one(database):
            yield database
    finally:
        databases.drop(database)


@contextmanager
def web(database: str, more: Mapping[str, str] | None = None) -> Iterator[tuple[int, int]]:
    """Lend a web process on a database, as its id and port; it is gone afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "backoffice.web.server", "--bind", f"127.0.0.1:{port}",
               "--application", "tests.bench.served:application"]  # fmt: skip
    names = databases.names_for(database)
    env = {**os.environ, **names, **(more or {}), "DJANGO_SETTINGS_MODULE": "backoffice.settings"}
    with subprocess.Popen(command, env=env, cwd=PROJECT) as server:
        try:
            _await(port)
            yield server.pid, port
        finally:
            server.terminate()


def _await(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            _once(port, Call("GET", _EMPTY))
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
