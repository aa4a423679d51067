"""Why a bill asks what it asks: every charge of its loans as a line that can be recomputed.

The statement of charges (RATE-9) reads the stored charges; nights that are not posted yet are
computed by the engine from where the loan stands. Charges of one segment make one line.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from django.utils.translation import gettext

from backoffice.core import bulk
from loans.accounting.queries.positions import position_of, terms_of
from loans.accounting.rules.cap import cap_fen, charge_plan_fees
from loans.accounting.rules.codes import ChargeKind
from loans.accounting.rules.engine import Accrued, accrued, nightly_charges, plan_fee_charges
from loans.accounting.rules.outcomes import Cause, ComputedCharge
from loans.accounting.rules.position import InstalmentPosition, LoanPosition
from loans.models import Bill, Charge, Instalment, Loan
from loans.policy import LoanTerms

_NOT_POSTED = Cause("", 0)


class ChargeLine(NamedTuple):
    """The charges of one segment of one instalment, or one fee, in fen.

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
    rate_micro: int = 0  # the daily rate, or that of a fee, in ppm x permille

    @property
    def waived_fen(self) -> int:
        """Return what the cap took off."""
        return self.contract_fen - self.charged_fen


@dataclass
class LoanStatement:
    """One loan under a bill on a day: its lines, its parts as owed, and its cap."""

    loan: Loan
    terms: LoanTerms
    lines: list[ChargeLine]
    owed: list[tuple[Instalment, InstalmentPosition]]
    position: LoanPosition

    @property
    def cap_fen(self) -> int:
        """Return the most that may have been charged by now (RATE-7)."""
        return cap_fen(self.position.principal_nights_fen, self.terms)

    @property
    def is_migrated(self) -> bool:
        """Return whether an earlier lender charged a part that has no lines of its own here."""
        return any(line.kind == ChargeKind.MIGRATED for line in self.lines)


@dataclass
class BillStatement:
    """A bill on a day."""

    bill: Bill
    on: date
    loans: list[LoanStatement]

    @property
    def owed(self) -> list[tuple[Instalment, InstalmentPosition]]:
        """Return the bill's instalments with what is owed of each on the day."""
        return [pair for loan in self.loans for pair in loan.owed]

    @property
    def owed_fen(self) -> int:
        """Return what a payment on the day must bring to pay the bill."""
        return sum(part.debt.total_fen for _row, part in self.owed)


def statement_of(bill: Bill, *, on: date) -> BillStatement:
    """Return a bill's charges as of a day; a day before the last posting shows that posting's."""
    under = Instalment.objects.filter(bill=bill).values("loan_id")
    rows: dict[int, list[Instalment]] = defaultdict(list)
    for row in bulk.load(Instalment.objects.filter(loan_id__in=under).order_by("number")):
        rows[row.loan_id].append(row)
    behind = Loan.objects.filter(pk__any=bulk.Of(rows.keys())).order_by("drawn_on", "pk")
    loans = bulk.load(behind)
    charges = _standing_charges(loans)
    return BillStatement(
        bill, on, [_loan(loan, rows[loan.pk], charges[loan.pk], bill, on=on) for loan in loans]
    )


def loan_statement(loan: Loan, *, on: date) -> LoanStatement:
    """Return every charge of a loan as of a day; a day before the last posting shows that one's."""
    rows = bulk.load(Instalment.objects.filter(loan=loan).order_by("number"))
    return _loan(loan, rows, _standing_charges([loan])[loan.pk], None, on=on)


def accrued_on(loan: Loan, rows: Sequence[Instalment], *, on: date) -> Accrued:
    """Return a loan charged up to a day; a day before the last posting shows that posting's."""
    now = position_of(loan, rows)
    return accrued(now, on=max(on, now.accrued_on), terms=terms_of(loan.terms_id))


def lines_of_loan(loan: Loan, *, on: date) -> list[ChargeLine]:
    """Return every charge of a loan as of a day, under whichever bills its parts stand (RATE-9)."""
    rows = list(loan.instalments.order_by("number"))
    charges = _standing_charges([loan])[loan.pk]
    ahead = accrued_on(loan, rows, on=on)
    unposted = nightly_charges(loan.pk, ahead, terms=terms_of(loan.terms_id), cause=_NOT_POSTED)
    pieces = [*charges, *(_piece(rows[one.part_index].pk, one) for one in unposted)]
    return _lines(pieces, {row.pk: row for row in rows})


def plan_fee_formula(line: ChargeLine) -> str:
    """Return in words where the fee of a row of a plan comes from (REPAY-5)."""
    return gettext("row {number} of the plan: its share of the flat fee").format(
        number=line.row.shown_number
    )


def _standing_charges(loans: Sequence[Loan]) -> dict[int, list["_Piece"]]:
    """Return the charges of some loans that no reversal has taken back, in order.

    A charge is posted from the drawdown on, at the latest on the day the loan is accrued to: with
    these days the database looks at the months between them alone.
    """
    if not loans:
        return defaultdict(list)
    charges = Charge.objects.filter(
        loan_id__any=bulk.Of(loan.pk for loan in loans),
        posted_on__gte=min(loan.drawn_on for loan in loans),
        posted_on__lte=max(loan.accrued_on for loan in loans),
    ).order_by("posted_on", "pk")
    rows = bulk.rows(charges, "loan_id", "pk", "reverses", *_PIECE_COLUMNS)
    reversed_ids = {reverses for _loan_id, _id, reverses, *_rest in rows}
    found: dict[int, list[_Piece]] = defaultdict(list)
    for loan_id, charge_id, reverses, *values in rows:
        if reverses is None and charge_id not in reversed_ids:
            found[loan_id].append(_Piece._make(values))
    return found


def _loan(
    loan: Loan,
    rows: Sequence[Instalment],
    charges: Sequence["_Piece"],
    bill: Bill | None,
    *,
    on: date,
) -> LoanStatement:
    """Return a loan with its instalments under a bill, or with all of them."""
    terms = terms_of(loan.terms_id)
    for row in rows:
        row.loan = loan
    ahead = accrued_on(loan, rows, on=on)
    unposted = nightly_charges(loan.pk, ahead, terms=terms, cause=_NOT_POSTED)
    # A payment meets the plan fees under a bill, also before they fall due.
    billed = [
        index
        for index, row in enumerate(rows)
        if (row.bill_id == bill.pk if bill else row.bill_id is not None)
    ]
    end, fees = charge_plan_fees(ahead.end, billed, terms=terms)
    unposted += plan_fee_charges(loan.pk, ahead.end, fees, cause=_NOT_POSTED)
    pieces = [*charges, *(_piece(rows[one.part_index].pk, one) for one in unposted)]
    pairs = list(zip(rows, end.parts, strict=True))
    under = {row.pk: row for row in rows if bill is None or row.bill_id == bill.pk}
    return LoanStatement(
        loan,
        terms,
        _lines(pieces, under),
        [(row, part) for row, part in pairs if row.pk in under],
        end,
    )


class _Piece(NamedTuple):
    """A charge, posted or not."""

    instalment_id: int
    kind: str
    segment_on: date
    from_on: date
    to_on: date
    base_fen: int
    contract_fen: int
    charged_fen: int
    rate_micro: int


_PIECE_COLUMNS = _Piece._fields  # named as the columns of ``Charge``


def _piece(instalment_id: int, charge: ComputedCharge) -> _Piece:
    return _Piece(
        instalment_id,
        charge.kind,
        charge.segment_on,
        charge.from_on,
        charge.to_on,
        charge.base_fen,
        charge.contract_fen,
        charge.charged_fen,
        charge.rate_micro,
    )


def _lines(pieces: Iterable[_Piece], under: Mapping[int, Instalment]) -> list[ChargeLine]:
    """Return one line for each segment and fee of the instalments under a bill."""
    segments: dict[tuple[int, str, date], list[_Piece]] = defaultdict(list)
    for piece in pieces:
        if piece.instalment_id in under:
            segments[piece.instalment_id, piece.kind, piece.segment_on].append(piece)
    lines = []
    for (instalment_id, kind, _segment_on), found in segments.items():
        from_on, to_on = found[0].from_on, found[-1].to_on
        nights = (to_on - from_on).days
        has_nights = kind in (ChargeKind.OWN, ChargeKind.REVOLVING, ChargeKind.PENALTY)
        lines.append(
            ChargeLine(
                under[instalment_id],
                kind,
                None if kind == ChargeKind.MIGRATED else from_on,
                to_on - timedelta(days=1) if has_nights or kind == ChargeKind.MIGRATED else None,
                nights if has_nights else 0,
                found[0].base_fen,
                sum(piece.contract_fen for piece in found),
                sum(piece.charged_fen for piece in found),
                found[0].rate_micro,
            )
        )
    return sorted(lines, key=lambda line: (line.row.number, line.from_on or date.min))
