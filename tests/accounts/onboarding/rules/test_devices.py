"""What the report of a device decides on an application (ELIG-9, SEC-2)."""

import pytest

from accounts.login.operations import DeviceReport
from accounts.onboarding.rules import devices
from accounts.onboarding.rules.occupations import Ruling


@pytest.mark.parametrize(
    ("flags", "ruling", "indicators"),
    [
        ([], Ruling.ALLOW, []),
        (["is_debug", "is_vpn"], Ruling.ALLOW, []),
        (["is_emulator"], Ruling.REFUSE, ["DEV-001"]),
        (["is_rooted"], Ruling.REFUSE, ["DEV-002"]),
        (["has_hook"], Ruling.REFUSE, ["DEV-003"]),
        (["has_remote_control"], Ruling.REFUSE, ["DEV-022"]),
        (["is_cloned_app"], Ruling.REVIEW, ["DEV-005"]),
        (["has_mock_location"], Ruling.REVIEW, ["DEV-021"]),
        (["has_mock_location", "is_rooted"], Ruling.REFUSE, ["DEV-002", "DEV-021"]),
    ],
)
def test_the_strictest_signal_counts(flags, ruling, indicators):
    assert devices.ruling(flags) is ruling
    assert devices.indicators(flags) == indicators


def test_every_signal_is_a_flag_of_the_report():
    assert devices.SIGNALS.keys() <= set(DeviceReport._fields)
