"""Reading and storing the numbers a contract was signed under."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import time
from typing import Any

from loans.policy import LoanTerms


def to_numbers(policy: LoanTerms) -> dict[str, Any]:
    """Return a policy as JSON numbers and texts."""
    return {
        name: value.isoformat() if isinstance(value, time) else value
        for name, value in dataclasses.asdict(policy).items()
    }


def from_numbers(numbers: Mapping[str, Any]) -> LoanTerms:
    """Return stored numbers as the policy they were; later numbers take their default."""
    known = {field.name: field for field in dataclasses.fields(LoanTerms)}
    values: dict[str, Any] = {
        name: time.fromisoformat(value) if isinstance(known[name].default, time) else value
        for name, value in numbers.items()
        if name in known
    }
    return LoanTerms(**values)


def digest(numbers: Mapping[str, Any]) -> str:
    """Return the fingerprint that makes equal terms one row."""
    return hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()
