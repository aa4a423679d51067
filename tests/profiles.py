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

# Whole lives of customers against a model: a cohort in each example, months of days through all
# jobs; a step is one for each of its customers. The short form runs the same two cohorts each time,
# one to which nothing happens and 15 customers of 15 steps: about 60 s of CPU, and PostgreSQL's
# besides. The long form looks for others, for some hours.
COHORT = 20
whole_lives = settings(
    max_examples=40 if IS_LONG else 2,
    stateful_step_count=51 if IS_LONG else 16,  # the first one begins the lives
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Killing(NamedTuple):
    """How many bills are debited, and how many children and whole workers die meanwhile."""

    bills: int
    children: int
    workers: int


# Debits under ``kill -9``; a child is killed for about every two parts of a run.
killing = Killing(20_000, 1_000, 20) if IS_LONG else Killing(5_000, 300, 5)
