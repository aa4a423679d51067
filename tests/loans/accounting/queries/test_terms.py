"""The numbers of a contract as they are stored: read back as they were signed."""

import json
from dataclasses import asdict, dataclass, fields, replace
from datetime import time
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loans.accounting.queries.terms import digest, from_numbers, to_numbers
from loans.policy import LoanTerms
from tests.loans.cases import TERMS
from tests.loans.strategies import terms
from tests.profiles import pure


@dataclass(frozen=True, slots=True)
class Hours:
    """A policy with an hour of the day."""

    opens_at: time = time(9)
    days: int = 3


@pure
@given(terms)
def test_stored_terms_are_read_as_they_were_signed(policy):
    stored = json.loads(json.dumps(to_numbers(policy)))

    assert from_numbers(stored) == policy


def test_every_number_is_stored_under_its_own_name():
    assert to_numbers(TERMS) == asdict(TERMS)
    assert to_numbers(Hours(time(21, 30))) == {"opens_at": "21:30:00", "days": 3}


@pytest.mark.parametrize("name", [field.name for field in fields(LoanTerms)])
def test_a_number_that_came_later_takes_its_default(name):
    numbers = to_numbers(replace(TERMS, penalty_ppm=750))
    del numbers[name]

    expected = TERMS if name == "penalty_ppm" else replace(TERMS, penalty_ppm=750)
    assert from_numbers(numbers) == expected


def test_a_number_that_is_gone_is_passed_over():
    assert from_numbers({"grace_days": 2, "of_old": 9}) == replace(TERMS, grace_days=2)


def test_stored_numbers_that_cannot_work_together_are_refused():
    with pytest.raises(ValueError, match="grace ends"):
        from_numbers({"grace_days": 9})


def test_the_digest_is_of_the_names_in_their_order():
    assert digest({"b": 2, "a": 1}) == sha256(b'{"a": 1, "b": 2}').hexdigest()


@pure
@given(st.permutations(list(to_numbers(TERMS).items())))
def test_the_order_of_the_numbers_does_not_matter_to_the_digest(items):
    assert digest(dict(items)) == digest(to_numbers(TERMS))


@pytest.mark.parametrize("name", [field.name for field in fields(LoanTerms)])
def test_each_number_makes_another_digest(name):
    numbers = to_numbers(TERMS)

    other = "other" if isinstance(numbers[name], str) else numbers[name] + 1
    assert digest(numbers | {name: other}) != digest(numbers)
