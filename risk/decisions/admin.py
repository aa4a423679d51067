"""Staff pages of assessments: what was asked, measured and decided, in the order it is read out."""

from collections.abc import Iterator
from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.customers.rows import CustomersRows, code_filter
from backoffice.core import clock
from backoffice.core.money import yuan
from backoffice.web.admin_actions import AdminAction, AdminActionsMixin, Field, whole_yuan_fen
from backoffice.web.readonly_admin import PageSection, display
from risk.decisions import queries
from risk.decisions.operations import reviews, special_reviews
from risk.decisions.queries import Explanation
from risk.lines.queries.amounts import goes_to_fen, open_line
from risk.models import (
    OPEN_STATES,
    Assessment,
    AssessmentState,
    SpecialReview,
    SpecialReviewState,
)
from risk.scoring.rules.score import Grade


class LateFilter(admin.SimpleListFilter):
    """Assessments that are late: escalated, undecided (GEN-12)."""

    title = pgettext_lazy("past its deadline", "late")
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the one choice beside all."""
        return [("1", _("undecided past the deadline"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the open assessments that were escalated."""
        if self.value() != "1":
            return queryset
        return queryset.filter(state__in=OPEN_STATES, escalated_at__isnull=False)


def _approve(request: HttpRequest, assessment: Assessment, given: dict[str, Any]) -> str:
    at = clock.now()
    reviews.approve(
        assessment.pk,
        limit_fen=whole_yuan_fen(given["limit"], _("limit in yuan")),
        by=cast("Any", request.user),
        reason=given["reason"],
        at=at,
        on=clock.day_of(at),
    )
    return gettext("The assessment is approved and the limit granted.")


def _refuse(request: HttpRequest, assessment: Assessment, given: dict[str, Any]) -> str:
    person = cast("Any", request.user)
    reviews.refuse(assessment.pk, by=person, reason=given["reason"], at=clock.now())
    return gettext("The assessment is refused.")


def _in_review(assessment: Assessment) -> bool:
    return bool(assessment.state == AssessmentState.MANUAL_REVIEW)


@admin.register(Assessment)
class AssessmentPages(AdminActionsMixin, CustomersRows):
    """Assessments: the decision, each point of its score, and what the customer may do."""

    prefix = "AS"
    latest_by = "requested_at"
    list_display = (
        "__str__", "customer_link", "state_label", "score", "grade", "limit_yuan", "requested_at",
        "due_at", "decided_at", "took", "is_late",
    )  # fmt: skip
    list_filter = (
        code_filter("state", _("state"), dict(AssessmentState.choices)),
        code_filter("grade", _("grade"), {one.value: one.value for one in Grade}),
        LateFilter,
    )
    fields = (
        ("customer_link", "state_label"), ("requested_at", "due_at"),
        ("decided_at", "took", "decided_by_shown"), ("score", "grade", "annual_rate"),
        ("limit_yuan", "model_limit", "line_now"), ("review_of_link", "appeal_link"),
        ("bureau_tries", "viewed_at"),
    )  # fmt: skip
    record_actions = (
        AdminAction(
            "approve", _("Approve"), "risk.decide_assessment", _approve, kind="primary",
            is_open=_in_review,
            fields=(Field("limit", _("limit in yuan"), length_max=20, keeps_numbers=True),),
            explanation=_("At most the limit of the model; a higher one needs a limit review. "
                          "A review that the customer asked for gives at least what was decided."),
        ),
        AdminAction(
            "refuse", _("Refuse"), "risk.decide_assessment", _refuse, kind="danger",
            is_open=_in_review,
            explanation=_("The customer reads the reasons and what may be done."),
        ),
    )  # fmt: skip

    @display(description=_("took"))
    def took(self, assessment: Assessment) -> str:
        """Return how long the decision took, in minutes and seconds."""
        if assessment.decided_at is None:
            return ""
        seconds = int((assessment.decided_at - assessment.requested_at).total_seconds())
        return gettext("{minutes} min {seconds} s").format(
            minutes=seconds // 60, seconds=seconds % 60
        )

    @display(description=pgettext_lazy("past its deadline", "late"))
    def is_late(self, assessment: Assessment) -> str:
        """Return whether the deadline was missed."""
        return pgettext("past its deadline", "late") if assessment.is_late else ""

    @display(description=_("annual rate (365 days), daily rate"))
    def annual_rate(self, assessment: Assessment) -> str:
        """Return the simple annual rate, then the daily rate (LAW-1)."""
        return queries.rate_text(queries.rate_ppm(assessment))

    @display(description=_("limit of the model"))
    def model_limit(self, assessment: Assessment) -> str:
        """Return the limit that the model gives, which a person may approve at most."""
        return yuan(assessment.result["limit_fen"]) if assessment.result else ""

    @display(description=_("limit of the open line"))
    def line_now(self, assessment: Assessment) -> str:
        """Return the limit of the customer's open line, and where it goes by daily steps."""
        line = open_line(assessment.customer_id)
        if line is None:
            return ""
        limit, target = yuan(line.limit_fen), yuan(goes_to_fen(line))
        return limit if limit == target else f"{limit} → {target}"

    def sections(self, request: HttpRequest, record: Assessment) -> list[PageSection]:
        """Return why, the components, the indicators, what the customer may do, the timeline."""
        tables = super().sections(request, record)
        if record.result is None:
            return tables
        found = queries.explain(record)
        return [
            PageSection(_("Why"), (_("fact"), _("text")), list(_reasons(found)), is_lead=True),
            _components(found),
            _indicators(found),
            _options(record),
            *tables,
        ]


def _decide_special(*, is_suspicious: bool) -> Any:
    def decide(request: HttpRequest, review: SpecialReview, given: dict[str, Any]) -> str:
        special_reviews.decide(
            review.pk, is_suspicious=is_suspicious, by=str(request.user), reason=given["reason"],
            at=clock.now(),
        )  # fmt: skip
        return gettext("The special review is decided.")

    return decide


def _is_open(review: SpecialReview) -> bool:
    return bool(review.state == SpecialReviewState.OPEN)


@admin.register(SpecialReview)
class SpecialReviewPages(AdminActionsMixin, CustomersRows):
    """Special reviews: single payments above 5,000.00, each looked at by a person (SCORE-3)."""

    prefix = "SR"
    latest_by = "opened_at"
    list_display = (
        "__str__", "customer_link", "state_label", "amount_yuan", "occurred_at", "opened_at",
        "due_at", "is_late", "decided_at",
    )  # fmt: skip
    list_filter = (code_filter("state", _("state"), dict(SpecialReviewState.choices)),)
    record_actions = (
        AdminAction(
            "clear", _("Clear"), "risk.decide_specialreview",
            _decide_special(is_suspicious=False), kind="primary", is_open=_is_open,
            explanation=_("The payment is nothing unusual."),
        ),
        AdminAction(
            "suspect", _("Mark as suspicious"), "risk.decide_specialreview",
            _decide_special(is_suspicious=True), kind="danger", is_open=_is_open,
            explanation=_("The finding is recorded; nothing is blocked by it."),
        ),
    )  # fmt: skip

    @display(description=pgettext_lazy("past its deadline", "late"))
    def is_late(self, review: SpecialReview) -> str:
        """Return whether it was not decided by its deadline."""
        is_late = (review.decided_at or clock.now()) > review.due_at
        return pgettext("past its deadline", "late") if is_late else ""


def _reasons(found: Explanation) -> Iterator[tuple[Any, str]]:
    """Yield why it was decided so, and what would have passed."""
    for gate in found.failed_gates:
        yield _("condition not met"), gate.text
    for doubt in found.doubts:
        yield _("contradiction"), doubt.text
    if not (found.failed_gates or found.doubts):
        yield _("conditions"), gettext("Every condition is met.")
    for weak in found.weakest:
        yield _("weak component"), weak.text
    for change in found.smallest_change:
        yield _("what would have passed"), change.text
    for part in found.limit_parts:
        yield _("limit"), part.text
    yield _("note"), found.neutral_note


def _components(found: Explanation) -> PageSection:
    rows = [(one.title, _points(one.value_hundredths), one.points) for one in found.components]
    heads = (_("component"), _("out of 100"), _("points of the score"))
    return PageSection(_("Components"), heads, rows)


def _points(value: int | None) -> str:
    if value is None:
        return gettext("not used, no consent")
    return f"{value // 100}.{value % 100:02}"


def _indicators(found: Explanation) -> PageSection:
    rows = [
        (one.code, one.name, one.measured or gettext("not evaluated"), one.points)
        for one in found.indicators
    ]
    heads = (_("indicator"), _("what is measured"), _("measured"), _("points of the score"))
    return PageSection(_("Payment behaviour"), heads, rows)


def _options(assessment: Assessment) -> PageSection:
    """Return what the customer may do (FAQ-1)."""
    rows: list[tuple[Any, ...]] = []
    if assessment.state == AssessmentState.REFUSED:
        rows += [
            (_("Check the identity verification"),),
            (_("Correct occupation and income in the profile"),),
            (_("Ask customer support"),),
        ]
    if queries.is_reviewable(assessment):
        rows.append((_("Ask for a human review of this decision"),))
    if queries.is_contestable(assessment):
        rows.append((_("Contest this decision in an appeal, once the report is read"),))
    return PageSection(_("What the customer may do"), (_("step"),), rows)
