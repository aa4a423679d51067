"""Whether a temporary limit is granted, and until when (LIMIT-7, LIMIT-8)."""

from datetime import date

import pytest

from risk.lines.rules.temporary import (
    TemporaryGrant,
    TemporaryRequest,
    TemporaryVerdict,
    decide,
    earliest_on,
)
from risk.policy import LimitPolicy

POLICY = LimitPolicy()
CAP_FEN = 30_000_000
ON = date(2028, 2, 10)
FULL = (True, True, True)
REQUEST = TemporaryRequest(1_000_000, 200_000, 30, FULL, ON)


def test_a_temporary_limit_ends_so_many_days_later():
    assert decide(REQUEST, cap_fen=CAP_FEN, policy=POLICY) == TemporaryGrant(
        200_000, date(2028, 3, 11), TemporaryVerdict.OK
    )


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"amount_fen": 200_001}, TemporaryVerdict.AMOUNT),
        ({"amount_fen": 0}, TemporaryVerdict.AMOUNT),
        ({"days": 31}, TemporaryVerdict.DAYS),
        ({"days": 0}, TemporaryVerdict.DAYS),
        ({"in_full": (True, True)}, TemporaryVerdict.BILLS),
        ({"in_full": (True, True, False)}, TemporaryVerdict.BILLS),
        ({"in_full": (True, False, True, True)}, TemporaryVerdict.BILLS),
        ({"last_valid_to": date(2028, 1, 12)}, TemporaryVerdict.GAP),
        ({"last_valid_to": date(2028, 3, 1)}, TemporaryVerdict.GAP),
    ],
)
def test_what_is_not_allowed_is_refused_with_its_reason(change, verdict):
    found = decide(REQUEST._replace(**change), cap_fen=CAP_FEN, policy=POLICY)

    assert found == TemporaryGrant(0, None, verdict)


@pytest.mark.parametrize(
    "change",
    [
        {"in_full": (False, *FULL)},
        {"last_valid_to": date(2028, 1, 11)},
        {"days": 1},
        {"amount_fen": 1},
    ],
)
def test_what_is_just_allowed_is_granted(change):
    found = decide(REQUEST._replace(**change), cap_fen=CAP_FEN, policy=POLICY)

    assert found.verdict is TemporaryVerdict.OK


def test_limit_and_temporary_limit_stay_within_the_lenders_cap():
    assert decide(REQUEST, cap_fen=1_199_999, policy=POLICY).verdict is TemporaryVerdict.CAP
    assert decide(REQUEST, cap_fen=1_200_000, policy=POLICY).verdict is TemporaryVerdict.OK


def test_the_next_may_begin_30_days_after_the_last():
    assert earliest_on(date(2028, 1, 11), policy=POLICY) == ON
