"""What banks say of cards, once and for ever after: classes, defaults, holds, taking away."""

from datetime import timedelta

import pytest

from accounts.cards.operations import cards
from accounts.cards.operations.cards import ClassChange
from accounts.cards.queries import needs_proof
from accounts.consents.rules import PURPOSES
from accounts.identity.operations.identities import StillPendingError
from accounts.models import CardHold, Consent, Customer, ProviderCall
from backoffice.core.models import OutboxMessage, StateChange
from tests.accounts.cards.cards import (
    AT,
    LATER,
    ONE,
    SILENCE,
    THREE,
    TWO,
    UNKNOWN,
    Bank,
    ask_bank,
    bound,
    customer,
    defaults,
    refuses,
    reread,
    says,
    sent,
)
from tests.accounts.people import person

pytestmark = pytest.mark.django_db

BY_STAFF = {"by": "staff", "reason": "the bank reports it", "at": LATER}


def changes() -> list[tuple[str, str, str]]:
    found = StateChange.objects.filter(subject_type="accounts.bankcard").order_by("pk")
    return list(found.values_list("transition", "actor", "reason"))


@pytest.mark.parametrize(
    ("account_class", "state", "is_default"),
    [(ONE, "active", True), (TWO, "repay_only", False), (THREE, "rejected", False),
     (UNKNOWN, "pending", False)],
)  # fmt: skip
def test_the_class_decides_what_a_card_may_do(account_class, state, is_default):
    card = bound(customer(), account_class=account_class)

    assert (card.state, card.is_default) == (state, is_default)
    assert (card.account_class, card.checked_at, card.tries) == (account_class, AT, 1)
    assert needs_proof(card) is (account_class is UNKNOWN)
    assert card.check_code == ("CLASS_THREE" if account_class is THREE else "0")


def test_the_bank_is_asked_about_the_four_elements_and_the_record_is_masked():
    who = person()
    bank = says(ONE)

    ask_bank(sent(customer()).pk, checks=bank, at=AT)

    assert bank.asked == [{"name": who.name, "id_number": who.id_number, "attempt": 1,
                           "card_number": who.card_number, "phone": who.phone}]  # fmt: skip
    call = ProviderCall.objects.get()
    assert (call.action, call.verdict, call.code, call.request_id) == ("card", "match", "0", "r-1")
    assert call.masked == {
        "name": "张*", "id_number": "110***********" + who.id_number[-4:],
        "card": f"**** {who.card_number[-4:]}", "phone": "138****0001",
    }  # fmt: skip


class Interrupted(Bank):
    """A bank that confirms a card after something else has happened."""

    def __init__(self, meanwhile):
        super().__init__(*says(ONE).answers)
        self.meanwhile = meanwhile

    def check_card(self, **asked):
        self.meanwhile()
        return super().check_card(**asked)


def _die():
    raise KeyboardInterrupt


def test_a_call_whose_process_died_is_asked_again_under_its_number():
    card = sent(customer())

    with pytest.raises(KeyboardInterrupt):
        ask_bank(card.pk, checks=Interrupted(_die), at=AT)
    waiting = ProviderCall.objects.get()
    ask_bank(card.pk, checks=says(ONE), at=AT)

    answered = ProviderCall.objects.get()
    assert (waiting.verdict, waiting.answered_at) == ("", None)
    assert (answered.number, answered.verdict) == (waiting.number, "match")
    assert reread(card).state == "active"


def test_of_two_answers_to_one_attempt_the_first_counts():
    card = sent(customer())
    slow = Interrupted(lambda: ask_bank(card.pk, checks=Bank(SILENCE), at=AT))

    ask_bank(card.pk, checks=slow, at=AT)

    assert (reread(card).state, reread(card).tries) == ("pending", 1)
    assert ProviderCall.objects.get().verdict == "unavailable"


def test_a_bank_that_does_not_confirm_rejects():
    owner = customer()

    card = reread(ask_bank(sent(owner).pk, checks=refuses("-14"), at=AT))

    assert (card.state, card.check_code, card.checked_at) == ("rejected", "-14", AT)
    assert changes() == [("reject", "system:checks", "card-unconfirmed")]
    assert Customer.objects.get().phone is None
    assert not OutboxMessage.objects.exists()


def test_a_card_that_was_answered_is_not_asked_about_again():
    proven = bound(customer(), account_class=UNKNOWN)
    bank = says(ONE)

    again = ask_bank(proven.pk, checks=bank, at=LATER)

    assert (again.state, bank.asked) == ("pending", [])


def test_silence_waits_and_the_outbox_asks_again():
    card = sent(customer())
    bank = Bank(SILENCE, SILENCE, says(ONE).answers[0])
    assert ask_bank(card.pk, checks=bank, at=AT).state == "pending"

    with pytest.raises(StillPendingError):
        cards.check_again(card.pk, checks=bank, by="system", at=LATER, wall_at=AT)
    cards.check_again(card.pk, checks=bank, by="system", at=LATER, wall_at=AT)

    assert (reread(card).state, reread(card).tries) == ("active", 3)
    message = OutboxMessage.objects.get()
    assert (message.topic, message.payload) == ("accounts.card", {"id": card.pk})
    assert [asked["attempt"] for asked in bank.asked] == [1, 2, 3]


def test_silence_of_a_day_rejects():
    card = sent(customer())
    bank = Bank(SILENCE)
    ask_bank(card.pk, checks=bank, at=AT + timedelta(hours=24, microseconds=-1))
    assert reread(card).state == "pending"

    cards.check_again(card.pk, checks=bank, by="system", at=AT + timedelta(hours=24), wall_at=AT)

    assert (reread(card).state, reread(card).check_code) == ("rejected", "NO_ANSWER")
    assert len(bank.asked) == 1


def test_the_phone_of_an_active_card_is_the_customers_if_none_is_known():
    owner = customer()

    bound(owner, 1)
    bound(owner, 2)

    assert Customer.objects.get().phone == person(1).phone


def test_a_card_that_only_repays_tells_no_phone():
    bound(customer(), account_class=TWO)

    assert Customer.objects.get().phone is None


def test_the_customer_goes_on_when_the_consents_are_there():
    owner = customer()
    for purpose in (one for one in PURPOSES.values() if one.is_required):
        Consent.objects.create(customer=owner, purpose=purpose.code, version=purpose.version,
                               text_digest=b"", given_at=AT, given_by="customer")  # fmt: skip

    bound(owner)

    assert Customer.objects.get().state == "consented"


def test_the_second_active_card_is_not_the_default():
    owner = customer()
    first = bound(owner, 1)

    bound(owner, 2)

    assert defaults(owner) == [first]


@pytest.mark.parametrize(
    ("account_class", "state"), [(ONE, "active"), (TWO, "repay_only"), (THREE, "rejected")]
)
def test_staff_decide_on_a_class_that_was_proven(account_class, state):
    card = bound(customer(), account_class=UNKNOWN)

    cards.decide_class(card.pk, account_class=account_class, **BY_STAFF)

    decided = reread(card)
    assert (decided.state, decided.account_class) == (state, account_class)
    assert decided.is_default is (account_class is ONE)
    assert [change[1:] for change in changes()] == [("staff", "stated")]
    assert StateChange.objects.get().facts == {"text": "the bank reports it"}


@pytest.mark.parametrize("account_class", [ONE, TWO, THREE])
def test_staff_decide_once(account_class):
    card = bound(customer(), account_class=account_class)

    with pytest.raises(cards.ProofNotNeededError):
        cards.decide_class(card.pk, account_class=TWO, **BY_STAFF)

    assert reread(card).account_class == account_class


def test_staff_do_not_decide_before_the_bank_has_answered():
    card = sent(customer())

    with pytest.raises(cards.ProofNotNeededError):
        cards.decide_class(card.pk, account_class=ONE, **BY_STAFF)

    assert reread(card).state == "pending"


@pytest.mark.parametrize("account_class", [TWO, THREE, UNKNOWN])
def test_a_downgraded_card_only_repays_and_another_is_the_default(account_class):
    owner = customer()
    first, second, third = bound(owner, 1), bound(owner, 2), bound(owner, 3)

    changed = cards.reclassify([ClassChange(first.pk, account_class)], **BY_STAFF)

    assert changed == [first]
    assert (reread(first).state, reread(first).account_class) == ("repay_only", account_class)
    assert defaults(owner) == [second]
    assert reread(third).state == "active"


def test_the_only_card_downgraded_leaves_no_default():
    owner = customer()
    card = bound(owner)

    cards.reclassify([ClassChange(card.pk, TWO)], **BY_STAFF)

    assert defaults(owner) == []


def test_a_card_of_class_one_again_receives_again():
    owner = customer()
    card = bound(owner)
    cards.reclassify([ClassChange(card.pk, TWO)], **BY_STAFF)

    cards.reclassify([ClassChange(card.pk, ONE)], **BY_STAFF)

    assert (reread(card).state, reread(card).account_class) == ("active", "I")
    assert defaults(owner) == [card]


def test_a_batch_of_changes_touches_only_cards_in_use_whose_class_is_new():
    owner, other = customer(1), customer(2)
    same, lowered = bound(owner, 1), bound(other, 2)
    repaying = bound(owner, 3, account_class=TWO)
    rejected = bound(owner, 4, account_class=THREE)
    proving = bound(other, 5, account_class=UNKNOWN)

    changed = cards.reclassify(
        [ClassChange(same.pk, ONE), ClassChange(lowered.pk, TWO), ClassChange(repaying.pk, THREE),
         ClassChange(rejected.pk, ONE), ClassChange(proving.pk, ONE), ClassChange(0, ONE)],
        **BY_STAFF,
    )  # fmt: skip

    assert changed == [lowered, repaying]
    after = [(reread(card).state, reread(card).account_class) for card in
             (same, lowered, repaying, rejected, proving)]  # fmt: skip
    assert after == [("active", "I"), ("repay_only", "II"), ("repay_only", "III"),
                     ("rejected", "III"), ("pending", "unknown")]  # fmt: skip


def test_a_held_card_stays_until_every_holder_lets_go():
    card = bound(customer())
    cards.hold(card.pk, holder="auto-debit", by="test", at=AT)
    cards.hold(card.pk, holder="auto-debit", by="test", at=LATER)
    cards.hold(card.pk, holder="loan:1", by="test", at=AT)
    cards.release([card.pk], holder="auto-debit", by="test", at=AT)

    with pytest.raises(cards.CardHeldError):
        cards.unbind(card, by="customer:1", at=LATER)

    assert (reread(card).state, reread(card).is_default) == ("active", True)
    assert CardHold.objects.get().holder == "loan:1"
    cards.release([card.pk], holder="loan:1", by="test", at=AT)
    assert cards.unbind(card, by="customer:1", at=LATER).state == "unbound"


@pytest.mark.parametrize("account_class", [THREE, UNKNOWN])
def test_a_card_that_is_not_in_use_is_not_held(account_class):
    card = bound(customer(), account_class=account_class)

    with pytest.raises(cards.CardNotBoundError):
        cards.hold(card.pk, holder="auto-debit", by="test", at=AT)

    assert not CardHold.objects.exists()


def test_the_oldest_active_card_follows_an_unbound_default():
    owner = customer()
    first, second, third = bound(owner, 1), bound(owner, 2), bound(owner, 3)
    cards.make_default(third, by="customer:1", at=AT)

    cards.unbind(third, by="customer:1", at=LATER)

    assert defaults(owner) == [first]
    assert reread(second).is_default is False
    assert (reread(third).state, reread(third).unbound_at) == ("unbound", LATER)


def test_a_card_is_unbound_once():
    card = bound(customer())
    cards.unbind(card, by="customer:1", at=AT)

    with pytest.raises(cards.CardNotBoundError):
        cards.unbind(card, by="customer:1", at=LATER)

    assert reread(card).unbound_at == AT
    assert [change[0] for change in changes()] == ["activate", "unbind"]


def test_a_card_that_was_unbound_meanwhile_is_not_bound_by_a_late_answer():
    card = sent(customer())
    ask_bank(card.pk, checks=Bank(SILENCE), at=AT)
    cards.unbind(card, by="customer:1", at=AT)

    cards.check_again(card.pk, checks=says(ONE), by="system", at=LATER, wall_at=AT)

    assert reread(card).state == "unbound"


@pytest.mark.parametrize("account_class", [TWO, THREE, UNKNOWN])
def test_only_an_active_card_is_the_default(account_class):
    owner = customer()
    first = bound(owner, 1)
    card = bound(owner, 2, account_class=account_class)

    with pytest.raises(cards.CardNotActiveError):
        cards.make_default(card, by="customer:1", at=AT)

    assert defaults(owner) == [first]
