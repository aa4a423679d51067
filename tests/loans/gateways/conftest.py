from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from loans.gateways import signing
from loans.gateways.http_channel import HttpChannel
from tests.sandbox import SECRET, BankProcess


@pytest.fixture
def make_bank(tmp_path):
    """Start a bank under the given rules, with 10,000.00 on the account ``rich``."""
    started: list[BankProcess] = []

    def make(rules: list[dict[str, Any]] | None = None, seed: int = 0) -> BankProcess:
        folder = tmp_path / str(len(started))
        folder.mkdir()
        bank = BankProcess(folder, rules, seed)
        started.append(bank)
        bank.fund({"rich": 1_000_000})
        return bank

    yield make
    for bank in started:
        bank.close()


@pytest.fixture(scope="session")
def plain_bank(tmp_path_factory):
    with BankProcess(tmp_path_factory.mktemp("bank")) as started:
        yield started


@pytest.fixture
def bank(plain_bank):
    """Return a good bank with nothing but the account ``rich``; it is not to be killed."""
    plain_bank.reset()
    plain_bank.fund({"rich": 1_000_000})
    return plain_bank


@pytest.fixture
def channel(bank):
    with bank.channel() as opened:
        yield opened


class Impostor(BaseHTTPRequestHandler):
    """A channel that does what a test says: ``server.behave(handler, body)``."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.behave(self, body)

    do_GET = do_POST = serve  # noqa: N815

    def log_message(self, *_args: Any) -> None:
        pass

    def reply(self, body: bytes, *, status: int = 200, nonce: str = "", secret: str = SECRET):
        """Send a reply that is signed well unless told otherwise."""
        nonce = nonce or self.headers[signing.NONCE]
        signature = signing.of_reply(secret, nonce=nonce, status=status, body=body)
        self.send_response(status)
        self.send_header(signing.SIGNATURE, signature)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def impostor():
    """Return a function that sets the behaviour of the impostor and returns its client."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Impostor)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    opened: list[HttpChannel] = []

    def behaving(
        behave: Callable[[Impostor, bytes], None], timeout_seconds: float = 5
    ) -> HttpChannel:
        server.behave = behave
        url = f"http://127.0.0.1:{server.server_address[1]}"
        opened.append(HttpChannel(url, SECRET, timeout_seconds=timeout_seconds))
        return opened[-1]

    yield behaving
    for client in opened:
        client.close()
    server.shutdown()
    thread.join()
    server.server_close()
