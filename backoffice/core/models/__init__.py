"""Rows of the ground floor: moves, policy versions, runs of the day, clock, what is counted."""

from backoffice.core.models.day import (
    FourEyesState,
    JobChunk,
    JobRun,
    PolicyVersion,
    SandboxClock,
    SlotPause,
    SlotPauseState,
    StateChange,
)
from backoffice.core.models.traffic import IdempotencyKey, OutboxMessage, ThrottleCount

__all__ = [
    "FourEyesState",
    "IdempotencyKey",
    "JobChunk",
    "JobRun",
    "OutboxMessage",
    "PolicyVersion",
    "SandboxClock",
    "SlotPause",
    "SlotPauseState",
    "StateChange",
    "ThrottleCount",
]
