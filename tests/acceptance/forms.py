"""What a file of worked lives may contain: anything else stops the test, nothing is passed over."""

from collections.abc import Collection, Mapping
from typing import Any

INPUTS = {"loans", "mode", "mandate", "bank", "bank_default", "events", "until"}
LOANS = {"date", "p", "ppm", "plan", "factor", "proof"}
MODES = {"FULL", "MINIMUM", "OFF"}
EVENTS = {
    "pay": {"amount", "received"},
    "settle": {"loan"},
    "prepay": {"loan", "amount"},
    "mode": {"mode"},
    "mandate_end": set(),
    "extend": {"days"},
    "convert": {"loan", "plan"},
}
ROWS = {"date", "bills", "loans", "payoff", "post", "do"}
# "post" are plan fees that an event charges; they follow from the next row.
DONE = {"bill", "notice", "debit", "alloc", "pay", "settle", "prepay", "extended", "converted",
        "post"}  # fmt: skip
COLUMNS = {
    "loan_columns": ["principal", "interest", "revolve", "plan_fee", "late_fee", "penalty",
                     "waived", "contract", "cap", "charged", "settle"],
    "bill_columns": ["due", "state", "unpaid", "dpd"],
    "bills_final_columns": ["due", "state", "how", "total at bill date", "minimum incl. past due",
                            "paid", "late fee", "counted failures", "classified on"],
}  # fmt: skip


class UnknownFormError(Exception):
    """A file has something that the driver does not run."""


def require_input(name: str, inputs: Mapping[str, Any]) -> None:
    """Require that a life is of the form that the driver runs.

    Raises:
        UnknownFormError: a field, a mode or a kind of event that it does not know.
    """
    _require(name, "input", inputs, INPUTS)
    for loan in inputs["loans"]:
        _require(name, "loan", loan, LOANS)
    _require(name, "mode", [inputs.get("mode", "FULL")], MODES)
    for event in inputs.get("events", []):
        _require(name, "event", [event["kind"]], EVENTS.keys())
        _require(name, event["kind"], event, {"t", "kind", *EVENTS[event["kind"]]})


def require_rows(name: str, rows: Collection[Mapping[str, Any]]) -> None:
    """Require that the expected days of a life have what the driver compares.

    Raises:
        UnknownFormError: a field or a kind of entry that it does not know.
    """
    for row in rows:
        _require(name, "row", row, ROWS)
        _require(name, "entry", [entry[0] for entry in row["do"]], DONE)


def require_columns(about: Mapping[str, Any]) -> None:
    """Require that the lists of a file have the columns that the driver compares, in their order.

    Raises:
        UnknownFormError: they have others.
    """
    for name, columns in COLUMNS.items():
        if about[name] != columns:
            raise UnknownFormError(f"{name}: {about[name]}")


def _require(name: str, what: str, found: Collection[str], known: Collection[str]) -> None:
    unknown = sorted(set(found) - set(known))
    if unknown:
        raise UnknownFormError(f"{name}: {what} with {', '.join(unknown)}")
