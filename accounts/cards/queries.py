"""Which bank a card number belongs to, and which cards of a customer count."""

from collections.abc import Collection

from django.db.models import Q, QuerySet
from django.db.models.functions import Length

from accounts.models import BankBin, BankCard, BankCardState

BOUND = (BankCardState.PENDING, BankCardState.ACTIVE, BankCardState.REPAY_ONLY)
USABLE = (BankCardState.ACTIVE, BankCardState.REPAY_ONLY)
# The bank has confirmed the card and not said of which class its account is (ELIG-7).
NEEDS_PROOF = Q(state=BankCardState.PENDING, checked_at__isnull=False)

_PREFIX_MIN, _PREFIX_MAX = 3, 10


def bank_of(number: str) -> BankBin | None:
    """Return the longest beginning that fits a card number of this length, if there is any."""
    beginnings = [number[:digits] for digits in range(_PREFIX_MIN, _PREFIX_MAX + 1)]
    fitting = BankBin.objects.filter(prefix__in=beginnings, length=len(number))
    return fitting.order_by(Length("prefix").desc()).first()


def needs_proof(card: BankCard) -> bool:
    """Say whether a card waits for a proof of its account class."""
    return card.state == BankCardState.PENDING and card.checked_at is not None


def waits_for_bank(card: BankCard) -> bool:
    """Say whether the bank has not said anything of a card yet."""
    return card.state == BankCardState.PENDING and card.checked_at is None


def without_default(customer_ids: Collection[int]) -> QuerySet[BankCard, int]:
    """Return the oldest active card of each of the customers who has one but no default card."""
    active = BankCard.objects.filter(customer__in=customer_ids, state=BankCardState.ACTIVE)
    having = active.filter(is_default=True).values("customer")
    oldest = active.exclude(customer__in=having).order_by("customer", "bound_at", "pk")
    return oldest.distinct("customer").values_list("pk", flat=True)
