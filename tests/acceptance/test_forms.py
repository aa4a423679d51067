"""A file that has something the driver does not run stops the test; nothing is passed over."""

import json

import pytest

from tests.acceptance import forms
from tests.acceptance.forms import UnknownFormError
from tests.acceptance.test_loan_days import FILE

ABOUT = json.loads(FILE.read_text())["about"]
LIFE = {
    "loans": [{"date": "2027-01-30", "p": 804_100, "ppm": 450}], "mode": "FULL",
    "bank": ["refused"], "events": [{"t": "2027-02-23 15:00", "kind": "pay", "amount": 1}],
    "until": "2027-03-07",
}  # fmt: skip


def test_a_known_form_is_run():
    forms.require_input("L1", LIFE)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"wage": 1}, "L1: input with wage"),
        ({"loans": [{"date": "2027-01-30", "p": 1, "coupon": 1}]}, "L1: loan with coupon"),
        ({"mode": "HALF"}, "L1: mode with HALF"),
        ({"events": [{"t": "2027-02-23 15:00", "kind": "marry"}]}, "L1: event with marry"),
        ({"events": [{"t": "", "kind": "pay", "amount": 1, "by": 1}]}, "L1: pay with by"),
    ],
)
def test_what_the_driver_does_not_know_is_named(changed, named):
    with pytest.raises(UnknownFormError, match=named):
        forms.require_input("L1", LIFE | changed)


def test_an_unknown_entry_of_a_day_is_named():
    row = {"date": "2027-01-30", "bills": [], "loans": [], "payoff": 0, "post": [], "do": []}
    forms.require_rows("L1", [row])

    with pytest.raises(UnknownFormError, match="L1: entry with gift"):
        forms.require_rows("L1", [row | {"do": [["gift", 1]]}])
    with pytest.raises(UnknownFormError, match="L1: row with mood"):
        forms.require_rows("L1", [row | {"mood": 1}])


def test_columns_in_another_order_are_named():
    forms.require_columns(ABOUT)

    with pytest.raises(UnknownFormError, match="bill_columns"):
        forms.require_columns(ABOUT | {"bill_columns": ABOUT["bill_columns"][::-1]})
