"""Rows of core and platform: moves, policy versions, runs of the day, clock, what is counted."""

from backoffice.core.models.approval import Approval, ApprovalState
from backoffice.core.models.day import (
    JobChunk,
    JobPause,
    JobPauseState,
    JobRun,
    PolicyVersion,
    SandboxClock,
    StateChange,
)
from backoffice.core.models.export import (
    Export,
    ExportDownload,
    ExportFile,
    ExportFormat,
    ExportState,
)
from backoffice.core.models.traffic import IdempotencyKey, OutboxMessage, ThrottleCount
from backoffice.core.models.work_item import WorkItem, WorkItemState

__all__ = [
    "Approval",
    "ApprovalState",
    "Export",
    "ExportDownload",
    "ExportFile",
    "ExportFormat",
    "ExportState",
    "IdempotencyKey",
    "JobChunk",
    "JobPause",
    "JobPauseState",
    "JobRun",
    "OutboxMessage",
    "PolicyVersion",
    "SandboxClock",
    "StateChange",
    "ThrottleCount",
    "WorkItem",
    "WorkItemState",
]
