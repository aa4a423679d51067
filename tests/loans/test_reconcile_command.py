"""``reconcile`` as it is typed: differences decide the exit code, warnings are only printed."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils.translation import override

from backoffice.core import clock
from loans.accounting.operations import checkpoints
from loans.management.commands import reconcile
from loans.models import Bill, LedgerTotal, Transfer
from tests.loans.cases import day
from tests.loans.conftest import moment


@pytest.fixture(autouse=True)
def bank(committed_db, channel, monkeypatch):
    monkeypatch.setattr(reconcile, "debit_channel", lambda: channel)
    with override("en"):
        yield channel


def run(*words):
    """Return the exit code and what was printed."""
    out = StringIO()
    try:
        call_command("reconcile", *words, stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def test_a_sound_portfolio_has_no_difference(make_bill):
    make_bill()

    code, printed = run("--json")

    assert code == 0
    assert json.loads(printed)["differences"] == json.loads(printed)["warnings"] == []


def test_a_difference_is_a_line_and_exit_code_1(make_bill):
    bill = make_bill()
    Bill.objects.filter(pk=bill.pk).update(paid_fen=1)

    code, printed = run()

    assert code == 1
    assert f"paid on the bill | bill {bill.pk} | expected 0.00 | found 0.01" in printed


def test_months_that_run_out_are_a_line_and_no_difference(make_bill, monkeypatch):
    make_bill()
    late = day(0).replace(year=2040)
    monkeypatch.setattr(clock, "business_date", lambda: late)
    monkeypatch.setattr(reconcile, "reconcile", lambda **_facts: [])

    code, printed = run()

    assert code == 0
    assert "! loans_transfer: partitions for 0 months are left: run manage.py migrate" in printed


def test_totals_are_compared_in_their_turn_or_all_with_full_and_added_up_again(
    make_bill, monkeypatch
):
    make_bill()
    checkpoints.advance(by="system:reconciliation", on=day(0), at=moment(day(0)))
    LedgerTotal.objects.filter(kind="opening").update(transfers=9)
    monkeypatch.setattr(clock, "business_date", lambda: day(1))
    assert run("--json")[0] == 0

    code, printed = run("--full")

    assert code == 1
    assert "ledger total = transfers | checkpoint " in printed
    out = StringIO()
    call_command("rebuild_totals", stdout=out)
    last = Transfer.objects.latest("pk").pk
    assert out.getvalue() == f"The totals go up to transfer {last}.\n"
    assert run("--full")[0] == 0
