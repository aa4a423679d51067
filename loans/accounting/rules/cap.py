"""How nights and late fees are charged to a loan under the 24 % cap (RATE-7).

For each loan and night: charged = min(charged before + posted that night, cap), the cap being
principal summed over the nights x 24 % / 365, floored. The waiver comes from that night's
postings only, in the order penalty, late fee, revolving interest, interest, and is final. A plan
row's fee enters the total when it falls due.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from loans.accounting.rules.accrual import contract_fen
from loans.accounting.rules.codes import Accrual
from loans.accounting.rules.debt import NOTHING, Debt
from loans.accounting.rules.position import InstalmentPosition, LoanPosition
from loans.policy import LoanTerms


class Charged(NamedTuple):
    """What one part was charged, and what its nights bear before the cap, in fen."""

    debt: Debt = NOTHING
    contract_fen: int = 0


def cap_fen(principal_nights_fen: int, terms: LoanTerms) -> int:
    """Return the most that may be charged for these principal-nights, floored (RATE-7)."""
    return principal_nights_fen * terms.cap_annual_ppm // (1_000_000 * terms.cap_year_days)


def accrue(
    loan: LoanPosition, *, on: date, terms: LoanTerms, late_fees_fen: Sequence[int] = ()
) -> tuple[LoanPosition, list[Charged]]:
    """Charge the nights up to ``on`` and, with the last of them, late fees per part.

    Returns the loan as of ``on`` and what each part was charged. A day that has been accrued to
    already is charged nothing again, except late fees.
    """
    nights = (on - loan.accrued_on).days
    assert nights >= 0, "an earlier value date reverses what was posted after it first"
    fees_fen = list(late_fees_fen) or [0] * len(loan.parts)
    if not nights and not any(fees_fen):
        return loan, [Charged()] * len(loan.parts)
    ends_fen, late_fee_fen = _contract_ends(loan, on, terms), sum(fees_fen)
    kept_fen, waived_fen = _within_cap(loan, nights, ends_fen, late_fee_fen, terms)
    nights_fen = sum(kept_fen)
    kept_fees_fen = _within_headroom(loan, nights, fees_fen, nights_fen, terms)
    kept_late_fee_fen = sum(kept_fees_fen)
    charges = [
        Charged(
            Debt(penalty_fen=kept, late_fee_fen=fee)
            if part.accrual == Accrual.PENALTY
            else Debt(interest_fen=kept, late_fee_fen=fee),
            end,
        )
        for part, kept, fee, end in zip(loan.parts, kept_fen, kept_fees_fen, ends_fen, strict=True)
    ]
    parts = tuple(
        InstalmentPosition(
            part.debt + charge.debt,
            part.accrual,
            part.segment_on,
            part.segment_base_fen,
            part.segment_posted_fen + charge.contract_fen,
            part.bill_id,
            part.late_fee_base_fen,
        )
        for part, charge in zip(loan.parts, charges, strict=True)
    )
    after = loan._replace(
        parts=parts,
        accrued_on=on,
        principal_nights_fen=loan.principal_nights_fen + loan.principal_fen * nights,
        charged_fen=loan.charged_fen + nights_fen + kept_late_fee_fen,
        waived_fen=loan.waived_fen + waived_fen + late_fee_fen - kept_late_fee_fen,
    )
    return after, charges


def accrued_fen(loan: LoanPosition, *, on: date, terms: LoanTerms) -> int:
    """Return what the nights up to ``on`` charge a loan, 0 where they are charged already.

    The sum of what ``accrue`` charges, for those who read every loan and keep none.
    """
    nights = (on - loan.accrued_on).days
    if nights <= 0:
        return 0
    kept_fen, _waived = _within_cap(loan, nights, _contract_ends(loan, on, terms), 0, terms)
    return sum(kept_fen)


def _within_cap(
    loan: LoanPosition, nights: int, ends_fen: list[int], late_fee_fen: int, terms: LoanTerms
) -> tuple[list[int], int]:
    """Return what the cap leaves of the nights of each part, and the fen waived."""
    if _cannot_meet_the_cap(loan, nights, ends_fen, terms):
        return ends_fen, 0
    return _night_by_night(loan, nights, late_fee_fen, terms)


def _contract_ends(loan: LoanPosition, on: date, terms: LoanTerms) -> list[int]:
    """Return what each part's segment has still to post up to ``on``, before the cap."""
    return [
        contract_fen(
            part.accrual, part.segment_base_fen, loan.rate_ppm, (on - part.segment_on).days, terms
        )
        - part.segment_posted_fen
        for part in loan.parts
    ]


def _cannot_meet_the_cap(
    loan: LoanPosition, nights: int, ends_fen: list[int], terms: LoanTerms
) -> bool:
    """Say whether the cap is out of reach in every night, by its ends.

    True only for straight lines (interest at the own rate): both sides are linear up to rounding
    (half a fen a part, one fen for rounding down), so the first and the last night decide.
    """
    if any(part.accrual not in _STRAIGHT for part in loan.parts):
        return False
    principal_fen, slack_fen = loan.principal_fen, len(loan.parts) + 1
    first_cap = cap_fen(loan.principal_nights_fen + principal_fen, terms)
    last_cap = cap_fen(loan.principal_nights_fen + principal_fen * nights, terms)
    posted_fen = sum(ends_fen)
    first_fen = -(-posted_fen // nights) if nights else 0
    return (
        loan.charged_fen + first_fen + slack_fen <= first_cap
        and loan.charged_fen + posted_fen + slack_fen <= last_cap
    )


_STRAIGHT = (Accrual.OWN, Accrual.NONE)
# What the cap leaves is kept in this order: penalty is cut first, own interest last.
_KEEP = {Accrual.NONE: 0, Accrual.OWN: 0, Accrual.REVOLVING: 1, Accrual.PENALTY: 2}


def _night_by_night(
    loan: LoanPosition, nights: int, late_fees_fen: int, terms: LoanTerms
) -> tuple[list[int], int]:
    """Charge each night under its own cap; return the sums per part and the fen waived.

    The last night's penalty leaves room for the late fees that come with it.
    """
    first = loan.accrued_on.toordinal()
    posted = [part.segment_posted_fen for part in loan.parts]
    kept = [0] * len(posted)
    charged_fen, waived_fen = loan.charged_fen, 0
    keep_order = sorted(range(len(posted)), key=lambda n: _KEEP[Accrual(loan.parts[n].accrual)])
    for night in range(1, nights + 1):
        headroom_fen = _headroom_fen(loan, night, charged_fen, terms)
        for n in keep_order:
            part = loan.parts[n]
            borne = first + night - part.segment_on.toordinal()
            end_fen = contract_fen(part.accrual, part.segment_base_fen, loan.rate_ppm, borne, terms)
            post_fen, posted[n] = end_fen - posted[n], end_fen
            is_after_fees = part.accrual == Accrual.PENALTY and night == nights
            kept_fen = min(post_fen, max(0, headroom_fen - late_fees_fen * is_after_fees))
            headroom_fen -= kept_fen
            charged_fen += kept_fen
            waived_fen += post_fen - kept_fen
            kept[n] += kept_fen
    return kept, waived_fen


def _headroom_fen(loan: LoanPosition, nights: int, charged_fen: int, terms: LoanTerms) -> int:
    """Return what may still be charged after a number of nights."""
    principal_nights_fen = loan.principal_nights_fen + loan.principal_fen * nights
    return max(0, cap_fen(principal_nights_fen, terms) - charged_fen)


def _within_headroom(
    loan: LoanPosition, nights: int, fees_fen: list[int], kept_fen: int, terms: LoanTerms
) -> list[int]:
    """Return the late fees as far as the cap leaves room after the nights."""
    if not any(fees_fen):
        return fees_fen
    headroom_fen = _headroom_fen(loan, nights, loan.charged_fen + kept_fen, terms)
    kept = []
    for fee_fen in fees_fen:
        kept.append(min(fee_fen, headroom_fen))
        headroom_fen -= kept[-1]
    return kept
