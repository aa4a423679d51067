"""Partner events: stored once, under a consent, the bad ones reported by their index."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import WechatAccount
from backoffice.core.crypto import blind
from risk.facts.operations import events
from risk.models import PartnerEvent, PartnerEventKey
from tests.accounts.people import AT
from tests.risk.people import EVERY_KIND, consenting, employer, payment, wechat_since, withdraw

pytestmark = pytest.mark.django_db


def receive(*batch, partner="pay", at=AT):
    return events.receive(batch, partner=partner, by=f"partner:{partner}", at=at)


def faults(received):
    return [(one.position, one.fault.value) for one in received.refused]


def test_an_event_of_each_kind_is_stored_under_its_source():
    customer = consenting()

    received = receive(*(kind() for kind in EVERY_KIND))

    assert received == events.ReceivedEvents(7, 0, [])
    rows = PartnerEvent.objects.order_by("pk")
    assert {row.customer_id for row in rows} == {customer.pk}
    assert [(row.kind, row.source) for row in rows] == [
        ("payment", "payment"), ("social_link", "social"), ("holding", "wealth"),
        ("product_move", "wealth"), ("wechat_since", "none"), ("employer", "agreement"),
        ("income", "agreement"),
    ]  # fmt: skip


def test_nobody_else_is_readable_in_a_stored_event():
    consenting()

    receive(employer(employer="星海科技"), payment(counterparty="shop-of-somebody"))

    with connection.cursor() as cursor:
        cursor.execute("SELECT event::text FROM risk_partnerevent AS event")
        text = " ".join(row for (row,) in cursor.fetchall())
    assert "星海" not in text and "somebody" not in text
    kept = {bytes(row.party_blind) for row in PartnerEvent.objects.all()}
    assert kept == {blind("星海科技", "employer"), blind("shop-of-somebody", "payment")}


def test_the_day_of_an_event_is_the_one_in_shanghai():
    consenting()

    receive(payment(occurred_at="2026-11-19T16:30:00Z"))

    assert PartnerEvent.objects.get().occurred_on == date(2026, 11, 20)


def test_a_repeated_batch_changes_nothing():
    consenting()
    batch = [payment(), {"kind": "payment"}, payment("p-2", openid="nobody")]
    first = receive(*batch)

    again = receive(*batch)

    assert (first.accepted, first.repeated, again.accepted, again.repeated) == (1, 0, 0, 1)
    assert again.refused == first.refused
    assert PartnerEvent.objects.count() == PartnerEventKey.objects.count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"occurred_at": "2026-10-20T12:00:00+08:00"},  # another partition
        {"amount_fen": 3501},
        {"counterparty": "shop-2"},
        {"openid": "o-2"},
    ],
)
def test_an_id_with_other_content_is_a_conflict_and_never_a_second_row(other):
    consenting()
    consenting("o-2")
    receive(payment())

    received = receive(payment(**other))

    assert faults(received) == [(0, "event-conflict")]
    assert PartnerEvent.objects.get().amount_fen == 3500


def test_the_same_moment_in_another_offset_is_the_same_event():
    consenting()
    receive(payment(occurred_at="2026-11-20T12:00:00+08:00"))

    received = receive(payment(occurred_at="2026-11-20T04:00:00Z"))

    assert (received.repeated, received.refused) == (1, [])


def test_an_id_belongs_to_its_partner():
    consenting()
    receive(payment())

    received = receive(payment(amount_fen=9), partner="other")

    assert (received.accepted, PartnerEvent.objects.count()) == (1, 2)


def test_within_a_batch_the_first_of_an_id_counts():
    consenting()

    received = receive(payment(), payment(), payment(amount_fen=1))

    assert (received.accepted, received.repeated) == (1, 1)
    assert faults(received) == [(2, "event-conflict")]


def test_without_a_consent_to_its_source_an_event_is_refused():
    consenting(sources=("payment",))

    received = receive(*(kind() for kind in EVERY_KIND))

    assert received.accepted == 2  # the payment, and since when WeChat is used
    assert faults(received) == [(index, "source-consent-missing") for index in (1, 2, 3, 5, 6)]
    assert not PartnerEventKey.objects.filter(event_id="s-1").exists()


def test_a_refused_event_may_come_again_after_the_consent():
    customer = consenting(sources=())
    receive(payment())
    customer.consents.create(
        purpose="payment", version="1", text_digest="0", given_at=AT, given_by="customer"
    )

    assert receive(payment()).accepted == 1


def test_an_event_received_before_is_repeated_also_after_a_withdrawal():
    customer = consenting()
    receive(payment())
    withdraw(customer, "payment")

    received = receive(payment(), payment("p-2"))

    assert received.repeated == 1
    assert faults(received) == [(1, "source-consent-missing")]


def test_unknown_and_unbound_customers_are_refused():
    customer = consenting()
    consenting("o-2")
    WechatAccount.objects.filter(openid_blind=blind("o-2", "openid")).update(unbound_at=AT)

    received = receive(
        payment("1", openid="nobody"),
        payment("2", openid="o-2"),
        {**payment("3", customer=str(customer.public_id))} | {"openid": "o-1"},
        {k: v for k, v in payment("4", customer=str(customer.public_id)).items() if k != "openid"},
    )

    assert received.accepted == 1
    assert faults(received) == [
        (0, "customer-unknown"), (1, "customer-unknown"), (2, "customer-not-named"),
    ]  # fmt: skip


def test_a_refusal_names_the_source_and_the_remedy():
    consenting(sources=())

    [refused] = receive(payment()).refused

    assert "payment" in refused.detail and "{" not in refused.detail


def test_more_than_a_thousand_events_are_refused_together():
    with pytest.raises(events.BatchTooLargeError):
        receive(*([payment()] * 1001))

    assert PartnerEventKey.objects.count() == 0


def test_the_first_day_of_wechat_is_taken_over_from_a_partner_and_from_payments():
    consenting()

    receive(payment(occurred_at="2026-05-02T12:00:00+08:00"))
    assert WechatAccount.objects.get().used_since_on == date(2026, 5, 2)
    receive(wechat_since(since="2016-05-01"), payment("p-2"))

    assert WechatAccount.objects.get().used_since_on == date(2016, 5, 1)


def test_a_batch_takes_thirteen_statements_at_most(django_assert_max_num_queries):
    for number in range(3):
        consenting(f"o-{number}", used_since_on=date(2015, 1, 1))
    batch = [payment(f"p-{n}", openid=f"o-{n % 3}") for n in range(300)]

    with django_assert_max_num_queries(13):
        assert receive(*batch).accepted == 300


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "call"},
        {"source": "social"},
        {"category": "R1"},
        {"amount_fen": 0},
        {"amount_fen": None},
        {"direction": "in", "result": "failed"},
        {"party_blind": None},
        {"since_on": date(2026, 1, 1)},
    ],
)
def test_the_database_refuses_an_event_with_columns_of_another_kind(other):
    consenting()
    receive(payment())
    row = PartnerEvent.objects.values().get()
    row.pop("id")

    with pytest.raises(IntegrityError), transaction.atomic():
        PartnerEvent.objects.create(**row | other)


def test_an_event_is_never_changed_or_deleted():
    consenting()
    receive(payment())

    for change in (lambda: PartnerEvent.objects.update(amount_fen=1),
                   lambda: PartnerEvent.objects.all().delete()):  # fmt: skip
        with pytest.raises(Exception, match=r"append_only|permission denied|Cannot"), \
                transaction.atomic():  # fmt: skip
            change()


def test_events_lie_in_the_partition_of_their_month():
    consenting()
    receive(payment(occurred_at="2026-11-20T12:00:00+08:00"))

    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM risk_partnerevent")
        assert cursor.fetchone() == ("risk_partnerevent_202611",)
