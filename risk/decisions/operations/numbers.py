"""The product numbers of decisions, stored once for each content and named by digest (SCORE-8)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any, NamedTuple

from django.db import connection

from backoffice.core.policy import current, draft
from risk.models import PolicyNumbers
from risk.policy import LimitPolicy, ScoringPolicy

SCORING, LIMITS = "scoring", "limits"


class FrozenNumbers(NamedTuple):
    """The numbers of a decision and their digests by policy."""

    scoring: ScoringPolicy
    limits: LimitPolicy
    digests: Mapping[str, str]


def freeze(*, on: date) -> FrozenNumbers:
    """Return the numbers in force on a day, stored where they were not yet."""
    assert connection.in_atomic_block, "numbers are stored with the decisions made under them"
    scoring, limits = current(ScoringPolicy, on=on), current(LimitPolicy, on=on)
    contents = {SCORING: asdict(scoring), LIMITS: asdict(limits)}
    digests = {app: _digest(content) for app, content in contents.items()}
    PolicyNumbers.objects.bulk_create(
        [
            PolicyNumbers(app=app, digest=digests[app], numbers=content)
            for app, content in contents.items()
        ],
        ignore_conflicts=True,
    )
    return FrozenNumbers(scoring, limits, digests)


def thaw(digests: Mapping[str, str]) -> FrozenNumbers:
    """Return the numbers that decisions name by digest.

    A number that was added to a policy since has the default that it was added with.

    Raises:
        PolicyNumbers.DoesNotExist: nothing was stored under a digest.
    """
    found: dict[str, Any] = {
        app: draft(app, PolicyNumbers.objects.get(app=app, digest=digest).numbers)
        for app, digest in digests.items()
    }
    return FrozenNumbers(found[SCORING], found[LIMITS], dict(digests))


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
