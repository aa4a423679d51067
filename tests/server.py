"""A server on a real port over the database of the tests."""

from contextlib import contextmanager
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.test import override_settings


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        """Say nothing of each request."""


class _Server(WSGIServer):
    """One thread: every request closes the database connection it used."""

    def shutdown_request(self, request):
        super().shutdown_request(request)
        connections.close_all()


@contextmanager
def served():
    """Serve the database of the tests; yield the address."""
    with (
        override_settings(ALLOWED_HOSTS=["127.0.0.1"]),
        make_server("127.0.0.1", 0, get_wsgi_application(), _Server, _Quiet) as server,
    ):
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:  # also after a failed test: the process would wait for the thread for ever
            server.shutdown()
            thread.join()
