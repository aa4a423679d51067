"""Staff pages of credit lines, and of the human reviews of limit cuts."""

from risk.lines.admin import cut_reviews, pages

__all__ = ["cut_reviews", "pages"]
