"""The records of risk, a module for each noun."""

from risk.models.appeals import (
    CONTESTED,
    DECIDED_APPEALS,
    OPEN_APPEALS,
    PREPARED_STATES,
    REVIEWED_STATES,
    WRITABLE_STATES,
    Appeal,
    AppealMaterial,
    AppealOutcome,
    AppealState,
)
from risk.models.assessments import (
    DECIDED_STATES,
    OPEN_STATES,
    Assessment,
    AssessmentState,
    PolicyNumbers,
)
from risk.models.bureau import BureauPayload, BureauReport
from risk.models.conduct import Conduct, ConductOutcome
from risk.models.cuts import DECIDED_CUTS, CutReview, CutReviewState
from risk.models.facts import PartnerEvent, PartnerEventKey
from risk.models.holds import HoldRelease, ReserveHold
from risk.models.limits import GrowthCause, GrowthChange, LimitChange, ModelInputs, PaymentMonth
from risk.models.lines import CreditLine, CreditLineState
from risk.models.simulations import (
    UNFINISHED_STATES,
    PolicySimulation,
    PolicySimulationPart,
    SimulationState,
)
from risk.models.special_reviews import SpecialReview, SpecialReviewState
from risk.models.temporary import TemporaryLimit, TemporaryLimitState

__all__ = [
    "CONTESTED",
    "DECIDED_APPEALS",
    "DECIDED_CUTS",
    "DECIDED_STATES",
    "OPEN_APPEALS",
    "OPEN_STATES",
    "PREPARED_STATES",
    "REVIEWED_STATES",
    "UNFINISHED_STATES",
    "WRITABLE_STATES",
    "Appeal",
    "AppealMaterial",
    "AppealOutcome",
    "AppealState",
    "Assessment",
    "AssessmentState",
    "BureauPayload",
    "BureauReport",
    "Conduct",
    "ConductOutcome",
    "CreditLine",
    "CreditLineState",
    "CutReview",
    "CutReviewState",
    "GrowthCause",
    "GrowthChange",
    "HoldRelease",
    "LimitChange",
    "ModelInputs",
    "PartnerEvent",
    "PartnerEventKey",
    "PaymentMonth",
    "PolicyNumbers",
    "PolicySimulation",
    "PolicySimulationPart",
    "ReserveHold",
    "SimulationState",
    "SpecialReview",
    "SpecialReviewState",
    "TemporaryLimit",
    "TemporaryLimitState",
]
