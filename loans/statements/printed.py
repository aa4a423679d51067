"""The monthly statement as a PDF in the active language, made from the statement alone."""

from django.utils.text import capfirst
from django.utils.translation import gettext

from backoffice.core.money import yuan
from backoffice.web.pdf import PdfTable, pdf
from loans.general_ledger.rules.periods import month_code
from loans.statements.labels import FEES, NOTE, line_words, loan_words
from loans.statements.queries import CustomerStatement


def printed(found: CustomerStatement) -> bytes:
    """Return the file of a statement; two of the same statement are the same bytes."""
    first_on, last_on = (day.isoformat() for day in found.period)
    facts = [
        gettext("Customer C{number}").format(number=found.customer.pk),
        gettext("{first} to {last}, amounts in yuan").format(first=first_on, last=last_on),
    ]
    if not found.has_ended:
        facts.append(gettext("The month has not ended: this is what was posted so far."))
    tables = [_loans(found), _lines(found)]
    if any(found.statement.waiting):
        tables.append(_waiting(found))
    if found.bills:
        tables.append(_bills(found))
    return pdf(
        gettext("Monthly statement {month}").format(month=month_code(found.period.first_on)),
        facts=facts,
        tables=tables,
        notes=[str(NOTE), str(FEES)],
    )


def _loans(found: CustomerStatement) -> PdfTable:
    heads = (gettext("loan"), gettext("owed before"), gettext("disbursed"), gettext("charged"),
             gettext("waived"), gettext("repaid"), gettext("owed after"))  # fmt: skip
    rows = [
        (loan_words(found.loans[one.loan_id]), yuan(one.opening.total_fen),
         yuan(one.received.total_fen), yuan(one.charged.total_fen), yuan(one.waived.total_fen),
         yuan(one.paid.total_fen), yuan(one.closing.total_fen))
        for one in found.statement.loans
    ]  # fmt: skip
    sums = found.statement.totals
    total = (gettext("Total"), yuan(sums.opening_fen), yuan(sums.received_fen),
             yuan(sums.charged_fen), yuan(sums.waived_fen), yuan(sums.paid_fen),
             yuan(sums.closing_fen))  # fmt: skip
    return PdfTable(gettext("Loans"), _capital(heads), rows, (30, 12, 12, 12, 12, 12, 12), 1, total)


def _lines(found: CustomerStatement) -> PdfTable:
    heads = (gettext("day"), gettext("recorded on"), gettext("loan"), gettext("event"),
             gettext("amount"))  # fmt: skip
    rows = [
        (one.on.isoformat(), one.recorded_on.isoformat(),
         loan_words(found.loans[one.loan_id]) if one.loan_id is not None else "",
         line_words(one), yuan(one.amount_fen))
        for one in found.statement.lines
    ]  # fmt: skip
    return PdfTable(gettext("Movements"), _capital(heads), rows, (12, 12, 34, 28, 14), 4)


def _waiting(found: CustomerStatement) -> PdfTable:
    heads = (gettext("waiting before"), gettext("received"), gettext("refunded"),
             gettext("waiting after"))  # fmt: skip
    one = found.statement.waiting
    amounts = (one.opening_fen, one.received_fen, one.refunded_fen, one.closing_fen)
    return PdfTable(
        gettext("Money that waits for a refund"), _capital(heads), [[*map(yuan, amounts)]],
        (1, 1, 1, 1), 0,
    )  # fmt: skip


def _bills(found: CustomerStatement) -> PdfTable:
    heads = (gettext("billed on"), gettext("due on"), gettext("bill total"),
             gettext("minimum payment"))  # fmt: skip
    rows = [
        (one.billed_on.isoformat(), one.due_on.isoformat(), yuan(one.total_fen),
         yuan(one.printed_minimum_fen))
        for one in found.bills
    ]  # fmt: skip
    return PdfTable(gettext("Bills of the month"), _capital(heads), rows, (1, 1, 1, 1), 2)


def _capital(heads: tuple[str, ...]) -> list[str]:
    return [capfirst(head) for head in heads]
