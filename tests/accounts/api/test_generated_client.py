"""A client that a public generator makes of the description compiles, and serves a customer.

The generator is a Python program, so that the test needs no node; of those it reads OpenAPI 3.1 and
its output can be imported here.
"""

import compileall
import importlib
import pkgutil
import subprocess
import sys

import httpx
import pytest
from django.test import Client

from tests import described
from tests.accounts.people import device
from tests.server import served

NAME = "weidai_client"


def run(*command, cwd):
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a client made of what /api/schema/ returns."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "schema.json").write_bytes(Client().get("/api/schema/?format=json").content)
    (folder / "options.yml").write_text("post_hooks: []\n")  # no formatting: nobody reads it
    run(
        "openapi_python_client", "generate", "--path", "schema.json", "--output-path", NAME,
        "--meta", "none", "--config", "options.yml", "--fail-on-warning", cwd=folder,
    )  # fmt: skip
    return folder


@pytest.fixture
def client(folder, monkeypatch):
    """Import a module of the client by its name."""
    monkeypatch.syspath_prepend(folder)
    yield lambda name: importlib.import_module(f"{NAME}.{name}")
    for name in [one for one in sys.modules if one.partition(".")[0] == NAME]:
        del sys.modules[name]


def test_every_operation_has_a_module_that_compiles(folder, client):
    assert compileall.compile_dir(folder / NAME, quiet=1, force=True)
    found = client("api")

    names = [one.name for one in pkgutil.walk_packages(found.__path__, f"{found.__name__}.")]
    modules = [importlib.import_module(name) for name in names]

    assert len([one for one in modules if hasattr(one, "sync_detailed")]) == len(
        list(described.operations())
    )


def test_its_types_are_strict(folder):
    run("mypy", "--strict", "--cache-dir", str(folder / "mypy"), NAME, cwd=folder)


def test_a_customer_logs_in_and_reads_their_state(committed_db, client):
    models = client("models")
    body = models.LoginBody(code="sandbox:generated", device=models.DeviceBody.from_dict(device()))

    with served() as address:
        guest = client("client").Client(base_url=address)
        login = client("api.auth.auth_wechat_create").sync(client=guest, body=body)
        customer = client("client").AuthenticatedClient(base_url=address, token=login.token)
        me = client("api.me.me_retrieve").sync(client=customer)

    assert isinstance(me, models.MeReply)
    assert me.id == login.customer.id
    assert me.state is models.CustomerState.REGISTERED


def test_a_refusal_has_a_class_and_its_type_an_address(committed_db, client):
    with served() as address:
        stranger = client("client").AuthenticatedClient(base_url=address, token="unknown")
        refused = client("api.me.me_retrieve").sync_detailed(client=stranger)
        entry = httpx.get(f"{address}{refused.parsed.type_}")

    assert refused.status_code == 401
    assert refused.parsed.code.value == "not-logged-in"
    assert "not-logged-in" in entry.text
