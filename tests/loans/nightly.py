"""A second reading of GEN-3, RATE-3 to RATE-7 and REPAY-9: day by day, in fractions.

Written from the rulebook's words and sharing no arithmetic with ``loans.rules``. Each night every
segment bears its interest; posted is the rounded cumulative amount less what was posted before;
charged is at most the cap; what is cut comes from that night's postings, penalty first, then the
late fee, then interest at 1.5 times the rate, then interest.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

CUT_FIRST = ("penalty", "late_fee", "revolving", "own")


def half_up(exact: Fraction) -> int:
    """四舍五入."""
    return floor(exact + Fraction(1, 2))


@dataclass
class Segment:
    """What one part bears: its kind, its base, and exactly how much it has borne."""

    kind: str
    base_fen: int
    borne: Fraction = Fraction(0)
    posted_fen: int = 0

    def live_a_night(self, rate: Fraction, factor: Fraction, penalty: Fraction) -> int:
        """Bear one more night; return the fen to post for it."""
        if self.kind == "own":
            self.borne += self.base_fen * rate
        elif self.kind == "revolving":
            self.borne += self.base_fen * rate * factor
        elif self.kind == "penalty":
            self.borne += (self.base_fen + self.borne) * penalty
        post_fen = half_up(self.borne) - self.posted_fen
        self.posted_fen += post_fen
        return post_fen


@dataclass
class NightlyLoan:
    """A loan that lives one night at a time."""

    principal_fen: int
    rate: Fraction
    factor: Fraction
    penalty: Fraction
    cap_a_year: Fraction
    year_days: int
    segments: list[Segment]
    principal_nights_fen: int = 0
    charged_fen: int = 0
    waived_fen: int = 0
    charged: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CUT_FIRST, 0))

    @property
    def cap_fen(self) -> int:
        """24 % a year on the principal of each night so far, floored."""
        return floor(self.principal_nights_fen * self.cap_a_year / self.year_days)

    def live_a_night(self, late_fee_fen: int = 0) -> None:
        """Post one night, and the late fee of its morning, under the cap."""
        posts = dict.fromkeys(CUT_FIRST, 0)
        for segment in self.segments:
            if segment.kind != "none":
                posts[segment.kind] += segment.live_a_night(self.rate, self.factor, self.penalty)
        posts["late_fee"] += late_fee_fen
        self.principal_nights_fen += self.principal_fen
        excess_fen = max(0, self.charged_fen + sum(posts.values()) - self.cap_fen)
        for kind in CUT_FIRST:
            cut_fen = min(posts[kind], excess_fen)
            posts[kind] -= cut_fen
            excess_fen -= cut_fen
            self.waived_fen += cut_fen
            self.charged[kind] += posts[kind]
            self.charged_fen += posts[kind]
