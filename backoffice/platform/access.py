"""Access to personal data in full: recorded by an app before anything is handed out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from backoffice.core.staff import StaffMember


class AccessRecorder(Protocol):
    """Records that somebody of the staff receives personal data in full."""

    def __call__(
        self,
        owner_ids: Sequence[int],
        /,
        *,
        shown: str,
        by: StaffMember,
        reason: str,
        at: datetime,
    ) -> None:
        """Add a record for each person whose data is shown, in the caller's transaction."""


_recorders: list[AccessRecorder] = []


def register(recorder: AccessRecorder) -> None:
    """Add a recorder, once, when an app is ready."""
    assert recorder not in _recorders, "the recorder is registered already"
    _recorders.append(recorder)


def record(
    owner_ids: Sequence[int], *, shown: str, by: StaffMember, reason: str, at: datetime
) -> None:
    """Let every recorder add its records; without one nothing may be shown."""
    assert _recorders, "no app records access to personal data"
    for add in _recorders:
        add(owner_ids, shown=shown, by=by, reason=reason, at=at)
