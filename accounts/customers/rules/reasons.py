"""Why customers, cards, logins and their records change, and which part of the system does it."""

from collections.abc import Mapping
from enum import StrEnum

from backoffice.core.translation import gettext_noop


class AccountActor(StrEnum):
    """The parts of the system that change customers and what is theirs."""

    CHECKS = "system:checks"
    RETENTION = "system:retention"


class AccountReason(StrEnum):
    """The reasons of changes."""

    CARD_CONFIRMED = "card-confirmed"
    CARD_UNCONFIRMED = "card-unconfirmed"
    NO_ANSWER = "no-answer"
    HELD = "held"
    RELEASED = "released"
    REMOVED_BY_CUSTOMER = "removed-by-customer"
    CHOSEN_BY_CUSTOMER = "chosen-by-customer"
    FILED_BY_CUSTOMER = "filed-by-customer"
    ANSWERED = "answered"
    CONSENT_WITHDRAWN = "consent-withdrawn"
    BOTH_CHECKS_PASSED = "both-checks-passed"
    MANUAL_REVIEW = "manual-review"
    CHECK_FAILED = "check-failed"
    DECIDED = "decided"
    JOINED = "joined"
    CUSTOMER_STAYS = "customer-stays"
    ACCOUNT_UNBOUND = "account-unbound"
    LOGGED_OUT = "logged-out"
    ENDED_BY_CUSTOMER = "ended-by-customer"
    DELETION_REQUESTED = "deletion-requested"
    CUSTOMER_LEFT = "customer-left"
    ERASED = "erased"
    KEPT_LONG_ENOUGH = "kept-long-enough"
    REPORTED_BY_PARTNER = "reported-by-partner"
    CARD_AND_CONSENTS = "card-and-consents"
    PROFILE_COMPLETE = "profile-complete"
    DECLARED_AGAIN = "declared-again"
    DELETED_BY_CUSTOMER = "deleted-by-customer"
    GRANT_USED = "grant-used"


TEXTS: Mapping[StrEnum, str] = {
    AccountActor.CHECKS: gettext_noop("automatic checks"),
    AccountActor.RETENTION: gettext_noop("data retention"),
    AccountReason.CARD_CONFIRMED: gettext_noop("the bank confirmed it"),
    AccountReason.CARD_UNCONFIRMED: gettext_noop("the bank did not confirm it"),
    AccountReason.NO_ANSWER: gettext_noop("no answer within a day"),
    AccountReason.HELD: gettext_noop("held by {holder}"),
    AccountReason.RELEASED: gettext_noop("released by {holder}"),
    AccountReason.REMOVED_BY_CUSTOMER: gettext_noop("removed by the customer"),
    AccountReason.CHOSEN_BY_CUSTOMER: gettext_noop("chosen by the customer"),
    AccountReason.FILED_BY_CUSTOMER: gettext_noop("filed by the customer"),
    AccountReason.ANSWERED: gettext_noop("answered"),
    AccountReason.CONSENT_WITHDRAWN: gettext_noop("the consent was withdrawn"),
    AccountReason.BOTH_CHECKS_PASSED: gettext_noop("both checks passed"),
    AccountReason.MANUAL_REVIEW: gettext_noop("manual review ({indicators})"),
    AccountReason.CHECK_FAILED: gettext_noop("a check failed"),
    AccountReason.DECIDED: gettext_noop("decided"),
    AccountReason.JOINED: gettext_noop("the same person as customer {customer}"),
    AccountReason.CUSTOMER_STAYS: gettext_noop("the customer stays"),
    AccountReason.ACCOUNT_UNBOUND: gettext_noop("the account was unbound"),
    AccountReason.LOGGED_OUT: gettext_noop("logged out"),
    AccountReason.ENDED_BY_CUSTOMER: gettext_noop("ended by the customer"),
    AccountReason.DELETION_REQUESTED: gettext_noop("the customer asked for deletion"),
    AccountReason.CUSTOMER_LEFT: gettext_noop("the customer has left"),
    AccountReason.ERASED: gettext_noop("erased what may be erased"),
    AccountReason.KEPT_LONG_ENOUGH: gettext_noop("kept long enough"),
    AccountReason.REPORTED_BY_PARTNER: gettext_noop("reported by a partner"),
    AccountReason.CARD_AND_CONSENTS: gettext_noop("card and consents are complete"),
    AccountReason.PROFILE_COMPLETE: gettext_noop("the profile is complete"),
    AccountReason.DECLARED_AGAIN: gettext_noop("another profile was declared"),
    AccountReason.DELETED_BY_CUSTOMER: gettext_noop("deleted by the customer"),
    AccountReason.GRANT_USED: gettext_noop("used for {purpose}"),
}
