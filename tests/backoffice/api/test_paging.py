"""Pages of lists: limits, cursors, and the pages beside."""

import pytest
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from backoffice.web.api.paging import page

ROWS = list(range(1, 8))


def ask(query="", rows=ROWS, **how):
    request = Request(APIRequestFactory().get(f"/rows{query}"))
    return page(request, rows, **how).data


def test_a_short_list_is_one_page():
    assert ask() == {"next": None, "previous": None, "results": ROWS}


@pytest.mark.parametrize("is_newest_first", [False, True])
def test_the_pages_together_are_the_list(is_newest_first):
    found, link = [], "?limit=3"
    while link:
        one = ask(link, is_newest_first=is_newest_first)
        found, link = found + one["results"], (one["next"] or "").removeprefix("/rows")

    assert found == ROWS


def test_the_page_before_is_named():
    second = ask(ask("?limit=3")["next"].removeprefix("/rows"))

    assert second["previous"] == "/rows?cursor=0&limit=3"
    assert second["results"] == [4, 5, 6]


def test_a_new_row_in_front_does_not_move_the_pages_that_follow():
    link = ask("?limit=3", is_newest_first=True)["next"].removeprefix("/rows")

    assert ask(link, rows=[0, *ROWS], is_newest_first=True)["results"] == [4, 5, 6]


@pytest.mark.parametrize(
    "query",
    ["?limit=0", "?limit=101", "?limit=x", "?limit=", "?limit=1&limit=2", "?cursor=-1",
     "?cursor=1000000", "?cursor=٣"],
)  # fmt: skip
def test_a_query_that_is_not_as_described_is_refused(query):
    with pytest.raises(ValidationError):
        ask(query)
