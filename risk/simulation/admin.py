"""Staff pages of simulations: what proposed numbers would do, before a second person approves."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.customers import trace
from accounts.models import Customer
from backoffice.core import clock
from backoffice.core.models import Approval, ApprovalState
from backoffice.core.money import yuan
from backoffice.platform import policy_changes, policy_fields
from backoffice.web import wording
from backoffice.web.admin.approvals import changes, extend
from backoffice.web.admin_actions import AdminAction, AdminActionsMixin
from backoffice.web.readonly_admin import (
    PageSection,
    ReadOnlyAdmin,
    address,
    address_of,
    amount,
    amount_head,
    display,
    label,
    link,
)
from risk.models import UNFINISHED_STATES, CreditLine, PolicySimulation, SimulationState
from risk.simulation.operations import requests
from risk.simulation.rules import chart as charts
from risk.simulation.rules.moves import MOVE_TEXTS, MoveReason
from risk.simulation.rules.reasons import TEXTS

MARGIN = 64  # of the chart, for the counts at its left
_COUNTS = {
    "lines": _("open lines"),
    "raised": _("target rises"),
    "lowered": _("target falls"),
    "unchanged": _("target unchanged"),
    "suspended": _("suspended, below the lowest limit"),
    "resumed": _("no longer below the lowest limit"),
    "approved": _("in: no longer refused"),
    "refused": _("out: refused"),
    "grade_up": _("better grade"),
    "grade_down": _("lower grade"),
}


def _simulate(request: HttpRequest, approval: Approval, given: dict[str, Any]) -> HttpResponse:
    """Request the simulation and open its page, which shows the progress."""
    by, reason = str(request.user), given["reason"]
    simulation = requests.request(approval.pk, by=by, reason=reason, at=clock.now())
    messages.success(request, gettext("The simulation is computed in the background."))
    return HttpResponseRedirect(address(simulation))


def _download(
    request: HttpRequest, simulation: PolicySimulation, given: dict[str, Any]
) -> HttpResponse:
    """Answer with the rows of all lines; the download is noted on the simulation."""
    by, reason = str(request.user), given["reason"]
    with transaction.atomic():
        trace.note([simulation], "download", by=by, reason=reason, at=clock.now())
    rows: Any = StreamingHttpResponse(
        requests.csv_of(simulation),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="simulation-{simulation.pk}.csv"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )
    answer: HttpResponse = rows
    return answer


def _is_simulatable(approval: Approval) -> bool:
    return bool(approval.state == ApprovalState.PROPOSED) and requests.is_needed(approval)


def _is_open(simulation: PolicySimulation) -> bool:
    return simulation.state in UNFINISHED_STATES


def _panel(approval: Approval) -> list[PageSection]:
    """Return the simulations of a request to change product numbers."""
    if approval.kind != policy_changes.KIND:
        return []
    mine = PolicySimulation.objects.filter(approval=approval).order_by("-pk")
    rows = [
        (link(one), label(one.get_state_display(), one.state), one.requested_at,
         wording.actor(one.requested_by), _summary(one))
        for one in mine
    ]  # fmt: skip
    heads = (_("simulation"), _("state"), _("requested at"), _("requested by"), _("result"))
    if not (rows or _is_simulatable(approval)):
        return []
    note: Any = ""
    if not rows:
        note = _("A change of limits or scores can be approved after it was simulated.")
    return [PageSection(_("simulation"), heads, rows, note=note, is_lead=True)]


def _summary(simulation: PolicySimulation) -> str:
    if simulation.result is None:
        return ""
    words = gettext("{lines} lines: {raised} up, {lowered} down, {refused} out, {approved} in")
    return words.format(**simulation.result)


extend(
    action=AdminAction(
        "simulate", _("Simulate"), "risk.request_policysimulation", _simulate,
        is_open=_is_simulatable,
        explanation=_("Every open line is computed under these numbers; nothing is changed."),
    ),
    panel=_panel,
)  # fmt: skip


@admin.register(PolicySimulation)
class PolicySimulationPages(AdminActionsMixin, ReadOnlyAdmin):
    """Simulations of proposed product numbers: who moves, by how much."""

    list_select_related = ("approval",)
    list_display = ("__str__", "approval_link", "state_label", "effective_on", "requested_at",
                    "requester", "finished_at", "summary")  # fmt: skip
    list_filter = ("state",)
    change_form_after_template = "admin/risk/simulation_sections.html"
    fields = (("approval_link", "state_label"), ("effective_on", "requested_at"),
              ("requester", "finished_at"), "done_parts", "problem")  # fmt: skip
    record_actions = (
        AdminAction(
            "download", _("Download all rows"), "risk.download_policysimulation", _download,
            is_open=lambda one: bool(one.state == SimulationState.DONE),
            explanation=_("A CSV file with a row for each line; the download is recorded."),
        ),
    )  # fmt: skip

    @display(description=_("approval request"))
    def approval_link(self, simulation: PolicySimulation) -> SafeString | str:
        """Return a link to the request."""
        return link(simulation.approval)

    @display(description=_("requested by"))
    def requester(self, simulation: PolicySimulation) -> str:
        """Return who requested the simulation."""
        return wording.actor(simulation.requested_by)

    @display(description=_("result"))
    def summary(self, simulation: PolicySimulation) -> str:
        """Return the result in one line."""
        return _summary(simulation)

    @display(description=_("computed parts"))
    def done_parts(self, simulation: PolicySimulation) -> SafeString:
        """Return how many parts are computed; an unfinished page goes on by itself."""
        done, parts = requests.progress(simulation)
        text = gettext("{done} of {parts}").format(done=done, parts=parts)
        percent = 100 * done // max(parts, 1)
        context = {"text": text, "percent": percent, "is_open": _is_open(simulation)}
        return render_to_string("admin/risk/simulation_progress.html", context)

    @display(description=_("error"))
    def problem(self, simulation: PolicySimulation) -> str:
        """Return why the simulation failed."""
        known = {str(code): words for code, words in TEXTS.items()}
        return gettext(known.get(simulation.error, simulation.error)) if simulation.error else ""

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a simulation with the chart of its result; a page that waits for it loads again."""
        may_view = self.has_view_permission(request)
        record = self.get_object(request, object_id) if may_view else None
        result = record.result if record is not None else None
        context = {"chart": _chart(result) if result else None, **(extra_context or {})}
        page = super().change_view(request, object_id, form_url, context)
        if record is not None and "HX-Request" in request.headers and not _is_open(record):
            page["HX-Refresh"] = "true"
        return page

    def sections(self, request: HttpRequest, record: PolicySimulation) -> list[PageSection]:
        """Return the changed numbers, the figures, the table of the chart, the largest changes."""
        tables = [changes(record.approval)]
        if record.result is not None:
            tables += [
                _figures(record.result), _distribution(record.result), _movers(record.result)
            ]  # fmt: skip
        return [*tables, *super().sections(request, record)]


def _figures(result: dict[str, Any]) -> PageSection:
    rows: list[tuple[Any, ...]] = [(words, f"{result[name]:,}") for name, words in _COUNTS.items()]
    delta_fen = result["after_fen"] - result["before_fen"]
    rows += [
        (_("sum of the targets before, yuan"), yuan(result["before_fen"])),
        (_("sum of the targets after, yuan"), yuan(result["after_fen"])),
        (_("difference, yuan"), yuan(delta_fen)),
    ]
    note = ""
    if result["later_only"]:
        words = gettext("Move no open line on their day: {fields}.")
        titles = (
            str(policy_fields.field_of(*name.split(".", 1)).title) for name in result["later_only"]
        )
        note = words.format(fields=", ".join(titles))
    heads = (_("what"), amount_head(_("value")))
    cells = [(words, _right(value)) for words, value in rows]
    return PageSection(_("result"), heads, cells, note=note, is_lead=True)


def _chart(result: dict[str, Any]) -> dict[str, Any]:
    """Return the chart of the lines by change of their target, in pixels."""
    width = charts.width()
    marks = charts.ticks(max(result["buckets"]))
    return {
        "bars": charts.bars(result["buckets"]), "bar_width": charts.BAR_WIDTH,
        "ticks": [{"y": one.y, "text": f"{one.lines:,}"} for one in marks],
        "width": width, "middle": width // 2, "full_width": width + MARGIN,
        "height": charts.PLOT_HEIGHT,
    }  # fmt: skip


def _right(text: str) -> SafeString:
    return format_html('<span class="amount">{}</span>', text)


def _distribution(result: dict[str, Any]) -> PageSection:
    rows = [
        (caption, _right(f"{count:,}"), amount(delta_fen))
        for caption, count, delta_fen in zip(
            charts.captions(), result["buckets"], result["bucket_fen"], strict=True
        )
    ]
    heads = (_("change of the target, per cent"), amount_head(_("number of lines")),
             amount_head(_("difference, yuan")))  # fmt: skip
    return PageSection(_("lines by change of their target"), heads, rows)


def _movers(result: dict[str, Any]) -> PageSection:
    heads = (_("credit line or customer"), amount_head(_("target before")),
             amount_head(_("target after")), amount_head(_("difference")), _("why"))  # fmt: skip
    rows = [
        (_line(one["line"]), amount(one["before_fen"]), amount(one["after_fen"]),
         amount(one["after_fen"] - one["before_fen"]),
         gettext(str(MOVE_TEXTS[MoveReason(one["reason"])])))
        for one in result["movers"]
    ]  # fmt: skip
    rows += [
        (_subject(one), amount(one["before_fen"]), amount(one["after_fen"]), amount(0),
         _outcome_words(one))
        for one in result.get("outcomes", ())
    ]  # fmt: skip
    return PageSection(_("largest changes"), heads, rows)


def _outcome_words(row: dict[str, Any]) -> str:
    """Return what becomes of a decision whose line does not move: its verdict and its grades."""
    reason = MoveReason(row["reason"])
    words = []
    if reason in (MoveReason.REFUSED, MoveReason.APPROVED):
        words.append(gettext(str(MOVE_TEXTS[reason])))
    if row["grade_steps"]:
        grades = [row[name] or gettext("none") for name in ("grade_before", "grade_after")]
        words.append(gettext("grade {before} → {after}").format(before=grades[0], after=grades[1]))
    return " · ".join(words)


def _line(pk: int) -> SafeString:
    return format_html('<a class="link" href="{}">L{}</a>', address_of(CreditLine, pk), pk)


def _subject(row: dict[str, Any]) -> SafeString:
    """Return a link to the line of a decision, or to its customer without an open line."""
    if row["line"] is not None:
        return _line(row["line"])
    pk = row["customer"]
    return format_html('<a class="link" href="{}">C{}</a>', address_of(Customer, pk), pk)
