"""The facts behind the four basic conditions of a customer (ELIG-13)."""

from datetime import date, datetime, timedelta

from accounts.models import BankCard, BankCardState, Customer, IdentityVerification, WechatAccount
from accounts.policy import AccountPolicy
from accounts.queries import devices
from accounts.rules import faces
from accounts.rules.eligibility import Bounds, Facts, Line, judge

_USABLE = (BankCardState.ACTIVE, BankCardState.REPAY_ONLY, BankCardState.PENDING)


def checklist(
    customer: Customer, *, on: date, wall_at: datetime, numbers: AccountPolicy
) -> list[Line]:
    """Return the four lines of a customer on a day."""
    return judge(_facts(customer, on, wall_at, numbers), _bounds(numbers))


def _bounds(numbers: AccountPolicy) -> Bounds:
    return Bounds(
        numbers.age_min,
        numbers.age_max,
        numbers.accounts_max,
        numbers.device_accounts_max,
        numbers.device_people_min,
    )


def _facts(customer: Customer, on: date, wall_at: datetime, numbers: AccountPolicy) -> Facts:
    """Return what is known: the latest proof, the best card, the accounts, the latest device."""
    facts = Facts(
        on=on,
        born_on=customer.born_on,
        accounts=WechatAccount.objects.filter(customer=customer, slot__isnull=False).count(),
    )
    proof = IdentityVerification.objects.filter(customer=customer).order_by("-pk").first()
    if proof is not None:
        since = wall_at - timedelta(days=numbers.device_accounts_days)
        facts = facts._replace(
            identity_code=proof.identity_code,
            face=_face(proof, numbers),
            similarity_permille=proof.similarity_permille,
            device_accounts=devices.accounts_since(proof.device_id, since),
            device_people=devices.people(proof.device_id),
        )
    card = _best_card(customer)
    if card is not None:
        facts = facts._replace(card_code=card.check_code, account_class=card.account_class)
    return facts


def _face(proof: IdentityVerification, numbers: AccountPolicy) -> faces.FaceVerdict | None:
    if proof.is_live is None:
        return None
    return faces.judge(
        proof.similarity_permille,
        proof.is_live,
        pass_permille=numbers.face_pass_permille,
        review_permille=numbers.face_review_permille,
    )


def _best_card(customer: Customer) -> BankCard | None:
    cards = BankCard.objects.filter(customer=customer, state__in=_USABLE).defer("number", "phone")
    return min(cards, key=lambda card: (_USABLE.index(BankCardState(card.state)), card.pk),
               default=None)  # fmt: skip
