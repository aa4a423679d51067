"""The records of risk, a module for each noun."""

from risk.models.bureau import BureauPayload, BureauReport
from risk.models.conduct import Conduct, ConductOutcome
from risk.models.facts import PartnerEvent, PartnerEventKey
from risk.models.lines import CreditLine, CreditLineState

__all__ = [
    "BureauPayload",
    "BureauReport",
    "Conduct",
    "ConductOutcome",
    "CreditLine",
    "CreditLineState",
    "PartnerEvent",
    "PartnerEventKey",
]
