"""Tables on staff pages: which cells wrap."""

import pytest
from django.utils.functional import lazystr
from django.utils.html import format_html

from backoffice.web.readonly_admin import CELL_MAX, PageSection

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

    assert [*section.cells()] == [[(cell, wraps)]]
