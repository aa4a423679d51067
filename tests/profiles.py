"""The number of examples of a property: hundreds by default, thousands in the long form.

The brief form is that of ``make mutants``: the same few examples in each of some thousand runs,
and no search for a smaller one, for nobody reads it.
"""

import os
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, settings

_PROFILE = os.environ.get("WEIDAI_TEST_PROFILE")
IS_LONG = _PROFILE == "long"
IS_BRIEF = _PROFILE == "brief"

# Laws of pure rules.
pure = settings(max_examples=5_000 if IS_LONG else 200, deadline=None)
if IS_BRIEF:
    pure = settings(
        max_examples=25,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )

# Laws that hold in the database; every example rolls its own rows back.
database = settings(
    max_examples=1_000 if IS_LONG else 100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# Laws over more than one bill.
months = settings(database, max_examples=500 if IS_LONG else 20)

# Whole lives of loans, many days each.
lives = settings(
    max_examples=60 if IS_LONG else 10,
    stateful_step_count=40 if IS_LONG else 20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

# Whole lives of a customer against a model: months of days through all jobs in each example. The
# short form runs the same examples every time: 6 of 15 steps take 40 to 50 s of CPU, a third of it
# in PostgreSQL. The long form looks for others, for some hours.
whole_lives = settings(
    max_examples=200 if IS_LONG else 6,
    stateful_step_count=50 if IS_LONG else 15,
    derandomize=not IS_LONG,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Killing(NamedTuple):
    """How many bills are debited, and how many children and whole workers die meanwhile."""

    bills: int
    children: int
    workers: int


# Debits under ``kill -9``; a child is killed for about every two parts of a run.
killing = Killing(20_000, 1_000, 20) if IS_LONG else Killing(5_000, 300, 5)
