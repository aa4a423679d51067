"""A credit report as it was received: checked, and read into what decisions use (ELIG-11, LAW-13).

A report lists accounts with the status of each month, and inquiries. The months of all accounts
are merged into the worst status of each of the 24 full months before the month of application.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

MONTHS = 24
ACCOUNTS_MAX, INQUIRIES_MAX = 500, 2000
AMOUNT_MAX_FEN = 10**13
INQUIRY_DAYS = 30

# LAW-15: what the one-off credit repair of 2025-12-22 no longer shows.
REPAIR_FROM, REPAIR_TO = "2020-01", "2025-12"
REPAIR_AMOUNT_MAX_FEN = 1_000_000
REPAID_BY_ON = date(2026, 3, 31)


class BureauCode(StrEnum):
    """The status of an account in a month (LAW-13), from the mildest to the gravest.

    ``#`` no data, ``*`` nothing was due, ``M`` due after the end of the month, ``C`` settled, ``N``
    on time, 1 to 7 the steps of 30 days past due, ``G`` charged off, ``D`` paid by the guarantor,
    ``Z`` paid in kind, ``B`` bad debt.
    """

    NO_DATA = "#"
    NOTHING_DUE = "*"
    DUE_LATER = "M"
    SETTLED = "C"
    NORMAL = "N"
    D30 = "1"
    D60 = "2"
    D90 = "3"
    D120 = "4"
    D150 = "5"
    D180 = "6"
    D181 = "7"
    CHARGED_OFF = "G"
    GUARANTOR = "D"
    IN_KIND = "Z"
    BAD_DEBT = "B"


GRAVITY = {code.value: place for place, code in enumerate(BureauCode)}
# ELIG-11: more than 90 days past due, or an end that is no repayment by the customer.
ADVERSE = frozenset("4567GDZB")
_OVERDUE = frozenset("1234567")
_UNKNOWN = frozenset("#*")


class InquiryReason(StrEnum):
    """Why somebody asked for the report."""

    LOAN = "loan_approval"
    CARD = "card_approval"
    GUARANTEE = "guarantee_review"
    MANAGEMENT = "post_loan_management"
    SELF = "own_request"


# A management inquiry and one's own are no application for credit.
APPLICATIONS = frozenset({InquiryReason.LOAN, InquiryReason.CARD, InquiryReason.GUARANTEE})


class BureauPayloadError(Exception):
    """A report that cannot be read: where (a JSON pointer), and why. It quotes no value."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


@dataclass(frozen=True, slots=True)
class BureauReading:
    """What decisions use of a report.

    ``months`` holds the merged codes of the 24 full months before the month of ``on``, the oldest
    first. ``is_thin``: no month shows how a debt was repaid. Counts are of merged months;
    ``inquiry_count`` of applications in the 30 days before ``on``; ``other_limit_fen`` is the sum
    of the limits of accounts that are not settled.
    """

    on: date
    months: str
    worst: str
    is_thin: bool
    count_1: int
    count_2: int
    count_3: int
    inquiry_count: int
    other_limit_fen: int

    @property
    def is_adverse(self) -> bool:
        """Return whether a month was more than 90 days past due or ended badly (ELIG-11)."""
        return bool(ADVERSE & set(self.months))

    def as_json(self) -> dict[str, Any]:
        """Return the reading as JSON holds it."""
        return {**asdict(self), "on": self.on.isoformat()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "BureauReading":
        """Return the reading that ``as_json`` stored, exactly."""
        return cls(**{**stored, "on": date.fromisoformat(stored["on"])})


def read(payload: Any, *, on: date) -> BureauReading:
    """Return what decisions on a day use of a report.

    Raises:
        BureauPayloadError: the report is malformed; says where and why.
    """
    check(payload)
    names = _month_names(on)
    merged = dict.fromkeys(names, BureauCode.NO_DATA.value)
    for account in payload["accounts"]:
        for month in account["months"]:
            name, code = month["month"], _repaired(month)
            if name in merged:
                merged[name] = max(merged[name], code, key=GRAVITY.__getitem__)
    months = "".join(merged[name] for name in names)
    return BureauReading(
        on=on,
        months=months,
        worst=max(months, key=GRAVITY.__getitem__),
        is_thin=set(months) <= _UNKNOWN,
        count_1=months.count("1"),
        count_2=months.count("2"),
        count_3=months.count("3"),
        inquiry_count=_applications(payload["inquiries"], on),
        other_limit_fen=sum(one["limit_fen"] for one in payload["accounts"] if _is_open(one)),
    )


def _month_names(on: date) -> list[str]:
    index = on.year * 12 + on.month - 1
    return [f"{n // 12}-{n % 12 + 1:02}" for n in range(index - MONTHS, index)]


def _repaired(month: Mapping[str, Any]) -> str:
    """Return the code of a month; an overdue that the credit repair covers reads as N (LAW-15)."""
    code: str = month["code"]
    repaid_on = month["repaid_on"]
    is_covered = (
        code in _OVERDUE
        and REPAIR_FROM <= month["month"] <= REPAIR_TO
        and month["overdue_fen"] <= REPAIR_AMOUNT_MAX_FEN
        and repaid_on is not None
        and date.fromisoformat(repaid_on) <= REPAID_BY_ON
    )
    return BureauCode.NORMAL.value if is_covered else code


def _applications(inquiries: Sequence[Mapping[str, Any]], on: date) -> int:
    days = [date.fromisoformat(one["on"]) for one in inquiries if one["reason"] in APPLICATIONS]
    return sum(on - timedelta(days=INQUIRY_DAYS) <= day < on for day in days)


def _is_open(account: Mapping[str, Any]) -> bool:
    latest = max(account["months"], key=lambda month: str(month["month"]), default=None)
    return latest is None or latest["code"] != BureauCode.SETTLED


def check(payload: Any) -> None:
    """Check the form of a report.

    Raises:
        BureauPayloadError: it is malformed; says where and why.
    """
    _fields(payload, "", _REPORT)
    _fields(payload["identity"], "/identity", _IDENTITY)
    for number, account in enumerate(payload["accounts"]):
        place = f"/accounts/{number}"
        _fields(account, place, _ACCOUNT)
        for index, month in enumerate(account["months"]):
            _fields(month, f"{place}/months/{index}", _MONTH)
        names = [month["month"] for month in account["months"]]
        if len(set(names)) != len(names):
            raise BureauPayloadError(f"{place}/months", "a month is listed twice")
    for number, inquiry in enumerate(payload["inquiries"]):
        _fields(inquiry, f"/inquiries/{number}", _INQUIRY)


def check_person(payload: Mapping[str, Any], *, id_number: str) -> None:
    """Check that a report is of the person with this ID number.

    Raises:
        BureauPayloadError: it is of somebody else.
    """
    if payload["identity"]["id_number"] != id_number:
        raise BureauPayloadError("/identity/id_number", "is another person's")


Check = Callable[[Any], bool]


def _fields(value: Any, place: str, fields: Mapping[str, tuple[Check, str]]) -> None:
    if not isinstance(value, dict):
        raise BureauPayloadError(place or "/", "is no object")
    for name, (is_good, reason) in fields.items():
        if name not in value:
            raise BureauPayloadError(f"{place}/{name}", "is missing")
        if not is_good(value[name]):
            raise BureauPayloadError(f"{place}/{name}", reason)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 128


def _is_amount(value: Any) -> bool:
    return type(value) is int and 0 <= value <= AMOUNT_MAX_FEN


def _is_day(value: Any) -> bool:
    try:
        return len(value) == len("YYYY-MM-DD") and bool(date.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _is_list(most: int) -> Check:
    return lambda value: isinstance(value, list) and len(value) <= most


_TEXT = (_is_text, "is no text of 1 to 128 characters")
_AMOUNT = (_is_amount, "is no amount in fen")
_DAY = (_is_day, "is no day")
_REPORT: dict[str, tuple[Check, str]] = {
    "report_id": _TEXT,
    "reported_on": _DAY,
    "identity": (lambda value: isinstance(value, dict), "is no object"),
    "accounts": (_is_list(ACCOUNTS_MAX), f"is no list of at most {ACCOUNTS_MAX}"),
    "inquiries": (_is_list(INQUIRIES_MAX), f"is no list of at most {INQUIRIES_MAX}"),
}
_IDENTITY = {"name": _TEXT, "id_number": _TEXT}
_ACCOUNT = {
    "account": _TEXT,
    "opened_on": _DAY,
    "limit_fen": _AMOUNT,
    "balance_fen": _AMOUNT,
    "months": (_is_list(MONTHS), f"is no list of at most {MONTHS}"),
}
_MONTH = {
    "month": (lambda value: _is_text(value) and _is_day(f"{value}-01"), "is no month"),
    "code": (lambda value: isinstance(value, str) and value in GRAVITY, "is no code"),
    "overdue_fen": _AMOUNT,
    "repaid_on": (lambda value: value is None or _is_day(value), "is neither a day nor null"),
}
_INQUIRY = {
    "on": _DAY,
    "reason": (lambda value: value in list(InquiryReason), "is no known reason"),
}
