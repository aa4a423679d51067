"""Why loans, bills and debit orders change their state, and which part of the system does it."""

from collections.abc import Mapping
from enum import StrEnum

from backoffice.core.translation import gettext_noop


class LoanActor(StrEnum):
    """The parts of the system that move money."""

    BILLING = "system:billing"
    CHANNEL = "system:debit-channel"
    END_OF_DAY = "system:end-of-day"
    RECONCILIATION = "system:reconciliation"
    PAYOUTS = "system:payouts"


class LoanReason(StrEnum):
    """The reasons of state changes."""

    BILL_DATE = "bill-date"
    SIGNED_BY_CUSTOMER = "signed-by-customer"
    MANDATE_ENDED = "mandate-ended"
    ANOTHER_CARD = "another-card"
    DEBIT_FULL = "debit-full"
    DEBIT_MINIMUM = "debit-minimum"
    DEBIT_OFF = "debit-off"
    MINIMUM_MET = "minimum-met"
    UNPAID_WHEN_DUE = "unpaid-when-due"
    SMALL_BALANCE = "small-balance"
    GRACE_OVER = "grace-over"
    PAID_IN_FULL = "paid-in-full"
    REPAID_IN_FULL = "repaid-in-full"
    SETTLED_EARLY = "settled-early"
    PAST_DUE_PAID = "past-due-paid"
    EXTENSION_ASKED = "extension-asked"
    EXTENSION_DECIDED = "extension-decided"
    EXTENSION_LAPSED = "extension-lapsed"
    EXTENDED = "due-date-moved"
    CONVERSION_ASKED = "conversion-asked"
    CONVERTED = "converted-to-instalments"
    NOTHING_TO_CONVERT = "nothing-to-convert"
    ABOVE_COST_SHEET = "above-the-cost-sheet"
    CONVERSION_WITHDRAWN = "conversion-withdrawn"
    GIVEN_UP = "given-up-as-a-loss"
    EARLIER_VALUE_DATE = "earlier-value-date"
    MONEY_TAKEN = "money-taken"
    DEBIT_REFUSED = "debit-refused"
    NO_CLEAR_ANSWER = "no-clear-answer"
    NO_MANDATE_AT_BANK = "no-mandate-at-bank"
    RUNAWAY = "runaway"
    MONEY_SENT = "money-sent"
    MONEY_PAID_OUT = "money-paid-out"
    PAYOUT_REFUSED = "payout-refused"
    DRAWN_BY_CUSTOMER = "drawn-by-customer"
    NOT_PAID_OUT = "not-paid-out"
    USE_NOT_PROVEN = "use-not-proven"
    USE_PAID_FOR = "use-paid-for"
    USE_PROVEN = "use-proven"
    PAYMENT_REQUESTED = "payment-requested"
    PAYMENT_CANCELLED = "payment-cancelled"
    NOT_OWED_ANY_MORE = "not-owed-any-more"
    TRANSFER_ARRIVED = "transfer-arrived"
    REPAYMENT_REVERSED = "repayment-reversed"
    REVERSAL = "reversal-of-a-repayment"


TEXTS: Mapping[StrEnum, str] = {
    LoanActor.BILLING: gettext_noop("issue of bills"),
    LoanActor.CHANNEL: gettext_noop("payment channel"),
    LoanActor.END_OF_DAY: gettext_noop("end of day"),
    LoanActor.RECONCILIATION: gettext_noop("reconciliation"),
    LoanReason.BILL_DATE: gettext_noop("the bill date came"),
    LoanReason.SIGNED_BY_CUSTOMER: gettext_noop("signed by the customer"),
    LoanReason.MANDATE_ENDED: gettext_noop("the customer ended the mandate"),
    LoanReason.ANOTHER_CARD: gettext_noop("the customer chose another card"),
    LoanReason.DEBIT_FULL: gettext_noop("everything due is debited"),
    LoanReason.DEBIT_MINIMUM: gettext_noop("the minimum is debited"),
    LoanReason.DEBIT_OFF: gettext_noop("nothing is debited"),
    LoanActor.PAYOUTS: gettext_noop("payout channel"),
    LoanReason.MINIMUM_MET: gettext_noop("the minimum was met"),
    LoanReason.UNPAID_WHEN_DUE: gettext_noop("unpaid when the due date ended"),
    LoanReason.SMALL_BALANCE: gettext_noop("a small balance moves to the next bill"),
    LoanReason.GRACE_OVER: gettext_noop("grace is over"),
    LoanReason.PAID_IN_FULL: gettext_noop("paid in full"),
    LoanReason.REPAID_IN_FULL: gettext_noop("repaid in full"),
    LoanReason.SETTLED_EARLY: gettext_noop("settled early"),
    LoanReason.PAST_DUE_PAID: gettext_noop("everything past due is paid"),
    LoanReason.EXTENSION_ASKED: gettext_noop("a later due date was asked for"),
    LoanReason.EXTENSION_DECIDED: gettext_noop("the request was decided"),
    LoanReason.EXTENSION_LAPSED: gettext_noop(
        "the bill is not extendable any more, or the date asked for has come"
    ),
    LoanReason.EXTENDED: gettext_noop("the due date was moved"),
    LoanReason.CONVERSION_ASKED: gettext_noop("the customer confirmed a conversion"),
    LoanReason.CONVERTED: gettext_noop("principal was converted into instalments"),
    LoanReason.NOTHING_TO_CONVERT: gettext_noop("nothing was left to convert"),
    LoanReason.ABOVE_COST_SHEET: gettext_noop("more is unpaid than the cost sheet showed"),
    LoanReason.CONVERSION_WITHDRAWN: gettext_noop("the conversion was withdrawn"),
    LoanReason.GIVEN_UP: gettext_noop("given up as a loss"),
    LoanReason.EARLIER_VALUE_DATE: gettext_noop("an earlier value date"),
    LoanReason.MONEY_TAKEN: gettext_noop("the channel took the money"),
    LoanReason.DEBIT_REFUSED: gettext_noop("the channel refused"),
    LoanReason.NO_CLEAR_ANSWER: gettext_noop("no clear answer"),
    LoanReason.NO_MANDATE_AT_BANK: gettext_noop("the channel knows no mandate"),
    LoanReason.MONEY_SENT: gettext_noop("the payout may leave"),
    LoanReason.MONEY_PAID_OUT: gettext_noop("the channel paid the money out"),
    LoanReason.PAYOUT_REFUSED: gettext_noop("the channel refused the payout"),
    LoanReason.DRAWN_BY_CUSTOMER: gettext_noop("the customer drew on the line"),
    LoanReason.NOT_PAID_OUT: gettext_noop("the money could not be paid out"),
    LoanReason.USE_NOT_PROVEN: gettext_noop("the use was not proven in time"),
    LoanReason.USE_PAID_FOR: gettext_noop("payments for the purpose were reported"),
    LoanReason.USE_PROVEN: gettext_noop("the use was proven"),
    LoanReason.PAYMENT_REQUESTED: gettext_noop("the customer pays by hand"),
    LoanReason.PAYMENT_CANCELLED: gettext_noop("the customer cancelled the payment"),
    LoanReason.NOT_OWED_ANY_MORE: gettext_noop("the amount is not owed any more"),
    LoanReason.TRANSFER_ARRIVED: gettext_noop("a bank transfer arrived"),
    LoanReason.REPAYMENT_REVERSED: gettext_noop("a repayment was reversed"),
    LoanReason.REVERSAL: gettext_noop("repayment {repayment} was reversed"),
    LoanReason.RUNAWAY: gettext_noop("{planned} orders planned, at most {usual} in the last month"),
}

# What holds cards, and which bills are reported, as facts and records name them.
REFERENCES: Mapping[str, str] = {
    "auto-debit": gettext_noop("the direct debit"),
    "loan:": gettext_noop("the payout of loan {id}"),
    "bill:": gettext_noop("bill {id}"),
}
