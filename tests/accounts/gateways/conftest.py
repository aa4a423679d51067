"""A provider on this machine that does what a test says, and clients that talk to it."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from accounts.gateways.tencent import CloudAccount, TencentIdentityChecks
from accounts.gateways.wechat_http import HttpWechatLogin
from tests.accounts.gateways import tc3

APP_ID, APP_SECRET = "wx0123456789abcdef", "secret-of-the-app"
KEY_ID, KEY = "AKID-of-the-tests", "key-of-the-tests"
HASTY_SECONDS = 0.3
REQUEST_ID = "3c140219-cfe9-470e-b241-907877d6fb03"


class Provider(BaseHTTPRequestHandler):
    """Notes what it is asked and lets the test set the behaviour."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        self.server.behave(self, body)

    do_GET = do_POST = serve  # noqa: N815

    def log_message(self, *_args: Any) -> None:
        pass

    def reply(self, body: bytes, *, status: int = 200, **headers: str) -> None:
        """Send a whole reply."""
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name.replace("_", "-"), text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def say(self, content: Any) -> None:
        """Send a reply of JSON."""
        self.reply(json.dumps(content).encode(), Content_Type="application/json")


class Server(ThreadingHTTPServer):
    """One that does not mind clients that hang up."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Provider)
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.behave: Callable[[Provider, bytes], None] = lambda handler, _body: handler.say({})

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def signed_only(answer: Callable[[Provider, str, dict[str, Any]], None]) -> Any:
    """Make the provider check the signature first, as the real one does."""

    def behave(handler: Provider, body: bytes) -> None:
        refusal = tc3.refusal(handler.headers, body, secret_id=KEY_ID, secret_key=KEY)
        if refusal:
            error = {"Code": refusal, "Message": "see the documentation"}
            handler.say({"Response": {"Error": error, "RequestId": REQUEST_ID}})
        else:
            answer(handler, handler.headers["X-TC-Action"], json.loads(body))

    return behave


def saying(fields: Any) -> Any:
    """Make a provider that answers so, in the envelope of the service, to signed requests."""
    response = {**fields, "RequestId": REQUEST_ID} if isinstance(fields, dict) else fields
    return signed_only(lambda handler, _action, _asked: handler.say({"Response": response}))


def failing(code: Any, message: str = "as documented") -> Any:
    """Make a provider that answers with an error."""
    return saying({"Error": {"Code": code, "Message": message}})


@pytest.fixture
def wechat(server: Server) -> Iterator[HttpWechatLogin]:
    with HttpWechatLogin(f"http://{server.host}", APP_ID, APP_SECRET) as opened:
        yield opened


@pytest.fixture
def hasty_wechat(server: Server) -> Iterator[HttpWechatLogin]:
    with HttpWechatLogin(
        f"http://{server.host}", APP_ID, APP_SECRET, timeout_seconds=HASTY_SECONDS
    ) as opened:
        yield opened


def tencent_at(server: Server, **other: Any) -> TencentIdentityChecks:
    account = {"secret_id": KEY_ID, "secret_key": KEY, "region": "ap-guangzhou", "rule_id": "7"}
    account |= {name: other.pop(name) for name in account if name in other}
    given: dict[str, Any] = {"endpoint": server.host, "scheme": "http"}
    return TencentIdentityChecks(CloudAccount(**account), **given | other)


@pytest.fixture
def tencent(server: Server) -> Iterator[TencentIdentityChecks]:
    with tencent_at(server) as opened:
        yield opened


@pytest.fixture
def hasty_tencent(server: Server) -> Iterator[TencentIdentityChecks]:
    with tencent_at(server, timeout_seconds=HASTY_SECONDS) as opened:
        yield opened
