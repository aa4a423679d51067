"""The Chinese catalogue is complete, and the check notices when it is not."""

import shutil

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import gettext, override, pgettext

from accounts.models import ProviderCall
from backoffice.core.models import JobChunk
from backoffice.management import catalogue
from loans.collection.queries import debit_day
from loans.models import Charge, Instalment


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


@pytest.mark.parametrize(
    ("context", "text", "chinese", "otherwise"),
    [
        ("date", "from", "自", "原状态"),
        ("date", "to", "至", "新状态"),
        ("chunk", "number", "编号", "期次"),
        ("policy", "number", "参数", "期次"),
        ("provider call", "number", "编号", "期次"),
        ("provider call", "attempt", "次数", "代扣次序"),
        ("run", "held", "已拦截", "备用金"),
        ("menu", "System", "系统", "跟随系统"),
        ("customer", "closed", "已销户", "已关闭"),
        ("bank card", "rejected", "未通过", "已驳回"),
        ("job", "Failed", "失败", "扣款失败"),
    ],
)
def test_a_word_with_two_meanings_has_two_translations(context, text, chinese, otherwise):
    with override("zh-hans"):
        assert (pgettext(context, text), gettext(text)) == (chinese, otherwise)


def test_columns_name_their_own_meaning():
    with override("zh-hans"):
        dates = [str(Charge._meta.get_field(name).verbose_name) for name in ("from_on", "to_on")]
        numbers = [str(one._meta.get_field("number").verbose_name)
                   for one in (JobChunk, ProviderCall, Instalment)]  # fmt: skip
        export = str(debit_day.EXPORT.columns[0].title)

    assert dates == ["自", "至"]
    assert numbers == ["编号", "编号", "期次"]
    assert export == "订单号"
