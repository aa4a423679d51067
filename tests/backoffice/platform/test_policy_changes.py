"""Product numbers change after a second person has seen the old and the new value."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils.translation import override

from backoffice.core import policy
from backoffice.core.models import Approval, PolicyVersion
from backoffice.core.policy import BadPolicyError
from backoffice.platform import approvals, policy_changes
from backoffice.platform.policy_changes import (
    LaterPolicyConflictError,
    PolicyChange,
    PolicyDuringTheDayError,
    PolicyInThePastError,
    PolicyTooFarError,
    SupersededPolicyError,
    UnchangedPolicyError,
)
from loans.policy import LoanTerms
from tests.policies import put_in_force, two_people

AT = datetime(2026, 10, 1, 1, tzinfo=UTC)
TODAY, TOMORROW = date(2026, 10, 1), date(2026, 10, 2)


@pytest.fixture
def people(db):
    return two_people()


def propose(by, *, on=TOMORROW, at=AT, **overrides):
    change = PolicyChange("loans", overrides, on)
    [made] = policy_changes.propose([change], by=by, reason="a test", at=at)
    return made


def test_an_approved_change_is_in_force_from_its_day(people):
    maker, checker = people
    made = propose(maker, grace_days=2)

    approvals.approve([made.pk], by=checker, reason="agreed", at=AT)

    assert policy.current(LoanTerms, on=TODAY).grace_days == 3
    assert policy.current(LoanTerms, on=TOMORROW).grace_days == 2
    version = PolicyVersion.objects.get()
    assert (version.app, version.overrides, version.approval_id) == (
        "loans", {"grace_days": 2}, made.pk,
    )  # fmt: skip


def test_a_request_shows_the_old_and_the_new_value(people):
    put_in_force("loans", {"grace_days": 1}, on=TODAY)

    made = propose(people[0], grace_days=2)

    with override("en"):
        assert policy_changes.differences(made) == [
            ("grace after the due date", "1", "2", "days", "REPAY-12")
        ]


def test_an_approved_request_still_shows_what_it_changed(people):
    maker, checker = people
    made = propose(maker, grace_days=2)
    approvals.approve([made.pk], by=checker, reason="agreed", at=AT)

    with override("en"):
        assert policy_changes.differences(made) == [
            ("grace after the due date", "3", "2", "days", "REPAY-12")
        ]


def test_a_request_names_its_policy_and_day_in_both_languages(people):
    made = propose(people[0], grace_days=2)

    with override("en"):
        assert (
            policy_changes.summary(made) == "Policy of terms of loans, in force from 2026-10-02 on."
        )
    with override("zh-hans"):
        assert "贷款条款" in policy_changes.summary(made)


def test_a_request_that_became_invalid_can_still_be_read(people):
    made = propose(people[0], second_window_days=7)
    put_in_force("loans", {"classified_latest_days": 5}, on=TOMORROW)

    [change] = policy_changes.differences(made)

    assert (change.now, change.proposed) == ("4", "7")


@pytest.mark.parametrize("overrides", [{"nonsense": 1}, {"grace_days": "2"}, {"grace_days": 99}])
def test_a_number_that_cannot_be_is_not_proposed(people, overrides):
    with pytest.raises(BadPolicyError):
        propose(people[0], **overrides)

    assert not Approval.objects.exists()


def test_a_change_for_a_day_that_is_over_is_refused(people):
    with pytest.raises(PolicyInThePastError):
        propose(people[0], on=date(2026, 9, 30), grace_days=2)

    assert not Approval.objects.exists()


def test_a_change_that_changes_nothing_is_refused(people):
    with pytest.raises(UnchangedPolicyError):
        propose(people[0], grace_days=3)

    assert not Approval.objects.exists()


def test_a_change_whose_day_has_passed_is_not_approved(people):
    maker, checker = people
    made = propose(maker, grace_days=2)

    with pytest.raises(PolicyInThePastError):
        approvals.approve(
            [made.pk], by=checker, reason="late", at=datetime(2026, 10, 3, 1, tzinfo=UTC)
        )

    assert Approval.objects.get(pk=made.pk).state == "proposed"
    assert not PolicyVersion.objects.exists()


def test_a_change_that_does_not_go_with_the_numbers_by_now_is_not_approved(people):
    maker, checker = people
    made = propose(maker, second_window_days=7)
    put_in_force("loans", {"classified_latest_days": 5}, on=TOMORROW)

    with pytest.raises(BadPolicyError):
        approvals.approve([made.pk], by=checker, reason="agreed", at=AT)

    assert Approval.objects.get(pk=made.pk).state == "proposed"
    assert PolicyVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("number", "text", "value"),
    [
        ("loans.grace_days", "3", 3),
        ("loans.grace_days", "3.5", 3.5),
        ("loans.grace_days", "true", True),
        ("limits.income_permille", "2.2", 2200),
        ("limits.income_permille", "2.2005", 2.2005),
        ("limits.limit_min_fen", "1,000.00", 100_000),
        ("limits.buffer_permille", "15", 150),
        ("scoring.rate_c_ppm", "0.05", 500),
        ("loan_operations.debit_at", "09:00", "09:00"),
        ("accounts.lender_type", "MICRO", "MICRO"),
        ("loans.grace_days", "[9, 10]", [9, 10]),
        ("loans.grace_days", "[" * 100_000, "[" * 100_000),
    ],
)
def test_what_is_typed_in_the_unit_of_a_field_becomes_a_stored_value(number, text, value):
    assert policy_changes.parse(*number.split("."), text) == value


@pytest.mark.parametrize(
    ("overrides", "english", "chinese"),
    [
        (
            {"income_permille": 20_000},
            "limits: limit in monthly incomes = 20 times: allowed is 0.001 – 10.",
            "额度对月收入倍数",
        ),
        (
            {"limit_min_fen": 1_200_000},
            "lowest limit, highest limit of low incomes = 12,000.00 yuan, 10,000.00 yuan",
            "最低额度",
        ),
        ({"daily_walk_permille": 100}, "change of the limit a day at most", "每日额度波动上限"),
    ],
)
def test_a_refused_change_names_its_fields_in_words_and_units(people, overrides, english, chinese):
    change = PolicyChange("limits", overrides, TOMORROW)

    for language, words in (("en", english), ("zh-hans", chinese)):
        with override(language):
            with pytest.raises(BadPolicyError) as caught:
                policy_changes.propose([change], by=people[0], reason="a test", at=AT)
            assert words in str(caught.value)


def test_every_number_is_listed_with_its_value_in_force(people):
    put_in_force("loans", {"grace_days": 2}, on=TOMORROW)

    def listed(on):
        found = {(one.app, one.field): one.value for one in policy_changes.numbers(on=on)}
        return found["loans", "grace_days"]

    with override("en"):
        assert (listed(TODAY), listed(TOMORROW)) == ("3 days", "2 days")


def test_hours_of_the_debits_do_not_change_during_a_day(people):
    maker, checker = people
    change = PolicyChange("loan_operations", {"debit_at": "08:30"}, TODAY)

    with pytest.raises(PolicyDuringTheDayError, match=r"time of the first|首次代扣时间"):
        policy_changes.propose([change], by=maker, reason="a test", at=AT)
    assert not Approval.objects.exists()

    tomorrow = change._replace(effective_on=TOMORROW)
    [made] = policy_changes.propose([tomorrow], by=maker, reason="a test", at=AT)
    with pytest.raises(PolicyDuringTheDayError):
        approvals.approve([made.pk], by=checker, reason="late", at=AT + timedelta(days=1))
    assert not PolicyVersion.objects.exists()


def test_a_history_has_a_policy_for_each_first_day(db):
    put_in_force("loans", {"grace_days": 1}, on=TODAY)
    put_in_force("loans", {"tolerance_fen": 500}, on=TOMORROW)

    found = policy.history(LoanTerms)

    assert [(on, terms.grace_days, terms.tolerance_fen) for on, terms in found] == [
        (date.min, 3, 1000), (TODAY, 1, 1000), (TOMORROW, 1, 500),
    ]  # fmt: skip


def hours(on, **overrides):
    return PolicyChange("loan_operations", overrides, on)


def test_a_change_that_an_approved_later_change_forbids_is_not_proposed(people):
    put_in_force("loan_operations", {"debit_at": "14:00"}, on=date(2026, 10, 9))

    with pytest.raises(LaterPolicyConflictError) as caught:
        policy_changes.propose(
            [hours(TOMORROW, debit_retry_until="12:00")], by=people[0], reason="a test", at=AT
        )

    assert caught.value.facts["later_on"] == date(2026, 10, 9)
    assert caught.value.facts["overrides"].endswith(" = 14:00")
    assert not Approval.objects.filter(state="proposed").exists()


def test_a_change_that_a_later_change_forbids_by_now_is_not_approved(people):
    maker, checker = people
    [made] = policy_changes.propose(
        [hours(TOMORROW, debit_retry_until="12:00")], by=maker, reason="a test", at=AT
    )
    put_in_force("loan_operations", {"debit_at": "14:00"}, on=date(2026, 10, 9))

    with pytest.raises(LaterPolicyConflictError):
        approvals.approve([made.pk], by=checker, reason="agreed", at=AT)

    assert Approval.objects.get(pk=made.pk).state == "proposed"
    assert PolicyVersion.objects.count() == 1


def test_a_field_that_an_approved_later_change_sets_is_not_changed_before(people):
    put_in_force("loans", {"grace_days": 2}, on=date(2026, 10, 9))

    with pytest.raises(SupersededPolicyError) as refused:
        propose(people[0], on=date(2026, 10, 8), grace_days=1)

    assert refused.value.facts["later_on"] == date(2026, 10, 9)
    assert propose(people[0], on=date(2026, 10, 9), grace_days=1).state == "proposed"
    assert propose(people[0], on=date(2026, 10, 8), tolerance_fen=500).state == "proposed"


def test_a_change_is_refused_when_a_later_one_was_approved_meanwhile(people):
    maker, checker = people
    early = propose(maker, on=TOMORROW, grace_days=1)
    put_in_force("loans", {"grace_days": 2}, on=date(2026, 10, 9))

    with pytest.raises(SupersededPolicyError):
        approvals.approve([early.pk], by=checker, reason="agreed", at=AT)

    assert policy.current(LoanTerms, on=TOMORROW).grace_days == 3


def test_a_change_that_changes_nothing_by_now_is_not_approved(people):
    maker, checker = people
    late = propose(maker, on=date(2026, 10, 9), grace_days=2)
    put_in_force("loans", {"grace_days": 2}, on=TOMORROW)

    with pytest.raises(UnchangedPolicyError):
        approvals.approve([late.pk], by=checker, reason="agreed", at=AT)

    assert PolicyVersion.objects.count() == 1


def test_a_day_is_at_most_a_year_ahead(people):
    assert propose(people[0], on=TODAY + timedelta(days=366), grace_days=2).state == "proposed"

    with pytest.raises(PolicyTooFarError) as refused:
        propose(people[0], on=TODAY + timedelta(days=367), grace_days=1)

    assert refused.value.facts["latest_on"] == date(2027, 10, 2)
