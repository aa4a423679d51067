"""The order of the steps, and how far a customer is moved by what is there."""

from datetime import date, timedelta

import pytest
from django.db import transaction

from accounts.consents.operations import consents
from accounts.models import Consent, Customer, CustomerHold, Profile
from accounts.onboarding import operations as onboarding
from accounts.onboarding.rules.onboarding import Step
from backoffice.core.models import StateChange
from tests.accounts.cards.cards import ONE, bound, customer
from tests.accounts.people import AT, LONG_AGO, request_of

pytestmark = pytest.mark.django_db
HOURS_720 = timedelta(hours=720)


def advance(owner):
    with transaction.atomic():
        locked = Customer.objects.select_for_update().get(pk=owner.pk)
        policy = onboarding.numbers(on=AT.date())
        onboarding.advance(locked, policy=policy, by="test", at=AT)
    return Customer.objects.get(pk=owner.pk).state


def test_the_cooling_off_names_its_end_and_ends_there():
    owner = customer()

    before = request_of(owner, at=LONG_AGO + HOURS_720 - timedelta(seconds=1))

    with pytest.raises(onboarding.CoolingOffError) as refused:
        onboarding.require_active(before)

    assert refused.value.facts["available_at"] == (LONG_AGO + HOURS_720).isoformat()
    assert not onboarding.require_active(request_of(owner, at=LONG_AGO + HOURS_720)).is_cooling


def test_who_is_held_or_gone_may_do_nothing():
    owner = customer()
    CustomerHold.objects.create(customer=owner, kind="block", holder="risk", reason="x",
                                placed_by="risk", placed_at=AT)  # fmt: skip
    with pytest.raises(onboarding.OnHoldError):
        onboarding.require_active(request_of(owner))

    gone = Customer(pk=owner.pk, state="closed", registered_at=LONG_AGO)
    with pytest.raises(onboarding.ClosedError):
        onboarding.require_active(request_of(gone))


def test_a_legal_hold_stops_no_step():
    owner = customer()
    CustomerHold.objects.create(customer=owner, kind="legal", holder="court", reason="x",
                                placed_by="risk", placed_at=AT)  # fmt: skip

    assert onboarding.require_active(request_of(owner)).is_on_hold is False


def test_a_step_names_the_first_that_is_missing():
    owner = customer()

    with pytest.raises(onboarding.StepMissingError) as refused:
        onboarding.require_step(request_of(owner), step=Step.PROFILE)

    assert refused.value.facts["missing_step"] == "card"
    assert onboarding.require_step(request_of(owner), step=Step.CARD).has_active_card is False


def test_a_customer_moves_as_far_as_the_data_allow():
    owner = customer()
    assert advance(owner) == "identified"
    bound(owner, account_class=ONE)
    assert advance(owner) == "identified"

    for purpose in ("agreement", "bureau", "payment"):
        consents.give(request_of(owner), purpose=purpose)
    assert advance(owner) == "consented"
    Profile.objects.create(customer=owner, monthly_income_fen=1, occupation="employee",
                           declared_at=AT)  # fmt: skip

    assert advance(owner) == "ready"
    moves = StateChange.objects.filter(subject_type="accounts.customer").order_by("pk")
    assert [(one.transition, one.actor) for one in moves] == [
        ("consent", "customer"), ("make_ready", "test"),
    ]  # fmt: skip


def test_who_is_ready_stays_so_without_a_statement(django_assert_num_queries):
    owner = Customer(pk=1, state="ready")

    with django_assert_num_queries(0):
        onboarding.advance(owner, policy=None, by="test", at=AT)


def test_a_migrated_customer_was_opened_elsewhere():
    """No age and no result of ours: a debt may be paid from a new card at any age (ELIG-1)."""
    old = customer(born_on=date(1950, 1, 1), id_valid_until_on=date(2020, 1, 1))

    assert onboarding.require_step(request_of(old), step=Step.CARD).was_identified


def test_nobody_moves_on_with_a_stale_identity():
    stale = customer(origin=None)
    bound_by_portfolio(stale)

    assert advance(stale) == "identified"


def bound_by_portfolio(owner):
    Customer.objects.filter(pk=owner.pk).update(origin="portfolio")
    bound(owner, account_class=ONE)
    for purpose in ("agreement", "bureau", "payment"):
        Consent.objects.create(customer=owner, purpose=purpose, version="1",
                               text_digest=b"x" * 32, given_at=AT, given_by="x")  # fmt: skip
    Customer.objects.filter(pk=owner.pk).update(origin=None)
