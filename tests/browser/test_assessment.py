"""The page of an assessment in a browser: read aloud by support, whole in each language."""

from types import SimpleNamespace

import pytest

from accounts.models import Staff
from backoffice.web.readonly_admin import address
from tests.browser.conftest import PASSWORD, served
from tests.browser.page_language import chinese, english
from tests.risk.decisions.conftest import CountingBureau, People, low_score

pytestmark = pytest.mark.chromium


@pytest.fixture
def shown(committed_db):
    """A refusal by score, and an assessment that waits for a person."""
    people, bureau = People(), CountingBureau()
    doubtful = people.assessed("average-2", bureau=bureau, income_fen=9_000_000)
    Staff.objects.create_superuser("admin", password=PASSWORD)
    return SimpleNamespace(refused=low_score(people, bureau), doubtful=doubtful)


@pytest.fixture
def visit(shown, walk_at):
    """Open the page of an assessment: ``visit(locale, record)``."""
    with served() as site:

        def visit(locale, path, **look):
            person = walk_at(site, locale, **look)
            person.log_in()
            person.go(path)
            return person

        yield visit


@pytest.mark.parametrize(("locale", "strange"), [("zh-CN", english), ("en-GB", chinese)])
def test_the_pages_are_whole_in_each_language(shown, visit, locale, strange):
    pages = {
        "assessment-refused": address(shown.refused),
        "assessment-review": address(shown.doubtful),
        "assessments": "/admin/risk/assessment/",
        "special-reviews": "/admin/risk/specialreview/",
    }
    person = visit(locale, "/admin/")
    for name, path in pages.items():
        person.go(path)
        person.shoot(name)

        assert (strange(person.text()), person.overhang(), person.faults) == ([], 0, []), name
