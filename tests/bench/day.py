"""The business day of the benchmarks: the 9:00 of one date, on a generated portfolio."""

from datetime import date, time

from backoffice.core import clock

ON = date(2026, 10, 1)
FIRST_MONTH = date(2026, 9, 1)  # of what the portfolio's loans have gone through
NINE = clock.moment_of(ON, time(9))
EARLIER = clock.moment_of(ON, time(8, 58))
