"""Staff pages of people: masked, and found by exact keys alone."""

import pytest
from django.urls import reverse

from accounts.models import BankCard, BankCardState, Customer, CustomerState, Staff
from backoffice.core import workflow
from backoffice.core.crypto import blind
from tests.loans.conftest import DUE_ON, moment

pytestmark = pytest.mark.django_db

NAME, ID_NUMBER, PHONE, CARD = "张三丰", "11010119900307002X", "13812341234", "6217000010001234567"
SECRETS = (NAME, ID_NUMBER, PHONE, CARD)


@pytest.fixture
def staff(client):
    client.force_login(Staff.objects.create_superuser("admin"))
    return client


@pytest.fixture
def customer(db):
    with workflow.importing():
        return _customer(ID_NUMBER, PHONE, CARD)


def _customer(id_number, phone, card):
    who = Customer.objects.create(
        state=CustomerState.READY,
        name=NAME,
        id_number=id_number,
        id_blind=blind(id_number, "id_number"),
        phone=phone,
        phone_blind=blind(phone, "phone"),
        registered_at=moment(DUE_ON),
    )
    BankCard.objects.create(
        customer=who,
        state=BankCardState.ACTIVE,
        number=card,
        number_blind=blind(card, "card"),
        last_four=card[-4:],
        bank="建设银行",
        account=f"acct-{who.pk}",
        account_class="I",
        is_default=True,
        bound_at=moment(DUE_ON),
    )
    return who


def _pages(customer):
    card = customer.cards.get()
    return [
        reverse("admin:accounts_customer_changelist"),
        reverse("admin:accounts_customer_change", args=[customer.pk]),
        reverse("admin:accounts_bankcard_changelist"),
        reverse("admin:accounts_bankcard_change", args=[card.pk]),
    ]


def test_no_page_shows_more_than_the_mask(staff, customer):
    for page in _pages(customer):
        shown = staff.get(page).content.decode()
        assert "张*" in shown or "4567" in shown
        assert [secret for secret in SECRETS if secret in shown] == []


@pytest.mark.parametrize("term", [ID_NUMBER, PHONE, CARD, "138 1234 1234", ID_NUMBER.lower()])
def test_a_customer_is_found_by_a_whole_key(staff, customer, term):
    with workflow.importing():
        _customer("110101199003070011", "13900000000", "6217000010007654321")

    page = staff.get(reverse("admin:accounts_customer_changelist"), {"q": term})

    assert [row.pk for row in page.context["cl"].result_list] == [customer.pk]


@pytest.mark.parametrize("term", ["张三", "1381234", "110101", "nobody", "9" * 30])
def test_a_part_of_a_key_finds_nobody(staff, customer, term):
    page = staff.get(reverse("admin:accounts_customer_changelist"), {"q": term})

    assert page.status_code == 200
    assert page.context["cl"].result_list == []


def test_a_customer_page_links_to_everything_of_the_customer(staff, customer):
    page = staff.get(reverse("admin:accounts_customer_change", args=[customer.pk]))

    for lists in ("loans_bill", "loans_loan", "risk_creditline", "accounts_bankcard"):
        address = reverse(f"admin:{lists}_changelist")
        assert f"{address}?customer__id__exact={customer.pk}" in page.content.decode()
        assert staff.get(f"{address}?customer__id__exact={customer.pk}").status_code == 200


def test_staff_pages_serve_a_person_and_the_groups(staff):
    person = Staff.objects.get()
    for page in (
        reverse("admin:accounts_staff_changelist"),
        reverse("admin:accounts_staff_change", args=[person.pk]),
        reverse("admin:accounts_staff_add"),
        reverse("admin:auth_group_changelist"),
        reverse("admin:auth_group_change", args=[person.groups.model.objects.first().pk]),
    ):
        assert staff.get(page).status_code == 200


def test_the_groups_of_a_person_are_chosen_by_their_titles(staff):
    other = Staff.objects.create_user("other", is_staff=True)
    address = reverse("admin:accounts_staff_change", args=[other.pk])

    page = staff.get(address, headers={"accept-language": "zh-hans"}).content.decode()

    assert page.count('type="checkbox" name="groups"') == 7
    assert "主管（复核）" in page
