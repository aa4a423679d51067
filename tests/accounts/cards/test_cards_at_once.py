"""The same card twenty times over, two first cards, a hold against an unbinding: all at once."""

from accounts.cards.operations import bindings, cards
from accounts.models import BankCard, CardHold
from backoffice.core.models import StateChange
from backoffice.platform import rate_limit
from tests.accounts.cards.cards import AT, ONE, ask_bank, bound, customer, defaults, says, sent


def test_twenty_who_send_one_card_at_once_are_one_card_and_one_try(together):
    owner = customer()
    subject = f"customer:{owner.pk}"

    def send(_):
        try:
            return sent(owner).pk
        except bindings.TooManyCardTriesError:
            return None  # five of the others were under way

    seen = set(together(20, send))

    card = BankCard.objects.get()
    assert seen - {None} == {card.pk}
    assert rate_limit.left(scope="card", subject=subject, on=AT.date(), limit=5) == 4
    assert sent(owner).pk == card.pk


def test_two_first_cards_at_once_are_one_default(together):
    owner = customer()
    waiting = [sent(owner, n).pk for n in (1, 2)]

    def check(number):
        return ask_bank(waiting[number], checks=says(ONE), at=AT).state

    states = together(2, check)

    assert states == ["active", "active"]
    assert len(defaults(owner)) == 1


def test_twenty_answers_about_one_card_at_once_count_once(together):
    card = sent(customer())

    def check(_):
        return ask_bank(card.pk, checks=says(ONE), at=AT).state

    states = set(together(20, check))

    assert states == {"active"}
    moves = StateChange.objects.filter(subject_type="accounts.bankcard")
    assert list(moves.values_list("transition", flat=True)) == ["activate"]


def test_a_hold_and_an_unbinding_at_once_never_both_win(together):
    card = bound(customer())

    def hold():
        cards.hold(card.pk, holder="auto-debit", by="test", at=AT)

    def unbind():
        cards.unbind(card, by="customer:1", at=AT)

    def attempt(number):
        try:
            (hold, unbind)[number]()
        except (cards.CardNotBoundError, cards.CardHeldError):
            return False
        return True

    won = together(2, attempt)

    assert sorted(won) == [False, True]
    assert CardHold.objects.exists() is won[0]
    assert (BankCard.objects.get().state == "unbound") is won[1]
