"""A failed page leaves a traceback in the log, and no value of a customer."""

import io
import logging
import sys

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.urls import path

from backoffice import urls
from backoffice.core.log_lines import LogLines, harmless

NAME, PHONE = "张三", "13800138000"


def fail(request):
    """A view that fails with values of a customer in its variables and its message."""
    customer = {"name": NAME}
    raise ValueError(f"no loan of {customer['name']} {PHONE} '{PHONE} {NAME}' in 'loans'")


def fail_in_the_database(request):
    """A view whose database error quotes a value of a customer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text::bigint", [NAME + PHONE])


urlpatterns = [
    path("fails/", fail),
    path("database/", fail_in_the_database),
    *urls.urlpatterns,  # the page of the error links to the desk
]


@pytest.fixture
def logged(settings):
    """Return a function that requests a page and returns what it leaves on standard error."""
    settings.ROOT_URLCONF = __name__
    [handler] = [one for one in logging.getLogger().handlers if one.name == "stderr"]

    def get(address):
        lines = io.StringIO()
        before = handler.setStream(lines)
        try:
            page = Client(raise_request_exception=False).post(address, {"name": NAME})
        finally:
            handler.setStream(before)
        assert page.status_code == 500
        return lines.getvalue()

    return get


def test_a_page_that_fails_leaves_one_traceback_without_values(logged):
    lines = logged("/fails/?phone=" + PHONE)

    assert "ERROR django.request: Internal Server Error: /fails/" in lines
    assert lines.count("Traceback") == 1
    assert "in fail\n" in lines
    assert lines.endswith("ValueError: no loan of … … … in 'loans'\n")
    assert NAME not in lines
    assert PHONE not in lines


@pytest.mark.django_db
def test_an_error_of_the_database_leaves_its_state_and_no_row(logged):
    lines = logged("/database/")

    assert "InvalidTextRepresentation: 22P02" in lines
    assert "DataError: 22P02" in lines
    assert "in fail_in_the_database" in lines
    assert NAME not in lines
    assert PHONE not in lines


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (AttributeError("'Bill' object has no attribute 'due'"),
         "AttributeError: 'Bill' object has no attribute 'due'"),
        (KeyError("loans"), "KeyError: 'loans'"),
        (ValueError(), "ValueError: "),
        (ValueError("first line\nof a customer"), "ValueError: first line"),
        (ValueError("x" * 300), f"ValueError: {'x' * 200}"),
        (ValueError('"a b", \'c d\' and 123 1234'), "ValueError: …, … and 123 …"),
    ],
)  # fmt: skip
def test_a_message_keeps_what_cannot_be_a_value(error, line):
    assert harmless(error) == line


def test_a_page_without_permission_leaves_one_line():
    lines = LogLines()
    try:
        raise PermissionDenied
    except PermissionDenied:
        record = logging.LogRecord(
            "django.request", logging.WARNING, "", 0, "Forbidden: %s", ("/admin/",), sys.exc_info()
        )

    assert lines.format(record).splitlines() == [
        f"{lines.formatTime(record)} WARNING django.request: Forbidden: /admin/"
    ]
