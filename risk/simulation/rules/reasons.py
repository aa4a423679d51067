"""Why a simulation moves from state to state, and which part of the system moves it."""

from collections.abc import Mapping
from enum import StrEnum

from backoffice.core.translation import gettext_noop


class SimulationActor(StrEnum):
    """The part of the system that computes simulations."""

    SIMULATION = "system:simulation"


class SimulationReason(StrEnum):
    """The reasons of moves; the last one is an error as well."""

    BEGUN = "simulation-begun"
    FINISHED = "simulation-finished"
    FAILED = "simulation-failed"
    NUMBERS_CHANGED = "simulation-numbers-changed"


TEXTS: Mapping[StrEnum, str] = {
    SimulationActor.SIMULATION: gettext_noop("simulation"),
    SimulationReason.BEGUN: gettext_noop("a worker has begun"),
    SimulationReason.FINISHED: gettext_noop("every part is computed"),
    SimulationReason.FAILED: gettext_noop("a part could not be computed"),
    SimulationReason.NUMBERS_CHANGED: gettext_noop("the numbers in force have changed meanwhile"),
}
