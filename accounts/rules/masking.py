"""What staff may see of a sealed value: enough to recognise it, not enough to use it."""


def name(full: str | None) -> str:
    """Return a name with its first character only: ``张*``."""
    return f"{full[0]}{'*' * (len(full) - 1)}" if full else ""


def id_number(full: str | None) -> str:
    """Return an ID number with its first three and last four characters."""
    return _middle(full, first=3, last=4)


def phone(full: str | None) -> str:
    """Return a phone number with its first three and last four digits."""
    return _middle(full, first=3, last=4)


def card(last_four: str) -> str:
    """Return a card number with its last four digits only."""
    return f"**** {last_four}"


def _middle(full: str | None, *, first: int, last: int) -> str:
    if not full:
        return ""
    hidden = len(full) - first - last
    if hidden <= 0:
        return "*" * len(full)
    return f"{full[:first]}{'*' * hidden}{full[-last:]}"
