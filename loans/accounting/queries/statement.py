"""Why a bill asks what it asks: every charge of its loans as a line that can be recomputed.

The statement of charges (RATE-9) reads the stored charges; nights that are not posted yet are
computed by the engine from where the loan stands. Charges of one segment make one line.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from loans.accounting.queries.positions import position_of, terms_of
from loans.accounting.rules.cap import cap_fen
from loans.accounting.rules.codes import ChargeKind
from loans.accounting.rules.engine import Cause, ComputedCharge, accrued, nightly_charges
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
    under = set(bill.instalments.values_list("loan_id", flat=True))
    loans = list(Loan.objects.filter(pk__in=under).order_by("drawn_on", "pk"))
    rows: dict[int, list[Instalment]] = defaultdict(list)
    for row in Instalment.objects.filter(loan_id__in=under).order_by("loan_id", "number"):
        rows[row.loan_id].append(row)
    charges = _standing_charges(under)
    return BillStatement(
        bill, on, [_loan(loan, rows[loan.pk], charges[loan.pk], bill, on=on) for loan in loans]
    )


def _standing_charges(loan_ids: Iterable[int]) -> dict[int, list[Charge]]:
    """Return the charges of some loans that no reversal has taken back, in order."""
    rows = list(Charge.objects.filter(loan_id__in=loan_ids).order_by("posted_on", "pk"))
    reversed_ids = {row.reverses for row in rows}
    found: dict[int, list[Charge]] = defaultdict(list)
    for row in rows:
        if row.reverses is None and row.pk not in reversed_ids:
            found[row.loan_id].append(row)
    return found


def _loan(
    loan: Loan, rows: Sequence[Instalment], charges: Sequence[Charge], bill: Bill, *, on: date
) -> LoanStatement:
    terms = terms_of(loan.terms_id)
    standing = position_of(loan, rows)
    ahead = accrued(standing, on=max(on, standing.accrued_on), terms=terms)
    unposted = nightly_charges(loan.pk, ahead, terms=terms, cause=_NOT_POSTED)
    pieces = [_piece(one.instalment_id, one) for one in charges]
    pieces += [_piece(rows[one.part_index].pk, one) for one in unposted]
    pairs = list(zip(rows, ahead.end.parts, strict=True))
    under = {row.pk: row for row in rows if row.bill_id == bill.pk}
    return LoanStatement(
        loan,
        terms,
        _lines(pieces, under),
        [(row, part) for row, part in pairs if row.pk in under],
        ahead.end,
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


def _piece(instalment_id: int, charge: Charge | ComputedCharge) -> _Piece:
    return _Piece(
        instalment_id,
        charge.kind,
        charge.segment_on,
        charge.from_on,
        charge.to_on,
        charge.base_fen,
        charge.contract_fen,
        charge.charged_fen,
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
        has_nights = kind not in (ChargeKind.LATE_FEE, ChargeKind.PLAN_FEE, ChargeKind.MIGRATED)
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
            )
        )
    return sorted(lines, key=lambda line: (line.row.number, line.from_on or date.min))
