"""The page of a credit line in a browser: whole in each language, readable in the dark."""

from datetime import timedelta

import pytest

from accounts.models import Staff
from backoffice.web.readonly_admin import address
from risk.lines import operations as lines
from risk.lines.operations import temporary
from risk.lines.operations.growth import apply_conduct
from tests.browser.conftest import PASSWORD, served
from tests.browser.page_language import chinese, english
from tests.risk.lines.making import ON, day, granted, moment, report

pytestmark = pytest.mark.chromium


@pytest.fixture
def line(committed_db):
    """A line with every part of its bar and a row in each of its tables."""
    line = granted(evidence="A7")
    for n in (90, 60, 30):
        report(line, ON - timedelta(n))
    temporary.request(
        line.customer, amount_fen=200_000, days=30, by=f"customer:{line.customer_id}", on=ON,
        at=moment(ON),
    )  # fmt: skip
    purchase = lines.Purchase(line.customer_id, "P1", 600_000, moment(ON))
    lines.hold_for_purchase([purchase], by="system:limits", on=ON)
    lines.reserve(line.pk, amount_fen=300_000)
    lines.draw(line.pk, amount_fen=250_000)
    report(line, day(4), source="bill:1")
    apply_conduct([line.pk], by="system:limits", on=day(5), at=moment(day(5)))
    Staff.objects.create_superuser("admin", password=PASSWORD)

    return line


@pytest.fixture
def visit(line, walk_at):
    """Open the page of the line: ``visit(locale)``."""
    with served() as site:

        def visit(locale, **look):
            person = walk_at(site, locale, **look)
            person.log_in()
            person.go(address(line))
            return person

        yield visit


@pytest.mark.parametrize(("locale", "strange"), [("zh-CN", english), ("en-GB", chinese)])
def test_the_page_is_whole_in_each_language(visit, locale, strange):
    person = visit(locale)
    person.shoot("line")

    assert (strange(person.text()), person.overhang(), person.faults) == ([], 0, [])


def test_the_parts_of_the_bar_fill_it(visit):
    person = visit("en-GB")

    widths = person.page.eval_on_selector_all(
        ".line-bar span", "parts => parts.map(part => part.getBoundingClientRect().width)"
    )

    whole = person.page.locator(".line-bar").bounding_box()["width"]
    assert len(widths) == 5
    assert sum(widths) == pytest.approx(whole, abs=1)


def test_the_bar_can_be_read_in_the_dark_and_on_a_phone(visit):
    dark = visit("zh-CN", color_scheme="dark")
    dark.shoot("line-dark", full_page=False)
    phone = visit("zh-CN", viewport={"width": 390, "height": 844})
    phone.shoot("line-phone", full_page=False)

    assert dark.page.locator("html.dark").count() == 1
    assert (dark.faults, phone.faults, phone.overhang()) == ([], [], 0)
