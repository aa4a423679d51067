"""Marking strings for the translators where no framework may be imported."""


def gettext_noop(text: str) -> str:
    """Mark a string for the translators; the edge that shows it translates."""
    return text
