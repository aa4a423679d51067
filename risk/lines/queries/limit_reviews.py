"""What a request of a limit review changes, in words; also after it was decided (LIMIT-2)."""

from django.utils.translation import gettext

from backoffice.core.models import Approval, ApprovalState
from backoffice.core.money import yuan
from backoffice.platform.approvals import ValueChange
from risk.lines.queries import cuts
from risk.models import CreditLine, CutReviewState, LimitChange


def differences(approval: Approval) -> list[ValueChange]:
    """Return the target before and under a review, in yuan, its evidence, and the cut it answers.

    An open request shows the target of now, a decided one the target at that time.
    """
    assert approval.subject_id is not None, "a review names its line"
    payload = approval.payload
    line = CreditLine.objects.get(pk=approval.subject_id)
    title = gettext("target of {line}, yuan").format(line=line)
    found = [
        ValueChange(title, yuan(_before_fen(approval, line)), yuan(payload["limit_fen"])),
        ValueChange(gettext("evidence"), "", payload["evidence"]),
    ]
    if payload.get("cut_review") is not None:
        review = gettext("human review of a limit cut CR{number}").format(
            number=payload["cut_review"]
        )
        asked, upheld = CutReviewState.REQUESTED.label, CutReviewState.UPHELD.label
        found.append(ValueChange(review, str(asked), str(upheld)))
    return found


def _before_fen(approval: Approval, line: CreditLine) -> int:
    """Return the target in fen on which the review was decided; that of now while it is open."""
    changes = LimitChange.objects.filter(line=line).order_by("-pk")
    followed = changes.filter(evidence=f"approval:{approval.pk}").order_by("pk").first()
    if followed is not None:
        previous = cuts.before(followed)
        return previous.target_fen if previous else followed.old_fen
    if approval.state != ApprovalState.PROPOSED:
        ended_at = approval.decided_at or approval.expires_at
        latest = changes.filter(at__lte=ended_at).first()
        if latest is not None:
            return latest.target_fen
    return line.limit_fen if line.target_fen is None else line.target_fen
