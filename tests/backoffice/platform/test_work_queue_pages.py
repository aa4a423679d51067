"""Staff pages of work queues: who sees them, takes the next item, and gives work away."""

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Customer, Staff
from backoffice.core import clock
from backoffice.core.models import WorkItem
from backoffice.platform import work_queue

pytestmark = pytest.mark.django_db

QUEUES = "/admin/backoffice/workitem/queues/"
TAKE = f"{QUEUES}identity-review/take/"


def client_of(group, number=1):
    staff, is_new = Staff.objects.get_or_create(username=f"{group}{number}", is_staff=True)
    if is_new:
        staff.groups.add(Group.objects.get(name=group))
    client = Client(headers={"accept-language": "en"})
    client.force_login(staff)
    return client


@pytest.fixture
def item():
    customer = Customer.objects.create(registered_at=clock.now())
    with transaction.atomic():
        work_queue.add([customer], queue="identity-review", at=clock.now())
    return WorkItem.objects.get()


def messages_of(page):
    return [str(message) for message in page.context["messages"]]


def perform(client, item, code, **given):
    address = reverse("admin:backoffice_workitem_action", args=[item.pk, code])
    return client.post(address, given, follow=True)


def test_the_page_lists_every_queue_with_its_numbers(item):
    page = client_of("credit").get(QUEUES)

    found = [(one.queue.name, one.waiting, may_take) for one, may_take in page.context["rows"]]
    assert found == [
        ("identity-review", 1, True),
        ("profile-review", 0, True),
        ("proof-review", 0, True),
        ("assessment-review", 0, True),
        ("human-review", 0, True),
        ("special-review", 0, False),  # risk looks at payments
        ("appeal", 0, True),
        ("cut-review", 0, True),
        ("line-resumption", 0, False),
        ("extension", 0, False),
        ("refunds", 0, False),
    ]
    assert "Identity submissions in manual review" in page.content.decode()


def test_the_next_item_opens_on_its_page_and_is_listed_as_mine(item):
    client = client_of("credit")

    page = client.post(TAKE, follow=True)

    assert page.request["PATH_INFO"] == reverse("admin:backoffice_workitem_change", args=[item.pk])
    assert WorkItem.objects.get().claimed_by.username == "credit1"
    assert len(client.get(QUEUES).context["mine"]) == 1


def test_an_empty_queue_says_so():
    page = client_of("credit").post(TAKE, follow=True)

    assert messages_of(page) == ["Nothing waits in this queue."]


@pytest.mark.parametrize("group", ["auditor", "support"])
def test_who_may_not_take_work_is_refused(item, group):
    assert client_of(group).post(TAKE).status_code == 403

    assert WorkItem.objects.get().state == "waiting"


@pytest.mark.parametrize("group", ["manager", "finance"])
def test_who_has_no_right_of_the_queue_takes_nothing(item, group):
    messages = messages_of(client_of(group).post(TAKE, follow=True))

    assert messages[0].startswith(f"{group}1 does not have the permission")
    assert WorkItem.objects.get().state == "waiting"


@pytest.mark.parametrize(("group", "status"), [("auditor", 200), ("support", 403)])
def test_the_page_is_for_those_who_may_see_work(group, status):
    assert client_of(group).get(QUEUES).status_code == status


def test_taking_is_a_post(item):
    assert client_of("credit").get(TAKE).status_code == 405

    assert WorkItem.objects.get().state == "waiting"


def test_an_item_is_given_back(item):
    client = client_of("credit")
    client.post(TAKE)

    assert messages_of(perform(client, item, "release", reason="lunch break")) == [
        "The work is back in its queue."
    ]
    assert WorkItem.objects.get().state == "waiting"


def test_an_item_is_handed_over_by_user_name(item):
    client_of("risk")
    client = client_of("credit")
    client.post(TAKE)

    [message] = messages_of(perform(client, item, "hand-over", to="nobody", reason="end of shift"))
    assert message.startswith("user name: select or enter")
    assert WorkItem.objects.get().claimed_by.username == "credit1"
    messages = messages_of(perform(client, item, "hand-over", to="risk1", reason="end of shift"))

    assert messages == ["risk1 has the work now."]
    assert WorkItem.objects.get().claimed_by.username == "risk1"


def test_a_manager_takes_work_away_from_somebody_else(item):
    client_of("credit").post(TAKE)

    perform(client_of("manager"), item, "release", reason="on sick leave")

    assert WorkItem.objects.get().state == "waiting"
