"""Tables on staff pages: which cells wrap, and how many rows are shown."""

from datetime import date

import pytest
from django.utils.functional import lazystr
from django.utils.html import format_html
from django.utils.translation import override

from backoffice.web.readonly_admin import CELL_MAX, ROWS_SHOWN, GrowingRows, PageSection

SHORT, LONG = "x" * CELL_MAX, "x" * (CELL_MAX + 1)


@pytest.mark.parametrize(
    ("cell", "wraps"),
    [
        (SHORT, False),
        (LONG, True),
        (lazystr(LONG), True),
        (format_html('<a href="{}">L1</a>', LONG), False),
        (10**30, False),
    ],
)
def test_only_long_plain_text_wraps(cell, wraps):
    section = PageSection("title", ("head",), [(cell,)])

    assert ('<td class="text">' in section.body()) == wraps


def test_a_row_is_escaped_and_shows_days_as_the_template_did():
    section = PageSection(
        "title", ("head",), [("<b>", date(2026, 10, 1), format_html("<i>{}</i>", 1))]
    )

    with override("en"):
        assert section.body() == ("<tr><td>&lt;b&gt;</td><td>2026-10-01</td><td><i>1</i></td></tr>")


def test_of_growing_rows_the_latest_are_written():
    written = []
    rows = GrowingRows(range(30), lambda n: written.append(n) or (n,))

    shown = PageSection("title", ("head",), rows).shortened()

    assert shown.hidden == 30 - ROWS_SHOWN
    assert "<td>29</td>" in shown.body()
    assert written == [*range(30 - ROWS_SHOWN, 30)]


def test_few_rows_and_rows_that_do_not_grow_are_shown_whole():
    few = PageSection("title", ("head",), GrowingRows(range(ROWS_SHOWN), lambda n: (n,)))
    fixed = PageSection("title", ("head",), [(n,) for n in range(100)])

    assert (few.shortened(), fixed.shortened()) == (few, fixed)
