"""Grants as the movements of money use them: once, for exactly this, in time, by their owner."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from accounts.login import operations as logins
from accounts.models import Authorisation, Customer, LoginSession
from accounts.passwords.operations import authorisations
from accounts.passwords.operations.authorisations import (
    AuthorisationExpiredError,
    AuthorisationOtherError,
    AuthorisationSpentError,
    AuthorisationUnknownError,
)
from tests.accounts.people import AT, LONG_AGO, device

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
IN_TIME = AT + MINUTE


def session(name="owner") -> LoginSession:
    report = logins.DeviceReport(**device())
    arrival = logins.Arrival(name, None, report, None)
    return logins.log_in(arrival, at=LONG_AGO, wall_at=AT).session


def granted(of: LoginSession) -> Authorisation:
    return Authorisation.objects.create(
        customer=of.account.customer, session=of, purpose="drawdown", amount_fen=100,
        given_at=AT, expires_at=AT + 5 * MINUTE,
    )  # fmt: skip


def use(grant, **other):
    given = {"customer": grant.customer, "purpose": "drawdown", "amount_fen": 100} | other
    movement = authorisations.Movement(*(given[name] for name in authorisations.Movement._fields))
    return authorisations.use(
        other.get("public_id", grant.public_id), movement=movement, by="customer", at=IN_TIME,
        wall_at=other.get("wall_at", IN_TIME),
    )  # fmt: skip


def used_at(grant):
    return Authorisation.objects.get(pk=grant.pk).used_at


@pytest.fixture
def grant(db):
    return granted(session())


def test_a_grant_is_used_for_what_it_was_given_for(grant):
    use(grant)

    assert used_at(grant) == IN_TIME


def test_a_grant_is_used_once(grant):
    use(grant)

    with pytest.raises(AuthorisationSpentError):
        use(grant, wall_at=IN_TIME + MINUTE)

    assert used_at(grant) == IN_TIME


def test_a_grant_lasts_five_minutes_to_the_second(grant):
    with pytest.raises(AuthorisationExpiredError):
        use(grant, wall_at=AT + 5 * MINUTE)
    assert used_at(grant) is None

    use(grant, wall_at=AT + 5 * MINUTE - SECOND)

    assert used_at(grant) == AT + 5 * MINUTE - SECOND


@pytest.mark.parametrize(
    "other",
    [{"purpose": "settlement"}, {"amount_fen": 101}, {"amount_fen": 99}],
)
def test_a_grant_is_for_nothing_else(grant, other):
    with pytest.raises(AuthorisationOtherError):
        use(grant, **other)

    assert used_at(grant) is None


def test_a_grant_is_for_nobody_else(grant):
    somebody = Customer.objects.create(registered_at=LONG_AGO)

    with pytest.raises(AuthorisationUnknownError):
        use(grant, customer=somebody)

    assert used_at(grant) is None


def test_there_is_no_grant_of_another_name(grant):
    with pytest.raises(AuthorisationUnknownError):
        use(grant, public_id=uuid4())


def test_a_movement_that_is_rolled_back_leaves_its_grant(grant):
    with transaction.atomic():
        use(grant)
        transaction.set_rollback(True)

    assert used_at(grant) is None


def test_a_machine_whose_clock_is_behind_can_use_a_grant(grant):
    use(grant, wall_at=AT - SECOND)

    assert used_at(grant) == AT


def test_of_fifty_that_use_a_grant_at_once_one_does(together):
    grant = granted(session())

    def outcome(_number):
        try:
            with transaction.atomic():
                use(grant)
        except AuthorisationSpentError:
            return "spent"
        return "used"

    outcomes = together(50, outcome)

    assert (outcomes.count("used"), outcomes.count("spent")) == (1, 49)
