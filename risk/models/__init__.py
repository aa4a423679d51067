"""The records of risk, a module for each noun."""

from risk.models.bureau import BureauPayload, BureauReport
from risk.models.conduct import Conduct, ConductOutcome
from risk.models.facts import PartnerEvent, PartnerEventKey
from risk.models.holds import HoldRelease, ReserveHold
from risk.models.limits import GrowthCause, GrowthChange, LimitChange, ModelInputs, PaymentMonth
from risk.models.lines import CreditLine, CreditLineState
from risk.models.temporary import TemporaryLimit, TemporaryLimitState

__all__ = [
    "BureauPayload",
    "BureauReport",
    "Conduct",
    "ConductOutcome",
    "CreditLine",
    "CreditLineState",
    "GrowthCause",
    "GrowthChange",
    "HoldRelease",
    "LimitChange",
    "ModelInputs",
    "PartnerEvent",
    "PartnerEventKey",
    "PaymentMonth",
    "ReserveHold",
    "TemporaryLimit",
    "TemporaryLimitState",
]
