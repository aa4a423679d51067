"""How much a card's account still gives on a day (FAQ-4, LAW-20)."""

from datetime import date
from typing import NamedTuple

from django.db.models import Sum

from accounts.cards.rules.card_numbers import day_limit_fen
from accounts.models import BankCard
from loans.models import DebitOrder, DebitOrderState


class DayLimit(NamedTuple):
    """What an account of a class gives on a day, and what is left of it."""

    account_class: str
    limit_fen: int
    left_fen: int


def of_day(card_id: int, *, customer_id: int, on: date) -> DayLimit | None:
    """Return the day limit of a customer's card after what it has paid us; None is no limit.

    What else was paid from the account only its bank knows.
    """
    account_class = BankCard.objects.values_list("account_class", flat=True).get(pk=card_id)
    limit_fen = day_limit_fen(account_class)
    if limit_fen is None:
        return None
    taken = DebitOrder.objects.filter(  # found through the customer's bills
        bill__customer=customer_id,
        card=card_id,
        business_date=on,
        state=DebitOrderState.SUCCEEDED,
    )
    taken_fen = taken.aggregate(total=Sum("taken_fen"))["total"] or 0
    return DayLimit(account_class, limit_fen, max(0, limit_fen - taken_fen))
