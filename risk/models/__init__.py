"""The records of risk, a module for each noun."""

from risk.models.conduct import Conduct, ConductOutcome
from risk.models.lines import CreditLine, CreditLineState

__all__ = ["Conduct", "ConductOutcome", "CreditLine", "CreditLineState"]
