"""The arithmetic of limits; what may still be drawn is imported from here by models."""

from risk.lines.rules.available import (
    PERMILLE,
    LineAmounts,
    available_fen,
    uncovered_fen,
    uncovered_sql,
)

__all__ = ["PERMILLE", "LineAmounts", "available_fen", "uncovered_fen", "uncovered_sql"]
