"""Which refusals of a payout are final, and who can remove their cause (REPAY-2, REPAY-8)."""

import pytest

from loans.gateways.channel import ChannelFault
from loans.payouts.rules import payout_codes


def test_a_code_that_is_not_known_never_settles_a_payout():
    assert not payout_codes.is_final("SOMETHING_NEW")
    assert payout_codes.of("SOMETHING_NEW").label == "SOMETHING_NEW"


@pytest.mark.parametrize("code", [*ChannelFault, "ORDER_ACCEPTED", "ORDERPAID", "ORDER_CONFLICT"])
def test_silence_and_unclear_answers_are_not_final(code):
    assert code in payout_codes.REFUSALS
    assert not payout_codes.is_final(code)


@pytest.mark.parametrize(
    ("code", "passes"),
    [
        ("USER_NOT_EXIST", False),
        ("NAME_MISMATCH", False),
        ("PAYER_NOTENOUGH", False),
        ("BANKERROR", True),
        ("NEVER_SENT", True),
    ],
)
def test_a_final_refusal_passes_by_itself_or_needs_somebody(code, passes):
    assert payout_codes.is_final(code)
    assert payout_codes.passes_by_itself(code) == passes
