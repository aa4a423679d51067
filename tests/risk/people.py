"""Customers with consents, and the events that partners send of them."""

from datetime import timedelta

from accounts.models import Consent, Customer, WechatAccount
from backoffice.core.crypto import blind
from tests.accounts.people import AT, LONG_AGO

SOURCES = ("agreement", "bureau", "payment", "social", "wealth", "consumption")


def consenting(openid="o-1", *, sources=SOURCES, used_since_on=None):
    """Return a customer who logs in with an openid and has consented to sources."""
    customer = Customer.objects.create(registered_at=LONG_AGO)
    WechatAccount.objects.create(
        customer=customer, openid=openid, openid_blind=blind(openid, "openid"), seat=1,
        bound_at=LONG_AGO, used_since_on=used_since_on,
    )  # fmt: skip
    for purpose in sources:
        Consent.objects.create(
            customer=customer, purpose=purpose, version="2026-11", text_digest="0" * 64,
            given_at=AT - timedelta(days=30), given_by="customer",
        )  # fmt: skip
    return customer


def withdraw(customer, purpose, *, at=AT):
    Consent.objects.filter(customer=customer, purpose=purpose).update(
        withdrawn_at=at, withdrawn_by="customer"
    )


def payment(event_id="p-1", **other):
    return {
        "id": event_id, "kind": "payment", "openid": "o-1",
        "occurred_at": "2026-11-20T12:00:00+08:00", "direction": "out", "result": "succeeded",
        "amount_fen": 3500, "category": "dining", "counterparty": "shop-1", **other,
    }  # fmt: skip


def friend(event_id="s-1", **other):
    return {
        "id": event_id, "kind": "social_link", "openid": "o-1",
        "occurred_at": "2026-11-01T12:00:00+08:00", "friend": "f-1", "relation": "product_user",
        **other,
    }  # fmt: skip


def holding(event_id="h-1", **other):
    return {
        "id": event_id, "kind": "holding", "openid": "o-1",
        "occurred_at": "2026-11-01T12:00:00+08:00", "product": "fund-1", "risk": "R1",
        "balance_fen": 500_000, "stable_since": "2026-06-01", **other,
    }  # fmt: skip


def move(event_id="m-1", **other):
    return {
        "id": event_id, "kind": "product_move", "openid": "o-1",
        "occurred_at": "2026-11-10T12:00:00+08:00", "product": "fund-1", "move": "redeem",
        "amount_fen": 1000, **other,
    }  # fmt: skip


def wechat_since(event_id="w-1", **other):
    return {
        "id": event_id, "kind": "wechat_since", "openid": "o-1",
        "occurred_at": "2026-11-10T12:00:00+08:00", "since": "2016-05-01", **other,
    }  # fmt: skip


def employer(event_id="e-1", **other):
    return {
        "id": event_id, "kind": "employer", "openid": "o-1",
        "occurred_at": "2026-11-10T12:00:00+08:00", "employer": "星海科技", "since": "2024-01-01",
        **other,
    }  # fmt: skip


def income(event_id="i-1", **other):
    return {
        "id": event_id, "kind": "income", "openid": "o-1",
        "occurred_at": "2026-11-10T12:00:00+08:00", "monthly_income_fen": 800_000,
        "document": "payroll", **other,
    }  # fmt: skip


EVERY_KIND = (payment, friend, holding, move, wechat_since, employer, income)
