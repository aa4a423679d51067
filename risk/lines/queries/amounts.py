"""The amounts of a line as customer and staff see them, and the sentence that adds them up."""

from http import HTTPStatus
from typing import NamedTuple

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.core import reasons
from backoffice.core.errors import NextCall, Refused
from backoffice.core.money import yuan
from risk.lines.rules import PERMILLE, LineAmounts, available_fen
from risk.models import CreditLine, CreditLineState, LimitChange


class NoLineError(Refused):
    """The customer has no open credit line."""

    status = HTTPStatus.NOT_FOUND
    code = "no-credit-line"
    message = _("You have no credit line yet.")
    remedy = _("Complete the next steps of onboarding; the assessment then decides on a line.")
    calls = (NextCall("read-next-steps", "GET", "/api/v1/me"),)


class LineSummary(NamedTuple):
    """The amounts of a line in fen (LIMIT-9).

    Limit and temporary limit, less buffer, held, reserved and drawn, is what is usable, at least 0.
    The buffer is what the share of the whole limit takes, so that the numbers add up to the fen.
    """

    limit_fen: int
    temporary_fen: int
    buffer_fen: int
    held_fen: int
    reserved_fen: int
    drawn_fen: int
    usable_fen: int
    target_fen: int
    state: str
    buffer_permille: int

    @property
    def total_fen(self) -> int:
        """Return fixed and temporary limit together."""
        return self.limit_fen + self.temporary_fen

    @property
    def left_fen(self) -> int:
        """Return what the numbers leave, which may be negative; the state is not considered."""
        used_fen = self.buffer_fen + self.held_fen + self.reserved_fen + self.drawn_fen
        return self.total_fen - used_fen


def open_line(customer_id: int, *, is_locked: bool = False) -> CreditLine | None:
    """Return the line of a customer that is not closed, locked if asked for."""
    lines = CreditLine.objects.exclude(state=CreditLineState.CLOSED)
    if is_locked:
        lines = lines.select_for_update()
    return lines.filter(customer_id=customer_id).first()


def summary(line: CreditLine) -> LineSummary:
    """Return the amounts of a line; nothing is usable while it is not active."""
    total_fen = line.limit_fen + line.temporary_fen
    buffer_fen = total_fen - total_fen * (PERMILLE - line.buffer_permille) // PERMILLE
    amounts = LineAmounts(*(getattr(line, name) for name in LineAmounts._fields))
    is_active = line.state == CreditLineState.ACTIVE
    return LineSummary(
        limit_fen=line.limit_fen,
        temporary_fen=line.temporary_fen,
        buffer_fen=buffer_fen,
        held_fen=line.held_fen,
        reserved_fen=line.reserved_fen,
        drawn_fen=line.drawn_fen,
        usable_fen=available_fen(amounts) if is_active else 0,
        target_fen=goes_to_fen(line),
        state=line.state,
        buffer_permille=line.buffer_permille,
    )


def goes_to_fen(line: CreditLine) -> int:
    """Return where the limit of a line goes by daily steps; the limit itself where it stays."""
    return line.limit_fen if line.target_fen is None else line.target_fen


def why(line: LineSummary) -> str:
    """Return the sentence that adds the numbers up, in the active language (LIMIT-9)."""
    sums = gettext(
        "Limit {limit} + temporary limit {temporary} - buffer {buffer} ({percent}% of both) - "
        "held {held} - reserved {reserved} - drawn {drawn} = {left} yuan"
    ).format(
        limit=yuan(line.limit_fen), temporary=yuan(line.temporary_fen),
        buffer=yuan(line.buffer_fen), percent=_percent(line.buffer_permille),
        held=yuan(line.held_fen), reserved=yuan(line.reserved_fen), drawn=yuan(line.drawn_fen),
        left=yuan(line.left_fen),
    )  # fmt: skip
    return f"{sums}{_ending(line)}"


def sentence(change: LimitChange) -> str:
    """Return a change of a limit in plain words with its rule, in the active language."""
    because = reasons.text(change.reason, change.facts)
    if change.old_fen == change.new_fen == change.target_fen:
        words = gettext("The limit of {old} yuan stays: {because} ({rule}).")
    elif change.old_fen == change.new_fen:
        words = gettext("The limit of {old} yuan goes to {target} yuan: {because} ({rule}).")
    elif change.old_fen == 0:
        words = gettext("The limit is {new} yuan: {because} ({rule}).")
    elif change.new_fen > change.old_fen:
        words = gettext("The limit rose from {old} to {new} yuan: {because} ({rule}).")
    else:
        words = gettext("The limit fell from {old} to {new} yuan: {because} ({rule}).")
    return words.format(
        old=yuan(change.old_fen), new=yuan(change.new_fen), target=yuan(change.target_fen),
        because=because, rule=change.rule,
    )  # fmt: skip


def _ending(line: LineSummary) -> str:
    if line.state != CreditLineState.ACTIVE:
        state = CreditLineState(line.state).label
        return gettext("; nothing can be drawn, because the line is {state}.").format(state=state)
    if line.left_fen < 0:
        return gettext("; nothing can be drawn until it is above 0.")
    return gettext(", which can be drawn.")


def _percent(permille: int) -> str:
    whole, rest = divmod(permille, 10)
    return f"{whole}.{rest}" if rest else str(whole)
