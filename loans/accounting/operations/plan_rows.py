"""The rows that a bullet gets when it is converted into a plan (REPAY-6).

They are made blank before the engine runs, and filled by what it computes. A replay that leaves
nothing to convert makes them blank again: charges and allocations may name them already (GEN-9).
"""

from collections.abc import Iterable, Mapping, Sequence

from backoffice.core import bulk
from loans.accounting.rules.codes import Accrual
from loans.accounting.rules.outcomes import ConvertedLoan
from loans.accounting.rules.position import LoanPosition, blank
from loans.models import Conversion, Instalment

# What a conversion agrees on; a position has what is owed of it.
_AGREED = ("principal_fen", "plan_fee_fen")
_AMOUNTS = ("principal_fen", "fee_fen", "printed_total_fen", "printed_minimum_fen")


def blank_rows(first: Instalment, *, count: int) -> list[Instalment]:
    """Insert so many blank rows after those a loan has, and return them.

    ``first`` is its first instalment; a loan that has been through a conversion may need none.
    """
    count = max(0, count)
    number = Instalment.objects.filter(loan=first.loan_id).count() if count else 0
    rows = [
        bulk.new(
            Instalment,
            id=row_id,
            loan_id=first.loan_id,
            customer_id=first.customer_id,
            number=number + place,
            due_on=first.due_on,
            principal_fen=0,
            unpaid_principal_fen=0,
            accrual=Accrual.NONE.value,
            segment_on=first.segment_on,
        )
        for place, row_id in enumerate(bulk.reserve_ids(Instalment, count), start=1)
    ]
    bulk.insert(rows, tuple(field.name for field in Instalment._meta.concrete_fields))
    return rows


def with_blanks(loan: LoanPosition, count: int) -> LoanPosition:
    """Return the loan with blank parts up to a number of parts."""
    more = count - len(loan.parts)
    return loan._replace(parts=(*loan.parts, *(blank(loan.parts[0]) for _ in range(more))))


def write(
    converted: Iterable[ConvertedLoan], instalments: Mapping[int, Sequence[Instalment]]
) -> tuple[str, ...]:
    """Note what was converted; return the columns of the instalments that are to be written.

    The amounts of their rows stand in the records then.
    """
    found = {one.conversion_id: one for one in converted}
    if not found:
        return ()
    for one in found.values():
        amounts = [(row.principal_fen, row.fee_fen) for row in one.rows]
        rows = instalments[one.loan_id][1:]
        amounts += [(0, 0)] * (len(rows) - len(amounts))
        for row, (principal_fen, fee_fen) in zip(rows, amounts, strict=True):
            row.principal_fen, row.plan_fee_fen = principal_fen, fee_fen
    records = list(Conversion.objects.filter(pk__in=found).order_by("pk"))
    for record in records:
        one = found[record.pk]
        record.principal_fen = sum(row.principal_fen for row in one.rows)
        record.fee_fen = sum(row.fee_fen for row in one.rows)
        record.printed_total_fen = one.printed_total_fen
        record.printed_minimum_fen = one.printed_minimum_fen
    bulk.update(records, _AMOUNTS)
    return _AGREED
