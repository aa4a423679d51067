"""The opening guide (GEN-16): the steps in their order, with what each of them needs.

The order is that of the onboarding rules, the calls are those of its endpoints. Texts are filled
with the numbers in force; none holds a digit of its own.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from accounts.onboarding.queries import ENDPOINTS
from accounts.onboarding.rules.onboarding import OnboardingStatus, Step, steps
from backoffice.core.translation import gettext_noop as _
from backoffice.guide.numbers import filled

LOGIN, LINE = "login", "line"  # before the first step of onboarding, and after the last


class StepText(NamedTuple):
    """What a step is for, and what it needs."""

    title: str
    aim: str
    needs: tuple[str, ...]


class GuideStep(NamedTuple):
    """A step in the active language, and what is called to take it."""

    step: str
    title: str
    aim: str
    needs: list[str]
    method: str
    endpoint: str


INTRODUCTION = _(
    "The line is opened step by step: each step begins when the one before it is done. The"
    " transaction password is the only exception."
)
_CALLS = {
    LOGIN: ("POST", "/api/v1/auth/wechat"),
    LINE: ("GET", "/api/v1/me/line"),
    **{str(step): call for step, call in ENDPOINTS.items()},
}
TEXTS: dict[str, StepText] = {
    LOGIN: StepText(
        _("Log in with WeChat"),
        _(
            "The first login registers you and begins the cooling-off period of"
            " {cooling_off_hours} hours. Until it ends you can read everything and take no step;"
            " complaints, consents, logging out and closing the account stay possible."
        ),
        (
            _("A WeChat account that has been used for at least {history_months} months."),
            _("A phone that is not emulated, not rooted and not controlled from elsewhere."),
        ),
    ),
    Step.IDENTITY: StepText(
        _("Prove who you are"),
        _(
            "Name, ID number and face are compared with the records of the public security"
            " authorities. The result opens a line for {check_valid_hours} hours; after that the"
            " check is repeated."
        ),
        (
            _("Age: {age_min} to {age_max} complete years."),
            _("Your own ID card, valid today."),
            _(
                "A live face: a similarity of {face_pass_percent} % and above passes, from"
                " {face_review_percent} % a person decides."
            ),
            _(
                "At most {accounts_max} WeChat accounts with this identity, and at most"
                " {identity_tries_max} attempts a day."
            ),
        ),
    ),
    Step.TRANSACTION_PASSWORD: StepText(
        _("Set the transaction password"),
        _(
            "It confirms each movement of money. It can be set at any time after the identity and"
            " is changed every {password_days} days."
        ),
        (
            _(
                "At least {password_length_min} characters with capital letters, small letters"
                " and digits; none of the last {password_history} passwords."
            ),
            _("{password_tries_max} wrong entries in a day lock it."),
        ),
    ),
    Step.CARD: StepText(
        _("Bind a bank card"),
        _("Loans are paid to this card, and bills are debited from it."),
        (
            _("A debit card in your own name of a supported bank, on a class I account."),
            _("Name, ID number, card number and phone number as the bank has them."),
            _(
                "At most {card_tries_max} attempts a day and {cards_max} cards. A card of a class"
                " II account can only repay."
            ),
        ),
    ),
    Step.CONSENTS: StepText(
        _("Give the consents"),
        _(
            "Each source of data has a consent of its own. Each can be withdrawn at any time, and"
            " what that changes is shown before."
        ),
        (
            _("Needed for an assessment: {required_consents}."),
            _("All other sources are voluntary; without one the others weigh more."),
        ),
    ),
    Step.PROFILE: StepText(
        _("Fill in the profile"),
        _("Income and occupation are inputs of the limit."),
        (
            _("Monthly income and occupation."),
            _(
                "The profile of a student, or of anybody of at most {student_review_age_max}"
                " years, is reviewed by a person."
            ),
        ),
    ),
    Step.ASSESSMENT: StepText(
        _("Request the assessment"),
        _(
            "It is decided within {decision_minutes} minutes. Where facts contradict each other a"
            " person decides. You may ask for a human review of each decision; it takes at most"
            " {human_review_hours} hours."
        ),
        (
            _("All steps before are done and the identity check is still valid."),
            _("A score of at least {grade_c_min} of {score_max}."),
            _("No serious delay in the credit report of the last {bureau_months} months."),
            _(
                "After a refusal a new assessment is possible in {again_after_refusal_days} days;"
                " a human review at once."
            ),
            _(
                "You can appeal against a decision within {filing_days} days once you have read its"
                " report; the answer comes within {review_days} days."
            ),
        ),
    ),
    LINE: StepText(
        _("Use the line"),
        _(
            "An approval opens the line with a limit of {limit_min_yuan} to {limit_max_yuan} yuan"
            " and an annual rate of {annual_best_percent} % to {annual_worst_percent} %"
            " ({daily_best_percent} % to {daily_worst_percent} % a day)."
        ),
        (
            _(
                "{buffer_percent} % of the limit is a buffer that cannot be drawn; both numbers are"
                " shown."
            ),
            _("A temporary limit needs the last {temporary_bills} bills paid in full and on time."),
        ),
    ),
}


def order() -> list[str]:
    """Return the codes of the steps in the order in which they are shown (GEN-11)."""
    return [LOGIN, *(str(line.step) for line in steps(OnboardingStatus())), LINE]


def guide(numbers: Mapping[str, str]) -> Iterator[GuideStep]:
    """Yield the steps in the active language, filled with product numbers."""
    for step in order():
        text = TEXTS[step]
        yield GuideStep(
            step,
            filled(text.title, numbers),
            filled(text.aim, numbers),
            [filled(need, numbers) for need in text.needs],
            *_CALLS[step],
        )
