"""Commands on credit lines; callers write ``lines.reserve``, ``lines.grant``, ``lines.suspend``."""

from risk.lines.operations.counters import (
    LineExhaustedError,
    Restoration,
    draw,
    release,
    reserve,
    restore,
)
from risk.lines.operations.grants import Grant, InputsChange, grant, recompute, revise
from risk.lines.operations.growth import PaymentDay, record_payment_days
from risk.lines.operations.holds import Purchase, hold_for_purchase, release_holds
from risk.lines.operations.states import (
    close,
    freeze,
    request_resumption,
    resume,
    suspend,
    unfreeze,
)

__all__ = [
    "Grant", "InputsChange", "LineExhaustedError", "PaymentDay", "Purchase", "Restoration",
    "close", "draw", "freeze", "grant", "hold_for_purchase", "recompute", "record_payment_days",
    "release", "release_holds", "request_resumption", "reserve", "restore", "resume", "revise",
    "suspend", "unfreeze",
]  # fmt: skip
