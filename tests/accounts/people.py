"""Synthetic people for the tests of onboarding; they could exist, and nobody is meant."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from stdnum import luhn
from stdnum.cn import ric

from accounts.models import Customer, LoginSession
from accounts.onboarding import context as contexts
from accounts.onboarding.context import RequestContext
from backoffice.core.clock import SHANGHAI

AT = datetime(2026, 11, 24, 15, 0, tzinfo=SHANGHAI)
LONG_AGO = AT - timedelta(days=60)


class Person(NamedTuple):
    """What a person types."""

    name: str
    id_number: str
    card_number: str
    phone: str


def person(n: int = 1, *, born_on: date = date(1990, 3, 7)) -> Person:
    """Return the n-th person, born on a day."""
    body = f"110101{born_on:%Y%m%d}{n:03}"
    card = f"621700{n:012}"
    return Person(
        "张三丰",
        body + str(ric.calc_check_digit(body + "0")),
        card + str(luhn.calc_check_digit(card)),
        f"138{n:08}",
    )


def request_of(
    customer: Customer,
    *,
    by: str = "customer",
    at: datetime = AT,
    wall_at: datetime = AT,
    session: LoginSession | None = None,
) -> RequestContext:
    """Return the context of a request of a customer."""
    return contexts.begin(customer, by=by, at=at, wall_at=wall_at, session=session)


def device(n: int = 1, **other: object) -> dict[str, object]:
    """Return the report of the n-th device."""
    return {
        "fingerprint": f"fingerprint-{n}",
        "model": "Pixel 9",
        "os": "android",
        "os_version": "16",
        "is_emulator": False,
        "is_rooted": False,
        **other,
    }
