"""Why a limit, its target or a line changes, by which rule, and what part does it (LIMIT-14)."""

from collections.abc import Mapping
from enum import StrEnum

from backoffice.core.translation import gettext_noop


class LineActor(StrEnum):
    """The parts of the system that change lines."""

    LIMITS = "system:limits"
    IMPORT = "system:import"


class LineReason(StrEnum):
    """The reasons of changes."""

    GRANTED = "limit-granted"
    IMPORTED = "limit-imported"
    NEW_INPUTS = "limit-new-inputs"
    RECOMPUTED = "limit-recomputed"
    BILL_IN_FULL = "limit-bill-in-full"
    BILL_OVERDUE = "limit-bill-overdue"
    BILL_CORRECTED = "limit-bill-corrected"
    ANNIVERSARY = "limit-anniversary"
    WALKED = "limit-walked"
    REVIEWED = "limit-reviewed"
    DECIDED = "limit-decided"
    APPEALED = "limit-appealed"
    BELOW_MINIMUM = "limit-below-minimum"
    ABOVE_MINIMUM = "limit-above-minimum"
    TEMPORARY_GRANTED = "temporary-limit-granted"
    TEMPORARY_REFUSED = "temporary-limit-refused"
    TEMPORARY_EXPIRED = "temporary-limit-expired"
    CUT_REVIEW_REQUESTED = "cut-review-requested"
    CUT_REVIEW_DECIDED = "cut-review-decided"
    CUT_REVIEW_LEFT = "cut-review-customer-left"


# The rule of each reason for which a LimitChange is stored.
RULES: Mapping[str, str] = {
    LineReason.GRANTED: "LIMIT-1",
    LineReason.IMPORTED: "LIMIT-1",
    LineReason.NEW_INPUTS: "LIMIT-13",
    LineReason.RECOMPUTED: "LIMIT-12",
    LineReason.BILL_IN_FULL: "LIMIT-10",
    LineReason.BILL_OVERDUE: "LIMIT-10",
    LineReason.BILL_CORRECTED: "LIMIT-10",
    LineReason.ANNIVERSARY: "SCORE-10",
    LineReason.WALKED: "LIMIT-5",
    LineReason.REVIEWED: "LIMIT-2",
    LineReason.DECIDED: "LIMIT-2",
    LineReason.APPEALED: "FAQ-8",
    LineReason.BELOW_MINIMUM: "LIMIT-1",
}

TEXTS: Mapping[StrEnum, str] = {
    LineActor.LIMITS: gettext_noop("limit computation"),
    LineActor.IMPORT: gettext_noop("import"),
    LineReason.GRANTED: gettext_noop(
        "the first limit, from income, occupation, assets and consumption"
    ),
    LineReason.IMPORTED: gettext_noop("the limit with which the customer was imported"),
    LineReason.NEW_INPUTS: gettext_noop("income, occupation, assets or consumption changed"),
    LineReason.RECOMPUTED: gettext_noop("computed again with the numbers in force"),
    LineReason.BILL_IN_FULL: gettext_noop(
        "the bill due on {due_on} was paid in full by its due date"
    ),
    LineReason.BILL_OVERDUE: gettext_noop("the bill due on {due_on} became overdue"),
    LineReason.BILL_CORRECTED: gettext_noop(
        "the outcome of the bill due on {due_on} was corrected"
    ),
    LineReason.ANNIVERSARY: gettext_noop("{points} growth points in the year of the line"),
    LineReason.WALKED: gettext_noop("a step towards {target} yuan, at most {percent}% a day"),
    LineReason.REVIEWED: gettext_noop("a limit review decided so: {text}"),
    LineReason.DECIDED: gettext_noop("a person decided so in the review of the assessment"),
    LineReason.APPEALED: gettext_noop("an appeal against the earlier decision was upheld"),
    LineReason.BELOW_MINIMUM: gettext_noop("the computed limit is below {minimum} yuan"),
    LineReason.ABOVE_MINIMUM: gettext_noop("the computed limit is not below {minimum} yuan again"),
    LineReason.TEMPORARY_GRANTED: gettext_noop("the conditions of a temporary limit are met"),
    LineReason.TEMPORARY_REFUSED: gettext_noop("a condition of a temporary limit is not met"),
    LineReason.TEMPORARY_EXPIRED: gettext_noop("its last day has ended"),
    LineReason.CUT_REVIEW_REQUESTED: gettext_noop("the customer asked for a human review"),
    LineReason.CUT_REVIEW_DECIDED: gettext_noop("decided"),
    LineReason.CUT_REVIEW_LEFT: gettext_noop("the customer closed the account"),
}

# What a change rests on that has no page of its own.
REFERENCES: Mapping[str, str] = {
    "facts:": gettext_noop("facts as of {id}"),
    "book:": gettext_noop("{id} of the imported portfolio"),
}
