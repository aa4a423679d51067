"""Every sealed value under the new key: at any moment killed, repeated, written beside."""

import base64
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.urls import reverse
from django.utils.translation import override

from accounts.models import BankCard, Customer, Staff
from backoffice.core import rotation
from backoffice.core.crypto import BrokenSealError, blind, seal, seal_bytes, unseal_bytes
from tests.launcher import until
from tests.raw import execute

FIRST, SECOND = (f"{n}:{base64.b64encode(bytes([n]) * 32).decode()}" for n in (1, 2))
AT = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def first_key(settings):
    settings.FIELD_KEYS = [FIRST]


@pytest.fixture
def customers(db):
    return [customer(number) for number in range(5)]


def customer(number):
    made = Customer.objects.create(
        name=f"张{number}", phone=f"1380000000{number}", registered_at=AT
    )
    card = f"622202000000000{number}"
    BankCard.objects.create(
        customer=made, number=card, number_blind=blind(card, "card"), last_four=card[-4:],
        bank="ICBC", account=f"a-{number}", bound_at=AT,
    )  # fmt: skip
    return made


def add_key(settings):
    settings.FIELD_KEYS = [FIRST, SECOND]


def run(*text):
    """Run the command; return what it says as JSON, and its exit code."""
    out = io.StringIO()
    try:
        call_command("rotate_keys", "--json", *text, stdout=out)
    except SystemExit as end:
        return json.loads(out.getvalue()), end.code
    return json.loads(out.getvalue()), 0


def counted():
    return [tuple(one) for one in rotation.count()]


def stored():
    return execute(
        "SELECT c.id, c.name, c.phone, b.number FROM accounts_customer AS c "
        "JOIN accounts_bankcard AS b ON b.customer_id = c.id ORDER BY c.id"
    )


def opened():
    return list(BankCard.objects.order_by("pk").values_list("customer__name", "number"))


def table_of(name):
    return next(table for table in rotation.tables() if table.name == name)


OLD = [
    ("accounts_bankcard", "number", 1, 5),
    ("accounts_customer", "name", 1, 5),
    ("accounts_customer", "phone", 1, 5),
]
NEW = [(table, column, 2, values) for table, column, _version, values in OLD]


def test_every_sealed_column_of_every_table_is_known():
    assert ("accounts_bankcard", ("number", "phone")) in [
        (t.name, t.columns) for t in rotation.tables()
    ]
    assert table_of("accounts_customer").columns == ("name", "id_number", "phone")


def test_every_value_is_resealed_and_opens_as_before(customers, settings):
    before = opened()
    add_key(settings)

    result, code = run()

    assert (result["rows"], result["values"], result["unused"], code) == (10, 15, [1], 0)
    assert counted() == NEW
    assert opened() == before


def test_pages_open_when_the_old_key_is_gone(customers, settings, client):
    add_key(settings)
    run()
    settings.FIELD_KEYS = [SECOND]
    client.force_login(Staff.objects.create_superuser("root", password="x"))

    page = client.get(reverse("admin:accounts_customer_change", args=[customers[0].pk]))

    assert page.status_code == 200
    assert "张*" in page.content.decode()


def test_run_again_there_is_nothing_to_do(customers, settings):
    add_key(settings)
    run()
    before = stored()

    result, code = run()

    assert (result["rows"], result["values"], result["unused"], code) == (0, 0, [1], 0)
    assert stored() == before


def test_a_dry_run_counts_and_changes_nothing(customers, settings):
    add_key(settings)
    before = stored()

    result, code = run("--dry-run")

    assert [tuple(one.values()) for one in result["counts"]] == OLD
    assert (result["stale"], result["values"], result["unused"], code) == (15, 0, [], 0)
    assert stored() == before


def test_a_value_under_the_current_key_is_left_as_it_is(customers, settings):
    add_key(settings)
    Customer.objects.filter(pk=customers[0].pk).update(name="李")
    [(name,)] = execute("SELECT name FROM accounts_customer WHERE id = %s", customers[0].pk)

    result, _code = run()

    assert result["values"] == 14
    assert execute("SELECT name FROM accounts_customer WHERE id = %s", customers[0].pk) == [(name,)]


def test_one_killed_between_two_chunks_goes_on_where_it_stopped(committed_db, settings):
    for number in range(5):
        customer(number)
    add_key(settings)
    chunks = rotation.rotate(table_of("accounts_customer"), chunk_rows=2)
    next(chunks)
    chunks.close()
    before = stored()

    result, code = run()

    assert (result["rows"], result["values"], code) == (3 + 5, 3 * 2 + 5, 0)
    assert [row[:3] for row in stored()[:2]] == [row[:3] for row in before[:2]]
    assert counted() == NEW


def test_one_killed_inside_a_chunk_has_changed_nothing_of_it(committed_db, settings):
    for number in range(5):
        customer(number)
    add_key(settings)
    before = stored()

    with pytest.raises(KeyboardInterrupt), connection.execute_wrapper(killed_after_the_update):
        run()

    assert stored() == before
    assert run()[0]["values"] == 15


def killed_after_the_update(execute, sql, params, many, context):
    result = execute(sql, params, many, context)
    if "UPDATE" in str(sql) and "unnest" in str(sql):
        raise KeyboardInterrupt
    return result


def test_a_write_at_the_same_moment_is_kept(committed_db, settings):
    made = [customer(number) for number in range(5)]
    phone = seal("13999999999", b"accounts_customer.phone")  # a process with the old key alone
    add_key(settings)
    with ThreadPoolExecutor(1) as pool:
        edited = Event()
        writing = pool.submit(write_and_wait_for_the_rotation, made[1].pk, phone, edited)
        edited.wait()

        result, code = run()

        writing.result()

    assert (result["stale"], code) == (0, 0)
    assert Customer.objects.get(pk=made[1].pk).phone == "13999999999"
    assert counted() == NEW


def write_and_wait_for_the_rotation(pk, phone, edited):
    """Change a row, and commit when the rotation stands and waits for it."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE accounts_customer SET phone = %s WHERE id = %s", [phone, pk])
            edited.set()
            until(lambda: execute(
                "SELECT pid FROM pg_locks "
                "WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            ))  # fmt: skip
    finally:
        edited.set()
        connection.close()


def test_a_value_that_does_not_open_is_named_and_the_rest_goes_on(customers, settings):
    moved = seal("secret", b"accounts_customer.name")
    execute("UPDATE accounts_customer SET phone = %s WHERE id = %s", moved, customers[2].pk)
    add_key(settings)

    result, code = run()

    place = {"table": "accounts_customer", "column": "phone", "id": str(customers[2].pk)}
    assert result["named"] == [{**place, "version": 1}]
    assert (result["broken"], result["values"], result["unused"], code) == (1, 14, [], 1)
    [(kept,)] = execute("SELECT phone FROM accounts_customer WHERE id = %s", customers[2].pk)
    assert bytes(kept) == moved
    with pytest.raises(BrokenSealError):
        Customer.objects.get(pk=customers[2].pk)


def test_a_key_that_was_taken_out_too_early_is_named_with_its_values(customers, settings):
    settings.FIELD_KEYS = [SECOND]
    before = stored()

    result, code = run()

    assert (result["broken"], result["values"], result["stale"], code) == (15, 0, 15, 1)
    assert {one["version"] for one in result["named"]} == {1}
    assert stored() == before


def test_a_chunk_of_large_values_ends_sooner(customers, settings, monkeypatch):
    add_key(settings)
    monkeypatch.setattr(rotation, "CHUNK_BYTES", 200)

    chunks = list(rotation.rotate(table_of("accounts_customer")))

    assert sum(chunk.rows for chunk in chunks) == 5
    assert len(chunks) > 1


def test_files_are_resealed_also_under_keys_that_are_no_numbers(db, settings):
    place = b"paper.scan"
    execute("CREATE TEMPORARY TABLE paper (id uuid PRIMARY KEY, scan bytea, back bytea) "
            "ON COMMIT DROP")  # fmt: skip
    for number in range(5):
        execute("INSERT INTO paper VALUES (%s, %s, NULL)", uuid4(),
                seal_bytes(bytes([number]) * 100_000, place))  # fmt: skip
    add_key(settings)
    paper = rotation.SealedTable("paper", "id", "uuid", ("scan", "back"), is_append_only=False)

    chunks = list(rotation.rotate(paper, chunk_rows=2))

    settings.FIELD_KEYS = [SECOND]
    scans = [unseal_bytes(bytes(scan), place) for (scan,) in execute("SELECT scan FROM paper")]
    assert [(chunk.rows, chunk.values) for chunk in chunks] == [(2, 2), (2, 2), (1, 1)]
    assert sorted(scans) == [bytes([number]) * 100_000 for number in range(5)]


def test_two_rotations_at_once_seal_every_value_once(together, settings):
    for number in range(5):
        customer(number)
    add_key(settings)
    customers = table_of("accounts_customer")

    done = together(4, lambda _number: list(rotation.rotate(customers, chunk_rows=1)))

    assert sum(chunk.values for chunks in done for chunk in chunks) == 10
    assert [one for one in counted() if one[0] == customers.name] == NEW[1:]


def test_a_table_of_facts_keeps_its_keys(customers, settings, monkeypatch):
    add_key(settings)
    tables = [table._replace(is_append_only=True) for table in rotation.tables()]
    monkeypatch.setattr(rotation, "tables", lambda: tables)
    before = stored()

    result, code = run()

    assert (result["values"], result["stale"], result["unused"], code) == (0, 0, [], 0)
    assert stored() == before


def test_people_see_what_was_done_and_which_key_may_go(customers, settings):
    add_key(settings)
    out = io.StringIO()

    with override("en"):
        call_command("rotate_keys", stdout=out)

    printed = out.getvalue()
    assert "15 values in 10 rows resealed" in printed
    assert "No value needs key version 1: it may be taken out of FIELD_KEYS." in printed


def test_people_see_what_does_not_open_and_not_what_it_holds(customers, settings):
    settings.FIELD_KEYS = [SECOND]
    out = io.StringIO()

    with override("en"), pytest.raises(SystemExit):
        call_command("rotate_keys", stdout=out)

    printed = out.getvalue()
    assert "15 values do not open and stay as they are; 0 were resealed." in printed
    assert "Every key of FIELD_KEYS" not in printed
    assert all(bytes(row[1]).hex() not in printed for row in stored())
