"""What a customer has chosen of direct debit."""

from typing import NamedTuple

from loans.accounting.rules.codes import DebitMode
from loans.models import AutoDebit, Mandate, MandateState


class ChosenDebit(NamedTuple):
    """The mode of the bills to come, and the live mandate with its card, if there is one."""

    mode: str
    mandate: Mandate | None

    @property
    def is_active(self) -> bool:
        """Return whether anything is debited."""
        return self.mandate is not None and self.mode != DebitMode.OFF


def chosen_of(customer_id: int) -> ChosenDebit:
    """Return what a customer has chosen; FULL where nothing was chosen (REPAY-10)."""
    mode = AutoDebit.objects.filter(customer=customer_id).values_list("mode", flat=True).first()
    live = Mandate.objects.filter(customer=customer_id, state=MandateState.SIGNED)
    with_card = live.select_related("card").defer("card__number", "card__phone")
    return ChosenDebit(mode or DebitMode.FULL.value, with_card.first())
