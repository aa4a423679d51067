"""A customer with every record of onboarding, and the staff who see it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts.complaints import operations as complaints
from accounts.models import BankCard, BankCardState, Customer, Staff
from accounts.privacy.operations import deletions, holds
from backoffice.core import clock, workflow
from backoffice.core.crypto import blind
from tests.accounts.api.conftest import Phone, identified, newcomer, waited
from tests.accounts.people import person

__all__ = ["identified", "newcomer", "waited"]

WHO = person()
CARD_PHONE = "13987654321"
OPENID = "newcomer"
ADDRESS, EMPLOYER = "广东省深圳市南山区科技园路 88 号", "深圳某某科技有限公司"


def client_of(staff: Staff) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(staff)
    return client


@pytest.fixture
def as_group(db: None) -> Callable[[str], Client]:
    """A client of somebody of a group, who is called like it."""

    def made(group: str) -> Client:
        staff, is_new = Staff.objects.get_or_create(username=group, is_staff=True)
        if is_new:
            staff.groups.add(Group.objects.get(name=group))
        return client_of(staff)

    return made


@pytest.fixture
def admin_client(db: None) -> Client:
    """A client of somebody who may do everything."""
    return client_of(Staff.objects.create_superuser("admin"))


@pytest.fixture
def make_card(identified: Phone) -> Callable[..., BankCard]:
    """Bind a card of the identified customer, as its bank has confirmed it."""

    def made(**other: Any) -> BankCard:
        values = {
            "customer": identified.customer, "state": BankCardState.ACTIVE, "account_class": "I",
            "is_default": True, "number": WHO.card_number, "account": "acct-opening",
            "number_blind": blind(WHO.card_number, "card"), "last_four": WHO.card_number[-4:],
            "bank": "建设银行", "phone": CARD_PHONE, "phone_blind": blind(CARD_PHONE, "phone"),
            "check_code": "0", "checked_at": clock.now(), "bound_at": clock.now(),
        }  # fmt: skip
        with workflow.importing():
            return BankCard.objects.create(**values | other)

    return made


@pytest.fixture
def onboarded(identified: Phone, make_card: Callable[..., BankCard]) -> Phone:
    """Somebody with every onboarding step, a hold, a complaint and a deletion request."""
    make_card()
    for purpose in ("agreement", "bureau", "payment"):
        assert identified.put(f"me/consents/{purpose}", {"granted": True}).status_code == 200
    declared = {"monthly_income_fen": 800_000, "occupation": "employee", "employer": EMPLOYER,
            "address": ADDRESS}  # fmt: skip
    assert identified.put("me/profile", declared).status_code == 200
    customer = Customer.objects.get(pk=identified.customer.pk)
    Customer.objects.filter(pk=customer.pk).update(
        phone=WHO.phone, phone_blind=blind(WHO.phone, "phone")
    )
    words = f"我的手机号 {WHO.phone}，身份证 {WHO.id_number}"
    complaints.file(customer, text=words, by="customer", at=clock.now())
    deletions.request(customer, by="customer", at=clock.now())
    held = holds.place(
        holds.Hold(customer, "legal", "court 12"), by="risk", reason="the court asked",
        at=clock.now(), wall_at=clock.wall(),
    )  # fmt: skip
    assert held.lifted_at is None
    return identified


def page_of(record: Any) -> str:
    """Return the address of a record's page."""
    return reverse(f"admin:accounts_{record._meta.model_name}_change", args=[record.pk])


def perform(client: Client, record: Any, code: str, **given: Any) -> Any:
    """Send the form of an admin action, as its dialog does."""
    address = reverse(f"admin:accounts_{record._meta.model_name}_action", args=[record.pk, code])
    return client.post(address, given, follow=True)


def messages_of(answer: Any) -> list[str]:
    """Return what the page says of what was done."""
    return [str(message) for message in answer.context["messages"]]
