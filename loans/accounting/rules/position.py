"""Where a loan stands, and how nights and late fees are charged to it under the 24 % cap.

RATE-7, for each loan and night: charged = min(charged before + posted that night, cap), the cap
being principal summed over the nights x 24 % / 365, floored. The waiver comes from that night's
postings only, in the order penalty, late fee, revolving interest, interest, and is final. A plan
row's fee enters the total when it falls due, by ``charge_plan_fee`` of its bill.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from loans.accounting.rules.accrual import (
    NONE,
    OWN,
    PENALTY,
    REVOLVING,
    contract_fen,
)
from loans.policy import LoanPolicy


class Part(NamedTuple):
    """One instalment: what is charged and unpaid of it, and the segment it accrues in."""

    principal_fen: int
    interest_fen: int
    plan_fee_fen: int
    late_fee_fen: int
    penalty_fen: int
    accrual: str
    segment_on: date
    segment_base_fen: int
    segment_posted_fen: int

    @property
    def unpaid_fen(self) -> int:
        """Return everything charged and unpaid."""
        return sum(self[:5])


class Position(NamedTuple):
    """One loan: its parts and its account with the cap, as of 00:00 of ``accrued_on``."""

    rate_ppm: int
    parts: tuple[Part, ...]
    accrued_on: date
    principal_nights_fen: int
    charged_fen: int
    waived_fen: int

    @property
    def principal_fen(self) -> int:
        """Return the outstanding principal, due or not."""
        return sum(part.principal_fen for part in self.parts)


class Charge(NamedTuple):
    """What was charged to one part; the waived rest is not in it."""

    interest_fen: int = 0
    late_fee_fen: int = 0
    penalty_fen: int = 0


def cap_fen(principal_nights_fen: int, terms: LoanPolicy) -> int:
    """Return the most that may be charged for these principal-nights, floored (RATE-7)."""
    return principal_nights_fen * terms.cap_annual_ppm // (1_000_000 * terms.cap_year_days)


def accrue(
    position: Position, *, on: date, terms: LoanPolicy, late_fees_fen: Sequence[int] = ()
) -> tuple[Position, list[Charge]]:
    """Charge the nights up to ``on`` and, with the last of them, late fees per part.

    Returns the position as of ``on`` and what each part was charged. A day that has been accrued
    to already is charged nothing again, except late fees.
    """
    nights = (on - position.accrued_on).days
    assert nights >= 0, "an earlier value date reverses what was posted after it first"
    fees_fen = list(late_fees_fen) or [0] * len(position.parts)
    if not nights and not any(fees_fen):
        return position, [Charge()] * len(position.parts)
    ends_fen = _contract_ends(position, on, terms)
    if _cannot_meet_the_cap(position, nights, ends_fen, terms):
        charges = [Charge(interest_fen=end) for end in ends_fen]
        waived_fen = 0
    else:
        charges, waived_fen = _night_by_night(position, nights, sum(fees_fen), terms)
    charges, cut_fen = _with_late_fees(position, nights, charges, fees_fen, terms)
    return _charged(position, on, charges, ends_fen, waived_fen + cut_fen), charges


def _contract_ends(position: Position, on: date, terms: LoanPolicy) -> list[int]:
    """Return what each part's segment has still to post up to ``on``, before the cap."""
    return [
        contract_fen(
            part.accrual,
            part.segment_base_fen,
            position.rate_ppm,
            (on - part.segment_on).days,
            terms,
        )
        - part.segment_posted_fen
        for part in position.parts
    ]


def _cannot_meet_the_cap(
    position: Position, nights: int, ends_fen: list[int], terms: LoanPolicy
) -> bool:
    """Say whether the cap is out of reach in every night, by its ends.

    True only for straight lines (interest at the own rate): both sides are linear up to rounding
    (half a fen a part, one fen for the floor), so the first and the last night decide.
    """
    if any(part.accrual not in (OWN, NONE) for part in position.parts):
        return False
    principal_fen, slack_fen = position.principal_fen, len(position.parts) + 1
    first_cap = cap_fen(position.principal_nights_fen + principal_fen, terms)
    last_cap = cap_fen(position.principal_nights_fen + principal_fen * nights, terms)
    posted_fen = sum(ends_fen)
    first_fen = -(-posted_fen // nights) if nights else 0
    return (
        position.charged_fen + first_fen + slack_fen <= first_cap
        and position.charged_fen + posted_fen + slack_fen <= last_cap
    )


def _night_by_night(
    position: Position, nights: int, late_fees_fen: int, terms: LoanPolicy
) -> tuple[list[Charge], int]:
    """Charge each night under its own cap; return the sums per part and the fen waived.

    The last night's penalty leaves room for the late fees that come with it.
    """
    first = position.accrued_on.toordinal()
    posted = [part.segment_posted_fen for part in position.parts]
    interest, penalty = [0] * len(posted), [0] * len(posted)
    charged_fen, waived_fen = position.charged_fen, 0
    keep_order = sorted(range(len(posted)), key=lambda n: _KEEP[position.parts[n].accrual])
    for night in range(1, nights + 1):
        room_fen = _room(position, night, charged_fen, terms)
        for n in keep_order:
            part = position.parts[n]
            borne = first + night - part.segment_on.toordinal()
            end_fen = contract_fen(
                part.accrual, part.segment_base_fen, position.rate_ppm, borne, terms
            )
            post_fen, posted[n] = end_fen - posted[n], end_fen
            is_after_fees = part.accrual == PENALTY and night == nights
            kept_fen = min(post_fen, max(0, room_fen - late_fees_fen * is_after_fees))
            room_fen -= kept_fen
            charged_fen += kept_fen
            waived_fen += post_fen - kept_fen
            (penalty if part.accrual == PENALTY else interest)[n] += kept_fen
    return [
        Charge(interest_fen=i, penalty_fen=p) for i, p in zip(interest, penalty, strict=True)
    ], waived_fen


_KEEP = {NONE: 0, OWN: 0, REVOLVING: 1, PENALTY: 2}


def _room(position: Position, nights: int, charged_fen: int, terms: LoanPolicy) -> int:
    """Return what may still be charged after a number of nights."""
    principal_nights_fen = position.principal_nights_fen + position.principal_fen * nights
    return max(0, cap_fen(principal_nights_fen, terms) - charged_fen)


def _with_late_fees(
    position: Position,
    nights: int,
    charges: list[Charge],
    fees_fen: list[int],
    terms: LoanPolicy,
) -> tuple[list[Charge], int]:
    """Add late fees as far as the cap leaves room; return the charges and the fen cut."""
    if not any(fees_fen):
        return charges, 0
    charged_fen = position.charged_fen + sum(map(sum, charges))
    room_fen = _room(position, nights, charged_fen, terms)
    kept = []
    for charge, fee_fen in zip(charges, fees_fen, strict=True):
        part_fen = min(fee_fen, room_fen)
        room_fen -= part_fen
        kept.append(charge._replace(late_fee_fen=part_fen))
    return kept, sum(fees_fen) - sum(charge.late_fee_fen for charge in kept)


def _charged(
    position: Position, on: date, charges: list[Charge], ends_fen: list[int], waived_fen: int
) -> Position:
    """Return the position with the charges booked and the segments posted up to ``on``."""
    parts = tuple(
        Part(
            part.principal_fen,
            part.interest_fen + charge.interest_fen,
            part.plan_fee_fen,
            part.late_fee_fen + charge.late_fee_fen,
            part.penalty_fen + charge.penalty_fen,
            part.accrual,
            part.segment_on,
            part.segment_base_fen,
            part.segment_posted_fen + end_fen,
        )
        for part, charge, end_fen in zip(position.parts, charges, ends_fen, strict=True)
    )
    nights = (on - position.accrued_on).days
    return position._replace(
        parts=parts,
        accrued_on=on,
        principal_nights_fen=position.principal_nights_fen + position.principal_fen * nights,
        charged_fen=position.charged_fen + sum(map(sum, charges)),
        waived_fen=position.waived_fen + waived_fen,
    )


def start_segment(part: Part, accrual: str, *, on: date) -> Part:
    """Return the part accruing in a new segment from the night of ``on`` (GEN-3, RATE-5).

    Penalty bears on unpaid principal and unpaid penalty, everything else on principal.
    """
    base_fen = part.principal_fen + (part.penalty_fen if accrual == PENALTY else 0)
    return Part(*part[:5], accrual, segment_on=on, segment_base_fen=base_fen, segment_posted_fen=0)
