"""The four basic conditions as the article's table names them, and who meets them (ELIG-13)."""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from accounts.cards.rules.card_numbers import Usage, usage_of
from accounts.identity.rules.faces import FaceVerdict
from accounts.onboarding.rules import devices
from accounts.onboarding.rules.ages import complete_years, is_of_age
from accounts.onboarding.rules.occupations import Ruling


def gettext_noop(words: str) -> str:
    """Mark words for the translators; the pages that show them translate."""
    return words


class Requirement(NamedTuple):
    """A line of the article's table: 基础条件, 具体要求, 核查标准."""

    code: str
    title: str
    requirement: str
    check: str


AGE = Requirement(
    "age",
    gettext_noop("Age"),
    gettext_noop("18 to 60 complete years"),
    gettext_noop("Date of birth in the ID number"),
)
IDENTITY = Requirement(
    "identity",
    gettext_noop("Real name"),
    gettext_noop("ID card and face"),
    gettext_noop("Checked online with the public security authorities"),
)
CARD = Requirement(
    "card",
    gettext_noop("Bank card"),
    gettext_noop("Own class I account"),
    gettext_noop("Compared with what the bank has on file"),
)
ACCOUNTS = Requirement(
    "accounts",
    gettext_noop("Number of accounts"),
    gettext_noop("At most three WeChat accounts"),
    gettext_noop("Accounts and people on the same device"),
)
REQUIREMENTS = (AGE, IDENTITY, CARD, ACCOUNTS)


class CheckOutcome(StrEnum):
    """The result of a line: open means not checked."""

    PASS = "pass"
    FAIL = "fail"
    OPEN = "open"
    REVIEW = "review"


class Facts(NamedTuple):
    """What is known of a customer; None and empty codes are not known yet.

    Codes of checks are the provider's: ``0`` is a match (ELIG-2, ELIG-6).
    """

    on: date
    born_on: date | None = None
    identity_code: str = ""
    face: FaceVerdict | None = None
    similarity_permille: int | None = None
    card_code: str = ""
    account_class: str = ""
    accounts: int = 0
    device_accounts: int = 0
    device_people: int = 0
    device_flags: tuple[str, ...] = ()


class Bounds(NamedTuple):
    """The product numbers of the four lines."""

    age_min: int
    age_max: int
    accounts_max: int
    device_accounts_max: int
    device_people_min: int


class ChecklistLine(NamedTuple):
    """A requirement, what was found and the facts it rests on, as codes and values."""

    requirement: Requirement
    result: CheckOutcome
    evidence: dict[str, int | str]


def judge(facts: Facts, bounds: Bounds) -> list[ChecklistLine]:
    """Return the four lines in the article's order."""
    return [_age(facts, bounds), _identity(facts), _card(facts), _accounts(facts, bounds)]


def _age(facts: Facts, bounds: Bounds) -> ChecklistLine:
    if facts.born_on is None:
        return ChecklistLine(AGE, CheckOutcome.OPEN, {})
    is_inside = is_of_age(facts.born_on, facts.on, bounds.age_min, bounds.age_max)
    years = complete_years(facts.born_on, facts.on)
    return ChecklistLine(AGE, CheckOutcome.PASS if is_inside else CheckOutcome.FAIL, {"age": years})


NO_RECORD = "-5"  # the provider's code of IDN-003

_BY_FACE = {
    None: CheckOutcome.OPEN,
    FaceVerdict.PASS: CheckOutcome.PASS,
    FaceVerdict.REVIEW: CheckOutcome.REVIEW,
    FaceVerdict.REFUSE: CheckOutcome.FAIL,
}


def _identity(facts: Facts) -> ChecklistLine:
    """Both checks must pass; one alone is not enough (ELIG-2).

    A face in manual review may stand for a number without a record (IDN-003).
    """
    evidence: dict[str, int | str] = {}
    if facts.identity_code:
        evidence["identity_code"] = facts.identity_code
    if facts.face is not None:
        evidence["face"] = facts.face.value
    if facts.similarity_permille is not None:
        evidence["similarity_permille"] = facts.similarity_permille
    result = _BY_FACE[facts.face]
    is_no_record = result is CheckOutcome.REVIEW and facts.identity_code == NO_RECORD
    if facts.identity_code != "0" and result != CheckOutcome.FAIL and not is_no_record:
        result = CheckOutcome.FAIL if facts.identity_code else CheckOutcome.OPEN
    return ChecklistLine(IDENTITY, result, evidence)


_BY_USAGE = {
    Usage.RECEIVE_AND_REPAY: CheckOutcome.PASS,
    Usage.NEEDS_PROOF: CheckOutcome.REVIEW,
    Usage.REPAY_ONLY: CheckOutcome.FAIL,
    Usage.NONE: CheckOutcome.FAIL,
}


def _card(facts: Facts) -> ChecklistLine:
    """The bank's own match comes first; then only class I receives money (ELIG-6, ELIG-7)."""
    if not facts.card_code:
        return ChecklistLine(CARD, CheckOutcome.OPEN, {})
    evidence: dict[str, int | str] = {
        "card_code": facts.card_code,
        "account_class": facts.account_class,
    }
    is_matched = facts.card_code == "0"
    result = _BY_USAGE[usage_of(facts.account_class)] if is_matched else CheckOutcome.FAIL
    return ChecklistLine(CARD, result, evidence)


def _accounts(facts: Facts, bounds: Bounds) -> ChecklistLine:
    """Too many accounts and signals of the device fail or need a manual review (ELIG-9, SEC-2)."""
    evidence: dict[str, int | str] = {
        "accounts": facts.accounts,
        "device_accounts": facts.device_accounts,
        "device_people": facts.device_people,
    }
    if facts.device_flags:
        evidence["device_indicators"] = ", ".join(devices.indicators(facts.device_flags))
    by_device = devices.ruling(facts.device_flags)
    has_too_many = (
        facts.accounts > bounds.accounts_max or facts.device_accounts > bounds.device_accounts_max
    )
    if has_too_many or by_device is Ruling.REFUSE:
        return ChecklistLine(ACCOUNTS, CheckOutcome.FAIL, evidence)
    is_doubtful = facts.device_people >= bounds.device_people_min or by_device is Ruling.REVIEW
    return ChecklistLine(
        ACCOUNTS, CheckOutcome.REVIEW if is_doubtful else CheckOutcome.PASS, evidence
    )
