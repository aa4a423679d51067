"""The Chinese catalogue is complete, and the check notices when it is not."""

import shutil

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import gettext, override

from backoffice.management import catalogue


@pytest.fixture
def copied(tmp_path, settings):
    """The catalogue in a folder of its own, to be damaged."""
    target = tmp_path / "zh_Hans" / "LC_MESSAGES"
    shutil.copytree(catalogue.folder(), target)
    settings.LOCALE_PATHS = [tmp_path]
    return target / "django.po"


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_every_string_is_translated():
    call_command("check_translations")


def test_what_operations_give_as_a_reason_is_translated():
    with override("zh-hans"):
        assert gettext("unpaid when the due date ended") == "到期日结束时未还"
        assert gettext("the channel refused") == "通道拒绝扣款"


def test_a_missing_string_is_named(copied):
    replace(copied, 'msgid "late fee"\n', 'msgid "fee of the late"\n')

    report = catalogue.examine()

    assert (report.missing, report.unused) == (["late fee"], ["fee of the late"])
    assert report.stale


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ('msgstr "滞纳金"', 'msgstr ""', "untranslated"),
        ('msgid "late fee"\n', '#, fuzzy\nmsgid "late fee"\n', "fuzzy"),
        ('msgstr "不存在批次 {job}。"', 'msgstr "不存在批次 {jobs}。"', "placeholders"),
    ],
)
def test_a_bad_translation_is_named(copied, old, new, kind):
    text = copied.read_text(encoding="utf-8")
    if kind == "fuzzy":
        old, new = '\nmsgid "late fee"\n', '\n#, fuzzy\nmsgid "late fee"\n'
    assert old in text
    replace(copied, old, new)

    assert len(getattr(catalogue.examine(), kind)) == 1
    with pytest.raises(CommandError, match="--write"):
        call_command("check_translations", "--json")


def test_a_catalogue_that_was_not_compiled_is_stale(copied):
    copied.with_suffix(".mo").unlink()

    assert catalogue.examine().stale == [str(copied.with_suffix(".mo"))]


def test_writing_adds_what_is_missing_and_keeps_every_translation(copied):
    before = copied.read_bytes()
    replace(copied, 'msgid "late fee"\n', 'msgid "fee of the late"\n')

    catalogue.update()

    report = catalogue.examine()
    assert (report.missing, report.unused, report.untranslated) == ([], [], ["late fee"])
    replace(copied, 'msgid "late fee"\nmsgstr ""', 'msgid "late fee"\nmsgstr "滞纳金"')
    catalogue.update()
    assert copied.read_bytes() == before
