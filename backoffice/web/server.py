"""The web process: Django behind waitress, with a bounded wait for a thread.

``python -m backoffice.web.server --bind 127.0.0.1:8000 --threads 4``

waitress receives whole requests in one loop and gives a thread to complete ones only, so a client
that sends a byte a second occupies a socket and no thread. Added here: a request that waits too
long for a thread is answered 503, ``/livez`` has a thread of its own, and a request that is not
complete in time, or a reply that is not read, is cut off.
"""

import argparse
import json
import logging
import os
import resource
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from importlib import import_module
from typing import Any, NamedTuple, Protocol

import django
from django.http import HttpRequest
from django.utils import translation
from waitress import utilities
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher

WAIT_SECONDS_MAX = 1.0  # of a complete request for a thread; then 503
RECEIVE_SECONDS_MAX = 60.0  # of a request from its first byte to its last; then the end
UNREAD_SECONDS_MAX = 30.0  # of a client that reads nothing of its reply; then the end
PIPELINED_MAX = 8  # requests sent ahead on a connection; no proxy or browser sends any
IDLE_SECONDS_MAX = 75  # of a connection without a request; a proxy in front should give up first
CONNECTIONS_MAX = 1000
BODY_BYTES_MAX = 12 * 2**20  # a file has 10 MiB at most
HEADER_BYTES_MAX = 32 * 2**10
BUFFER_BYTES_MAX = 64 * 2**10  # of a body in memory; the rest of it waits in a file
OPEN_FILES = 4096
LIVENESS = "/livez"

log = logging.getLogger(__name__)


class Task(Protocol):
    """What the dispatcher of waitress runs: the channel of a complete request."""

    requests: list[Any]

    def service(self) -> None:
        """Answer the first request."""

    def cancel(self) -> None:
        """Drop the requests."""


class Waiting(NamedTuple):
    """A task that waits for a thread since a moment of the monotonic clock."""

    task: Task
    since: float

    def service(self) -> None:
        """Answer the first request."""
        self.task.service()

    def refuse(self) -> None:
        """Answer the first request with 503."""
        request = self.task.requests[0]
        request.error = request.error or OverloadedError("")
        log.warning("503 after %.1f s: %s", time.monotonic() - self.since, _path(self.task))
        self.task.service()

    def cancel(self) -> None:
        """Drop the requests."""
        self.task.cancel()


class Dispatcher(ThreadedTaskDispatcher):
    """Threads that answer requests in the order of their arrival, each within a bounded wait.

    One more thread answers ``/livez`` at once, and 503 to whatever has waited ``wait_seconds_max``
    when every other thread is busy.
    """

    def __init__(self, *, wait_seconds_max: float = WAIT_SECONDS_MAX) -> None:
        super().__init__()
        self._wait_seconds_max = wait_seconds_max
        self._urgent: deque[Waiting] = deque()
        self._urgent_cv = threading.Condition(self.lock)
        threading.Thread(target=self._answer_urgent, name="urgent", daemon=True).start()

    def add_task(self, task: Task) -> None:
        """Take a channel whose first request is complete."""
        waiting = Waiting(task, time.monotonic())
        with self.lock:
            if _path(task) == LIVENESS:
                self._urgent.append(waiting)
            else:
                self.queue.append(waiting)
                self.queue_cv.notify()
            self._urgent_cv.notify()

    def shutdown(self, cancel_pending: bool = True, timeout: int = 5) -> bool:
        """Answer 503 to what waits, and let what is being answered end."""
        with self.lock:
            late = [*self.queue]
            self.queue.clear()
        for waiting in late:
            waiting.refuse()
        is_complete: bool = super().shutdown(cancel_pending, timeout)
        return is_complete

    def _answer_urgent(self) -> None:
        while True:
            with self.lock:
                answer = self._next_urgent()
            try:
                answer()
            except Exception:  # as the other threads do: the next one waits
                log.exception("a request failed")

    def _next_urgent(self) -> Callable[[], None]:
        while not self._urgent:
            left = self._seconds_left()
            if left is not None and left <= 0:
                late: Waiting = self.queue.popleft()
                return late.refuse
            self._urgent_cv.wait(left)
        return self._urgent.popleft().service

    def _seconds_left(self) -> float | None:
        """Return how long the oldest request may still wait, None when none waits."""
        if not self.queue:
            return None
        return float(self.queue[0].since) + self._wait_seconds_max - time.monotonic()


def _path(task: Task) -> str:
    """Return the address of the first request; one that cannot be read has none."""
    return getattr(task.requests[0], "path", "")


class OverloadedError(utilities.Error):
    """No thread became free in time."""

    code = HTTPStatus.SERVICE_UNAVAILABLE.value
    reason = HTTPStatus.SERVICE_UNAVAILABLE.phrase


class Refusal(ErrorTask):
    """The answer of the server itself; 413 and 503 are problem documents, as those of endpoints."""

    def execute(self) -> None:
        """Write the answer."""
        # Only now: Django is not set up when this module is imported.
        from backoffice.web.api import problems

        kinds = {413: problems.TooBigError, 503: problems.BusyError}
        refusal = kinds.get(self.request.error.code)
        if refusal is None:
            super().execute()
            return
        asked = HttpRequest()
        asked.META["HTTP_ACCEPT_LANGUAGE"] = self.request.headers.get("ACCEPT_LANGUAGE", "")
        with translation.override(translation.get_language_from_request(asked)):
            document = problems.document(refusal(), request_id="")
        body = json.dumps(document, ensure_ascii=False).encode()
        self.status = f"{refusal.status:d} {HTTPStatus(refusal.status).phrase}"
        self.response_headers.append(("Content-Type", problems.CONTENT_TYPE))
        if refusal is problems.BusyError:
            self.response_headers.append(("Retry-After", problems.RETRY_AFTER_SECONDS))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Parser(HTTPRequestParser):
    """A request that is being received."""

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self.since = time.time()


class Connection(HTTPChannel):
    """A connection."""

    parser_class = Parser
    error_task_class = Refusal

    def received(self, data: bytes) -> bool:
        """Take what was received; give up a client that sends many requests ahead.

        Their replies would pile up unread, and a thread would wait for the client to read them.
        """
        is_read: bool = super().received(data)
        if len(self.requests) > PIPELINED_MAX:
            self.will_close = True
        return is_read

    def is_stuck(self, now: float, *, receive_seconds_max: float) -> bool:
        """Return whether the client takes too long to send its request or to read its reply."""
        request = self.request
        is_slow = bool(request) and now - request.since > receive_seconds_max
        return is_slow or bool(
            self.total_outbufs_len and now - self.last_activity > UNREAD_SECONDS_MAX
        )


class Server(TcpWSGIServer):
    """The loop that receives requests and sends replies."""

    channel_class = Connection
    receive_seconds_max = RECEIVE_SECONDS_MAX

    def maintenance(self, now: float) -> None:
        """Close connections that are idle, and those whose client is too slow."""
        super().maintenance(now)
        for channel in list(self.active_channels.values()):
            if channel.is_stuck(now, receive_seconds_max=self.receive_seconds_max):
                # At once: the loop closes what can be written to, and a full socket never can.
                channel.handle_close()


def create(application: str, listener: socket.socket, *, threads: int) -> Server:
    """Return the server of a WSGI application ``module:name`` on a bound socket."""
    module, _, name = application.partition(":")
    dispatcher = Dispatcher()
    dispatcher.set_thread_count(threads)
    # The settings of waitress; see its page "Arguments to waitress.serve".
    return Server(
        getattr(import_module(module), name),
        _sock=listener,
        bind_socket=False,
        dispatcher=dispatcher,
        sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
        sockets=[listener],
        # X-Forwarded-Proto is Django's to judge (SECURE_PROXY_SSL_HEADER).
        clear_untrusted_proxy_headers=False,
        asyncore_use_poll=True,  # select() ends at descriptor 1023
        channel_timeout=IDLE_SECONDS_MAX,
        cleanup_interval=5,
        connection_limit=CONNECTIONS_MAX,
        ident=None,
        inbuf_overflow=BUFFER_BYTES_MAX,
        log_socket_errors=False,
        max_request_body_size=BODY_BYTES_MAX,
        max_request_header_size=HEADER_BYTES_MAX,
    )


def listen(bind: str, *, share: bool) -> socket.socket:
    """Return a socket bound to ``HOST:PORT``.

    With ``share``, several processes of one user may bind the same port; the system spreads the
    connections over them.
    """
    host, _, port = bind.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server(
        (host.strip("[]"), int(port)), family=family, backlog=1024, reuse_port=share
    )


def main() -> None:
    """Serve until SIGTERM or Ctrl-C; requests that are being answered have five seconds to end."""
    parser = argparse.ArgumentParser(prog="python -m backoffice.web.server")
    parser.add_argument("--bind", default="127.0.0.1:8000", help="HOST:PORT")
    parser.add_argument("--threads", type=int, default=4, help="requests answered at a time")
    parser.add_argument("--share-port", action="store_true", help="several processes on one port")
    parser.add_argument("--application", default="backoffice.wsgi:application")
    options = parser.parse_args()
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, OPEN_FILES), hard))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    django.setup()
    with suppress(KeyboardInterrupt):
        listener = listen(options.bind, share=options.share_port)
        create(options.application, listener, threads=options.threads).run()


if __name__ == "__main__":
    main()
