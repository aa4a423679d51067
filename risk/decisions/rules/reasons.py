"""Why assessments move, and which part of the system does it."""

from collections.abc import Mapping
from enum import StrEnum

from backoffice.core.translation import gettext_noop


class DecisionActor(StrEnum):
    """The part of the system that decides."""

    ASSESSMENT = "system:assessment"


class DecisionReason(StrEnum):
    """The reasons of the moves of assessments."""

    REQUESTED = "assessment-requested"
    HUMAN_REVIEW_REQUESTED = "human-review-requested"
    SCORED = "assessment-scored"
    GATES_FAILED = "assessment-gates-failed"
    DOUBTFUL = "assessment-doubtful"
    GRANTED = "assessment-granted"
    DECIDED = "assessment-decided"


TEXTS: Mapping[StrEnum, str] = {
    DecisionActor.ASSESSMENT: gettext_noop("automatic assessment"),
    DecisionReason.REQUESTED: gettext_noop("requested by the customer"),
    DecisionReason.HUMAN_REVIEW_REQUESTED: gettext_noop("the customer asked for a human review"),
    DecisionReason.SCORED: gettext_noop("the inputs are being collected"),
    DecisionReason.GATES_FAILED: gettext_noop("a condition is not met"),
    DecisionReason.DOUBTFUL: gettext_noop("manual review of contradictions"),
    DecisionReason.GRANTED: gettext_noop("every condition is met"),
    DecisionReason.DECIDED: gettext_noop("decided"),
}
