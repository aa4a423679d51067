"""A browser, a server on a real port, and a small portfolio after nine o'clock."""

import os
import shutil
from functools import partial
from pathlib import Path

import pytest

from accounts.models import Staff
from tests.browser.pictures import shrink
from tests.loans.conftest import channel, day, make_bill  # fixtures
from tests.loans.days import live, set_clock
from tests.server import served

__all__ = ["channel", "make_bill"]

CHROMIUM = shutil.which("chromium") or ""
PASSWORD = "walk-the-pages"
ANSWERS = (
    ("SUCCESS",), ("NOTENOUGH",), ("NOTENOUGH", "SUCCESS"), ("TIMEOUT",), ("BANKERROR",),
    ("RULELIMIT",), ("CONTRACT_NOT_EXIST",),
)  # fmt: skip


@pytest.fixture(scope="session")
def browser():
    if not CHROMIUM:
        pytest.skip("chromium is missing: apt-get install chromium")
    # Playwright's loop would make Django think that the tests themselves run in one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def portfolio(committed_db, make_bill, channel, monkeypatch):
    """Fourteen bills of three due dates, run up to 9:00 of D+8."""
    for n in range(14):
        make_bill(principal_fen=800_000 + n * 54_321, due_on=day(n % 3))
        channel.will_answer(f"acct-{n + 1}", *ANSWERS[n % len(ANSWERS)])
    live(channel, monkeypatch, *(day(n) for n in range(9)), until="09:00")
    set_clock(day(8), "09:00")
    Staff.objects.create_superuser("admin", password=PASSWORD)


@pytest.fixture
def address(portfolio):
    """The address of a server over the portfolio."""
    with served() as address:
        yield address


class Walk:
    """A person in front of a browser, who notes every fault of a page."""

    def __init__(self, browser, address, locale, **look):
        self.address, self.locale = address, locale
        look = {"viewport": {"width": 1440, "height": 900}} | look
        context = browser.new_context(locale=locale, **look)
        self.page = context.new_page()
        self.faults = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url}: {error}"))
        self.page.on("response", self._response)
        self.close = context.close

    def _console(self, message):
        if message.type == "error":
            self.faults.append(f"{self.page.url}: {message.text}")

    def _response(self, response):
        if response.status >= 400:
            self.faults.append(f"{response.status} {response.url}")
        if not response.url.startswith((self.address, "data:")):
            self.faults.append(f"another host: {response.url}")

    def go(self, path):
        self.page.goto(self.address + path)
        self.page.wait_for_load_state("load")

    def log_in(self):
        self.go("/admin/login/")
        self.page.fill("[name=username]", "admin")
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("form[method=post] button[type=submit]")
        self.page.wait_for_url("**/admin/")

    def shoot(self, name, *, full_page=True):
        """Save a screenshot where SHOTS_DIR says, if it says."""
        folder = os.environ.get("SHOTS_DIR")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            picture = self.page.screenshot(full_page=full_page, animations="disabled")
            path = Path(folder) / f"{self.locale[:2]}-{name}.png"
            path.write_bytes(picture if full_page else shrink(picture, self.page))

    def text(self):
        """Return the visible text of the page; icons are words only to their font."""
        self.page.eval_on_selector_all(
            ".material-symbols-outlined", "icons => icons.forEach(icon => icon.remove())"
        )
        return self.page.inner_text("body")

    def overhang(self):
        """Return by how many pixels the page is wider than the window."""
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


@pytest.fixture
def walk_at(browser):
    """Start a walk at an address: ``walk_at(address, locale)``."""
    walks = []

    def start(address, locale, **look):
        walks.append(Walk(browser, address, locale, **look))
        return walks[-1]

    yield start
    for one in walks:
        one.close()


@pytest.fixture
def walk(address, walk_at):
    """Start a walk over the small portfolio: ``walk(locale)``."""
    return partial(walk_at, address)
