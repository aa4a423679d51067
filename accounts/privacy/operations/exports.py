"""Everything that is held of a person, for that person (LAW-18), section by section.

Apps above add what they hold with ``register`` when they are ready. Identity is masked here too:
the person knows the number, and an export is a file that travels. Holds are left out: whoever is
looked into must not learn it from here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import (
    AccessRecord,
    AssetProof,
    Authorisation,
    BankCard,
    Complaint,
    Consent,
    Customer,
    DeletionRequest,
    IdentityVerification,
    LoginSession,
    Profile,
    ProfileReview,
    ProofReview,
    ProviderCall,
    TransactionPassword,
    WechatAccount,
)
from accounts.privacy.rules import masking

ROWS_MAX = 500

Words = str | Promise


class CopySection(NamedTuple):
    """A table of an export: its columns by code with their headings, and where its rows are from.

    ``rows(customer_id, limit)`` returns the newest rows first, in the order of the columns.
    """

    name: str
    title: Words
    columns: Mapping[str, Words]
    rows: Callable[[int, int], Iterable[Sequence[Any]]]


class ExportTable(NamedTuple):
    """A section with its rows; ``is_cut`` when there are more than an export holds."""

    section: CopySection
    rows: list[Sequence[Any]]
    is_cut: bool


_sections: list[CopySection] = []


def register(sections: Sequence[CopySection]) -> None:
    """Add an app's sections, once, when it is ready."""
    _sections.extend(sections)


def tables(customer: Customer) -> list[ExportTable]:
    """Return every section of what is held of a customer."""
    return [_table(section, customer.pk) for section in (*_OWN, *_sections)]


def as_json(customer: Customer, *, at: datetime) -> dict[str, Any]:
    """Return an export for programs."""
    return {
        "exported_at": at,
        "sections": {
            table.section.name: {
                "is_cut": table.is_cut,
                "rows": [dict(zip(table.section.columns, row, strict=True)) for row in table.rows],
            }
            for table in tables(customer)
        },
    }


def _table(section: CopySection, customer_id: int) -> ExportTable:
    rows = list(section.rows(customer_id, ROWS_MAX + 1))
    return ExportTable(section, rows[:ROWS_MAX], is_cut=len(rows) > ROWS_MAX)


def latest(model: Any, *columns: str, owner: str = "customer") -> Callable[[int, int], Any]:
    """Return the rows function of a model's own columns."""

    def rows(customer_id: int, limit: int) -> Any:
        mine = model.objects.filter(**{owner: customer_id}).order_by("-pk")
        return mine.values_list(*columns)[:limit]

    return rows


def _identity(customer_id: int, limit: int) -> Iterable[Sequence[Any]]:
    who = Customer.objects.get(pk=customer_id)
    return [
        (who.state, masking.name(who.name), masking.id_number(who.id_number),
         masking.phone(who.phone), who.born_on, who.id_valid_until_on, who.registered_at)
    ][:limit]  # fmt: skip


def _cards(customer_id: int, limit: int) -> Iterable[Sequence[Any]]:
    cards = BankCard.objects.filter(customer=customer_id).order_by("-pk")[:limit]
    return [
        (card.bank, masking.card(card.last_four), masking.phone(card.phone), card.state,
         card.account_class, card.bound_at)
        for card in cards
    ]  # fmt: skip


def _complaints(customer_id: int, limit: int) -> Iterable[Sequence[Any]]:
    complaints = Complaint.objects.filter(customer=customer_id).order_by("-pk")[:limit]
    return [
        (masking.text(one.text), None if one.answer is None else masking.text(one.answer),
         one.filed_at, one.due_on, one.answered_at)
        for one in complaints
    ]  # fmt: skip


_OWN = (
    CopySection(
        "identity", _("Identity"),
        {"state": _("state"), "name": _("name"), "id_number": _("ID number"),
         "phone": _("phone"), "born_on": _("born on"), "id_valid_until": _("ID card valid until"),
         "registered_at": _("registered at")},
        _identity,
    ),
    CopySection(
        "wechat_accounts", _("WeChat accounts"),
        {"bound_at": _("bound at"), "unbound_at": _("unbound at"),
         "used_since": _("uses WeChat since")},
        latest(WechatAccount, "bound_at", "unbound_at", "used_since_on"),
    ),
    CopySection(
        "logins", _("Logins"),
        {"began_at": _("began at"), "used_at": _("used at"), "address": _("network address"),
         "device": _("device"), "system": _("system")},
        latest(LoginSession, "began_at", "used_at", "address", "device__model", "device__os",
               owner="account__customer"),
    ),
    CopySection(
        "verifications", _("Identity verifications"),
        {"state": _("state"), "identity_code": _("result of the ID check"),
         "similarity_permille": _("similarity in permille"), "is_live": _("alive"),
         "submitted_at": _("submitted at"), "decided_at": _("decided at")},
        latest(IdentityVerification, "state", "identity_code", "similarity_permille", "is_live",
               "submitted_at", "decided_at"),
    ),
    CopySection(
        "cards", _("Bank cards"),
        {"bank": _("bank"), "number": _("card number"), "phone": _("phone at the bank"),
         "state": _("state"), "account_class": _("account class"), "bound_at": _("bound at")},
        _cards,
    ),
    CopySection(
        "consents", _("Consents"),
        {"purpose": _("purpose"), "version": _("version"), "given_at": _("given at"),
         "withdrawn_at": _("withdrawn at")},
        latest(Consent, "purpose", "version", "given_at", "withdrawn_at"),
    ),
    CopySection(
        "profile", _("Profile"),
        {"monthly_income_fen": _("monthly income in fen"), "occupation": _("occupation"),
         "occupation_since": _("in this occupation since"), "employer": _("employer"),
         "address": _("address"), "declared_at": _("declared at")},
        latest(
            Profile, "monthly_income_fen", "occupation", "occupation_since_on", "employer",
            "address", "declared_at",
        ),
    ),
    CopySection(
        "profile_reviews", _("Profile reviews"),
        {"state": _("state"), "occupation": _("occupation"),
         "monthly_income_fen": _("monthly income in fen"), "requested_at": _("requested at"),
         "decided_at": _("decided at")},
        latest(ProfileReview, "state", "occupation", "monthly_income_fen", "requested_at",
               "decided_at"),
    ),
    CopySection(
        "proofs", _("Proofs"),
        {"kind": _("kind"), "valid_until": _("valid until"), "content_type": _("content type"),
         "size": _("size in bytes"), "uploaded_at": _("uploaded at")},
        latest(AssetProof, "kind", "valid_until_on", "content_type", "size", "uploaded_at"),
    ),
    CopySection(
        "proof_reviews", _("Reviews of proofs"),
        {"kind": _("kind"), "verdict": _("verdict"),
         "monthly_income_fen": _("monthly income in fen"), "occupation": _("occupation"),
         "since": _("since"), "valid_until": _("valid until"), "at": _("at")},
        latest(ProofReview, "kind", "verdict", "monthly_income_fen", "occupation", "since_on",
               "valid_until_on", "at"),
    ),
    CopySection(
        "authorisations", _("Authorisations"),
        {"purpose": _("purpose"), "amount_fen": _("amount in fen"), "given_at": _("given at"),
         "used_at": _("used at")},
        latest(Authorisation, "purpose", "amount_fen", "given_at", "used_at"),
    ),
    CopySection(
        "complaints", _("Complaints"),
        {"text": _("complaint"), "answer": _("answer"), "filed_at": _("filed at"),
         "due_on": _("reply due on"), "answered_at": _("replied at")},
        _complaints,
    ),
    CopySection(
        "passwords", _("Transaction passwords, of which nothing is shown"),
        {"set_at": _("set at")},
        latest(TransactionPassword, "set_at"),
    ),
    CopySection(
        "provider_calls", _("Questions about you to others"),
        {"provider": _("provider"), "action": _("action"), "verdict": _("verdict"),
         "code": _("code"), "asked_at": _("asked at")},
        latest(ProviderCall, "provider", "action", "verdict", "code", "asked_at"),
    ),
    CopySection(
        "deletion_requests", _("Deletion requests"),
        {"state": _("state"), "requested_at": _("requested at"), "decided_at": _("decided at")},
        latest(DeletionRequest, "state", "requested_at", "decided_at"),
    ),
    CopySection(
        "access_records", _("Who of the staff saw the identity in full"),
        {"at": _("at"), "fields": _("shown"), "reason": _("reason")},
        latest(AccessRecord, "at", "fields", "reason"),
    ),
)  # fmt: skip
