"""The sections of appeals in the customer export; numbers in the texts are masked."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.privacy.operations.exports import CopySection
from accounts.privacy.rules import masking
from risk.models import Appeal, AppealMaterial


def _appeals(customer_id: int, limit: int) -> Iterable[Sequence[Any]]:
    mine = Appeal.objects.filter(customer=customer_id).order_by("-pk")[:limit]
    return [
        (one.kind, one.state, one.outcome, masking.text(one.statement), _masked(one.question),
         _masked(one.answer), one.opened_at, one.submitted_at, one.due_at, one.decided_at,
         one.closed_at)
        for one in mine
    ]  # fmt: skip


def _materials(customer_id: int, limit: int) -> Iterable[Sequence[Any]]:
    mine = AppealMaterial.objects.filter(customer=customer_id).order_by("-pk")[:limit]
    return [(one.proof_kind, _masked(one.text), one.added_at) for one in mine]


def _masked(text: str | None) -> str | None:
    return None if text is None else masking.text(text)


SECTIONS = (
    CopySection(
        "appeals", _("Appeals"),
        {"kind": _("what is contested"), "state": _("state"), "outcome": _("outcome"),
         "statement": _("statement"), "question": _("question to the customer"),
         "answer": _("answer to the customer"), "opened_at": _("opened at"),
         "submitted_at": _("submitted at"), "due_at": _("due at"), "decided_at": _("decided at"),
         "closed_at": _("closed at")},
        _appeals,
    ),
    CopySection(
        "appeal_materials", _("Materials of appeals"),
        {"proof_kind": _("kind of proof"), "text": _("text"), "added_at": _("added at")},
        _materials,
    ),
)  # fmt: skip
