"""The web process on a database that ends its connections."""

import os
import subprocess
import sys

from django.db import connection

from tests.bench import databases
from tests.bench.debit_day import PROJECT

# In a process of its own: the pool is for the rest of a process.
SCRIPT = """
from wsgiref.util import setup_testing_defaults

from backoffice.wsgi import application
from django.db import connection
from tests.bench.databases import owner


def ready():
    environ, statuses = {"PATH_INFO": "/readyz", "HTTP_HOST": "127.0.0.1"}, []
    setup_testing_defaults(environ)
    reply = application(environ, lambda status, headers, exc_info=None: statuses.append(status))
    body = b"".join(reply)
    reply.close()
    return statuses[0][:3]


print(ready())
with owner() as other:
    other.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'ended' AND pid <> pg_backend_pid()"
    )
print(ready(), ready())
"""


def test_connections_that_ended_while_idle_are_replaced_unnoticed(committed_db):
    name = connection.settings_dict["NAME"]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=os.environ | databases.names_for(name) | {"PGAPPNAME": "ended"}, cwd=PROJECT,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["200", "200", "200"], done.stderr
