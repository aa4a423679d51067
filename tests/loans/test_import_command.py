"""``import_clients`` and ``demo`` as they are typed, with a real bank behind them."""

import json
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override

from accounts.models import BankCard, Customer, Staff
from backoffice.core import clock
from backoffice.core.models import JobRun
from loans import business_day
from loans.gateways.http_channel import HttpChannel
from loans.migration.operations import demo, demo_loans
from loans.migration.operations.reading import ClientRow, read
from loans.models import Bill
from risk.models import TemporaryLimit
from tests.loans.portfolios import portfolio, row, text
from tests.sandbox import SECRET, BankProcess


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    with BankProcess(tmp_path_factory.mktemp("bank")) as started:
        yield started


@pytest.fixture(autouse=True)
def channel(settings, bank):
    bank.reset()
    settings.CHANNEL_URL, settings.CHANNEL_SECRET = bank.url, SECRET
    with HttpChannel(bank.url, SECRET) as opened, override("en"):
        yield opened


def run(*words):
    """Return the exit code and what was printed."""
    out = StringIO()
    try:
        call_command(*map(str, words), stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def run_json(*words):
    code, printed = run(*words, "--json")
    return code, json.loads(printed)


def debit_everyone(channel):
    at = clock.now()
    ids = list(Bill.objects.order_by("pk").values_list("pk", flat=True))
    on = clock.day_of(at)
    run = JobRun.objects.create(business_date=on, job="09:00", started_at=at, heartbeat_at=at)
    business_day.debit(ids, run_id=run.pk, on=on, at=at, channel=channel)


def test_a_book_is_imported_and_summed_up(committed_db, tmp_path, bank):
    code, summary = run_json("import_clients", portfolio(tmp_path, row(), row(ID=2, label=1)))

    assert code == 0
    comparison = summary.pop("comparison")
    assert summary == {
        "rows": 2,
        "imported": 2,
        "already_there": 0,
        "bad_lines": [],
        "orders_expected": {"paid": 1, "refused": 1},
    }
    assert [policy["minimum_permille"] for policy in comparison] == [100, 30]
    assert comparison[0]["months"][2] == {
        "column": "PAY_3",
        "by_status": {"1": {"overdue": 2}},
        "compared": 2,
        "agreed": 2,
        "agreed_permille": 1000,
    }
    assert comparison[1]["months"][2]["by_status"] == {"1": {"min_paid": 2}}
    assert bank.balance_fen(BankCard.objects.get(customer__origin="book:1").account) == 1_116_500
    assert bank.balance_fen(BankCard.objects.get(customer__origin="book:2").account) == 0


def test_bad_lines_are_listed_in_both_languages_and_the_exit_code_is_1(committed_db, tmp_path):
    code, summary = run_json("import_clients", portfolio(tmp_path, row(LIMIT_BAL=-1), row(ID=2)))

    assert code == 1
    [bad] = summary["bad_lines"]
    assert (bad["line"], bad["column"], bad["value"]) == (2, "LIMIT_BAL", "-1")
    assert bad["reason"]["en"] == "must be from 0 to 100000000"
    assert set(bad["reason"]) == {"zh-hans", "en"}
    assert summary["imported"] == 1


def test_twenty_bad_lines_are_printed_and_the_others_counted(committed_db, tmp_path):
    code, printed = run("import_clients", portfolio(tmp_path, *(row(AGE="x") for _ in range(25))))

    assert code == 1
    assert len(re.findall(r"^ +\d+ +AGE +x ", printed, re.MULTILINE)) == 20
    assert "  21 " in printed
    assert "  22 " not in printed
    assert "0 " in printed.splitlines()[-2]


def test_again_imports_nothing_twice(committed_db, tmp_path):
    file = portfolio(tmp_path, row(), row(ID=2))
    run("import_clients", file)

    code, summary = run_json("import_clients", file)

    assert (code, summary["imported"], summary["already_there"]) == (0, 0, 2)
    assert Customer.objects.count() == 2


@pytest.mark.parametrize(
    ("content", "named"),
    [("", "unreadable-book"), ("a,b\n", "wrong-columns"),
     (text(row()).replace("PAY_0", "PAY_1"), "PAY_0")],
)  # fmt: skip
def test_a_file_of_another_kind_is_refused_whole(committed_db, tmp_path, content, named):
    file = tmp_path / "other.csv"
    file.write_text(content)

    with pytest.raises(CommandError, match=named) as refusal:
        run("import_clients", file)

    assert refusal.value.returncode == 2
    assert not Customer.objects.exists()


def test_a_file_that_is_not_there_is_named(committed_db, tmp_path):
    with pytest.raises(CommandError, match=r"nowhere\.csv") as refusal:
        run("import_clients", tmp_path / "nowhere.csv")

    assert refusal.value.returncode == 2


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:1"])
def test_without_a_bank_nothing_is_imported_and_the_remedy_named(
    committed_db, tmp_path, settings, url
):
    settings.CHANNEL_URL = url

    with pytest.raises(CommandError, match=r"manage\.py sandbox_bank") as refusal:
        run("import_clients", portfolio(tmp_path, row()))

    assert refusal.value.returncode == 2
    assert not Customer.objects.exists()


@pytest.mark.parametrize("limit", ["0", "-1", "x", "²"])
def test_a_limit_is_a_number_of_lines(tmp_path, limit):
    with pytest.raises(CommandError, match="--limit"):
        run("import_clients", portfolio(tmp_path, row()), f"--limit={limit}")


def test_the_first_debits_end_as_the_labels_imply(committed_db, tmp_path, channel):
    rows = [row(ID=n, BILL_AMT1=n * 997 - 2_000, label=int(n % 3 == 0)) for n in range(1, 41)]
    file = portfolio(tmp_path, *rows)
    code, summary = run_json("import_clients", file)
    debit_everyone(channel)

    compared, check = run_json("import_clients", file, "--compare")

    assert (code, compared) == (0, 0)
    assert check["expected"] == check["found"] == {"succeeded": 25, "failed": 13}
    assert summary["orders_expected"] == {"paid": 25, "refused": 13}


def test_a_debit_that_ended_otherwise_is_listed_with_exit_code_1(committed_db, tmp_path, channel):
    run("import_clients", portfolio(tmp_path, row()))
    debit_everyone(channel)

    code, printed = run("import_clients", portfolio(tmp_path, row(label=1)), "--compare")

    assert code == 1
    assert "book:1" in printed


def test_the_shipped_book_holds_24000_rows_and_no_bad_line():
    rows = list(read(demo.PORTFOLIO))
    live = [one for one in rows if isinstance(one, ClientRow) and one.bills[0] > 0]

    assert len(rows) == 24_000
    assert all(isinstance(one, ClientRow) for one in rows)
    assert sum(one.has_defaulted for one in live) == 4_770
    assert len(live) - 4_770 == 17_167


def test_a_demo_prints_logins_that_work_and_shows_its_book_once(committed_db, monkeypatch):
    monkeypatch.setattr(demo, "PORTFOLIO_ROWS", 40)

    code, summary = run_json("demo", "--password", "cold-feet-9")

    assert code == 0
    assert summary["password"] == "cold-feet-9"
    assert summary["logins"][0]["username"] == "admin"
    assert Staff.objects.get(username="admin").check_password("cold-feet-9")
    assert summary["book"]["imported"] == 40
    assert summary["customers"]["strong-9"] == "approved"
    assert summary["borrowers"].keys() == demo_loans.LIVES.keys()
    assert {summary["borrowers"][one] for one in ("strong-22", "strong-24", "thin-28")} == {
        "settled", "overdue", "charged_off",
    }  # fmt: skip
    assert {"granted", "expired"} <= {*TemporaryLimit.objects.values_list("state", flat=True)}
    assert clock.now().strftime("%H:%M") == "08:58"
    code, found = run_json("reconcile")
    assert (code, found["differences"]) == (0, [])
    again = run_json("demo")[1]
    assert (again["book"], again["customers"], again["borrowers"]) == (None, None, None)


def test_a_demo_without_a_book_has_a_random_password(committed_db):
    _code, printed = run("demo", "--no-book")

    password = re.search(r"([a-z2-9]{4}-){2}[a-z2-9]{4}", printed)[0]
    assert Staff.objects.get(username="finance").check_password(password)
    assert not Customer.objects.exists()
    assert all(name in printed for name in ("admin", "support", "manager"))
