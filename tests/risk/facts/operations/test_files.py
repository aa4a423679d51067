"""Files of partner events: encodings, bad lines with their numbers, and bounded memory."""

import codecs
import csv
import io
import json
import tracemalloc

import pytest
from django.core.management import call_command

from risk.facts.operations import events, files
from risk.models import PartnerEvent
from tests.accounts.people import AT
from tests.risk.people import EVERY_KIND, consenting, employer, payment

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer():
    return consenting()


def json_lines(*sent):
    return "\n".join(one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)
                     for one in sent)  # fmt: skip


def as_csv(*sent):
    names = list(dict.fromkeys(name for one in sent for name in one))
    out = io.StringIO()
    writer = csv.DictWriter(out, names)
    writer.writeheader()
    writer.writerows(sent)
    return out.getvalue()


def imported(path):
    return files.import_file(path, partner="file", by="partner:file", at=AT)


@pytest.mark.parametrize(
    ("encoding", "mark", "shown"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", codecs.BOM_UTF8, "utf-8-sig"),
        ("gb18030", b"", "gb18030"),
    ],
)
@pytest.mark.parametrize(("suffix", "written"), [("csv", as_csv), ("jsonl", json_lines)])
def test_every_kind_is_imported_in_each_encoding(
    customer, tmp_path, encoding, mark, shown, suffix, written
):
    path = tmp_path / f"events.{suffix}"
    path.write_bytes(mark + written(*(kind() for kind in EVERY_KIND)).encode(encoding))

    done = imported(path)

    assert (done.encoding, done.lines, done.accepted, done.bad) == (shown, 7, 7, 0)
    assert done.bad_file is None and list(tmp_path.iterdir()) == [path]
    kept = PartnerEvent.objects.get(kind="employer").party_blind
    events.receive([employer("e-2", employer="星海科技")], partner="p", by="p", at=AT)
    assert kept == PartnerEvent.objects.get(event_id="e-2").party_blind


def test_a_file_in_neither_encoding_is_refused(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"id": "\xff\xff"}')

    with pytest.raises(files.FileEncodingError):
        imported(path)


def test_a_missing_file_is_refused_with_its_name(tmp_path):
    with pytest.raises(files.FileUnreadableError, match=r"none\.jsonl"):
        imported(tmp_path / "none.jsonl")


@pytest.mark.parametrize("header", ["id,kind,colour", "id,id", '"id'])
def test_a_wrong_header_is_refused(tmp_path, header):
    path = tmp_path / "events.csv"
    path.write_text(f"{header}\n1,2,3\n")

    with pytest.raises(files.FileColumnsError):
        imported(path)


def test_bad_lines_are_listed_by_number_and_the_good_ones_kept(customer, tmp_path):
    path = tmp_path / "events.jsonl"
    long = json.dumps(payment("long")) + " " * 70_000
    bad = payment("2", amount_fen=-1)
    path.write_text(json_lines(payment(), "", "{", bad, long, payment("3"), "[" * 60_000))

    done = imported(path)

    assert (done.accepted, done.bad) == (2, 4)
    assert [(line.number, line.code) for line in done.first_bad] == [
        (3, "line-unreadable"), (4, "amount-invalid"), (5, "line-unreadable"),
        (7, "line-unreadable"),
    ]  # fmt: skip
    stored = [json.loads(line) for line in done.bad_file.read_text().splitlines()]
    assert [line["line"] for line in stored] == [3, 4, 5, 7]


def test_a_csv_row_with_more_cells_than_the_header_is_bad(customer, tmp_path):
    path = tmp_path / "events.csv"
    text = as_csv(payment(), payment("2")).splitlines()
    path.write_text("\n".join([*text, text[1] + ",more", ""]))

    done = imported(path)

    assert (done.accepted, done.bad, done.first_bad[0].number) == (2, 1, 4)


def test_an_amount_that_is_no_whole_number_is_bad_in_csv_too(customer, tmp_path):
    path = tmp_path / "events.csv"
    cells = ["12", "1.5", "-3", "", "1e3", "9" * 30]
    path.write_text(as_csv(*(payment(f"{n}", amount_fen=cell) for n, cell in enumerate(cells))))

    done = imported(path)

    assert done.accepted == 1
    assert [line.code for line in done.first_bad] == [
        "amount-invalid", "amount-invalid", "field-missing", "amount-invalid", "amount-invalid",
    ]  # fmt: skip


def test_a_file_imported_again_stores_only_the_rest(customer, tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text(json_lines(payment(), "{"))
    imported(path)
    path.write_text(json_lines(payment(), payment("2")))

    done = imported(path)

    assert (done.accepted, done.repeated, done.bad) == (1, 1, 0)
    assert list(tmp_path.iterdir()) == [path]  # the list of bad lines of the first time is gone


def test_many_bad_lines_are_shown_in_part_and_written_whole(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text("{\n" * 2500)

    done = imported(path)

    assert (done.bad, len(done.first_bad)) == (2500, 20)
    assert len(done.bad_file.read_text().splitlines()) == 2500


def test_memory_does_not_grow_with_the_file(tmp_path):
    def peak(lines):
        path = tmp_path / "events.jsonl"
        text = json.dumps(payment(openid="nobody", counterparty="x" * 100))
        with path.open("w") as stream:
            stream.writelines(f"{text}\n" for _ in range(lines))
        tracemalloc.start()
        imported(path)
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(1000)  # caches are filled

    assert peak(10_000) < peak(2000) * 1.5


def command(*arguments):
    out = io.StringIO()
    code = 0
    try:
        call_command("import_events", *arguments, stdout=out)
    except SystemExit as end:
        code = end.code
    return code, out.getvalue()


def test_the_command_ends_with_one_when_a_line_was_bad(customer, tmp_path, stopped_clock):
    path = tmp_path / "events.jsonl"
    path.write_text(json_lines(payment(), "{"))

    code, output = command(str(path), "--partner", "pay")

    assert code == 1
    assert "utf-8" in output and "[line-unreadable]" in output and "events.jsonl.bad" in output
    assert PartnerEvent.objects.get().partner == "pay"


def test_the_command_answers_in_json(customer, tmp_path, stopped_clock):
    path = tmp_path / "events.jsonl"
    path.write_text(json_lines(payment()))

    code, output = command(str(path), "--json")

    result = json.loads(output)
    assert (code, result["accepted"], result["bad"], result["bad_file"]) == (0, 1, 0, None)
