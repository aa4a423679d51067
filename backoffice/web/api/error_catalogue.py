"""The error catalogue: every code that the endpoints can answer, in both languages.

It is made from the refusals themselves and from the description of the endpoints. The ``type`` of
a problem document is the address of its code here.
"""

import inspect
from collections import defaultdict
from functools import cache
from http import HTTPStatus
from typing import Any, NamedTuple

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language, gettext, override
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from backoffice.core.errors import NextCall, Refused, by_code, without_facts
from backoffice.web.api import problems


class CauseText(NamedTuple):
    """A code of a fact of a refusal, in one language."""

    code: str
    message: str
    remedy: str


class CatalogueText(NamedTuple):
    """An entry in one language; … stands for a fact that only a reply has."""

    language: str
    title: str
    meaning: str
    remedy: str
    causes: list[CauseText]


class CatalogueEntry(NamedTuple):
    """A code with the status of its replies, their facts, and the operations that answer it.

    Without ``operations`` any address can answer it.
    """

    code: str
    status: HTTPStatus
    facts: tuple[str, ...]
    calls: tuple[NextCall, ...]
    operations: list[str]
    texts: list[CatalogueText]


@require_safe
def page(_request: HttpRequest) -> HttpResponse:
    """Return the page of all codes, by status."""
    by_status: dict[HTTPStatus, list[CatalogueEntry]] = defaultdict(list)
    for entry in entries().values():
        by_status[entry.status].append(entry)
    return _page({"groups": sorted(by_status.items())})


@require_safe
def entry_page(_request: HttpRequest, code: str) -> HttpResponse:
    """Return the page of one code: where the ``type`` of a problem document leads."""
    entry = entries().get(code)
    if entry is None:
        raise Http404
    return _page({"groups": [(entry.status, [entry])], "only": entry})


@cache
def entries() -> dict[str, CatalogueEntry]:
    """Return the entries of all codes, in the order of the codes."""
    operations = _operations()
    return {
        code: CatalogueEntry(
            code,
            HTTPStatus(refusal.status),
            refusal.public_facts,
            refusal.calls,
            [] if refusal in problems.ANYWHERE else operations[code],
            [_text(refusal, language) for language, _name in settings.LANGUAGES],
        )
        for code, refusal in refusals().items()
    }


def refusals() -> dict[str, type[Refused]]:
    """Return the refusals that the endpoints can answer, by their codes."""
    codes = {*_operations(), *(refusal.code for refusal in problems.ANYWHERE)}
    known = by_code()  # after the operations, which load the modules of their refusals
    return {code: known[code] for code in sorted(codes)}


def meaning_of(refusal: type[Refused]) -> str:
    """Return the first paragraph of the docstring of a refusal, in English, on one line."""
    return " ".join(inspect.cleandoc(refusal.__doc__ or "").partition("\n\n")[0].split())


def _operations() -> dict[str, list[str]]:
    """Return the operations of the description by each code that they answer."""
    found: dict[str, list[str]] = defaultdict(list)
    generator: Any = SchemaGenerator()  # type: ignore[no-untyped-call]
    for path, methods in generator.get_schema(request=None, public=True)["paths"].items():
        for method, operation in methods.items():
            for response in operation["responses"].values():
                refused = response.get("content", {}).get(problems.CONTENT_TYPE, {})
                for code in refused.get("examples", ()):
                    found[code].append(f"{method.upper()} {path}")
    return found


def _text(refusal: type[Refused], language: str) -> CatalogueText:
    with override(language):
        return CatalogueText(
            language,
            without_facts(refusal.message),
            gettext(meaning_of(refusal)),
            without_facts(refusal.remedy),
            [
                CauseText(cause.code, without_facts(cause.message), without_facts(cause.remedy))
                for cause in refusal.causes()
            ],
        )


def _page(context: dict[str, Any]) -> HttpResponse:
    # Without the request: the page needs no session, and caches need not keep one per cookie.
    languages = sorted(dict(settings.LANGUAGES), key=lambda one: one != get_language())
    return HttpResponse(render_to_string("api/errors.html", {**context, "languages": languages}))
