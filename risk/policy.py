"""Product numbers of limits; the defaults are the rulebook's, the ids its rules."""

from dataclasses import dataclass

from backoffice.core import ranges
from backoffice.core.ranges import number


@dataclass(frozen=True, slots=True)
class RiskPolicy:
    """Product numbers of limits. A line stores the buffer it was opened with."""

    buffer_permille: int = number(150, least=0, most=1000)  # LIMIT-9 实际可用额度比显示额度低15%

    def __post_init__(self) -> None:
        """Refuse numbers out of range; raises ValueError."""
        ranges.check(self)
