"""The person behind a request of the staff, as the platform sees it."""

from typing import Any, Protocol


class StaffMember(Protocol):
    """A member of the staff: key, name and permissions."""

    pk: Any

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Return whether the person has a permission, named ``app.codename``."""
        ...
