"""Many at once on few lines: nothing is overdrawn and nobody waits for ever (LIMIT-6, LIMIT-9)."""

import random
from collections import Counter
from threading import BoundedSemaphore

import pytest
from django.db import OperationalError, connection
from psycopg.errors import DeadlockDetected

from risk.lines import operations as lines
from risk.lines.operations import LineExhaustedError, Purchase, Restoration
from risk.models import CreditLine, LimitChange, ReserveHold
from tests.risk.lines.making import BY, ON, customer, granted, moment

THREADS, LINES = 200, 50
AMOUNT_FEN = 390_000  # three of them fit into 11,900.00
AVAILABLE_FEN = 1_190_000
CONNECTIONS = 60  # at a time: the database has fewer than there are threads


@pytest.fixture
def many(committed_db):
    return [granted() for _ in range(LINES)]


def used_fen():
    columns = CreditLine.objects.values_list("held_fen", "reserved_fen", "drawn_fen")
    return [sum(row) for row in columns]


def test_the_counters_never_pass_what_is_available_and_no_thread_is_a_deadlock(many, together):
    outcomes, connections = Counter(), BoundedSemaphore(CONNECTIONS)

    def live(number):
        dice = random.Random(number)
        for turn in range(5):
            line = dice.choice(many)
            with connections:
                outcomes[_step(line, dice, f"payment:{number}:{turn}")] += 1
                connection.close()

    together(THREADS, live)

    assert outcomes.pop("deadlock", 0) == 0
    assert sum(outcomes.values()) == THREADS * 5
    assert min(outcomes["drawn"], outcomes["refused"], outcomes["held"]) > 0
    assert max(used_fen()) <= AVAILABLE_FEN
    for line in CreditLine.objects.all():
        holds = ReserveHold.objects.filter(line=line, released_at=None)
        assert line.held_fen == sum(holds.values_list("amount_fen", flat=True))


def _step(line, dice, source):
    try:
        if dice.random() < 0.3:
            # Two lines in one batch, named in either order: the locks are taken in that of ids.
            other = CreditLine.objects.order_by("?").first()
            asked = [Purchase(one.customer_id, f"{source}:{one.pk}", 600_000, moment(ON))
                     for one in {line, other}]  # fmt: skip
            lines.hold_for_purchase(asked, by=BY, on=ON)
            lines.release_holds([one.source for one in asked[:1]], by=BY, at=moment(ON))
            return "held"
        lines.reserve(line.pk, amount_fen=AMOUNT_FEN)
        if dice.random() < 0.3:
            lines.release(line.pk, amount_fen=AMOUNT_FEN)
            return "released"
        lines.draw(line.pk, amount_fen=AMOUNT_FEN)
        if dice.random() < 0.3:
            lines.restore([Restoration(line.pk, AMOUNT_FEN)])
    except LineExhaustedError:
        return "refused"
    except OperationalError as error:
        if isinstance(error.__cause__, DeadlockDetected):
            return "deadlock"
        raise
    return "drawn"


def naive(line, amount_fen):
    """Read, compare, write: what ``reserve`` must not do. The trigger is passed by as well."""
    from risk.lines.queries.amounts import summary

    read = CreditLine.objects.get(pk=line.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.02)")
        if summary(read).usable_fen < amount_fen:
            return False
        cursor.execute(
            "UPDATE risk_creditline SET drawn_fen = drawn_fen + %s WHERE id = %s",
            [amount_fen, line.pk],
        )
    return True


def test_the_same_measure_catches_a_command_that_reads_before_it_writes(many, together):
    together(CONNECTIONS, lambda number: naive(many[number % 5], AMOUNT_FEN))

    assert max(used_fen()) > AVAILABLE_FEN


def test_one_line_for_a_customer_who_is_granted_one_many_times_at_once(together):
    who = customer()

    together(8, lambda _number: granted(who=who))

    assert CreditLine.objects.count() == LimitChange.objects.count() == 1
