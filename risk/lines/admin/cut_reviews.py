"""Staff pages of the human reviews of limit cuts: what changed and why, confirmed or answered."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, cast

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.customers.rows import CustomersRows, code_filter, shown_name
from accounts.privacy.rules import masking
from backoffice.core import clock
from backoffice.core.models import Approval
from backoffice.core.money import yuan
from backoffice.core.staff import StaffMember
from backoffice.web import wording
from backoffice.web.admin.approvals import extend
from backoffice.web.admin_actions import AdminAction, AdminActionsMixin, Field, whole_yuan_fen
from backoffice.web.readonly_admin import PageSection, amount, amount_head, display, link
from risk.lines.admin import evidence
from risk.lines.operations import cut_reviews, reviews
from risk.lines.operations.reviews import LimitReview
from risk.lines.queries import cuts
from risk.lines.queries.amounts import sentence
from risk.lines.queries.cuts import StoredInputs
from risk.models import CreditLine, CutReview, CutReviewState

WORDS_MAX = 500  # of what the customer reads


class LateCutFilter(admin.SimpleListFilter):
    """Reviews that were not decided by their deadline."""

    title = pgettext_lazy("past its deadline", "late")
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the one choice beside all."""
        return [("1", _("undecided past the deadline"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the reviews that wait past their deadline."""
        if self.value() != "1":
            return queryset
        return queryset.filter(state=CutReviewState.REQUESTED, due_at__lt=clock.now())


def _confirm(request: HttpRequest, review: CutReview, given: dict[str, Any]) -> str:
    cut_reviews.confirm(
        review.pk, answer=given["answer"], by=_person(request), reason=given["reason"],
        at=clock.now(),
    )  # fmt: skip
    return gettext("The cut is confirmed; the customer can read the answer.")


def _propose(request: HttpRequest, review: CutReview, given: dict[str, Any]) -> str:
    proposed = LimitReview(
        review.change.line_id, whole_yuan_fen(given["limit"], _("limit in yuan")),
        given["evidence"], review.pk,
    )  # fmt: skip
    reviews.propose([proposed], by=_person(request), reason=given["reason"], at=clock.now())
    return gettext("The review waits for a second person.")


def _person(request: HttpRequest) -> StaffMember:
    return cast("StaffMember", request.user)


def _is_open(review: CutReview) -> bool:
    return bool(review.state == CutReviewState.REQUESTED)


def _panel(approval: Approval) -> list[PageSection]:
    """Return what a request of a limit review is about, with links."""
    if approval.kind != cuts.LIMIT_REVIEW:
        return []
    assert approval.subject_id is not None, "a review names its line"
    line = CreditLine.objects.select_related("customer").get(pk=approval.subject_id)
    cells = [
        (_("credit line"), link(line)),
        (_("customer"), link(line.customer, shown_name(line.customer))),
    ]
    review = CutReview.objects.filter(pk=approval.payload.get("cut_review")).first()
    if review is not None:
        cells.append((_("human review of a limit cut"), link(review)))
    return [PageSection(_("limit review"), (_("what"), _("record")), cells, is_lead=True)]


extend(panel=_panel)


@admin.register(CutReview)
class CutReviewPages(AdminActionsMixin, CustomersRows):
    """Human reviews of limit cuts: the fall, its inputs before and after, the answer."""

    prefix = "CR"
    latest_by = "requested_at"
    list_select_related = ("customer", "change__line")
    list_display = (
        "__str__", "customer_link", "state_label", "fall", "rule", "requested_at", "due_at",
        "is_late", "decided_at",
    )  # fmt: skip
    list_filter = (
        code_filter("state", _("state"), dict(CutReviewState.choices)),
        LateCutFilter,
    )
    fields = (
        ("customer_link", "line_shown", "state_label"), ("requested_at", "due_at", "is_late"),
        ("decided_by_shown", "decided_at", "proposal"), "answer_words",
    )  # fmt: skip
    record_actions = (
        AdminAction(
            "confirm", _("Confirm the cut"), "risk.review_limitcut", _confirm, is_open=_is_open,
            fields=(Field("answer", _("answer to the customer"), "area",
                          length_max=WORDS_MAX),),
            explanation=_("Limit and target stay; the customer reads the answer. Whoever decided "
                          "the change cannot review it."),
        ),
        AdminAction(
            "propose", _("Propose a higher limit"), "risk.review_limitcut", _propose,
            kind="primary", is_open=_is_open,
            fields=(Field("limit", _("limit in yuan"), length_max=20, keeps_numbers=True),
                    Field("evidence", _("evidence"))),
            explanation=_("A second person decides; the customer reads the reason. The limit then "
                          "goes there by daily steps."),
        ),
    )  # fmt: skip

    @display(description=_("limit and target"))
    def fall(self, review: CutReview) -> str:
        """Return the limit and the target after the fall."""
        change = review.change
        return f"{yuan(change.new_fen)} → {yuan(change.target_fen)}"

    @display(description=_("rule"))
    def rule(self, review: CutReview) -> str:
        """Return the rule of the change."""
        return review.change.rule

    @display(description=_("credit line"))
    def line_shown(self, review: CutReview) -> SafeString | str:
        """Return a link to the line."""
        return link(review.change.line)

    @display(description=pgettext_lazy("past its deadline", "late"))
    def is_late(self, review: CutReview) -> str:
        """Return whether it was not decided by its deadline."""
        is_waiting = _is_open(review)
        ended_at = clock.now() if is_waiting else review.decided_at
        is_late = ended_at is not None and ended_at > review.due_at
        return pgettext("past its deadline", "late") if is_late else ""

    @display(description=_("answer to the customer"))
    def answer_words(self, review: CutReview) -> str:
        """Return the answer."""
        return masking.text(str(review.answer or ""))

    @display(description=_("proposal"))
    def proposal(self, review: CutReview) -> SafeString | str:
        """Return a link to the latest proposal of another limit."""
        mine = Q(kind=cuts.LIMIT_REVIEW, subject_id=review.change.line_id)
        made = Approval.objects.filter(mine, payload__cut_review=review.pk)
        return link(made.order_by("-pk").first())

    def sections(self, request: HttpRequest, record: CutReview) -> list[PageSection]:
        """Return what changed and why, the inputs before and after, what followed, timeline."""
        heads = (_("fact"), _("text"))
        why = PageSection(_("What changed and why"), heads, list(_why(record)), is_lead=True)
        return [why, _inputs(record), _steps(record), *super().sections(request, record)]


def _why(review: CutReview) -> Iterator[tuple[Any, Any]]:
    change = review.change
    before = cuts.before(change)
    yield _("why"), sentence(change)
    yield _("effective on"), change.effective_on
    yield _("limit"), f"{yuan(change.old_fen)} → {yuan(change.new_fen)}"
    if before is not None:
        yield _("target"), f"{yuan(before.target_fen)} → {yuan(change.target_fen)}"
    yield _("rule"), change.rule
    yield _("actor"), wording.actor(change.changed_by)
    if change.evidence:
        yield _("evidence"), evidence.shown(change.evidence)


def _inputs(review: CutReview) -> PageSection:
    before, after = cuts.inputs_around(review.change)
    pairs = zip(_values(before), _values(after), strict=True)
    rows = [(title, then, now) for (title, then), (_title, now) in pairs]
    heads = (_("input"), _("before"), _("after"))
    return PageSection(_("Inputs of the limit"), heads, rows)


def _values(stored: StoredInputs) -> list[tuple[Any, Any]]:
    """Return the inputs with their titles; a line that was imported has none."""
    row = stored.inputs
    agreed = row.agreed_part if row else ""
    return [
        (_("verified monthly income"), yuan(row.income_fen) if row else ""),
        (_("occupation factor"), _permille(row.occupation_permille) if row else ""),
        (_("accepted assets"), len(row.assets) if row else ""),
        (_("consumption factor"), _permille(row.consumption_permille) if row else ""),
        (_("agreed model part"), yuan(int(Fraction(agreed))) if agreed else ""),
        (_("growth factor"), _permille(int(Fraction(stored.growth) * 1000))),
        (_("evidence"), evidence.shown(row.evidence) if row else ""),
    ]


def _permille(factor: int) -> str:
    return f"{factor // 1000}.{factor % 1000:03}"


def _steps(review: CutReview) -> PageSection:
    heads = (_("effective on"), amount_head(_("old limit")), amount_head(_("new limit")),
             amount_head(_("target")), _("why"), _("actor"))  # fmt: skip
    rows = [
        (one.effective_on, amount(one.old_fen), amount(one.new_fen), amount(one.target_fen),
         sentence(one), wording.actor(one.changed_by))
        for one in cuts.steps_since(review)
    ]  # fmt: skip
    return PageSection(_("Changes since then"), heads, rows)
