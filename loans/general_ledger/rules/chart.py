"""The chart of accounts: numbers, headings, types and normal sides, and what may post to each.

Numbers follow the account titles of the Accounting Standards for Business Enterprises; the part
after the point is the lender's own. The chart names every account that transfers use. Accounts off
the balance sheet are none of them: a charged-off claim has a contra account instead (OPS-3).
"""

from collections.abc import Iterator
from enum import StrEnum
from itertools import product
from typing import NamedTuple

from backoffice.core.translation import gettext_noop


class AccountType(StrEnum):
    """What an account stands for."""

    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"


class Side(StrEnum):
    """The side of an account on which its balance stands as a rule."""

    DEBIT = "debit"
    CREDIT = "credit"


TYPES: dict[str, str] = {
    AccountType.ASSET: gettext_noop("asset"),
    AccountType.LIABILITY: gettext_noop("liability"),
    AccountType.EQUITY: gettext_noop("equity"),
    AccountType.INCOME: gettext_noop("income"),
    AccountType.EXPENSE: gettext_noop("expense"),
}
SIDES: dict[str, str] = {Side.DEBIT: gettext_noop("debit"), Side.CREDIT: gettext_noop("credit")}


class Heading(NamedTuple):
    """A line of the chart that sums accounts up: nothing is posted to it."""

    number: str
    title: str
    parent: str = ""


class ChartAccount(NamedTuple):
    """An account to which transfers post; ``parent`` is the number of its heading."""

    code: str
    number: str
    title: str
    type: AccountType
    side: Side
    parent: str


HEADINGS = (
    Heading("1", gettext_noop("assets")),
    Heading("1132", gettext_noop("interest receivables"), "1"),
    Heading("1133", gettext_noop("fee receivables"), "1"),
    Heading("1303", gettext_noop("loans and advances"), "1"),
    Heading("2", gettext_noop("liabilities")),
    Heading("4", gettext_noop("equity")),
    Heading("6", gettext_noop("profit and loss")),
    Heading("60", gettext_noop("income"), "6"),
    Heading("6011", gettext_noop("interest income"), "60"),
    Heading("6021", gettext_noop("fee and commission income"), "60"),
    Heading("67", gettext_noop("expenses"), "6"),
)

_ASSET, _LIABILITY, _EQUITY, _INCOME, _EXPENSE = AccountType
_DEBIT, _CREDIT = Side
ACCOUNTS = (
    ChartAccount("bank", "1002", gettext_noop("bank"), _ASSET, _DEBIT, "1"),
    ChartAccount("interest", "1132.01", gettext_noop("interest receivable"),
                 _ASSET, _DEBIT, "1132"),
    ChartAccount("penalty", "1132.02", gettext_noop("penalty interest receivable"),
                 _ASSET, _DEBIT, "1132"),
    ChartAccount("accrued_unposted", "1132.03", gettext_noop("accrued, not yet posted to loans"),
                 _ASSET, _DEBIT, "1132"),
    ChartAccount("plan_fee", "1133.01", gettext_noop("plan fee receivable"),
                 _ASSET, _DEBIT, "1133"),
    ChartAccount("late_fee", "1133.02", gettext_noop("late fee receivable"),
                 _ASSET, _DEBIT, "1133"),
    ChartAccount("loan_principal", "1303.01", gettext_noop("loan principal"),
                 _ASSET, _DEBIT, "1303"),
    # The contra account of claims that were given up: it reduces the assets.
    ChartAccount("charged_off", "1303.02", gettext_noop("charged-off claims"),
                 _ASSET, _CREDIT, "1303"),
    ChartAccount("unapplied_funds", "2241", gettext_noop("unapplied funds of customers"),
                 _LIABILITY, _CREDIT, "2"),
    ChartAccount("opening_balance", "4901", gettext_noop("opening balance"),
                 _EQUITY, _CREDIT, "4"),
    ChartAccount("accrual_income", "6011.01", gettext_noop("interest and penalty income"),
                 _INCOME, _CREDIT, "6011"),
    ChartAccount("plan_fee_income", "6021.01", gettext_noop("plan fee income"),
                 _INCOME, _CREDIT, "6021"),
    ChartAccount("late_fee_income", "6021.02", gettext_noop("late fee income"),
                 _INCOME, _CREDIT, "6021"),
    ChartAccount("prepayment_income", "6021.03", gettext_noop("prepayment fee income"),
                 _INCOME, _CREDIT, "6021"),
    # Income that was given back: it reduces the income.
    ChartAccount("charges_waived", "6031", gettext_noop("charges waived by staff"),
                 _INCOME, _DEBIT, "60"),
    ChartAccount("recovery_income", "6041", gettext_noop("recovery income"),
                 _INCOME, _CREDIT, "60"),
    ChartAccount("charge_off_loss", "6702", gettext_noop("loss from charge-offs"),
                 _EXPENSE, _DEBIT, "67"),
)  # fmt: skip
BY_CODE = {account.code: account for account in ACCOUNTS}
REVERSAL = "reversal"

_CHARGES = ("penalty", "late_fee", "interest", "plan_fee")
_RECEIVABLES = (*_CHARGES, "loan_principal")
# What each kind of transfer debits and credits; a reversal swaps the sides of another kind.
_DEBITED_CREDITED: dict[str, tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = {
    "opening": ((_RECEIVABLES, ("opening_balance",)),),
    # More or less than the nights before: a later value date takes accrued interest back.
    "night": ((("accrued_unposted",), ("accrual_income",)),
              (("accrual_income",), ("accrued_unposted",))),
    "accrual": ((("interest", "penalty"), ("accrued_unposted", "charged_off")),),
    "late_fee": ((("late_fee",), ("late_fee_income", "charged_off")),),
    "plan_fee": ((("plan_fee",), ("plan_fee_income", "charged_off")),),
    "repayment": ((("bank",), _RECEIVABLES),),
    "prepayment": ((("bank",), ("prepayment_income", "charged_off")),),
    "unapplied": ((("bank",), ("unapplied_funds",)),),
    "drawdown": ((("loan_principal",), ("bank",)),),
    "refund": ((("unapplied_funds",), ("bank",)),),
    "waiver": ((("charges_waived", "charged_off"), _CHARGES),),
    "charge_off": ((("charge_off_loss",), ("charged_off",)),),
    "recovery": ((("charged_off",), ("recovery_income",)),),
}  # fmt: skip
KINDS = (*_DEBITED_CREDITED, REVERSAL)
_PAIRS = {
    kind: {pair for debited, credited in ways for pair in product(debited, credited)}
    for kind, ways in _DEBITED_CREDITED.items()
}


def may_post(kind: str, debit: str, credit: str) -> bool:
    """Return whether a transfer of a kind may go from one account to another."""
    if kind == REVERSAL:
        return any((credit, debit) in pairs for pairs in _PAIRS.values())
    return (debit, credit) in _PAIRS[kind]


def kinds_of(code: str) -> list[str]:
    """Return the kinds of transfers that may use an account; reversals may use every one."""
    return [kind for kind, pairs in _PAIRS.items() if any(code in pair for pair in pairs)] + [
        REVERSAL
    ]


class ChartLine(NamedTuple):
    """A line of the chart as a tree: how deep it stands, and what it is."""

    depth: int
    entry: Heading | ChartAccount


def tree(parent: str = "", depth: int = 0) -> Iterator[ChartLine]:
    """Yield the chart from the top, each heading before what stands under it, by number."""
    under = [one for one in (*HEADINGS, *ACCOUNTS) if one.parent == parent]
    for entry in sorted(under, key=lambda one: one.number):
        yield ChartLine(depth, entry)
        if isinstance(entry, Heading):
            yield from tree(entry.number, depth + 1)


IN_ORDER = tuple(line.entry for line in tree() if isinstance(line.entry, ChartAccount))
