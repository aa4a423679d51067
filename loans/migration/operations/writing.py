"""Storing clients with everything they bring along, table by table, under ids taken beforehand."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time
from typing import Any, NamedTuple

from accounts.models import AccountClass, BankCard, BankCardState, CardHold, Customer, CustomerState
from backoffice.core import bulk, clock
from backoffice.core.crypto import blind
from loans.accounting.operations import facts, ledger, postings
from loans.accounting.operations.facts import ChargeRow
from loans.accounting.operations.ledger import Entry
from loans.accounting.queries.snapshots import SNAPSHOT_COLUMNS, to_row
from loans.accounting.rules.accrual import interest_fen
from loans.accounting.rules.debt import Debt
from loans.accounting.rules.outcomes import Cause, ComputedCharge
from loans.accounting.rules.position import InstalmentPosition, LoanPosition
from loans.migration.operations import debts
from loans.migration.operations.debts import LiveLoan, PastBill
from loans.migration.operations.people import ImportedPerson, invent
from loans.migration.operations.reading import ClientRow
from loans.models import (
    Accrual,
    Bill,
    BillSnapshot,
    BillState,
    CauseType,
    ChargeKind,
    DebitMode,
    Instalment,
    Loan,
    LoanState,
    Mandate,
    MandateState,
    Plan,
)
from loans.models.debit import CARD_HOLDER
from loans.policy import LoanTerms
from risk.conduct import operations as conduct
from risk.lines.operations.imports import ImportedLine, record_import
from risk.lines.rules.points import next_anniversary
from risk.lines.rules.reasons import LineActor
from risk.models import CreditLine, CreditLineState

_CUSTOMER = ("id", "public_id", "state", "name", "id_number", "id_blind", "phone", "phone_blind",
             "born_on", "registered_at", "origin")  # fmt: skip
_CARD = ("id", "customer", "state", "public_id", "number", "number_blind", "last_four", "bank",
         "account", "account_class", "is_default", "check_code", "tries", "bound_at")  # fmt: skip
_CARD_HOLD = ("card", "holder", "placed_at")
_MANDATE = ("customer", "card", "state", "signed_at")
_LINE = ("id", "customer", "state", "limit_fen", "temporary_fen", "buffer_permille", "held_fen",
         "reserved_fen", "drawn_fen", "opened_on", "model_part", "target_fen", "growth_since_on",
         "anniversary_on")  # fmt: skip
_LOAN = ("id", "customer", "line", "terms", "state", "plan", "principal_fen", "daily_rate_ppm",
         "drawn_on", "unpaid_principal_fen", "accrued_on", "principal_nights_fen", "charged_fen",
         "waived_fen")  # fmt: skip
_BILL = ("id", "customer", "state", "due_on", "billed_on", "total_fen", "minimum_fen", "mode",
         "paid_fen", "cycle", "cycle_on", "refusals", "tries", "debit_on", "charged_at_due_fen",
         "late_fee_fen", "past_due_fen", "waived_fen")  # fmt: skip
_INSTALMENT = ("id", "loan", "customer", "bill", "number", "due_on", "principal_fen",
               "plan_fee_fen", "unpaid_principal_fen", "unpaid_interest_fen", "unpaid_plan_fee_fen",
               "unpaid_late_fee_fen", "unpaid_penalty_fen", "accrual", "segment_on",
               "segment_base_fen", "segment_posted_fen", "late_fee_base_fen")  # fmt: skip

Values = tuple[object, ...]


class Terms(NamedTuple):
    """What every row of an import has in common; ``row_id`` is that of the stored contract terms.

    The customers, cards and lines are as old as the history that comes with them.
    """

    on: date
    at: datetime
    policy: LoanTerms
    row_id: int
    buffer_permille: int
    limit_max_fen: int

    @property
    def opened_on(self) -> date:
        """Return the day from which the customers are known."""
        return debts.months_before(self.on, months=debts.HISTORY_MONTHS + 1)

    @property
    def opened_at(self) -> datetime:
        """Return the beginning of that day."""
        return clock.moment_of(self.opened_on, time())


class Client(NamedTuple):
    """Who comes, under which mark and with which limit, funds, live loan and past bills.

    ``funds_fen`` is what the bank of the sandbox holds for the card.
    """

    origin: str
    person: ImportedPerson
    account: str
    limit_fen: int
    funds_fen: int
    loan: LiveLoan | None
    past: Sequence[PastBill] = ()


class _Ids(NamedTuple):
    """The ids of one client's rows; loan and bill only where there are such."""

    customer: int
    card: int
    line: int
    loan: int | None
    bill: int | None
    instalment: int | None


def origin_of(row: ClientRow) -> str:
    """Return the mark by which a customer is known to be this row of the portfolio."""
    return f"book:{row.number}"


def client_of(row: ClientRow, *, on: date, policy: LoanTerms) -> Client:
    """Return what a row becomes; the same row always the same person and account."""
    person = invent(row.number, sex=row.sex, age=row.age, on=on)
    return Client(
        origin_of(row),
        person,
        account_of(person),
        debts.limit_fen(row),
        debts.funds_fen(row),
        debts.live_loan(row, on=on, terms=policy),
        debts.past_bills(row),
    )


def account_of(person: ImportedPerson) -> str:
    """Return the token under which the bank of a sandbox knows the person's card."""
    return f"acct-{blind(person.card_number, 'account').hex()}"


def write(clients: Sequence[Client], *, terms: Terms) -> None:
    """Store clients with everything they have, inside a transaction that is an import."""
    known = list(zip(clients, _reserve(clients), strict=True))
    live = [(client, client.loan, ids) for client, ids in known if client.loan]
    opened_at = terms.opened_at
    bulk.copy(Customer, _CUSTOMER, _customers(known, opened_at))
    bulk.copy(BankCard, _CARD, _cards(known, opened_at))
    bulk.copy(CardHold, _CARD_HOLD, [(ids.card, CARD_HOLDER, opened_at) for _, ids in known])
    bulk.copy(
        Mandate, _MANDATE,
        [(ids.customer, ids.card, MandateState.SIGNED, opened_at) for _, ids in known],
    )  # fmt: skip
    bulk.copy(CreditLine, _LINE, [_line(client, ids, terms) for client, ids in known])
    limits = [
        ImportedLine(ids.customer, ids.line, client.limit_fen, client.origin)
        for client, ids in known
    ]
    record_import(limits, by=LineActor.IMPORT, on=terms.on, at=terms.at)
    conduct.record([one for pair in known for one in _conduct(*pair, terms)], at=terms.at)
    bulk.copy(Loan, _LOAN, [_loan(loan, ids, terms) for _, loan, ids in live])
    bulk.copy(Bill, _BILL, [_bill(loan, ids, terms) for _, loan, ids in live])
    bulk.copy(Instalment, _INSTALMENT, [_instalment(loan, ids) for _, loan, ids in live])
    bulk.copy(BillSnapshot, SNAPSHOT_COLUMNS, [_snapshot(loan, ids) for _, loan, ids in live])
    charged = [_charge(loan, ids) for _, loan, ids in live if loan.charged_fen]
    facts.add_charges(charged, at=terms.at)
    balances = [_balances(loan, ids, on=terms.on) for _, loan, ids in live]
    ledger.post([entry for entries in balances for entry in entries], at=terms.at)


def _reserve(clients: Sequence[Client]) -> Iterator[_Ids]:
    """Take the ids of everything that others point at."""
    live = [client.loan for client in clients if client.loan]
    customers, cards, lines = (
        bulk.reserve_ids(model, len(clients)) for model in (Customer, BankCard, CreditLine)
    )
    loans = iter(bulk.reserve_ids(Loan, len(live)))
    instalments = iter(bulk.reserve_ids(Instalment, len(live)))
    bills = iter(bulk.reserve_ids(Bill, len(live)))
    for client, customer, card, line in zip(clients, customers, cards, lines, strict=True):
        loan = next(loans) if client.loan else None
        bill = next(bills) if client.loan else None
        instalment = next(instalments) if client.loan else None
        yield _Ids(customer, card, line, loan, bill, instalment)


def _sealing(model: Any, name: str) -> Callable[[str], bytes]:
    seal: Callable[[str], bytes] = model._meta.get_field(name).seal_value
    return seal


def _customers(known: Sequence[tuple[Client, _Ids]], opened_at: datetime) -> Iterator[Values]:
    name, id_number, phone = (_sealing(Customer, n) for n in ("name", "id_number", "phone"))
    for client, ids in known:
        who = client.person
        yield (
            ids.customer, uuid.uuid4(), CustomerState.READY, name(who.name),
            id_number(who.id_number), blind(who.id_number, "id_number"),
            phone(who.phone), blind(who.phone, "phone"),
            who.born_on, opened_at, client.origin,
        )  # fmt: skip


def _cards(known: Sequence[tuple[Client, _Ids]], opened_at: datetime) -> Iterator[Values]:
    number = _sealing(BankCard, "number")
    for client, ids in known:
        digits = client.person.card_number
        yield (
            ids.card, ids.customer, BankCardState.ACTIVE, uuid.uuid4(), number(digits),
            blind(digits, "card"), digits[-4:], client.person.bank, client.account,
            AccountClass.I, True, "", 0, opened_at,
        )  # fmt: skip


def _line(client: Client, ids: _Ids, terms: Terms) -> Values:
    drawn_fen = client.loan.principal_fen if client.loan else 0
    return (
        ids.line, ids.customer, CreditLineState.ACTIVE, client.limit_fen, 0,
        terms.buffer_permille, 0, 0, drawn_fen, terms.opened_on, *_model(client, terms), terms.on,
        next_anniversary(terms.opened_on, after=terms.on),
    )  # fmt: skip


def _model(client: Client, terms: Terms) -> tuple[str, int | None]:
    """Return model part and target: the limit itself, which growth moves from now on.

    A limit above the lender's highest one stays as it was agreed, until it is granted again.
    """
    if client.limit_fen > terms.limit_max_fen:
        return "", None
    return str(client.limit_fen), client.limit_fen


def _conduct(client: Client, ids: _Ids, terms: Terms) -> Iterator[conduct.ConductReport]:
    for bill in client.past:
        least_fen, outcome = debts.classify(bill, terms=terms.policy)
        yield conduct.ConductReport(
            ids.customer,
            f"{client.origin}:{bill.number}",
            debts.months_before(terms.on, months=bill.number - 1),
            bill.total_fen,
            least_fen,
            bill.paid_fen,
            outcome,
        )


def _loan(loan: LiveLoan, ids: _Ids, terms: Terms) -> Values:
    return (
        ids.loan, ids.customer, ids.line, terms.row_id, LoanState.ACTIVE, Plan.BULLET,
        loan.principal_fen, loan.rate_ppm, loan.drawn_on, loan.principal_fen,
        loan.charged_through, loan.principal_fen * loan.charged_nights, loan.charged_fen, 0,
    )  # fmt: skip


def _bill(loan: LiveLoan, ids: _Ids, terms: Terms) -> Values:
    due_on = loan.due_on
    billed_on = min(debts.billed_on(due_on, terms.policy), terms.on)
    return (
        ids.bill, ids.customer, BillState.BILLED, due_on, billed_on, loan.total_fen,
        loan.minimum_fen, DebitMode.FULL, 0, 1, due_on, 0, 0, due_on, 0, 0, 0, 0,
    )  # fmt: skip


def _instalment(loan: LiveLoan, ids: _Ids) -> Values:
    return (
        ids.instalment, ids.loan, ids.customer, ids.bill, 1, loan.due_on, loan.principal_fen, 0,
        loan.principal_fen, loan.charged_fen, 0, 0, 0, Accrual.OWN, loan.charged_through,
        loan.principal_fen, 0, 0,
    )  # fmt: skip


def _position(loan: LiveLoan, bill_id: int | None) -> LoanPosition:
    """Return where a loan stands when it comes into being here."""
    part = InstalmentPosition(
        Debt(interest_fen=loan.charged_fen, principal_fen=loan.principal_fen), Accrual.OWN.value,
        loan.charged_through, loan.principal_fen, bill_id=bill_id, due_on=loan.due_on,
    )  # fmt: skip
    return LoanPosition(
        loan.rate_ppm, (part,), loan.charged_through, loan.principal_fen * loan.charged_nights,
        loan.charged_fen, drawn_on=loan.drawn_on,
    )  # fmt: skip


def _snapshot(loan: LiveLoan, ids: _Ids) -> Values:
    """Return where the loan stands when its bill comes into being: it is reprocessed from there."""
    assert ids.bill is not None
    assert ids.loan is not None
    return to_row(ids.bill, ids.loan, _position(loan, ids.bill))


def _charge(loan: LiveLoan, ids: _Ids) -> ChargeRow:
    """Return what the earlier lender charged a loan.

    Where it is the interest that our formula gives it is explained so, else it is one amount.
    """
    assert ids.loan is not None
    assert ids.instalment is not None
    own_fen = interest_fen(loan.principal_fen, loan.rate_ppm, loan.charged_nights)
    explained = (ChargeKind.OWN, loan.principal_fen, loan.rate_ppm * 1000)
    kind, base_fen, rate_micro = (
        explained if loan.charged_fen == own_fen else (ChargeKind.MIGRATED, 0, 0)
    )
    charge = ComputedCharge(
        ids.loan, 0, kind, loan.drawn_on, loan.drawn_on, loan.charged_through, base_fen,
        rate_micro, loan.charged_fen, loan.charged_fen, Cause(CauseType.MIGRATION, ids.loan),
    )  # fmt: skip
    return ChargeRow(charge, ids.instalment, ids.customer)


def _balances(loan: LiveLoan, ids: _Ids, *, on: date) -> list[Entry]:
    """Return the opening balances of a loan."""
    assert ids.loan is not None
    [part] = _position(loan, ids.bill).parts
    return postings.migrated(part.debt, on=on, loan_id=ids.loan, customer_id=ids.customer)
