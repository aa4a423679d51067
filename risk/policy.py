"""Product numbers of limits; the defaults are the rulebook's, the ids its rules."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RiskPolicy:
    """Product numbers of limits. A line stores the buffer it was opened with."""

    buffer_permille: int = 150  # LIMIT-9 实际可用额度比显示额度低15%

    def __post_init__(self) -> None:
        """Refuse numbers that cannot work; raises ValueError."""
        if not 0 <= self.buffer_permille <= 1000:
            raise ValueError("the buffer is a share of the limit, in permille")
