"""How nights and late fees are charged to a loan under the 24 % cap (RATE-7).

For each loan and night: charged = min(charged before + posted that night, cap), the cap being
principal summed over the nights x 24 % / 365, floored. The waiver comes from that night's
postings only, in the order penalty, late fee, revolving interest, plan fee, interest, and is
final. A plan row's fee enters the total at 00:05 of its due date, or when it is paid earlier.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from loans.accounting.rules.accrual import contract_fen
from loans.accounting.rules.codes import Accrual, ChargeKind
from loans.accounting.rules.debt import NOTHING, Debt
from loans.accounting.rules.position import InstalmentPosition, LoanPosition
from loans.policy import LoanTerms


class Charged(NamedTuple):
    """What one part was charged, and what its nights and plan fee bear before the cap, in fen."""

    debt: Debt = NOTHING
    contract_fen: int = 0
    plan_fee_contract_fen: int = 0


def cap_fen(principal_nights_fen: int, terms: LoanTerms) -> int:
    """Return the most that may be charged for these principal-nights, floored (RATE-7)."""
    return principal_nights_fen * terms.cap_annual_ppm // (1_000_000 * terms.cap_year_days)


def accrue(
    loan: LoanPosition, *, on: date, terms: LoanTerms, late_fees_fen: Sequence[int] = ()
) -> tuple[LoanPosition, list[Charged]]:
    """Charge the nights up to ``on``, the plan fees due by then and, last, late fees per part.

    Returns the loan as of ``on`` and what each part was charged. A day that has been accrued to
    already is charged nothing again, except late fees.
    """
    nights = (on - loan.accrued_on).days
    assert nights >= 0, "an earlier value date reverses what was posted after it first"
    late_fees_fen = list(late_fees_fen) or [0] * len(loan.parts)
    falls_due = _falls_due(loan, on)
    if not nights and not falls_due and not any(late_fees_fen):
        return loan, [Charged()] * len(loan.parts)
    ends_fen, late_fee_fen = _contract_ends(loan, on, terms), sum(late_fees_fen)
    kept = _within_cap(loan, nights, ends_fen, falls_due, late_fee_fen, terms)
    kept_fen = sum(kept.nights_fen) + sum(kept.plan_fees_fen)
    kept_late_fees_fen = _within_headroom(loan, nights, late_fees_fen, kept_fen, terms)
    kept_late_fee_fen = sum(kept_late_fees_fen)
    charges = [
        Charged(
            Debt(night_fen, late_fen, 0, plan_fen)
            if part.accrual == Accrual.PENALTY
            else Debt(0, late_fen, night_fen, plan_fen),
            end_fen,
            part.uncharged_plan_fee_fen if index in falls_due else 0,
        )
        for index, (part, night_fen, plan_fen, late_fen, end_fen) in enumerate(
            zip(loan.parts, *kept[:2], kept_late_fees_fen, ends_fen, strict=True)
        )
    ]
    after = loan._replace(
        parts=_charged(loan, charges),
        accrued_on=on,
        principal_nights_fen=loan.principal_nights_fen + loan.principal_fen * nights,
        charged_fen=loan.charged_fen + kept_fen + kept_late_fee_fen,
        waived_fen=loan.waived_fen + kept.waived_fen + late_fee_fen - kept_late_fee_fen,
    )
    return after, charges


def charge_plan_fees(
    loan: LoanPosition, indexes: Collection[int], *, terms: LoanTerms
) -> tuple[LoanPosition, list[Charged]]:
    """Charge the plan fees of some instalments before they fall due: when they are paid (RATE-7).

    The cap is that of the nights charged so far. Returns the loan and what each part was charged;
    a fee that was charged already is not charged again.
    """
    if loan.is_bullet or not any(loan.parts[n].uncharged_plan_fee_fen for n in indexes):
        return loan, [Charged()] * len(loan.parts)
    headroom_fen, charges = _headroom_fen(loan, 0, loan.charged_fen, terms), []
    for index, part in enumerate(loan.parts):
        fee_fen = part.uncharged_plan_fee_fen if index in indexes else 0
        kept_fen = min(fee_fen, headroom_fen)
        headroom_fen -= kept_fen
        charges.append(Charged(Debt(plan_fee_fen=kept_fen), plan_fee_contract_fen=fee_fen))
    kept_fen = sum(charge.debt.plan_fee_fen for charge in charges)
    fees_fen = sum(charge.plan_fee_contract_fen for charge in charges)
    after = loan._replace(
        parts=_charged(loan, charges),
        charged_fen=loan.charged_fen + kept_fen,
        waived_fen=loan.waived_fen + fees_fen - kept_fen,
    )
    return after, charges


def _charged(loan: LoanPosition, charges: Sequence[Charged]) -> tuple[InstalmentPosition, ...]:
    """Return the parts of a loan, each owing what it was charged."""
    return tuple(
        InstalmentPosition(
            part.debt + charge.debt,
            part.accrual,
            part.segment_on,
            part.segment_base_fen,
            part.segment_posted_fen + charge.contract_fen,
            part.bill_id,
            part.late_fee_base_fen,
            part.due_on,
            part.uncharged_plan_fee_fen - charge.plan_fee_contract_fen,
        )
        for part, charge in zip(loan.parts, charges, strict=True)
    )


def accrued_fen(loan: LoanPosition, *, on: date, terms: LoanTerms) -> int:
    """Return what the nights up to ``on`` charge a loan, 0 where they are charged already.

    The sum of what ``accrue`` charges, for those who read every loan and keep none.
    """
    nights = (on - loan.accrued_on).days
    if nights <= 0:
        return 0
    ends_fen = _contract_ends(loan, on, terms)
    return sum(_within_cap(loan, nights, ends_fen, _falls_due(loan, on), 0, terms).nights_fen)


class _Kept(NamedTuple):
    """What the cap leaves of the nights and of the plan fees of each part, and the fen waived."""

    nights_fen: list[int]
    plan_fees_fen: list[int]
    waived_fen: int


def _falls_due(loan: LoanPosition, on: date) -> dict[int, int]:
    """Return the parts whose plan fee falls due up to ``on``, and after which night."""
    if loan.is_bullet:
        return {}
    return {
        index: max(0, (part.due_on - loan.accrued_on).days)
        for index, part in enumerate(loan.parts)
        if part.uncharged_plan_fee_fen and part.due_on <= on
    }


def _within_cap(
    loan: LoanPosition,
    nights: int,
    ends_fen: list[int],
    falls_due: Mapping[int, int],
    late_fee_fen: int,
    terms: LoanTerms,
) -> _Kept:
    """Return what the cap leaves of the nights and the plan fees."""
    if not falls_due and _cannot_meet_the_cap(loan, nights, ends_fen, terms):
        return _Kept(ends_fen, [0] * len(ends_fen), 0)
    return _night_by_night(loan, nights, falls_due, late_fee_fen, terms)


def _contract_ends(loan: LoanPosition, on: date, terms: LoanTerms) -> list[int]:
    """Return what each part's segment has still to post up to ``on``, before the cap."""
    return [
        contract_fen(
            part.accrual,
            part.segment_base_fen,
            loan.rate_ppm,
            (on - part.segment_on).days,
            terms,
            factor_permille=loan.factor_of(part),
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
_KEEP = {Accrual.OWN: 0, ChargeKind.PLAN_FEE: 1, Accrual.REVOLVING: 2, Accrual.PENALTY: 3}


def _night_by_night(
    loan: LoanPosition,
    nights: int,
    falls_due: Mapping[int, int],
    late_fees_fen: int,
    terms: LoanTerms,
) -> _Kept:
    """Charge each night, and the plan fees due after it, under its own cap.

    The last night's penalty leaves room for the late fees that come with it.
    """
    first = loan.accrued_on.toordinal()
    posted = [part.segment_posted_fen for part in loan.parts]
    kept = {False: [0] * len(posted), True: [0] * len(posted)}
    charged_fen, waived_fen = loan.charged_fen, 0
    bearing = [
        (_KEEP[Accrual(part.accrual)], False, n)
        for n, part in enumerate(loan.parts)
        if part.accrual != Accrual.NONE
    ]
    order = sorted(bearing + [(_KEEP[ChargeKind.PLAN_FEE], True, n) for n in falls_due])
    days = range(min(1, *falls_due.values()) if falls_due else 1, nights + 1)
    for night in days if bearing else sorted(set(falls_due.values())):
        headroom_fen = _headroom_fen(loan, night, charged_fen, terms)
        for _rank, is_plan_fee, n in order:
            part, is_after_fees = loan.parts[n], False
            if is_plan_fee:
                post_fen = part.uncharged_plan_fee_fen if falls_due[n] == night else 0
            else:
                borne = first + night - part.segment_on.toordinal()
                end_fen = contract_fen(
                    part.accrual, part.segment_base_fen, loan.rate_ppm, borne, terms,
                    factor_permille=loan.factor_of(part),
                )  # fmt: skip
                post_fen, posted[n] = end_fen - posted[n], end_fen
                is_after_fees = part.accrual == Accrual.PENALTY and night == nights
            kept_fen = min(post_fen, max(0, headroom_fen - late_fees_fen * is_after_fees))
            headroom_fen -= kept_fen
            charged_fen += kept_fen
            waived_fen += post_fen - kept_fen
            kept[is_plan_fee][n] += kept_fen
    return _Kept(kept[False], kept[True], waived_fen)


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
