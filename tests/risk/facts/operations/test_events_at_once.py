"""Partner events that arrive at the same moment, in several processes."""

from risk.facts.operations import events
from risk.models import PartnerEvent
from tests.accounts.people import AT
from tests.risk.people import consenting, payment


def test_the_same_batch_at_the_same_moment_is_stored_once(together):
    consenting()
    batch = [payment(f"p-{number}") for number in range(50)]

    def send(number):
        ordered = batch if number % 2 else batch[::-1]
        return events.receive(ordered, partner="pay", by="partner:pay", at=AT)

    received = together(4, send)

    assert sum(one.accepted for one in received) == PartnerEvent.objects.count() == 50
    assert sum(one.repeated for one in received) == 150
    assert [one for one in received if one.refused] == []
