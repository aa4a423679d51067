"""A limit review: one proposes, another decides, the limit follows by days (LIMIT-2, LIMIT-5)."""

import pytest
from django.contrib.auth.models import Group

from accounts.models import Staff
from backoffice.core.models import Approval
from backoffice.platform import approvals
from risk.lines import operations as lines
from risk.lines.operations import reviews
from risk.lines.operations.grants import LimitRangeError
from risk.lines.operations.reviews import LimitReview, LineClosedError, UnchangedLimitError
from risk.lines.operations.walk import walk
from risk.models import LimitChange
from tests.raw import execute, refused
from tests.risk.lines.making import (
    BY,
    CAPACITY,
    ON,
    changes,
    customer,
    day,
    granted,
    moment,
    reread,
)

pytestmark = pytest.mark.django_db

AT = moment(ON)


def person(group):
    who = Staff.objects.create_user(f"{group}{Staff.objects.count()}", is_staff=True)
    who.groups.add(Group.objects.get(name=group))
    return who


def propose(line, limit_fen, who=None):
    review = LimitReview(line.pk, limit_fen, "payslip of September")
    [made] = reviews.propose([review], by=who or person("credit"), reason="higher pay", at=AT)
    return made


def approve(made, who):
    approvals.approve([made.pk], by=who, reason="agreed", at=AT)


@pytest.mark.parametrize("group", ["manager", "risk"])
def test_a_second_person_decides_and_the_limit_walks_there(group):
    line = granted()
    made = propose(line, 2_000_000)
    assert reread(line).target_fen == 1_400_000

    approve(made, person(group))

    assert (reread(line).limit_fen, reread(line).target_fen) == (1_400_000, 2_000_000)
    assert changes(line)[1:] == [(1_400_000, 1_400_000, 2_000_000, "LIMIT-2", "limit-reviewed")]
    change = LimitChange.objects.latest("pk")
    assert (change.facts, change.evidence) == ({"text": "higher pay"}, f"approval:{made.pk}")
    walk([line.pk], by=BY, on=day(1), at=moment(day(1)))
    assert reread(line).limit_fen == 1_680_000


def test_a_decided_limit_stands_until_the_next_grant():
    who = customer()
    line = granted(who=who)
    approve(propose(line, 2_000_000), person("manager"))

    lines.recompute([line.pk], by=BY, on=day(1), at=moment(day(1)))
    assert reread(line).target_fen == 2_000_000
    granted(CAPACITY._replace(income_fen=800_000), who=who, on=day(2), evidence="assessment:2")

    assert reread(line).target_fen == 1_600_000


def test_nobody_decides_their_own_review():
    line = granted()
    maker = Staff.objects.create_superuser("maker")
    made = propose(line, 2_000_000, maker)

    with pytest.raises(approvals.SamePersonError):
        approve(made, maker)

    assert reread(line).target_fen == 1_400_000
    with refused("approval_as_proposed", "backoffice_approval"):
        execute(
            "UPDATE backoffice_approval SET state = 'approved', decided_by_id = proposed_by_id, "
            "decided_at = now() WHERE id = %s", made.pk,
        )  # fmt: skip


@pytest.mark.parametrize("group", ["support", "risk", "manager"])
def test_only_credit_proposes(group):
    with pytest.raises(approvals.NotPermittedError):
        propose(granted(), 2_000_000, person(group))

    assert not Approval.objects.exists()


def test_credit_does_not_decide():
    line = granted()
    made = propose(line, 2_000_000)

    with pytest.raises(approvals.NotPermittedError):
        approve(made, person("credit"))

    assert reread(line).target_fen == 1_400_000


@pytest.mark.parametrize(
    ("limit_fen", "error"),
    [
        (40_000, LimitRangeError),
        (30_010_000, LimitRangeError),
        (1_405_000, LimitRangeError),
        (1_400_000, UnchangedLimitError),
    ],
)
def test_a_limit_that_cannot_be_is_not_proposed(limit_fen, error):
    with pytest.raises(error):
        propose(granted(), limit_fen)

    assert not Approval.objects.exists()


def test_one_review_of_a_line_is_open_at_a_time():
    line = granted()
    propose(line, 2_000_000)

    with pytest.raises(approvals.AlreadyProposedError):
        propose(line, 1_900_000)


def test_a_line_that_closed_meanwhile_has_no_review():
    line = granted()
    made = propose(line, 2_000_000)
    lines.close([line.customer_id], by=BY, reason="left", at=AT)

    with pytest.raises(LineClosedError):
        approve(made, person("manager"))

    assert Approval.objects.get().state == "proposed"
