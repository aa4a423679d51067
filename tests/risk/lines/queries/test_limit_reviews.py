"""What the request of a limit review shows, before and after it was decided."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils.translation import override

from backoffice.core.models import Approval
from backoffice.platform import approvals
from backoffice.platform.approvals import AlreadyProposedError
from backoffice.web.readonly_admin import address
from risk.lines.operations import reviews
from risk.lines.operations.reviews import LimitReview
from risk.lines.queries.limit_reviews import differences
from tests.accounts.people import AT
from tests.risk.lines.cuts import asked, fallen, member, reread, revised
from tests.risk.lines.making import granted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


def proposed(line, limit_fen, cut_review=None):
    review = LimitReview(line.pk, limit_fen, "payslip of September", cut_review)
    [made] = reviews.propose([review], by=member("credit"), reason="higher pay", at=AT)
    return made


def rows(made):
    with override("en"):
        found = differences(Approval.objects.get(pk=made.pk))
        return [(one.name, one.now, one.proposed) for one in found]


def target_of(line, before, after):
    return f"target of {line}, yuan", before, after


def test_an_open_request_shows_the_target_of_now():
    line = granted()
    made = proposed(line, 2_000_000)

    assert rows(made) == [
        target_of(line, "14,000.00", "20,000.00"),
        ("evidence", "", "payslip of September"),
    ]


@pytest.mark.parametrize("decide", [approvals.approve, approvals.reject])
def test_a_decided_request_keeps_what_stood_before(decide):
    line = granted()
    made = proposed(line, 2_000_000)
    decide([made.pk], by=member("manager"), reason="agreed", at=AT)

    revised(line, 1_500_000, at=AT + timedelta(days=1))

    assert rows(made)[0] == target_of(line, "14,000.00", "20,000.00")


def test_a_request_names_the_cut_that_it_answers():
    review = asked(fallen())
    made = proposed(review.change.line, 1_200_000, review.pk)
    before = rows(made)

    approvals.approve([made.pk], by=member("manager"), reason="agreed", at=AT)

    cut = (f"human review of a limit cut {review}", "requested", "upheld")
    assert before == rows(made)
    assert (before[0][1:], before[2]) == (("10,000.00", "12,000.00"), cut)
    assert reread(review).state == "upheld"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["12,000.00", "human review of a limit cut"]),
        ("zh-hans", ["12,000.00", "目标额度", "降额人工复核", "依据"]),
    ],
)
def test_the_page_shows_words_and_yuan_and_no_stored_name(language, words):
    review = asked(fallen())
    made = proposed(review.change.line, 1_200_000, review.pk)
    client = Client(headers={"accept-language": language})
    client.force_login(member("manager"))

    content = client.get(address(made)).content.decode()

    assert [one for one in words if one not in content] == []
    assert [one for one in ("limit_fen", "cut_review", "1200000") if one in content] == []
    assert address(review) in content


def test_a_second_request_is_refused_by_the_number_and_limit_of_the_first():
    line = granted()
    made = proposed(line, 2_000_000)

    with pytest.raises(AlreadyProposedError) as refused, override("en"):
        proposed(line, 1_900_000)

    with override("en"):
        assert str(refused.value).startswith(
            f"The same request waits for its decision already: {made} · target of {line}, "
            f"yuan 20,000.00 · proposed by {made.proposed_by} on "
        )
