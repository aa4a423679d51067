"""Staff pages of credit lines: amounts, changes, holds, temporary limits, growth; their actions."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from accounts.customers.rows import CustomersRows, code_filter
from backoffice.core import clock
from backoffice.core.money import yuan
from backoffice.core.policy import current
from backoffice.web import wording
from backoffice.web.admin_actions import AdminAction, AdminActionsMixin, Field, whole_yuan_fen
from backoffice.web.readonly_admin import (
    PageSection,
    amount,
    amount_head,
    day_filter,
    display,
    label,
    link,
    list_address,
)
from risk.lines.admin import evidence
from risk.lines.operations import reviews, states, temporary
from risk.lines.operations.reviews import LimitReview
from risk.lines.queries import growth
from risk.lines.queries.amounts import LineSummary, sentence, summary, why
from risk.models import (
    CreditLine,
    CreditLineState,
    GrowthCause,
    GrowthChange,
    LimitChange,
    ReserveHold,
    TemporaryLimit,
    TemporaryLimitState,
)
from risk.policy import LimitPolicy

ROWS_MAX = 20  # of each table on the page of a line
_PARTS = (
    ("drawn", _("drawn")), ("reserved", _("reserved")), ("held", _("held")),
    ("buffer", _("buffer")), ("usable", _("usable")),
)  # fmt: skip
_TOTALS = (("limit", _("limit")), ("temporary", _("temporary limit")))


def _move(operation: Callable[..., None], message: Any) -> Any:
    """Return the function of an action that moves the state of a line."""

    def perform(request: HttpRequest, line: CreditLine, given: dict[str, Any]) -> str:
        operation(line.pk, by=str(request.user), reason=given["reason"], at=clock.now())
        return str(message)

    return perform


def _propose(request: HttpRequest, line: CreditLine, given: dict[str, Any]) -> str:
    review = LimitReview(
        line.pk, whole_yuan_fen(given["limit"], _("limit in yuan")), given["evidence"]
    )
    person = cast("Any", request.user)
    reviews.propose([review], by=person, reason=given["reason"], at=clock.now())
    return str(_("The review waits for a second person."))


def _revoke(request: HttpRequest, limit: TemporaryLimit, given: dict[str, Any]) -> str:
    at = clock.now()
    temporary.revoke(
        limit.pk, by=str(request.user), reason=given["reason"], on=clock.day_of(at), at=at
    )
    return str(_("The temporary limit has ended."))


def _is_in(*found: CreditLineState) -> Callable[[CreditLine], bool]:
    return lambda line: line.state in found


@admin.register(CreditLine)
class CreditLinePages(AdminActionsMixin, CustomersRows):
    """Credit lines: what may be drawn and why, and everything that changed the limit."""

    prefix = "L"
    latest_by = "opened_on"
    list_display = (
        "__str__", "customer_link", "state_label", "limit_yuan", "target_yuan", "temporary_yuan",
        "held_yuan", "drawn_yuan", "reserved_yuan", "available_yuan", "opened_on",
    )  # fmt: skip
    list_filter = (code_filter("state", _("state"), dict(CreditLineState.choices)),)
    fieldsets = (
        (None, {"fields": (("customer_link", "state_label", "opened_on"), "bar")}),
        (_("Limit"), {"fields": (
            ("model_part_yuan", "growth_factor", "target_yuan"),
            ("growth_points", "anniversary_on", "walked_on"),
            ("stopped", "below_minimum"),
        )}),
    )  # fmt: skip
    record_actions = (
        AdminAction(
            "suspend", _("Suspend"), "risk.suspend_creditline",
            _move(states.suspend_line, _("The line is suspended.")), kind="danger",
            explanation=_("Nothing can be drawn until the line is resumed."),
            is_open=lambda line: not line.is_stopped
            and line.state in (CreditLineState.ACTIVE, CreditLineState.SUSPENDED),
        ),
        AdminAction(
            "resume", _("Resume"), "risk.suspend_creditline",
            _move(states.resume_line, _("The line may be drawn on, unless its limit is too low.")),
            kind="primary", is_open=_is_in(CreditLineState.SUSPENDED),
        ),
        AdminAction(
            "freeze", _("Freeze"), "risk.freeze_creditline",
            _move(states.freeze, _("The line is frozen.")), kind="danger",
            explanation=_("Everything but repayments stops, for a suspicion of fraud."),
            is_open=_is_in(CreditLineState.ACTIVE, CreditLineState.SUSPENDED),
        ),
        AdminAction(
            "unfreeze", _("Unfreeze"), "risk.freeze_creditline",
            _move(states.unfreeze, _("The freeze is lifted.")),
            is_open=_is_in(CreditLineState.FROZEN),
        ),
        AdminAction(
            "review", _("Propose a limit review"), "risk.propose_limitreview", _propose,
            fields=(Field("limit", _("limit in yuan"), length_max=20, keeps_numbers=True),
                    Field("evidence", _("evidence"))),
            explanation=_("A second person decides. The limit then goes there by daily steps. The "
                          "customer reads the reason."),
            is_open=lambda line: line.state != CreditLineState.CLOSED,
        ),
    )  # fmt: skip

    @display(description=_("available"))
    def available_yuan(self, line: CreditLine) -> SafeString | str:
        """Return the available amount in yuan; 0 for an inactive line."""
        return amount(summary(line).usable_fen)

    @display(description=_("amounts"))
    def bar(self, line: CreditLine) -> SafeString:
        """Return the amounts as a bar, a list, and the sentence that adds them up."""
        amounts = summary(line)
        parts = [_part(code, title, amounts) for code, title in (*_TOTALS, *_PARTS)]
        goes_to = yuan(amounts.target_fen) if amounts.target_fen != amounts.limit_fen else ""
        context = {"parts": parts, "why": why(amounts), "goes_to": goes_to}
        return render_to_string("admin/risk/line_bar.html", context)

    @display(description=_("model part"))
    def model_part_yuan(self, line: CreditLine) -> str:
        """Return the model part in yuan, rounded down to the fen; empty where there is none."""
        return yuan(int(Fraction(line.model_part))) if line.model_part else ""

    @display(description=_("growth factor"))
    def growth_factor(self, line: CreditLine) -> str:
        """Return the growth factor with four decimals, rounded down."""
        return _decimal(Fraction(line.growth))

    @display(description=_("stopped"))
    def stopped(self, line: CreditLine) -> str:
        """Return whether staff or an overdue bill stopped it; that it was not is no failure."""
        return str(_("yes") if line.is_stopped else _("no"))

    @display(description=_("below the lowest limit"))
    def below_minimum(self, line: CreditLine) -> str:
        """Return whether the target is below the lowest limit."""
        return str(_("yes") if line.is_below_minimum else _("no"))

    @display(description=_("growth points"))
    def growth_points(self, line: CreditLine) -> int:
        """Return the points since the last anniversary."""
        on = clock.business_date()
        steps = growth.steps_of([line.pk]).get(line.pk, [])
        days = growth.payment_months([line.customer_id]).get(line.customer_id, {})
        policy = current(LimitPolicy, on=on)
        return growth.points_of(line, steps, days, until=on, policy=policy)

    def sections(self, request: HttpRequest, record: CreditLine) -> list[PageSection]:
        """Return changes, temporary limits, holds, growth steps, and the timeline."""
        return [
            _changes(record), _temporary(record), _holds(record), _growth(record),
            *super().sections(request, record),
        ]  # fmt: skip


def _part(code: str, title: Any, amounts: LineSummary) -> dict[str, Any]:
    """Return a part of the bar: its share is of the total, or of what uses more than it."""
    fen: int = getattr(amounts, f"{code}_fen")
    used_fen = amounts.total_fen - amounts.left_fen
    whole_fen = max(amounts.total_fen, used_fen, 1)
    in_bar = code in dict(_PARTS)
    share = _decimal(Fraction(100 * fen, whole_fen)) if in_bar and fen else ""
    return {"kind": code, "title": title, "yuan": yuan(fen), "share": share}


def _decimal(number: Fraction) -> str:
    whole, rest = divmod(int(number * 10_000), 10_000)
    return f"{whole}.{rest:04}"


def _table(model: Any, line: CreditLine) -> str:
    return f"{list_address(model)}?line__id__exact={line.pk}"


def _moment(at: Any) -> str:
    return date_format(localtime(at), "DATETIME_FORMAT") if at else ""


def _changes(line: CreditLine) -> PageSection:
    heads = (_("effective on"), amount_head(_("old limit")), amount_head(_("new limit")),
             amount_head(_("target")), _("why"), _("actor"), _("evidence"))  # fmt: skip
    rows = [
        (one.effective_on, amount(one.old_fen), amount(one.new_fen), amount(one.target_fen),
         sentence(one), wording.actor(one.changed_by), evidence.shown(one.evidence))
        for one in line.changes.order_by("-pk")[:ROWS_MAX]
    ]  # fmt: skip
    return PageSection(_("limit changes"), heads, rows, address=_table(LimitChange, line))


def _temporary(line: CreditLine) -> PageSection:
    heads = (_("temporary limit"), _("state"), amount_head(_("amount")), _("requested at"),
             _("granted on"), _("valid to"), _("refused because"))  # fmt: skip
    rows = [
        (link(one), label(one.get_state_display(), one.state), amount(one.amount_fen),
         _moment(one.requested_at), one.granted_on or "", one.valid_to_on or "",
         one.get_refusal_display())
        for one in line.temporary_limits.order_by("-pk")[:ROWS_MAX]
    ]  # fmt: skip
    return PageSection(_("temporary limits"), heads, rows, address=_table(TemporaryLimit, line))


def _holds(line: CreditLine) -> PageSection:
    heads = (_("payment"), amount_head(_("purchase")), amount_head(_("held")), _("held until"),
             _("released at"), _("released because"))  # fmt: skip
    rows = [
        (one.source, amount(one.purchase_fen), amount(one.amount_fen), _moment(one.until_at),
         _moment(one.released_at), one.get_release_display())
        for one in line.holds.order_by("-pk")[:ROWS_MAX]
    ]  # fmt: skip
    return PageSection(_("purchase holds"), heads, rows, address=_table(ReserveHold, line))


def _growth(line: CreditLine) -> PageSection:
    heads = (_("effective on"), _("cause"), _("outcome"), _("growth points"), _("factor before"),
             _("factor after"))  # fmt: skip
    rows = [
        (one.effective_on, _cause(one), one.get_outcome_display(),
         "" if one.points is None else one.points, _decimal(Fraction(one.before)),
         _decimal(one.factor))
        for one in line.growth_changes.order_by("-pk")[:ROWS_MAX]
    ]  # fmt: skip
    return PageSection(_("growth steps"), heads, rows, address=_table(GrowthChange, line))


def _cause(step: GrowthChange) -> str:
    words = str(GrowthCause(step.cause).label)
    return f"{words} {step.bill}".strip()


@admin.register(LimitChange)
class LimitChangePages(CustomersRows):
    """Every change of a limit and of its target."""

    latest_by = "effective_on"
    list_select_related = ("customer", "line")
    list_display = (
        "effective_on", "customer_link", "line_link", "old_yuan", "new_yuan", "target_yuan",
        "words", "changed_by_shown", "evidence_shown",
    )  # fmt: skip
    list_filter = (day_filter("effective_on", _("effective on")),)
    fields = ("customer_link", "line_link", "effective_on", "at", "old_yuan", "new_yuan",
              "target_yuan", "words", "changed_by_shown", "evidence_shown")  # fmt: skip

    @display(description=_("why"))
    def words(self, change: LimitChange) -> str:
        """Return the change in plain words with its rule."""
        return sentence(change)

    @display(description=_("evidence"))
    def evidence_shown(self, change: LimitChange) -> SafeString | str:
        """Return the record that the change rests on, as a link where it has a page."""
        return evidence.shown(change.evidence)


@admin.register(TemporaryLimit)
class TemporaryLimitPages(AdminActionsMixin, CustomersRows):
    """Temporary limits, and the requests that were refused."""

    latest_by = "requested_at"
    list_select_related = ("customer", "line")
    list_display = (
        "__str__", "customer_link", "line_link", "state_label", "amount_yuan", "days",
        "requested_at", "granted_on", "valid_to_on", "refusal_words",
    )  # fmt: skip
    list_filter = (code_filter("state", _("state"), dict(TemporaryLimitState.choices)),)
    fields = (*list_display[1:], "ended_at")
    record_actions = (
        AdminAction(
            "revoke", _("Revoke"), "risk.revoke_temporarylimit", _revoke, kind="danger",
            explanation=_("What was drawn keeps its schedule; no more can be drawn from it."),
            is_open=lambda limit: limit.state == TemporaryLimitState.GRANTED,
        ),
    )  # fmt: skip

    @display(description=_("refused because"))
    def refusal_words(self, limit: TemporaryLimit) -> str:
        """Return why the request was refused, if it was."""
        return str(limit.get_refusal_display())


@admin.register(ReserveHold)
class ReserveHoldPages(CustomersRows):
    """What large purchases hold."""

    latest_by = "purchased_at"
    list_select_related = ("customer", "line")
    list_display = (
        "source", "customer_link", "line_link", "purchase_yuan", "amount_yuan", "purchased_at",
        "until_at", "released_at", "release_words",
    )  # fmt: skip
    fields = (*list_display, "placed_by_shown", "released_by_shown")

    @display(description=_("released because"))
    def release_words(self, hold: ReserveHold) -> str:
        """Return what released the hold, if something did."""
        return str(hold.get_release_display())


@admin.register(GrowthChange)
class GrowthChangePages(CustomersRows):
    """The steps of growth factors."""

    latest_by = "effective_on"
    list_select_related = ("customer", "line")
    list_display = (
        "effective_on", "customer_link", "line_link", "cause_words", "outcome_words", "points",
        "factors",
    )  # fmt: skip
    list_filter = (day_filter("effective_on", _("effective on")),)
    fields = (*list_display, "at")

    @display(description=_("cause"))
    def cause_words(self, step: GrowthChange) -> str:
        """Return the bill or the anniversary."""
        return _cause(step)

    @display(description=_("outcome"))
    def outcome_words(self, step: GrowthChange) -> str:
        """Return how the bill counted."""
        return str(step.get_outcome_display())

    @display(description=_("growth factor"))
    def factors(self, step: GrowthChange) -> str:
        """Return the factor before and after, rounded down to four decimals."""
        return f"{_decimal(Fraction(step.before))} → {_decimal(step.factor)}"
