"""Staff pages of appeals: what was decided and why, the materials, the review, the proposal."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.customers.rows import CustomersRows, code_filter, shown_name
from accounts.models import OCCUPATIONS, VERDICTS
from accounts.privacy.rules import masking
from accounts.proofs.operations import reviews as proof_reviews
from accounts.proofs.operations.reviews import ProofFinding
from backoffice.core import clock
from backoffice.core.errors import Refused
from backoffice.core.models import Approval
from backoffice.core.money import yuan
from backoffice.core.staff import StaffMember
from backoffice.web.admin.approvals import extend
from backoffice.web.admin_actions import (
    AdminAction,
    AdminActionsMixin,
    Field,
    typed_reason,
    whole_yuan_fen,
)
from backoffice.web.readonly_admin import PageSection, address, display, link
from risk.appeals import queries
from risk.appeals.admin.review_form import findings_of, form_row
from risk.appeals.operations import reviewing, upholding
from risk.appeals.operations.reviewing import KIND
from risk.appeals.operations.upholding import Upholding
from risk.appeals.queries import AppealPreview
from risk.appeals.rules.deadlines import Contested
from risk.decisions.queries import gate_text, rate_text
from risk.gateways.from_settings import credit_bureau
from risk.models import CONTESTED, Appeal, AppealMaterial, AppealState

WORDS_MAX = 500  # of what the customer reads
_REVIEW = "risk.review_appeal"


class LateAppealFilter(admin.SimpleListFilter):
    """Appeals that are past their deadline: escalated, undecided."""

    title = pgettext_lazy("past its deadline", "late")
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the one choice beside all."""
        return [("1", _("undecided past the deadline"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the undecided appeals that were escalated."""
        if self.value() != "1":
            return queryset
        return queryset.filter(escalated_at__isnull=False, outcome="")


def _take(request: HttpRequest, appeal: Appeal, _given: dict[str, Any]) -> str:
    reviewing.take(appeal.pk, by=_person(request), at=clock.now())
    return gettext("You review this appeal now.")


def _ask(request: HttpRequest, appeal: Appeal, given: dict[str, Any]) -> str:
    reviewing.ask_for_more(
        appeal.pk, question=given["question"], by=_person(request), at=clock.now()
    )
    return gettext("The customer can read the question.")


def _reject(request: HttpRequest, appeal: Appeal, given: dict[str, Any]) -> str:
    reviewing.reject(
        appeal.pk, answer=given["answer"], by=_person(request), reason=given["reason"],
        at=clock.now(),
    )  # fmt: skip
    return gettext("The appeal is rejected; the customer can read the answer.")


def _ask_bureau(request: HttpRequest, appeal: Appeal, _given: dict[str, Any]) -> str:
    reviewing.ask_bureau(appeal.pk, bureau=credit_bureau(), by=_person(request), at=clock.now())
    return gettext("A newer credit report is stored; the preview uses it.")


def _contests_report(appeal: Appeal) -> bool:
    return _is_taken(appeal) and appeal.kind == Contested.BUREAU


def _person(request: HttpRequest) -> StaffMember:
    return cast("StaffMember", request.user)


def _is_taken(appeal: Appeal) -> bool:
    return bool(appeal.state == AppealState.IN_REVIEW)


def _may_take(request: HttpRequest, appeal: Appeal) -> bool:
    """Return whether the person neither reviews the appeal nor made the contested decision."""
    is_mine = _is_taken(appeal) and appeal.reviewer_id == request.user.pk
    return not is_mine and not reviewing.is_involved(appeal, by=str(request.user))


def _panel(approval: Approval) -> list[PageSection]:
    """Return what a request to uphold an appeal is about, with links."""
    if approval.kind != KIND:
        return []
    assert approval.subject_id is not None, "a proposal names its appeal"
    rows = Appeal.objects.select_related("customer", "assessment")
    appeal = rows.get(pk=approval.subject_id)
    proofs = queries.proofs_of(appeal).values()
    cells = [
        (_("appeal"), link(appeal)),
        (_("customer"), link(appeal.customer, shown_name(appeal.customer))),
        (_("contested decision"), link(appeal.assessment)),
        *((_("proof"), link(one, f"{one} {one.get_kind_display()}")) for one in proofs),
    ]
    return [PageSection(_("appeal"), (_("what"), _("record")), cells, is_lead=True)]


extend(panel=_panel)


@admin.register(Appeal)
class AppealPages(AdminActionsMixin, CustomersRows):
    """Appeals: the contested decision, the customer's words and materials, the outcome."""

    prefix = "AP"
    latest_by = "opened_at"
    list_select_related = ("customer", "assessment", "reviewer")
    list_display = (
        "__str__", "customer_link", "kind_words", "state_label", "age", "due_at", "is_late",
        "reviewer_name", "outcome_words", "decided_at",
    )  # fmt: skip
    list_filter = (
        code_filter("state", _("state"), dict(AppealState.choices)),
        code_filter("kind", _("what is contested"), dict(CONTESTED)),
        LateAppealFilter,
    )
    fields = (
        ("customer_link", "state_label", "kind_words"), ("assessment_link", "report_viewed_at"),
        "statement_words", ("opened_at", "submitted_at", "due_at"),
        ("reviewer_name", "review_link"),
        "question_words", ("outcome_words", "decided_by_shown", "decided_at"), "answer_words",
        ("new_decision", "proposal", "closed_at"),
    )  # fmt: skip
    record_actions = (
        AdminAction(
            "take", _("Take for review"), _REVIEW, _take, kind="primary", needs_reason=False,
            is_open=lambda one: one.state in (AppealState.SUBMITTED, AppealState.IN_REVIEW),
            explanation=_("Whoever made the contested decision cannot take it."),
            is_offered=_may_take,
        ),
        AdminAction(
            "ask", _("Ask for more"), _REVIEW, _ask, needs_reason=False, is_open=_is_taken,
            fields=(Field("question", _("question to the customer"), "area",
                          length_max=WORDS_MAX),),
            explanation=_("The customer reads the question; the deadline stands still until the "
                          "customer submits again."),
        ),
        AdminAction(
            "bureau", _("Fetch a newer credit report"), _REVIEW, _ask_bureau, needs_reason=False,
            is_open=_contests_report,
            explanation=_("The bureau is asked again: the customer's record shows the inquiry."),
        ),
        AdminAction(
            "reject", _("Reject"), _REVIEW, _reject, kind="danger", is_open=_is_taken,
            fields=(Field("answer", _("answer to the customer"), "area",
                          length_max=WORDS_MAX),),
            explanation=_("The contested decision stands; the customer reads the answer."),
        ),
    )  # fmt: skip

    @display(description=_("what is contested"))
    def kind_words(self, appeal: Appeal) -> str:
        """Return what is contested."""
        return str(appeal.get_kind_display())

    @display(description=_("outcome"))
    def outcome_words(self, appeal: Appeal) -> str:
        """Return how it ended, if it has."""
        return str(appeal.get_outcome_display()) if appeal.outcome else ""

    @display(description=_("days with the staff"))
    def age(self, appeal: Appeal) -> str:
        """Return the days since the submission, up to the decision."""
        if appeal.submitted_at is None:
            return ""
        return str(((appeal.decided_at or clock.now()) - appeal.submitted_at).days)

    @display(description=pgettext_lazy("past its deadline", "late"))
    def is_late(self, appeal: Appeal) -> str:
        """Return whether it is escalated, or was decided after its deadline."""
        is_past = appeal.due_at and appeal.decided_at and appeal.decided_at > appeal.due_at
        is_late = appeal.escalated_at or is_past
        return pgettext("past its deadline", "late") if is_late else ""

    @display(description=_("reviewer"))
    def reviewer_name(self, appeal: Appeal) -> str:
        """Return who reviews it."""
        return str(appeal.reviewer or "")

    @display(description=_("statement"))
    def statement_words(self, appeal: Appeal) -> str:
        """Return what the customer wrote, numbers masked."""
        return masking.text(str(appeal.statement))

    @display(description=_("question to the customer"))
    def question_words(self, appeal: Appeal) -> str:
        """Return what the reviewer asked."""
        return masking.text(str(appeal.question or ""))

    @display(description=_("answer to the customer"))
    def answer_words(self, appeal: Appeal) -> str:
        """Return the answer."""
        return masking.text(str(appeal.answer or ""))

    @display(description=_("new decision"))
    def new_decision(self, appeal: Appeal) -> SafeString | str:
        """Return a link to the assessment that followed."""
        return link(queries.new_assessment(appeal))

    @display(description=_("proposal"))
    def proposal(self, appeal: Appeal) -> SafeString | str:
        """Return a link to the latest proposal to uphold it."""
        made = Approval.objects.filter(kind=KIND, subject_id=appeal.pk).order_by("-pk").first()
        return link(made)

    @display(description=_("review"))
    def review_link(self, appeal: Appeal) -> SafeString | str:
        """Return a link to the page on which the reviewer works."""
        if not _is_taken(appeal):
            return ""
        words = gettext("Review and propose to uphold")
        page = reverse("admin:risk_appeal_review", args=[appeal.pk])
        return format_html('<a class="link" href="{}">{}</a>', page, words)

    def sections(self, request: HttpRequest, record: Appeal) -> list[PageSection]:
        """Return why it was decided so, the materials, and the timeline."""
        heads = (_("fact"), _("text"))
        return [
            PageSection(_("Contested decision"), heads, list(_why(record)), is_lead=True),
            _materials(record),
            *super().sections(request, record),
        ]

    def get_urls(self) -> list[URLPattern]:
        """Add the page of the review."""
        view = self.admin_site.admin_view(require_http_methods(["GET", "POST"])(self.review_view))
        return [path("<int:pk>/review/", view, name="risk_appeal_review"), *super().get_urls()]

    def review_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the proofs and what a new decision would be; propose it when asked to.

        Raises:
            PermissionDenied: the person may not review appeals.
            Http404: there is no such appeal.
        """
        if not (self.has_view_permission(request) and request.user.has_perm(_REVIEW)):
            raise PermissionDenied
        appeal: Appeal | None = self.get_object(request, str(pk))
        if appeal is None:
            raise Http404
        if not _is_taken(appeal) or appeal.reviewer_id != request.user.pk:
            messages.error(request, str(reviewing.AppealNotInReviewError(appeal=appeal)))
            return HttpResponseRedirect(address(appeal))
        proofs = list(queries.proofs_of(appeal).values())
        at = clock.now()
        findings: list[ProofFinding] | None = []
        if request.method == "POST":
            findings = None  # until they are read
            try:
                findings = findings_of(request, proofs, on=clock.day_of(at))
                if request.POST.get("step") == "propose":
                    made = _propose(request, appeal, findings, at=at)
                    messages.success(request, gettext("The proposal waits for a second person."))
                    return HttpResponseRedirect(address(made))
            except Refused as refusal:
                messages.error(request, str(refusal))
        # Figures without the findings that were typed would be those of another decision.
        figures = {} if findings is None else _figures(appeal, findings, at=at)
        context = {
            **figures,
            **self.admin_site.each_context(request),
            "title": gettext("Review of {appeal}").format(appeal=appeal),
            "who": shown_name(appeal.customer),
            "statement": self.statement_words(appeal),
            "texts": [
                masking.text(str(one.text))
                for one in appeal.materials.filter(proof_id__isnull=True).order_by("pk")
            ],
            "proofs": [form_row(one, request.POST) for one in proofs],
            "given": request.POST,
            "verdicts": VERDICTS,
            "occupations": OCCUPATIONS,
            "back": address(appeal),
        }
        return render(request, "admin/risk/appeal_review.html", context)


def _figures(appeal: Appeal, findings: list[ProofFinding], *, at: datetime) -> dict[str, Any]:
    """Return what a new decision would be with these findings, for the page of the review."""
    found = queries.preview(appeal, findings, at=at, on=clock.day_of(at))
    return {
        "section": _comparison(appeal, found),
        "limits": found.limits,
        "least": yuan(found.limits.least_fen),
        "most": yuan(found.limits.most_fen),
        "gates": [_gate(one.code, one.facts) for one in found.final_gates],
        "waivable": [_gate(one.code, one.facts) for one in found.set_aside_gates],
    }


def _propose(
    request: HttpRequest, appeal: Appeal, findings: list[ProofFinding], *, at: datetime
) -> Approval:
    limit_fen = whole_yuan_fen(request.POST.get("limit", "").strip(), _("limit in yuan"))
    reason = typed_reason(request)
    return upholding.propose(
        Upholding(appeal.pk, limit_fen, findings),
        by=_person(request), reason=reason, at=at, on=clock.day_of(at),
    )  # fmt: skip


def _gate(code: str, facts: Mapping[str, Any]) -> str:
    return gate_text({"code": code, "facts": facts})


def _why(appeal: Appeal) -> Iterator[tuple[Any, Any]]:
    contested = appeal.assessment
    yield _("state"), contested.get_state_display()
    yield _("score"), "" if contested.score is None else contested.score
    yield _("limit"), yuan(contested.limit_fen) if contested.limit_fen else ""
    for gate in contested.result["failed_gates"]:
        yield _("condition not met"), gate_text(gate)


def _materials(appeal: Appeal) -> PageSection:
    proofs = queries.proofs_of(appeal)
    reviewed = proof_reviews.latest_of(list(proofs.values()))

    def row(one: AppealMaterial) -> tuple[Any, ...]:
        when = date_format(localtime(one.added_at), "DATETIME_FORMAT")
        if one.proof_id is None:
            return when, gettext("text"), masking.text(str(one.text)), ""
        proof = proofs.get(one.proof_id)
        shown = link(proof) if proof else gettext("deleted by the customer")
        review = reviewed.get(proof.pk) if proof else None
        verdict = review.get_verdict_display() if review else gettext("not reviewed")
        return when, str(one.get_proof_kind_display()), shown, verdict

    heads = (_("added at"), _("kind"), _("material"), _("verdict"))
    rows = [row(one) for one in appeal.materials.order_by("pk")]
    return PageSection(_("materials of appeals"), heads, rows)


def _comparison(appeal: Appeal, found: AppealPreview) -> PageSection:
    """Return the contested decision beside the new one: score, income, limit."""
    before, after = appeal.assessment.result["capacity"], found.decision.capacity
    grade = found.decision.scored.score.grade
    now = yuan(found.now_fen) if found.now_fen else gettext("no credit line")
    rows = [
        (_("score"), _shown(found.score_before), _shown(found.score)),
        (_("grade"), appeal.assessment.grade, grade.value if grade else ""),
        (_("annual rate (365 days), daily rate"), rate_text(found.rate_before_ppm),
         rate_text(found.rate_ppm)),
        (_("monthly income that counts"), yuan(before["income_fen"]), yuan(after.income_fen)),
        (_("occupation factor"), _permille(before["occupation_permille"]),
         _permille(after.occupation_permille)),
        (_("accepted assets"), len(before["assets"]), len(after.assets)),
        (_("limit: of the customer now, then at most"), now, yuan(found.limits.most_fen)),
    ]  # fmt: skip
    heads = (_("what"), _("contested decision"), _("new decision"))
    return PageSection(_("New decision with these findings"), heads, rows)


def _shown(score: int | None) -> str:
    return "" if score is None else str(score)


def _permille(factor: int) -> str:
    return f"{factor // 1000}.{factor % 1000:03}"
