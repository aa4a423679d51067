"""Why a bill asks what it asks: every charge of its loans as a line that can be recomputed.

The life of each loan is replayed with the rules of ``rules.position`` from what the tables say
happened: payments, the late fee, the minimum met, the overdue record. The replay must end where
the books stand; a loan for which it does not (moved here with a history of its own) is explained
from its running segment on (RATE-9).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from backoffice.core.clock import day_of
from backoffice.core.models import StateChange
from loans.accounting.queries.positions import (
    position_of,
    terms_of,
)
from loans.accounting.rules.accrual import (
    NONE,
    OWN,
    PENALTY,
    REVOLVING,
    contract_fen,
)
from loans.accounting.rules.position import (
    Charge,
    Part,
    Position,
    accrue,
    cap_fen,
    start_segment,
)
from loans.billing.rules import late_fees_fen
from loans.models import Bill, BillState, Instalment, Loan, Plan, RepaymentAllocation
from loans.policy import LoanPolicy

LATE_FEE, BEFORE = "late_fee", "before"


class Line(NamedTuple):
    """One charge of one instalment: its nights, base and rate, and what came of it, in fen.

    ``contract_fen`` is the formula's amount; what the cap of RATE-7 took off is ``waived_fen``.
    """

    row: Instalment
    kind: str
    from_on: date | None
    to_on: date | None  # the last night
    nights: int
    base_fen: int
    contract_fen: int
    charged_fen: int

    @property
    def waived_fen(self) -> int:
        """Return what the cap took off."""
        return self.contract_fen - self.charged_fen


@dataclass
class LoanExplained:
    """One loan under a bill on a day: its lines, its parts as owed, and its cap."""

    loan: Loan
    terms: LoanPolicy
    lines: list[Line]
    owed: list[tuple[Instalment, Part]]
    position: Position
    is_replayed: bool

    @property
    def cap_fen(self) -> int:
        """Return the most that may have been charged by now (RATE-7)."""
        return cap_fen(self.position.principal_nights_fen, self.terms)


@dataclass
class Explanation:
    """A bill on a day."""

    bill: Bill
    on: date
    loans: list[LoanExplained]

    @property
    def owed(self) -> list[tuple[Instalment, Part]]:
        """Return the bill's instalments with what is owed of each on the day."""
        return [pair for explained in self.loans for pair in explained.owed]

    @property
    def owed_fen(self) -> int:
        """Return what a payment on the day must bring to pay the bill."""
        return sum(part.unpaid_fen for _row, part in self.owed)


def explain(bill: Bill, *, on: date) -> Explanation:
    """Return a bill explained as of a day; days before the last posting show that posting's day."""
    under = set(bill.instalments.values_list("loan_id", flat=True))
    loans = list(Loan.objects.filter(pk__in=under).order_by("drawn_on", "pk"))
    rows: dict[int, list[Instalment]] = defaultdict(list)
    instalments = Instalment.objects.filter(loan_id__in=under).select_related("bill")
    for row in instalments.order_by("loan_id", "number"):
        rows[row.loan_id].append(row)
    history = _History(loans, rows)
    return Explanation(
        bill, on, [_explain_loan(loan, rows[loan.pk], history, bill, on=on) for loan in loans]
    )


class Event(NamedTuple):
    """Something that changed what a part bears: when, in which order that day, and how."""

    on: date
    rank: int
    row: int  # index of the part
    change: Callable[["_Replay"], None]


class _History:
    """What the tables say happened to some loans, read once."""

    def __init__(self, loans: Sequence[Loan], rows: dict[int, list[Instalment]]) -> None:
        self.rows = rows
        self.paid: dict[int, list[RepaymentAllocation]] = defaultdict(list)
        for allocation in _holding(loans):
            self.paid[allocation.instalment_id].append(allocation)
        bills = {row.bill_id for found in rows.values() for row in found if row.bill_id}
        moves = StateChange.objects.filter(
            subject_type="loans.bill",
            subject_id__in=bills,
            transition__in=("settle_minimum", "reopen"),
        )
        # The last one counts: a replay reopens a bill before it lives its moves again.
        last = {change.subject_id: change for change in moves.order_by("at", "pk")}
        self.met = {pk: one for pk, one in last.items() if one.transition == "settle_minimum"}
        self.fees = self._late_fees(bills)

    @staticmethod
    def _late_fees(bills: Iterable[int]) -> dict[int, int]:
        """Return the late fee of each instalment before the cap, split as the close splits it."""
        fees: dict[int, int] = {}
        under: dict[int, list[Instalment]] = defaultdict(list)
        rows = Instalment.objects.filter(bill_id__in=bills, bill__late_fee_on__isnull=False)
        for row in rows.select_related("loan").order_by("loan__drawn_on", "loan_id"):
            assert row.bill_id is not None
            under[row.bill_id].append(row)
        for found in under.values():
            terms = terms_of(min(found, key=lambda row: row.loan_id).loan.terms_id)
            split = late_fees_fen([row.late_fee_base_fen for row in found], terms)
            fees |= {row.pk: fee for row, fee in zip(found, split, strict=True)}
        return fees

    def starts(self, loan: Loan) -> list[date | None]:
        """Return the nights from which a met minimum may revolve, the likeliest first.

        Usually the move tells (None). Money of an earlier value date met the minimum on a day of
        its own, which no move tells: any day on which something was paid, or the due date.
        """
        rows = [row for row in self.rows[loan.pk] if row.bill_id in self.met]
        days = {row.bill.due_on for row in rows if row.bill is not None}
        days |= {paid.repayment.value_on for row in rows for paid in self.paid[row.pk]}
        return [None, *sorted(days)]

    def events(self, loan: Loan, *, met_on: date | None) -> list[Event]:
        """Return what happened to a loan, in the order in which it counted."""
        found: list[Event] = []
        for index, row in enumerate(self.rows[loan.pk]):
            found += [
                Event(paid.repayment.value_on, 1, index, _payment(index, paid))
                for paid in self.paid[row.pk]
            ]
            if row.bill is not None:
                found += self._events_of_bill(index, row, row.bill, met_on)
        return sorted(found, key=lambda event: event[:3])

    def _events_of_bill(
        self, index: int, row: Instalment, bill: Bill, met_on: date | None
    ) -> list[Event]:
        found = []
        if bill.overdue_on is not None:
            found.append(Event(bill.overdue_on, 0, index, _segment(index, PENALTY)))
        if bill.late_fee_on is not None and row.pk in self.fees:
            found.append(Event(bill.late_fee_on, 0, index, _late_fee(index, self.fees[row.pk])))
        change = self.met.get(bill.pk)
        if change is not None:
            on = met_on or self._met_on(row, bill, change)
            found.append(Event(on, 2, index, _segment(index, REVOLVING)))
        return found

    def _met_on(self, row: Instalment, bill: Bill, change: StateChange) -> date:
        """Return the night from which the rest revolves, as the move tells it (REPAY-9, 15)."""
        if change.source == BillState.BILLED:
            return bill.due_on
        days = [paid.repayment.value_on for paid in self.paid[row.pk]]
        return max((day for day in days if day < day_of(change.at)), default=day_of(change.at))


def _holding(loans: Sequence[Loan]) -> list[RepaymentAllocation]:
    """Return the allocations that hold: of each repayment those of its highest revision."""
    rows = list(
        RepaymentAllocation.objects.filter(loan__in=loans)
        .select_related("repayment")
        .order_by("repayment_id")
    )
    last: dict[int, int] = {}
    for row in rows:
        last[row.repayment_id] = max(row.revision, last.get(row.repayment_id, 0))
    return [row for row in rows if row.revision == last[row.repayment_id]]


@dataclass
class _Replay:
    """A loan on its way from the drawdown to a day."""

    rows: Sequence[Instalment]
    terms: LoanPolicy
    position: Position
    charged: list[int]  # of each part's running segment
    lines: list[Line] = field(default_factory=list)

    def go(self, on: date) -> None:
        """Charge the nights up to a day."""
        if on > self.position.accrued_on:
            self.position, charges = accrue(self.position, on=on, terms=self.terms)
            for index, charge in enumerate(charges):
                self.charged[index] += charge.interest_fen + charge.penalty_fen

    def close_segment(self, index: int) -> None:
        """Write the line of a part's running segment, if it bore anything."""
        part, to = self.position.parts[index], self.position.accrued_on
        nights = (to - part.segment_on).days
        if part.accrual != NONE and nights > 0:
            self.lines.append(
                Line(self.rows[index], part.accrual, part.segment_on, to - timedelta(days=1),
                     nights, part.segment_base_fen, part.segment_posted_fen, self.charged[index])
            )  # fmt: skip
        self.charged[index] = 0

    def put(self, index: int, part: Part) -> None:
        """Replace a part."""
        parts = list(self.position.parts)
        parts[index] = part
        self.position = self.position._replace(parts=tuple(parts))


def _payment(index: int, paid: RepaymentAllocation) -> Callable[[_Replay], None]:
    def change(replay: _Replay) -> None:
        replay.close_segment(index)
        part = replay.position.parts[index]
        left = part._replace(
            principal_fen=part.principal_fen - paid.principal_fen,
            interest_fen=part.interest_fen - paid.interest_fen,
            plan_fee_fen=part.plan_fee_fen - paid.plan_fee_fen,
            late_fee_fen=part.late_fee_fen - paid.late_fee_fen,
            penalty_fen=part.penalty_fen - paid.penalty_fen,
        )
        owes = left.principal_fen or (left.accrual == PENALTY and left.penalty_fen)
        accrual = left.accrual if owes else NONE
        replay.put(index, start_segment(left, accrual, on=replay.position.accrued_on))

    return change


def _segment(index: int, accrual: str) -> Callable[[_Replay], None]:
    def change(replay: _Replay) -> None:
        part = replay.position.parts[index]
        if accrual == PENALTY or part.accrual == OWN:
            replay.close_segment(index)
            replay.put(index, start_segment(part, accrual, on=replay.position.accrued_on))

    return change


def _late_fee(index: int, fee_fen: int) -> Callable[[_Replay], None]:
    def change(replay: _Replay) -> None:
        fees = [fee_fen if other == index else 0 for other in range(len(replay.rows))]
        on = replay.position.accrued_on
        replay.position, charges = accrue(
            replay.position, on=on, terms=replay.terms, late_fees_fen=fees
        )
        row = replay.rows[index]
        charged_fen = charges[index].late_fee_fen
        replay.lines.append(
            Line(row, LATE_FEE, on, None, 0, row.late_fee_base_fen, fee_fen, charged_fen)
        )

    return change


def _explain_loan(
    loan: Loan, rows: Sequence[Instalment], history: _History, bill: Bill, *, on: date
) -> LoanExplained:
    terms = terms_of(loan.terms_id)
    stands = position_of(loan, rows)
    on = max(on, stands.accrued_on)
    position, charges = accrue(stands, on=on, terms=terms)
    replay = _found(loan, rows, terms, history, position, on=on)
    lines = replay.lines if replay else _running(rows, stands, charges, history, terms, on=on)
    pairs = list(zip(rows, position.parts, strict=True))
    return LoanExplained(
        loan,
        terms,
        sorted((line for line in lines if line.row.bill_id == bill.pk), key=_turn),
        [(row, part) for row, part in pairs if row.bill_id == bill.pk],
        position,
        is_replayed=replay is not None,
    )


def _found(
    loan: Loan,
    rows: Sequence[Instalment],
    terms: LoanPolicy,
    history: _History,
    position: Position,
    *,
    on: date,
) -> _Replay | None:
    """Return the replay that ends where the books stand, or None."""
    for met_on in history.starts(loan):
        replay = _replay(loan, rows, terms, history.events(loan, met_on=met_on), on=on)
        if _is_same(replay.position, position):
            return replay
    return None


def _turn(line: Line) -> tuple[int, date]:
    return line.row.number, line.from_on or date.min


def _replay(
    loan: Loan, rows: Sequence[Instalment], terms: LoanPolicy, events: Sequence[Event], *, on: date
) -> _Replay:
    accrual = OWN if loan.plan == Plan.BULLET else NONE
    parts = tuple(
        Part(row.principal_fen, 0, row.plan_fee_fen, 0, 0, accrual, loan.drawn_on,
             row.principal_fen, 0)
        for row in rows
    )  # fmt: skip
    start = Position(loan.daily_rate_ppm, parts, loan.drawn_on, 0, 0, 0)
    replay = _Replay(rows, terms, start, [0] * len(rows))
    for event in events:
        replay.go(event.on)
        event.change(replay)
    replay.go(on)
    for index in range(len(rows)):
        replay.close_segment(index)
    return replay


def _is_same(replayed: Position, stands: Position) -> bool:
    """Say whether the replay owes what the books owe, part by part, and was charged the same."""
    return replayed.charged_fen == stands.charged_fen and all(
        one[:5] == other[:5] for one, other in zip(replayed.parts, stands.parts, strict=True)
    )


def _running(
    rows: Sequence[Instalment],
    stands: Position,
    charges: Sequence[Charge],
    history: _History,
    terms: LoanPolicy,
    *,
    on: date,
) -> list[Line]:
    """Return each part's charges before its running segment as one line, and that segment."""
    lines = []
    for row, part, charge in zip(rows, stands.parts, charges, strict=True):
        paid_fen = sum(
            paid.penalty_fen + paid.late_fee_fen + paid.interest_fen + paid.plan_fee_fen
            for paid in history.paid[row.pk]
        )
        before_fen = part.unpaid_fen - part.principal_fen + paid_fen
        if before_fen:
            to = stands.accrued_on - timedelta(days=1)
            lines.append(Line(row, BEFORE, None, to, 0, 0, before_fen, before_fen))
        nights = (on - part.segment_on).days
        whole_fen = contract_fen(
            part.accrual, part.segment_base_fen, stands.rate_ppm, nights, terms
        )
        rest_fen = whole_fen - part.segment_posted_fen
        if part.accrual != NONE and on > stands.accrued_on and rest_fen:
            kept_fen = charge.interest_fen + charge.penalty_fen
            lines.append(
                Line(row, part.accrual, stands.accrued_on, on - timedelta(days=1),
                     (on - stands.accrued_on).days, part.segment_base_fen, rest_fen, kept_fen)
            )  # fmt: skip
    return lines
