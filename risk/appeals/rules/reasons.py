"""Why appeals move, and which part of the system does it."""

from collections.abc import Mapping
from enum import StrEnum

from backoffice.core.translation import gettext_noop


class AppealActor(StrEnum):
    """The part of the system that closes appeals."""

    APPEALS = "system:appeals"


class AppealReason(StrEnum):
    """The reasons of the moves of appeals."""

    OPENED = "appeal-opened"
    MATERIAL_ADDED = "appeal-material-added"
    SUBMITTED = "appeal-submitted"
    TAKEN = "appeal-taken"
    REPORT_ASKED = "appeal-report-asked"
    UPHELD = "appeal-upheld"
    ASKED = "appeal-asked"
    DECIDED = "appeal-decided"
    NOT_ANSWERED = "appeal-not-answered"
    READ = "appeal-outcome-read"
    NOT_READ = "appeal-outcome-not-read"
    NOT_SUBMITTED = "appeal-not-submitted"
    SUPERSEDED = "appeal-superseded"
    WITHDRAWN = "appeal-withdrawn"
    CUSTOMER_LEFT = "appeal-customer-left"


TEXTS: Mapping[StrEnum, str] = {
    AppealActor.APPEALS: gettext_noop("deadlines of appeals"),
    AppealReason.OPENED: gettext_noop("opened by the customer"),
    AppealReason.MATERIAL_ADDED: gettext_noop("the customer added a material"),
    AppealReason.SUBMITTED: gettext_noop("submitted by the customer"),
    AppealReason.TAKEN: gettext_noop("taken for review"),
    AppealReason.REPORT_ASKED: gettext_noop("another credit report was requested"),
    AppealReason.UPHELD: gettext_noop("the appeal is upheld: {text}"),
    AppealReason.ASKED: gettext_noop("waits for the customer"),
    AppealReason.DECIDED: gettext_noop("the appeal is decided"),
    AppealReason.NOT_ANSWERED: gettext_noop("the customer did not answer in time"),
    AppealReason.READ: gettext_noop("the customer has read the outcome"),
    AppealReason.NOT_READ: gettext_noop("the time to read the outcome has passed"),
    AppealReason.NOT_SUBMITTED: gettext_noop("not submitted in time"),
    AppealReason.SUPERSEDED: gettext_noop("a later assessment has taken its place"),
    AppealReason.WITHDRAWN: gettext_noop("withdrawn by the customer"),
    AppealReason.CUSTOMER_LEFT: gettext_noop("the customer closed the account"),
}
