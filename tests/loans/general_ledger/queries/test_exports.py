"""The files of the ledger hold what its pages show, in yuan and on the right side."""

import csv
import io
from datetime import date, time

import pytest
from django.db import transaction

from backoffice.platform import export
from backoffice.platform.export import FileOptions
from loans.accounting.operations import ledger
from loans.accounting.operations.ledger import Entry
from loans.general_ledger.queries import exports
from loans.models import Transfer
from tests.loans.conftest import moment
from tests.loans.general_ledger.months import close_reconciled
from tests.loans.staff import person

pytestmark = pytest.mark.usefixtures("committed_db")

NOON = moment(date(2026, 10, 5), time(12))


@pytest.fixture
def posted():
    for on, fen in ((date(2026, 8, 31), 1_050), (date(2026, 9, 2), 3)):
        with transaction.atomic():
            ledger.post([Entry(on, "bank", "unapplied_funds", fen, "unapplied", "repayment", 4,
                               None, 9)], at=NOON)  # fmt: skip
    close_reconciled(date(2026, 8, 1), at=NOON)


def file_of(section: str, *, group: str = "finance", file_format: str = "csv", **filters: str):
    """Request a file as finance does, write and download it; return its content."""
    who = person(group)
    made = export.request(
        section, filters=filters, options=FileOptions(file_format, True, "en"), by=who,
        reason="month end", at=NOON,
    )  # fmt: skip
    export.run(made.pk, by="system:export", at=NOON)
    return export.download(made.pk, by=who, at=NOON).content


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_trial_balance_of_a_period(posted):
    heads, *rows = rows_of(file_of(exports.TRIAL_BALANCE, period="2026-09"))

    assert heads == ["account number", "account", "type", "opening debit", "opening credit",
                     "debit", "credit", "closing debit", "closing credit"]  # fmt: skip
    assert len(rows) == 17
    assert rows[0] == ["1002", "bank", "asset", "10.50", "0.00", "0.03", "0.00", "10.53", "0.00"]
    assert [row for row in rows if row[0] == "2241"] == [
        ["2241", "unapplied funds of customers", "liability", "0.00", "10.50", "0.00", "0.03",
         "0.00", "10.53"]
    ]  # fmt: skip


def test_the_trial_balance_of_a_closed_month_is_the_stored_one(posted):
    closed = rows_of(file_of(exports.CLOSED_MONTH, month="2026-08"))

    assert closed == rows_of(file_of(exports.TRIAL_BALANCE, period="2026-08"))
    assert rows_of(file_of(exports.CLOSED_MONTH, month="2026-07")) == closed[:1]


def test_an_account_statement_lists_the_transfers_with_their_contra_account(posted):
    found = rows_of(file_of(exports.STATEMENT, account="unapplied_funds", period="2026-09"))

    transfer = Transfer.objects.latest("pk")
    assert found[1:] == [
        [str(transfer), "2026-09-02", "2026-09-02", "waiting for a refund", "bank", "", "0.03",
         "repayment", "4", ""]
    ]  # fmt: skip


@pytest.mark.parametrize("section", [exports.TRIAL_BALANCE, exports.CLOSED_MONTH])
def test_a_workbook_is_written_too(posted, section):
    name = "month" if section == exports.CLOSED_MONTH else "period"

    assert file_of(section, file_format="xlsx", **{name: "2026-08"}).startswith(b"PK")


@pytest.mark.parametrize(
    ("section", "filters"),
    [
        (exports.TRIAL_BALANCE, {"period": "2026-13"}),
        (exports.CLOSED_MONTH, {"month": ""}),
        (exports.STATEMENT, {"account": "cash", "period": "2026-09"}),
        (exports.STATEMENT, {"account": "bank", "period": "September"}),
        (exports.STATEMENT, {"account": "bank"}),
    ],
)
def test_what_is_no_period_or_account_is_refused(posted, section, filters):
    with pytest.raises(export.ExportFilterError):
        file_of(section, **filters)


def test_who_may_not_read_the_ledger_gets_no_file(posted):
    for group in ("auditor", "collections"):
        with pytest.raises(export.ExportNotPermittedError):
            file_of(exports.TRIAL_BALANCE, group=group, period="2026-09")
