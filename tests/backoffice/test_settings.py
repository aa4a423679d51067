"""A missing or bad variable stops the start with its name, what is wrong and an example."""

import base64
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = base64.b64encode(bytes(32)).decode()
GOOD = {
    "DJANGO_SETTINGS_MODULE": "backoffice.settings",
    "SECRET_KEY": "secret",
    "DATABASE_URL": "postgres://app:hidden@localhost/weidai",
    "DATABASE_OWNER_URL": "postgres://owner:hidden@localhost/weidai",
    "CELERY_BROKER_URL": "redis://localhost:6379/0",
    "FIELD_KEYS": f"1:{KEY},2:{KEY}",
    "BLIND_KEY": KEY,
    "SANDBOX": "1",
    "DEBUG": "0",
    "LANGUAGE_CODE": "zh-hans",
    "TIME_ZONE": "Asia/Shanghai",
}
REQUIRED = ["SECRET_KEY", "DATABASE_URL", "CELERY_BROKER_URL", "FIELD_KEYS", "BLIND_KEY"]


@pytest.fixture
def load(monkeypatch):
    """Run the settings under good variables changed by the given ones."""

    def run(**changed):
        for name, value in (GOOD | changed).items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "backoffice" / "settings.py"))

    return run


def check(**changed):
    """Start a process as an operator does; return its exit status and what it shown."""
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT, env=os.environ | GOOD | changed, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


def test_good_variables_are_read(load):
    settings = load()

    assert settings["SANDBOX"] is True
    assert settings["DEBUG"] is False
    assert settings["FIELD_KEYS"] == [f"1:{KEY}", f"2:{KEY}"]
    assert settings["DATABASES"]["default"]["USER"] == "app"
    assert settings["DATABASES"]["owner"]["USER"] == "owner"


def test_the_planner_learns_of_solid_state_unless_the_url_says_otherwise(load):
    shown = "postgres://app:hidden@localhost/weidai?options=-c%20random_page_cost%3D4"

    assert load()["DATABASES"]["default"]["OPTIONS"] == {"options": "-c random_page_cost=1.1"}
    assert load(DATABASE_URL=shown)["DATABASES"]["default"]["OPTIONS"] == {
        "options": "-c random_page_cost=4"
    }


def test_one_role_both_serves_and_migrates_when_no_owner_is_named(load):
    settings = load(DATABASE_OWNER_URL="")

    assert settings["DATABASES"]["owner"]["USER"] == "app"


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_variable_is_named_with_an_example(load, name):
    with pytest.raises(ImproperlyConfigured, match=f"^{name} is not set.*{name}=.+"):
        load(**{name: ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "sqlite:///db.sqlite3"),
        ("DATABASE_URL", "mysql://user:hidden@localhost/weidai"),
        ("DATABASE_URL", "localhost"),
        ("DATABASE_OWNER_URL", "sqlite:///db.sqlite3"),
        ("CELERY_BROKER_URL", "localhost:6379"),
        ("SANDBOX", "maybe"),
        ("DEBUG", "ture"),
        ("LANGUAGE_CODE", "klingon"),
        ("TIME_ZONE", "Asia/Shangai"),
    ],
)
def test_a_bad_variable_is_named_with_an_example(load, name, value):
    with pytest.raises(ImproperlyConfigured, match=f"^{name}: .*for example {name}=") as stopped:
        load(**{name: value})

    assert "hidden" not in str(stopped.value)


@pytest.mark.parametrize(
    ("written", "read"), [("1", True), ("true", True), ("0", False), ("False", False), ("", False)]
)
def test_a_switch_is_on_or_off(load, written, read):
    assert load(SANDBOX=written)["SANDBOX"] is read


def test_outside_a_sandbox_cookies_travel_over_https_only(load):
    settings = load(SANDBOX="0")

    assert settings["SESSION_COOKIE_SECURE"] is True
    assert settings["CSRF_COOKIE_SECURE"] is True
    assert settings["SECURE_SSL_REDIRECT"] is True


def test_a_killed_worker_s_task_comes_back_within_minutes(load):
    settings = load()

    assert settings["CELERY_TASK_ACKS_LATE"] is True
    assert settings["CELERY_TASK_REJECT_ON_WORKER_LOST"] is True
    assert settings["CELERY_BROKER_TRANSPORT_OPTIONS"]["visibility_timeout"] <= 120


@pytest.mark.parametrize(
    ("name", "value"), [("FIELD_KEYS", f"1:{KEY},2:short"), ("BLIND_KEY", "short")]
)
def test_a_process_does_not_start_with_a_key_it_cannot_use(name, value):
    status, shown = check(**{name: value})

    assert status != 0
    assert f"{name}: " in shown
    assert f"for example {name}=" in shown


def test_a_process_does_not_start_without_a_database_url():
    status, shown = check(DATABASE_URL="")

    assert status == 1
    assert shown.startswith("ImproperlyConfigured: DATABASE_URL is not set")
    assert len(shown.splitlines()) == 1


def test_a_command_beside_no_run_says_that_nothing_is_running(tmp_path):
    shutil.copy(ROOT / "manage.py", tmp_path)

    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=tmp_path, capture_output=True, text=True,
        env=os.environ | GOOD | {"DATABASE_URL": "", "PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.strip().endswith("make run is not running in this checkout)")


SECRET = "0123456789abcdef0123456789abcdef"


def test_partners_are_read_with_their_secrets(load):
    settings = load(PARTNER_SECRETS=f"pay:{SECRET}, fund:{SECRET}:x")

    assert settings["PARTNER_SECRETS"] == {"pay": SECRET, "fund": f"{SECRET}:x"}


def test_only_a_sandbox_has_a_partner_by_itself(load):
    assert list(load(PARTNER_SECRETS="")["PARTNER_SECRETS"]) == ["sandbox"]
    assert load(PARTNER_SECRETS="", SANDBOX="0")["PARTNER_SECRETS"] == {}


@pytest.mark.parametrize(
    "text", ["pay", f"Pay:{SECRET}", "pay:short", f":{SECRET}", f"pay:{SECRET},pay:{SECRET}"]
)
def test_a_bad_partner_stops_the_start_and_its_secret_is_not_shown(load, text):
    with pytest.raises(ImproperlyConfigured) as refused:
        load(PARTNER_SECRETS=text)

    assert "PARTNER_SECRETS: entry" in str(refused.value)
    assert SECRET not in str(refused.value) and "short" not in str(refused.value)
