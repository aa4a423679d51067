"""Lines whose limit falls, and the reviews that their customers ask for."""

from datetime import timedelta

from django.contrib.auth.models import Group

from accounts.models import Staff
from backoffice.core.clock import day_of
from risk.lines import operations as lines
from risk.lines.operations import cut_reviews
from risk.lines.operations.walk import walk
from risk.models import CutReview, LimitChange
from tests.accounts.people import AT, request_of
from tests.risk.lines.making import BY, granted

TODAY = day_of(AT)
YESTERDAY = AT - timedelta(days=1)


def member(group):
    """Return another member of a group of the staff."""
    who = Staff.objects.create_user(f"{group}-{Staff.objects.count()}", is_staff=True)
    who.groups.add(Group.objects.get(name=group))
    return who


def revised(line, income_fen, *, at=AT, by=BY, evidence="facts:1"):
    """Give a line another income; return its latest change."""
    change = lines.InputsChange(line.pk, evidence, income_fen=income_fen)
    lines.revise([change], by=by, on=day_of(at), at=at)
    return latest(line)


def latest(line):
    return LimitChange.objects.filter(line=line).latest("pk")


def fallen(income_fen=500_000, *, who=None, at=AT, **given):
    """Return the fall of the target from 14,000.00 to 10,000.00."""
    line = granted(on=day_of(at - timedelta(days=1)), who=who)
    return revised(line, income_fen, at=at, **given)


def stepped(line, *, days=1):
    """Walk a day; return the step."""
    at = AT + timedelta(days=days)
    walk([line.pk], by=BY, on=day_of(at), at=at)
    return latest(line)


def asked(change, *, at=AT):
    """Return the review that the customer asks for."""
    context = request_of(change.customer, by=f"customer:{change.customer_id}", at=at)
    return cut_reviews.request(change.public_id, context=context)


def reread(review):
    return CutReview.objects.get(pk=review.pk)
