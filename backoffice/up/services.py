"""The services, and the environment variables that every process needs."""

import os
from collections.abc import Mapping

from backoffice.up import dotenv, postgresql, valkey
from backoffice.up.console import print_done
from backoffice.up.paths import ROOT, RUN, VENV, data_folder, make_own
from backoffice.up.processes import ProcessGroup

ENV_FILE = RUN / "env"


def given_environment() -> dict[str, str]:
    """Return the operator's variables: the real environment, then ``.env``."""
    given = dotenv.read(ROOT / ".env") | os.environ
    if "DATABASE_URL" not in given:
        given.pop("DATABASE_OWNER_URL", None)  # an owner URL alone belongs to another database
    return given


def start(group: ProcessGroup, *, extra: Mapping[str, str]) -> dict[str, str]:
    """Start the services that are not given; return the names and write them to ``.run/env``.

    A variable of the operator takes precedence over those made here and over ``extra``.

    Raises:
        LaunchError: A service does not start.
    """
    given = given_environment()
    home = make_own(data_folder(dict(os.environ), uid=os.getuid()), mode=0o755)
    made = {
        **dotenv.generated_keys(home / "keys.env"),
        **_database(group, given),
        **_broker(group, given),
        **extra,
    }
    names = {name: given.get(name, value) for name, value in made.items()}
    dotenv.write(ENV_FILE, names)
    return names


def _database(group: ProcessGroup, given: Mapping[str, str]) -> dict[str, str]:
    if "DATABASE_URL" in given:
        print_done("使用给定的 DATABASE_URL", "using the given DATABASE_URL")
        url = given["DATABASE_URL"]
        return {"DATABASE_URL": url, "DATABASE_OWNER_URL": url}
    cluster = postgresql.start(group, data_folder(dict(os.environ), uid=os.getuid()))
    print_done("内嵌 PostgreSQL", f"embedded PostgreSQL {cluster.socket}")
    return postgresql.database_urls(cluster)


def _broker(group: ProcessGroup, given: Mapping[str, str]) -> dict[str, str]:
    if "CELERY_BROKER_URL" in given:
        print_done("使用给定的 CELERY_BROKER_URL", "using the given CELERY_BROKER_URL")
        return {"CELERY_BROKER_URL": given["CELERY_BROKER_URL"]}
    url = valkey.start(group, RUN)
    address = url.rpartition("@")[2].removesuffix("/0")
    print_done("内嵌 Valkey", f"embedded Valkey {address}")
    return {"CELERY_BROKER_URL": url}


def environ(names: Mapping[str, str]) -> dict[str, str]:
    """Return the whole environment of a process: the names, and the project's programs first."""
    path = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    ours = {"PATH": path, "VIRTUAL_ENV": str(VENV), "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **ours, **names}
