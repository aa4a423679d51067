"""The facts behind the four basic conditions of a customer, and where they come from (ELIG-13)."""

from datetime import date, datetime, timedelta

from django.db.models import Model

from accounts.customer_page.queries.records import OnboardingRecords
from accounts.identity.rules.faces import FaceVerdict
from accounts.login import queries as devices
from accounts.models import BankCard, BankCardState, IdentityVerification, VerificationState
from accounts.onboarding.rules import devices as device_rules
from accounts.onboarding.rules.eligibility import (
    AGE,
    CARD,
    IDENTITY,
    Bounds,
    ChecklistLine,
    Facts,
    judge,
)
from accounts.policy import AccountPolicy
from accounts.privacy.rules import masking
from backoffice.core.clock import day_of

_USABLE = (BankCardState.ACTIVE, BankCardState.REPAY_ONLY, BankCardState.PENDING)
Evidence = dict[str, int | str]


def checklist(
    records: OnboardingRecords, *, on: date, wall_at: datetime, numbers: AccountPolicy
) -> list[ChecklistLine]:
    """Return the four lines of a customer on a day, with where each fact comes from."""
    sources = {
        AGE.code: _of_birth(records),
        IDENTITY.code: _of_proof(records),
        CARD.code: _of_card(records),
    }
    lines = judge(_facts(records, on, wall_at, numbers), _bounds(numbers))
    return [
        line._replace(evidence=line.evidence | sources.get(line.requirement.code, {}))
        for line in lines
    ]


def _bounds(numbers: AccountPolicy) -> Bounds:
    return Bounds(
        numbers.age_min,
        numbers.age_max,
        numbers.accounts_max,
        numbers.device_accounts_max,
        numbers.device_people_min,
    )


def _facts(
    records: OnboardingRecords, on: date, wall_at: datetime, numbers: AccountPolicy
) -> Facts:
    """Return what is known: the proof that counts, the best card, the accounts, the devices."""
    since = wall_at - timedelta(days=numbers.device_accounts_days)
    company = devices.company({link.device_id for link in records.links}, since)
    facts = Facts(
        on=on,
        born_on=records.customer.born_on,
        accounts=sum(account.seat is not None for account in records.accounts),
        device_accounts=company.accounts,
        device_people=company.people,
        device_flags=tuple(
            flag
            for flag in device_rules.SIGNALS
            if any(getattr(link.device, flag) for link in records.links)
        ),
    )
    proof, card = records.proof, _best(records)
    if proof is not None:
        facts = facts._replace(
            identity_code=proof.identity_code,
            face=_face(proof),
            similarity_permille=proof.similarity_permille,
        )
    if card is not None:
        facts = facts._replace(card_code=card.check_code, account_class=card.account_class)
    return facts


def _face(proof: IdentityVerification) -> FaceVerdict | None:
    """Return what was decided on a face, by the score or by a person; None while nothing is."""
    if proof.state == VerificationState.PASSED:
        return FaceVerdict.PASS
    if proof.state == VerificationState.IN_REVIEW:
        return FaceVerdict.REVIEW
    is_refused = proof.state == VerificationState.REFUSED and proof.face_code != ""
    return FaceVerdict.REFUSE if is_refused else None


def _best(records: OnboardingRecords) -> BankCard | None:
    cards = [card for card in records.cards if card.state in _USABLE]
    return min(cards, key=lambda card: (_USABLE.index(BankCardState(card.state)), card.pk),
               default=None)  # fmt: skip


def _of_birth(records: OnboardingRecords) -> Evidence:
    born_on = records.customer.born_on
    return {"born_on": born_on.isoformat()} if born_on else {}


def _of_proof(records: OnboardingRecords) -> Evidence:
    proof = records.proof
    if proof is None:
        return {}
    found: Evidence = {"proof": str(proof)}
    if proof.identity_checked_at:
        found["identity_checked_on"] = day_of(proof.identity_checked_at).isoformat()
    if proof.face_code:
        found["face_code"] = proof.face_code
    if proof.face_checked_at:
        found["face_checked_on"] = day_of(proof.face_checked_at).isoformat()
    return found | _asked(records, proof)


def _of_card(records: OnboardingRecords) -> Evidence:
    card = _best(records)
    if card is None:
        return {}
    found: Evidence = {"card": f"{card.bank} {masking.card(card.last_four)}"}
    if card.checked_at:
        found["card_checked_on"] = day_of(card.checked_at).isoformat()
    return found | _asked(records, card)


def _asked(records: OnboardingRecords, subject: Model) -> Evidence:
    """Return the latest call of each kind about a subject, as the provider can find it again."""
    kind = subject._meta.label_lower
    return {
        f"{call.action}_call": f"{call.provider} {call.request_id or call}".strip()
        for call in records.calls
        if (call.subject_type, call.subject_id) == (kind, subject.pk)
    }
