"""The credit bureau of a sandbox, and which bureau the settings name."""

from datetime import date

import pytest
from django.core.exceptions import ImproperlyConfigured

from risk.bureau import rules
from risk.gateways.bureau import BureauSubject, BureauVerdict
from risk.gateways.from_settings import credit_bureau
from risk.gateways.sandbox import SandboxBureau

ON = date(2026, 11, 24)


def fetch(openid, *, attempt=1):
    subject = BureauSubject("张三丰", "11010119900307001X", openid)
    return credit_bureau().fetch(subject, on=ON, attempt=attempt)


def test_the_persona_of_the_openid_decides_the_report():
    adverse = {
        openid: rules.read(fetch(openid).payload, on=ON).is_adverse
        for openid in ("strong-1", "overdue90-7", "somebody")
    }

    assert adverse == {"strong-1": False, "overdue90-7": True, "somebody": False}


def test_a_person_without_a_file_has_none():
    answer = fetch("thin-1")

    assert (answer.verdict, answer.payload) == (BureauVerdict.NO_FILE, None)


@pytest.mark.parametrize(
    ("openid", "attempt", "verdict"),
    [
        ("bureau-down", 9, "unavailable"), ("bureau-late", 1, "unavailable"),
        ("bureau-late", 2, "found"),
    ],
)  # fmt: skip
def test_an_outage_is_scripted_by_the_openid(openid, attempt, verdict):
    assert fetch(openid, attempt=attempt).verdict == verdict


def test_outside_a_sandbox_it_cannot_be_made(settings):
    settings.SANDBOX = False

    for make in (SandboxBureau, credit_bureau):
        with pytest.raises(ImproperlyConfigured):
            make()
