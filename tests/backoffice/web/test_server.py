"""The web process under slow clients and under more requests than it has threads for."""

import json
import socket
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection

import pytest
from waitress import wasyncore

from backoffice.web import server

THREADS = 2
SLOW = 200
LARGE = 40  # MiB of a reply: more than is kept for a client that does not read
release = threading.Event()
DISPATCHERS = []


def application(environ, start_response):
    """Answer at once, or when the test releases it."""
    if environ["PATH_INFO"] == "/slow":
        release.wait(30)
    if environ["PATH_INFO"] == "/large":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"x" * 2**20] * LARGE
    body = environ["wsgi.input"].read() or environ["PATH_INFO"].encode()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body]


@contextmanager
def served(**limits):
    """Serve the application on a free port."""
    listener = server.listen("127.0.0.1:0", share=False)
    web = server.create(f"{__name__}:application", listener, threads=THREADS)
    for name, value in limits.items():
        setattr(web, name, value)
    threading.Thread(target=web.run, daemon=True).start()
    release.clear()
    DISPATCHERS[:] = [web.task_dispatcher]
    try:
        yield listener.getsockname()[1]
    finally:
        release.set()
        web.task_dispatcher.shutdown()
        wasyncore.close_all(web._map)


def call(port, path, **options):
    """Return the reply to a request, its body read, and the seconds it took."""
    started = time.monotonic()
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request(options.pop("method", "GET"), path, **options)
        reply = connection.getresponse()
        reply.body = reply.read()
    return reply, time.monotonic() - started


@contextmanager
def slow_clients(port, sent):
    """Hold connections open that have sent the beginning of a request and go on byte by byte."""
    with ExitStack() as stack:
        clients = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(SLOW)
        ]
        for client in clients:
            client.sendall(sent)
        time.sleep(0.2)
        for client in clients:
            client.sendall(b"1")
        yield clients


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HT", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"],
    ids=["nothing", "header", "body"],
)
def test_slow_clients_occupy_no_thread(sent):
    with served() as port, slow_clients(port, sent):
        alive, seconds = call(port, "/livez")
        other, _ = call(port, "/other")

    assert (alive.status, other.status) == (200, 200)
    assert seconds < 1


@contextmanager
def occupied(port, count=THREADS):
    """Occupy every thread with a request."""
    threads = [threading.Thread(target=call, args=(port, "/slow")) for _ in range(count)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    yield
    release.set()
    for thread in threads:
        thread.join()


def test_a_request_without_a_thread_for_a_second_is_answered_503():
    with served() as port, occupied(port):
        reply, seconds = call(port, "/api/v1/me", headers={"Accept-Language": "en"})

    assert reply.status == 503
    assert server.WAIT_SECONDS_MAX <= seconds < 2
    assert int(reply.headers["Retry-After"]) > 0
    assert reply.headers["Content-Type"] == "application/problem+json"
    problem = json.loads(reply.body)
    assert (problem["status"], problem["code"]) == (503, "busy")
    assert problem["title"] == "The service is busy."


def test_a_refusal_is_in_the_language_of_the_client():
    with served() as port, occupied(port):
        reply, _ = call(port, "/", headers={"Accept-Language": "zh-CN"})

    assert json.loads(reply.body)["title"] == "系统繁忙。"


def test_it_is_alive_while_every_thread_is_busy():
    with served() as port, occupied(port):
        reply, seconds = call(port, "/livez")

    assert reply.status == 200
    assert seconds < 0.5


def test_a_request_that_waited_less_is_answered():
    with served() as port, occupied(port):
        threading.Timer(0.3, release.set).start()
        reply, _ = call(port, "/other")

    assert reply.status == 200


def test_after_a_crowd_it_answers_again():
    with served() as port:
        with occupied(port, 20 * THREADS):
            assert call(port, "/other")[0].status == 503
        reply, _ = call(port, "/other")

    assert reply.status == 200


def test_a_request_that_never_ends_is_cut_off():
    with served(receive_seconds_max=0.1) as port, slow_clients(port, b"GET / HT") as clients:
        clients[0].settimeout(10)

        assert clients[0].recv(10) == b""


@pytest.mark.parametrize("sent", [b"HELLO", b"get /livez", b"GET / HTTP/1.1\r\nA : b"])
def test_what_is_no_request_is_answered_400(sent):
    with served() as port, socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(sent + b"\r\n\r\n")

        assert client.recv(100).split(b"\r\n")[0] == b"HTTP/1.0 400 Bad Request"


def unread(port, sent):
    """Return a connection that has sent something and reads nothing."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    client.sendall(sent)
    return client


def is_cut_off(client):
    client.settimeout(15)
    try:
        while client.recv(2**16):
            pass
    except ConnectionResetError:
        return True
    return True


def test_clients_that_read_nothing_give_their_threads_back(monkeypatch):
    monkeypatch.setattr(server, "UNREAD_SECONDS_MAX", 0.5)
    with served() as port, ExitStack() as stack:
        for _ in range(THREADS):
            sent = b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n"
            stack.enter_context(closing(unread(port, sent)))
        time.sleep(0.5)
        assert call(port, "/other")[0].status == 503  # both wait for a reader
        time.sleep(6)  # the loop looks after the connections every five seconds
        assert call(port, "/other")[0].status == 200


def test_a_client_that_sends_many_requests_ahead_is_cut_off():
    request = b"GET /other HTTP/1.1\r\nHost: a\r\n\r\n"
    with served() as port:
        with closing(unread(port, request * (server.PIPELINED_MAX + 2))) as many:
            assert is_cut_off(many)
        with closing(unread(port, request * server.PIPELINED_MAX)) as few:
            few.settimeout(5)
            received = b""
            while received.count(b"/other") < server.PIPELINED_MAX:
                received += few.recv(2**16)


def test_at_the_end_what_waits_is_answered_503():
    with served() as port, occupied(port):
        replies = []
        waiting = threading.Thread(target=lambda: replies.append(call(port, "/other")[0]))
        waiting.start()
        time.sleep(0.2)
        [dispatcher] = DISPATCHERS
        threading.Timer(0.3, release.set).start()
        dispatcher.shutdown()
        waiting.join()

    assert [reply.status for reply in replies] == [503]


def test_a_body_beyond_the_limit_is_refused():
    length = {"Content-Length": str(server.BODY_BYTES_MAX + 1), "Accept-Language": "en"}
    with served() as port:
        reply, _ = call(port, "/", method="POST", headers=length)

    assert reply.status == 413
    assert json.loads(reply.body)["code"] == "body-too-large"


def test_two_processes_share_a_port_only_when_both_allow_it():
    with server.listen("127.0.0.1:0", share=True) as first:
        port = first.getsockname()[1]
        server.listen(f"127.0.0.1:{port}", share=True).close()
        with pytest.raises(OSError, match="in use"):
            server.listen(f"127.0.0.1:{port}", share=False)
