"""The error catalogue: all codes of the endpoints and no others, in both languages, offline."""

import ast
import re
from html.parser import HTMLParser

import pytest
from django.test import Client

from backoffice.core.errors import Refused, by_code
from backoffice.web.api import error_catalogue, problems
from tests import described
from tests.source_tree import ROOT, tree

LANGUAGES = pytest.mark.parametrize("language", ["zh-hans", "en"])
PROBLEMS = ROOT / "backoffice/web/api/problems.py"


class Page(HTMLParser):
    """The codes that have an entry, the addresses that a page names, and its text."""

    def __init__(self, address, language="en"):
        super().__init__()
        answer = Client().get(address, headers={"accept-language": language})
        assert answer.status_code == 200
        self.source = answer.content.decode()
        self.codes, self.addresses = [], []
        self.text = ""
        self.feed(self.source)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "article":
            self.codes.append(given["id"])
        self.addresses += [given[name] for name in ("href", "src", "action") if name in given]

    def handle_data(self, data):
        self.text += data


def codes_of_operations():
    """The codes in the schemas of the replies, not in the examples that the catalogue reads."""
    for _path, _method, operation in described.operations():
        for response in operation["responses"].values():
            media = response.get("content", {}).get(problems.CONTENT_TYPE)
            if media:
                yield from media["schema"]["allOf"][1]["properties"]["code"]["enum"]


def codes_of_any_address():
    for node in ast.walk(tree(PROBLEMS)):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "code":
            yield ast.literal_eval(node.value)


def test_the_page_lists_the_codes_of_the_endpoints_each_once_and_no_others():
    listed = Page("/api/errors/").codes

    assert len(listed) > 70
    assert len(listed) == len(set(listed))
    assert set(listed) == {*codes_of_operations(), *codes_of_any_address()}


@pytest.mark.parametrize("code", sorted(error_catalogue.entries()))
@LANGUAGES
def test_an_entry_has_status_title_meaning_and_remedy_in_both_languages(code, language):
    refusal = by_code()[code]
    page = Page(problems.type_of(code), language)

    assert page.codes == [code]
    assert f"{int(refusal.status)} " in page.text
    assert f'<html lang="{language}">' in page.source
    for text in error_catalogue.entries()[code].texts:
        assert text.title in page.text and text.meaning in page.text
        if text.remedy == "…":  # it depends on the reason
            assert text.causes and all(one.message in page.text for one in text.causes)
        else:
            assert text.remedy and text.remedy in page.text
        is_ascii = re.sub(r"[…’“”]", "", text.title + text.meaning).isascii()
        assert is_ascii is (text.language == "en")


def test_a_reason_is_listed_with_its_remedy():
    chinese, english = error_catalogue.entries()["card-refused"].texts

    [found] = [one for one in english.causes if one.code == "card-other-holder"]
    assert found.message == "it is in another person's name."
    assert found.remedy == "Bind a card in your own name."
    assert [one.code for one in chinese.causes] == [one.code for one in english.causes]


@pytest.mark.parametrize(
    ("code", "reasons"),
    [
        ("identity-refused", {"face-mismatch", "three-accounts", "refused-in-review"}),
        ("card-refused", {"card-unconfirmed", "card-expired"}),
        ("deletion-not-possible", {"debts-open", "line-in-use"}),
        ("password-weak", {"too-short", "no-digit"}),
    ],
)
def test_what_depends_on_a_reason_lists_the_reasons(code, reasons):
    assert reasons <= {cause.code for cause in by_code()[code].causes()}


def test_an_entry_names_the_operations_that_answer_it():
    entries = error_catalogue.entries()

    assert entries["wechat-code-bad"].operations == ["POST /api/v1/auth/wechat"]
    assert "GET /api/v1/me/profile" not in entries["card-held"].operations
    assert entries["not-found"].operations == []  # any address


def test_the_type_of_each_example_is_an_entry():
    for _path, _method, operation in described.operations():
        for response in operation["responses"].values():
            refused = response.get("content", {}).get(problems.CONTENT_TYPE, {})
            for code, example in refused.get("examples", {}).items():
                assert example["value"]["type"] == f"/api/errors/{code}"
                assert code in error_catalogue.entries()


def test_a_reply_leads_to_its_entry():
    refused = Client().get("/api/v1/me").json()

    assert Page(refused["type"]).codes == [refused["code"]]


@pytest.mark.parametrize("code", ["nothing", "refused", "shelf-empty"])
def test_a_code_that_no_endpoint_answers_has_no_entry(code):
    assert Client().get(f"/api/errors/{code}").status_code == 404


@pytest.mark.parametrize("address", ["/api/errors/", "/api/errors/not-found"])
@LANGUAGES
def test_the_pages_need_no_other_host_and_no_script(address, language):
    page = Page(address, language)

    assert page.addresses
    assert [one for one in page.addresses if not re.match(r"#|/(?!/)", one)] == []
    assert "<script" not in page.source and "url(" not in page.source


def test_the_description_links_the_catalogue():
    assert "/api/errors/" in described.description()["info"]["description"]
    assert described.description()["externalDocs"]["url"] == "/api/errors/"
    assert "/api/errors/" in (ROOT / "docs" / "customer-journey.md").read_text()


def test_the_meaning_is_the_first_paragraph_of_the_docstring():
    class LampBrokenError(Refused):
        """The lamp is
        broken.

        Nobody reads this.
        """

        code = "lamp-broken"

    assert error_catalogue.meaning_of(LampBrokenError) == "The lamp is broken."


def test_a_text_stands_without_its_facts():
    _chinese, english = error_catalogue.entries()["too-many-cards"].texts

    assert english.title == "You have … cards already."
