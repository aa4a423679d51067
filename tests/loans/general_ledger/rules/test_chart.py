"""The chart names every account once, under a heading of its type, and what may post to it."""

import pytest
from django.utils.translation import override

from loans.general_ledger.rules import chart
from loans.general_ledger.rules.chart import AccountType, Heading, Side
from loans.models import Account, TransferKind

ROOTS = {"1": {AccountType.ASSET}, "2": {AccountType.LIABILITY}, "4": {AccountType.EQUITY},
         "6": {AccountType.INCOME, AccountType.EXPENSE}}  # fmt: skip
# The accounts that reduce others of their type: their balance is on the other side.
CONTRA = {"charged_off", "charges_waived"}
_NORMAL = {AccountType.ASSET: Side.DEBIT, AccountType.EXPENSE: Side.DEBIT}


def test_every_account_and_every_kind_of_transfer_is_in_the_chart():
    assert set(chart.BY_CODE) == set(Account.values)
    assert len(chart.ACCOUNTS) == len(Account)
    assert set(chart.KINDS) == set(TransferKind.values)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_an_account_has_one_name_in_the_chart_and_in_the_ledger(language):
    with override(language):
        names = {code: str(Account(code).label) for code in Account.values}
        from django.utils.translation import gettext

        assert {one.code: gettext(one.title) for one in chart.ACCOUNTS} == names


def test_no_number_is_given_twice_and_each_begins_with_that_of_its_heading():
    entries = [line.entry for line in chart.tree()]

    numbers = [one.number for one in entries]
    assert len(set(numbers)) == len(numbers) == len(chart.ACCOUNTS) + len(chart.HEADINGS)
    assert [one.number for one in entries if not one.number.startswith(one.parent)] == []


@pytest.mark.parametrize("account", chart.ACCOUNTS, ids=lambda one: one.code)
def test_an_account_stands_under_its_type_and_on_its_normal_side(account):
    assert account.type in ROOTS[account.number[0]]
    normal = _NORMAL.get(account.type, Side.CREDIT)
    assert (account.side == normal) == (account.code not in CONTRA)


def test_the_tree_begins_with_assets_and_goes_down_to_accounts():
    lines = [(line.depth, line.entry.number) for line in chart.tree()]

    assert lines[:6] == [(0, "1"), (1, "1002"), (1, "1132"), (2, "1132.01"), (2, "1132.02"),
                         (2, "1132.03")]  # fmt: skip
    assert [one.code for one in chart.IN_ORDER[:2]] == ["bank", "interest"]
    assert [one.code for one in chart.IN_ORDER[-2:]] == ["recovery_income", "charge_off_loss"]


def test_a_subtree_is_read_from_its_heading():
    assert [line.entry.number for line in chart.tree("6021", 2)] == [
        "6021.01", "6021.02", "6021.03",
    ]  # fmt: skip
    assert {line.depth for line in chart.tree("6021", 2)} == {2}


def test_types_and_sides_have_words():
    assert set(chart.TYPES) == set(AccountType)
    assert set(chart.SIDES) == set(Side)
    assert isinstance(next(chart.tree()).entry, Heading)


@pytest.mark.parametrize(
    ("kind", "debit", "credit", "expected"),
    [
        ("drawdown", "loan_principal", "bank", True),
        ("drawdown", "bank", "loan_principal", False),
        ("repayment", "bank", "loan_principal", True),
        ("repayment", "bank", "unapplied_funds", False),
        ("night", "accrual_income", "accrued_unposted", True),
        ("waiver", "charges_waived", "loan_principal", False),
        ("reversal", "loan_principal", "bank", True),
        ("reversal", "bank", "charge_off_loss", False),
    ],
)
def test_a_kind_moves_between_its_accounts_and_a_reversal_back(kind, debit, credit, expected):
    assert chart.may_post(kind, debit, credit) is expected


def test_an_account_lists_the_kinds_that_may_use_it():
    assert chart.kinds_of("unapplied_funds") == ["unapplied", "refund", "reversal"]
    assert chart.kinds_of("opening_balance") == ["opening", "reversal"]
