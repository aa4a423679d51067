"""The records of risk, a module for each noun."""

from risk.models.assessments import (
    DECIDED_STATES,
    OPEN_STATES,
    Assessment,
    AssessmentState,
    PolicyNumbers,
)
from risk.models.bureau import BureauPayload, BureauReport
from risk.models.conduct import Conduct, ConductOutcome
from risk.models.facts import PartnerEvent, PartnerEventKey
from risk.models.holds import HoldRelease, ReserveHold
from risk.models.limits import GrowthCause, GrowthChange, LimitChange, ModelInputs, PaymentMonth
from risk.models.lines import CreditLine, CreditLineState
from risk.models.special_reviews import SpecialReview, SpecialReviewState
from risk.models.temporary import TemporaryLimit, TemporaryLimitState

__all__ = [
    "DECIDED_STATES",
    "OPEN_STATES",
    "Assessment",
    "AssessmentState",
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
    "PolicyNumbers",
    "ReserveHold",
    "SpecialReview",
    "SpecialReviewState",
    "TemporaryLimit",
    "TemporaryLimitState",
]
