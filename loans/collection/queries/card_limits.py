"""How much a card's account still gives on a day (FAQ-4, LAW-20)."""

from datetime import date
from typing import NamedTuple

from django.db.models import Q, QuerySet, Sum

from accounts.cards.rules.card_numbers import day_limit_fen
from accounts.models import BankCard
from loans.models import DebitOrder, DebitOrderState
from loans.models.debit import OPEN_ORDER_STATES


class DayLimit(NamedTuple):
    """What an account of a class gives on a day, and what is left of it."""

    account_class: str
    limit_fen: int
    left_fen: int


def of_day(card_id: int, *, customer_id: int, on: date) -> DayLimit | None:
    """Return the day limit of a customer's card after what it has paid us; None is no limit.

    What was asked and has no answer yet may have been paid. What else was paid from the account
    only its bank knows.
    """
    account_class = BankCard.objects.values_list("account_class", flat=True).get(pk=card_id)
    limit_fen = day_limit_fen(account_class)
    if limit_fen is None:
        return None
    of_card = DebitOrder.objects.filter(card=card_id, business_date=on)
    used_fen = sum(  # found through the customer's bills and loans
        _used_fen(of_card.filter(**{f"{subject}__customer": customer_id}))
        for subject in ("bill", "loan")
    )
    return DayLimit(account_class, limit_fen, max(0, limit_fen - used_fen))


def _used_fen(orders: QuerySet[DebitOrder]) -> int:
    used = orders.aggregate(
        taken=Sum("taken_fen", filter=Q(state=DebitOrderState.SUCCEEDED), default=0),
        asked=Sum("amount_fen", filter=Q(state__in=OPEN_ORDER_STATES), default=0),
    )
    total_fen: int = used["taken"] + used["asked"]
    return total_fen
