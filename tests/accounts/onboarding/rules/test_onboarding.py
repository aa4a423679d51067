"""The order of onboarding steps (GEN-11)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.onboarding.rules.onboarding import (
    ORDER,
    Identity,
    OnboardingStatus,
    Step,
    StepState,
    missing_before,
    steps,
    validity,
)
from tests.accounts.people import AT
from tests.profiles import pure

FRESH = OnboardingStatus(missing_consents=("bureau", "payment"))
ALL_DONE = OnboardingStatus(
    identity=Identity.DONE, has_active_card=True, has_profile=True, has_password=True
)
standings = st.builds(
    OnboardingStatus,
    identity=st.sampled_from(Identity),
    has_active_card=st.booleans(),
    has_pending_card=st.booleans(),
    missing_consents=st.sampled_from([(), ("bureau",)]),
    has_profile=st.booleans(),
    has_password=st.booleans(),
    is_cooling=st.booleans(),
    is_on_hold=st.booleans(),
)


def states(status):
    """The states by the first letter of each: done, next, waiting, locked."""
    return {line.step: line.state for line in steps(status)}


def letters(status):
    return "".join(line.state[0] for line in steps(status))


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        (FRESH, "nlllll"),
        (FRESH._replace(is_cooling=True), "llllll"),
        (FRESH._replace(is_on_hold=True), "llllll"),
        (FRESH._replace(identity=Identity.PENDING), "wlllll"),
        (FRESH._replace(identity=Identity.IN_REVIEW, is_on_hold=True), "wlllll"),
        (FRESH._replace(identity=Identity.REFUSED), "nlllll"),
        (FRESH._replace(identity=Identity.DONE), "dnnlll"),
        (FRESH._replace(identity=Identity.DONE, has_pending_card=True), "dnwlll"),
        (FRESH._replace(identity=Identity.DONE, has_active_card=True), "dndnll"),
        (ALL_DONE._replace(has_profile=False, has_password=False), "dnddnl"),
        (ALL_DONE._replace(has_password=False), "dndddn"),
        (ALL_DONE, "dddddn"),
        (ALL_DONE._replace(is_on_hold=True), "dddddl"),
        (ALL_DONE._replace(identity=Identity.ID_EXPIRED, was_identified=True), "nddddl"),
    ],
)
def test_the_list_shows_how_far_a_customer_has_come(status, shown):
    assert letters(status) == shown


def test_a_step_names_the_first_that_is_missing_before_it():
    identified = FRESH._replace(identity=Identity.DONE)

    assert missing_before(Step.IDENTITY, FRESH) is None
    assert missing_before(Step.ASSESSMENT, FRESH) == Step.IDENTITY
    assert missing_before(Step.TRANSACTION_PASSWORD, FRESH) == Step.IDENTITY
    assert missing_before(Step.TRANSACTION_PASSWORD, identified) is None
    assert missing_before(Step.CONSENTS, identified) == Step.CARD
    assert missing_before(Step.ASSESSMENT, ALL_DONE._replace(has_profile=False)) == Step.PROFILE
    assert missing_before(Step.ASSESSMENT, ALL_DONE) is None


@pytest.mark.parametrize(
    ("passed_hours_ago", "id_valid_until_on", "expected"),
    [
        (0, None, Identity.DONE),
        (23.9999, None, Identity.DONE),
        (24, None, Identity.STALE),
        (None, None, Identity.STALE),
        (1, date(2026, 11, 24), Identity.DONE),
        (1, date(2026, 11, 23), Identity.ID_EXPIRED),
        (25, date(2026, 11, 23), Identity.ID_EXPIRED),
    ],
)
def test_a_result_is_valid_for_a_day_and_the_card_through_its_last(
    passed_hours_ago, id_valid_until_on, expected
):
    passed_at = None if passed_hours_ago is None else AT - timedelta(hours=passed_hours_ago)

    assert validity(passed_at, id_valid_until_on, AT, AT.date(), 24) is expected


@pytest.mark.parametrize(
    ("review", "shown"),
    [(None, "dddddn"), ("accepted", "dddddn"), ("in_review", "ddddwl"), ("refused", "ddddnl")],
)
def test_a_profile_in_review_waits_and_a_refused_one_is_to_be_corrected(review, shown):
    assert letters(ALL_DONE._replace(profile_review=review)) == shown


def test_a_stale_identity_locks_the_line_but_not_the_password():
    stale = ALL_DONE._replace(
        identity=Identity.STALE, was_identified=True, has_password=False, has_profile=False
    )

    assert letters(stale) == "nnddll"
    assert missing_before(Step.CARD, stale) == Step.IDENTITY
    assert missing_before(Step.TRANSACTION_PASSWORD, stale) is None


def test_whose_age_is_over_has_nothing_to_do_but_the_password():
    old = ALL_DONE._replace(is_of_age=False, has_password=False, has_profile=False)

    assert letters(old) == "dnddll"


@pure
@given(standings)
def test_at_most_one_step_of_the_order_is_up(status):
    shown = states(status)

    up = [step for step in ORDER if shown[step] in (StepState.NEXT, StepState.WAITING)]
    assert len(up) <= 1
    assert all(missing_before(step, status) is None for step in up)


@pure
@given(standings)
def test_who_is_cooling_off_or_held_has_nothing_to_do(status):
    if status.is_cooling or status.is_on_hold:
        assert StepState.NEXT not in states(status).values()


@pure
@given(standings)
def test_the_password_blocks_no_step_of_onboarding(status):
    with_password, without = (
        states(status._replace(has_password=has_password)) for has_password in (True, False)
    )

    assert all(with_password[step] == without[step] for step in ORDER)
