"""Codes as staff read them: words with links, rates as per cent, similarity as a score."""

import ast
from datetime import UTC, datetime

import django_fsm
import pytest
from django.apps import apps
from django.contrib import admin
from django.utils.timesince import timesince
from django.utils.translation import override

from backoffice.web import wording
from tests.source_tree import sources, walk

TRANSITIONS = {
    transition.name
    for model in apps.get_models()
    for field in model._meta.concrete_fields
    if isinstance(field, django_fsm.FSMFieldMixin)
    for transition in field.get_all_transitions(model)
}


def test_every_transition_has_words():
    assert set(wording.TRANSITIONS) == TRANSITIONS


def commands():
    """The commands that ``trace.note`` stores, as the sources name them."""
    calls = (node for path in sources() for node in walk(path, ast.Call))
    notes = [one for one in calls if ast.unparse(one.func) in ("trace.note", "operations.note")]
    named = [node for one in notes for node in ast.walk(_command_of(one))]
    return {node.value for node in named if isinstance(node, ast.Constant)}


def _command_of(note):
    keywords = {one.arg: one.value for one in note.keywords}
    return keywords["command"] if "command" in keywords else note.args[1]


def test_every_command_that_moves_no_state_has_words():
    assert set(wording.COMMANDS) == commands()


def test_a_command_and_a_transition_of_one_name_have_their_own_words():
    with override("en"):
        assert wording.transition("release") == "release"
        assert wording.transition("release", is_move=False) == "release the card"
        assert wording.transition("unheard-of", is_move=False) == "unheard-of"


@pytest.mark.parametrize(("language", "words"), [("en", "loan 1821"), ("zh-hans", "贷款 1821")])
def test_a_subject_is_a_link_in_words(language, words):
    with override(language):
        shown = wording.subject("loans.loan", 1821)

    assert shown == f'<a class="link" href="/admin/loans/loan/1821/change/">{words}</a>'


def test_a_record_without_a_page_is_named_without_a_link():
    with override("en"):
        assert wording.subject("loans.billsnapshot", 7) == "bill snapshot 7"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("customer:2001",
         '<a class="link" href="/admin/accounts/customer/2001/change/">customer 2001</a>'),
        ("system:tick", "schedule"),
        ("manager", "manager"),
        ("customer:x", "customer x"),
        ("", ""),
    ],
)  # fmt: skip
def test_an_actor_is_named_in_words(code, words):
    with override("en"):
        assert wording.actor(code) == words


@pytest.mark.parametrize("kind", ["bill", "账单", "Bill", "loans.bill"])
def test_a_kind_is_found_by_its_words_and_its_label(kind):
    with override("zh-hans" if kind == "账单" else "en"):
        assert wording.label_of(kind) == "loans.bill"


@pytest.mark.parametrize(
    ("ppm", "words"), [(500, "0.05%"), (150_000, "15%"), (240_000, "24%"), (0, "0%")]
)
def test_a_rate_is_per_cent(ppm, words):
    assert wording.percent(ppm) == words


@pytest.mark.parametrize(("permille", "words"), [(920, "92.0"), (1000, "100.0"), (None, "")])
def test_a_similarity_is_a_score_of_a_hundred(permille, words):
    assert wording.score(permille) == words


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
def test_no_page_shows_parts_per_thousand_or_a_code_of_an_actor(model, rf):
    pages = admin.site.get_model_admin(model)
    shown = {*pages.list_display, *_flat(pages.get_fieldsets(rf.get("/")))}

    raw = {name for name in shown if name.endswith(("_ppm", "_permille", "subject_type"))}
    codes = {
        field.name
        for field in model._meta.concrete_fields
        if field.name.endswith("_by") and not field.is_relation
    }
    assert raw | (codes & shown) == set()


def _flat(fieldsets):
    for _title, options in fieldsets:
        for name in options["fields"]:
            yield from (name if isinstance(name, tuple | list) else [name])


def test_a_span_of_months_is_no_month_of_the_year():
    start = datetime(2026, 10, 1, tzinfo=UTC)
    with override("zh-hans"):
        assert timesince(start, datetime(2026, 11, 1, tzinfo=UTC)) == "1\xa0个月"
