"""What the database refuses about loans, lines and debits to the role that serves."""

import pytest

from loans.models import DebitOrder, Instalment, Loan, Mandate
from risk.models import CreditLine
from tests.loans.conftest import DUE_ON, moment
from tests.raw import execute, refused

pytestmark = pytest.mark.django_db

AT = moment(DUE_ON)
ORDER = (
    "INSERT INTO loans_debitorder (number, bill_id, customer_id, card_id, run_id, state, origin, "
    "cycle, attempt, business_date, amount_fen, taken_fen, code, reference, requested_by, "
    "asked_at) VALUES "
    "(%s, %s, %s, %s, %s, 'planned', %s, 1, %s, '2026-10-01', %s, 0, '', '', 'test', now()) "
    "RETURNING id"
)


@pytest.fixture
def bill(make_bill):
    return make_bill()


@pytest.fixture
def order(bill):
    """Return a function that inserts an order for the bill and returns its id."""
    card_id = Mandate.objects.get(customer=bill.customer_id).card_id

    def insert(number="1", *, origin="auto", attempt=1, run_id=None, amount_fen=500):
        [(order_id,)] = execute(
            ORDER, number, bill.pk, bill.customer_id, card_id, run_id, origin, attempt, amount_fen
        )
        return order_id

    return insert


def move(order_id, state, **columns):
    names = "".join(f", {name} = %s" for name in columns)
    execute(
        f"UPDATE loans_debitorder SET state = %s{names} WHERE id = %s",
        state, *columns.values(), order_id,
    )  # fmt: skip


@pytest.fixture
def run_id():
    [(made,)] = execute(
        "INSERT INTO backoffice_jobrun (business_date, job, planned, planned_fen, done, failed, "
        "unknown, held_reason, released_by, started_by, started_at, heartbeat_at) VALUES "
        "('2026-10-01', '09:00', 0, 0, 0, 0, 0, '', '', 'test', now(), now()) RETURNING id"
    )
    return made


@pytest.mark.parametrize("state", ["planned", "sent", "unknown"])
def test_a_customer_has_one_open_automatic_order(order, state):
    first = order("1")
    for step in ("sent", "unknown")[: ("planned", "sent", "unknown").index(state)]:
        move(first, step)

    with refused("debit_order_one_open", "loans_debitorder"):
        order("2")


def test_a_customer_may_pay_beside_an_open_automatic_order(order):
    order("1")

    order("2", origin="customer")
    order("3", origin="customer")

    assert DebitOrder.objects.count() == 3


def test_a_refused_order_gives_way_to_the_next(order):
    first = order("1")
    move(first, "sent")
    move(first, "failed")

    assert order("2", attempt=2)


@pytest.mark.parametrize("attempt", [-1, 0, 4])
def test_attempts_are_one_to_three(order, attempt):
    with refused("debit_order_signs", "loans_debitorder"):
        order(attempt=attempt)


@pytest.mark.parametrize("amount_fen", [0, -1])
def test_an_order_asks_for_money(order, amount_fen):
    with refused("debit_order_signs", "loans_debitorder"):
        order(amount_fen=amount_fen)


def test_a_bill_has_one_automatic_order_a_run(order, run_id):
    first = order("1", run_id=run_id)
    move(first, "cancelled")

    with refused("debit_order_one_a_run", "loans_debitorder"):
        order("2", run_id=run_id)
    order("3", origin="customer")


def test_a_number_is_used_once(order):
    move(order("1"), "cancelled")

    with refused("debit_order_number", "loans_debitorder"):
        order("1")


def test_an_order_that_left_has_a_moment(order):
    with refused("debit_order_sent_has_a_moment", "loans_debitorder"):
        move(order(), "sent", asked_at=None)


@pytest.mark.parametrize(
    "missing", [{"taken_fen": 0}, {"reference": ""}, {"answered_at": None}], ids=str
)
def test_a_success_has_money_a_moment_and_a_reference(order, missing):
    sent = order()
    move(sent, "sent")

    facts = {"taken_fen": 500, "reference": "ref", "answered_at": AT}
    with refused("debit_order_success_has_money", "loans_debitorder"):
        move(sent, "succeeded", **(facts | missing))
    move(sent, "succeeded", **facts)


def test_a_success_is_final(order):
    sent = order()
    move(sent, "sent")
    move(sent, "succeeded", taken_fen=500, reference="ref", answered_at=AT)

    for state in ("failed", "unknown", "cancelled", "sent"):
        with refused("loans_debitorder_state_machine", "loans_debitorder"):
            move(sent, state)


def test_an_order_brings_one_repayment(bill, order):
    paid = order()
    repay = (
        "INSERT INTO loans_repayment (order_id, bill_id, customer_id, amount_fen, value_on, "
        "recorded_at) VALUES (%s, %s, %s, 500, '2026-10-01', now())"
    )
    execute(repay, paid, bill.pk, bill.customer_id)

    with refused("loans_repayment_order_id_key", "loans_repayment"):
        execute(repay, paid, bill.pk, bill.customer_id)


def test_a_settled_loan_owes_nothing(bill):
    settle = "UPDATE loans_loan SET state = 'settled', ended_on = '2026-10-01'"

    with refused("loan_settled_owes_nothing", "loans_loan"):
        execute(settle)
    with refused("loan_settled_owes_nothing", "loans_loan"):
        execute("UPDATE loans_loan SET state = 'settled', unpaid_principal_fen = 0")
    execute(f"{settle}, unpaid_principal_fen = 0")

    assert Loan.objects.get().state == "settled"


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("unpaid_principal_fen = -1", "loan_signs"),
        ("unpaid_principal_fen = principal_fen + 1", "loan_unpaid_within_principal"),
        ("charged_fen = -1", "loan_signs"),
        ("plan = 'plan-4'", "loan_plan"),
    ],
)
def test_a_loan_holds_possible_amounts(bill, change, constraint):
    with refused(constraint, "loans_loan"):
        execute(f"UPDATE loans_loan SET {change}")


OWED = [field.name for field in Instalment._meta.fields if field.name.startswith("unpaid_")]


@pytest.mark.parametrize("column", [*OWED, "segment_posted_fen", "segment_base_fen"])
def test_nothing_owed_is_negative(bill, column):
    with refused("instalment_signs", "loans_instalment"):
        execute(f"UPDATE loans_instalment SET {column} = -1")


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("minimum_fen = total_fen + 1", "bill_signs"),
        ("paid_fen = -1", "bill_signs"),
        ("refusals = 4", "bill_signs"),
        ("cycle = 0", "bill_signs"),
        ("mode = 'half'", "bill_mode"),
        ("paid_on = '2026-10-01'", "bill_paid_has_a_day"),
    ],
)
def test_a_bill_holds_possible_numbers(bill, change, constraint):
    with refused(constraint, "loans_bill"):
        execute(f"UPDATE loans_bill SET {change}")


def test_a_customer_has_one_bill_a_due_date(make_bill, bill):
    with refused("bill_one_a_due_date", "loans_bill", "loans_loan", "risk_creditline"):
        make_bill(customer=bill.customer)


def test_a_customer_has_one_live_mandate(bill):
    with refused("mandate_one_live", "loans_mandate"):
        execute(
            "INSERT INTO loans_mandate (customer_id, card_id, state, signed_at) "
            "SELECT customer_id, card_id, 'signed', now() FROM loans_mandate"
        )


TRANSFER = (
    "INSERT INTO loans_transfer (business_date, debit_account, credit_account, amount_fen, kind, "
    "cause_type, reverses, funder, at) "
    "VALUES ('2026-10-01', %s, %s, %s, 'night', 'night', '', 'own', now())"
)


@pytest.mark.parametrize(
    ("debit", "credit", "amount_fen", "constraint"),
    [
        ("bank", "loan_principal", 0, "transfer_moves_money"),
        ("bank", "loan_principal", -5, "transfer_moves_money"),
        ("bank", "bank", 5, "transfer_moves_money"),
        ("bank", "my_pocket", 5, "transfer_accounts"),
        ("my_pocket", "bank", 5, "transfer_accounts"),
    ],
)
def test_a_transfer_moves_money_between_known_accounts(debit, credit, amount_fen, constraint):
    with refused(constraint, "loans_transfer"):
        execute(TRANSFER, debit, credit, amount_fen)


def test_a_bill_is_reported_to_risk_once(bill):
    report = (
        "INSERT INTO risk_conduct (customer_id, source, due_on, total_fen, minimum_fen, paid_fen, "
        "outcome, recorded_at) VALUES (%s, 'bill:1', '2026-10-01', 5, 1, 5, %s, now())"
    )
    execute(report, bill.customer_id, "paid")

    with refused("conduct_source", "risk_conduct"):
        execute(report, bill.customer_id, "overdue")


# The line of ``make_bill``: limit 300,000.00, buffer 15 %, drawn 10,000.00.
HEADROOM_FEN = 30_000_000 * 85 // 100 - 1_000_000
RESERVE = "UPDATE risk_creditline SET reserved_fen = reserved_fen + %s"


def test_no_reservation_above_the_headroom_of_a_line(bill):
    with refused("credit_line_available", "risk_creditline"):
        execute(RESERVE, HEADROOM_FEN + 1)
    execute(RESERVE, HEADROOM_FEN)

    with refused("credit_line_available", "risk_creditline"):
        execute(RESERVE, 1)


@pytest.mark.parametrize("change", ["held_fen = 1", "buffer_permille = 151"])
def test_whatever_uses_the_line_counts_at_the_reservation(bill, change):
    with refused("credit_line_available", "risk_creditline"):
        execute(f"UPDATE risk_creditline SET {change}")
        execute(RESERVE, HEADROOM_FEN)


def test_a_line_that_is_not_active_reserves_nothing(bill):
    execute("UPDATE risk_creditline SET state = 'suspended'")

    with refused("credit_line_available", "risk_creditline"):
        execute(RESERVE, 1)


CHANGE = """
INSERT INTO risk_limitchange (customer_id, line_id, effective_on, at, old_fen, new_fen, target_fen,
    rule, reason, changed_by, evidence)
SELECT customer_id, id, '2026-10-01', now(), limit_fen, %s, 1, 'LIMIT-5', 'stated', 'staff', ''
FROM risk_creditline
"""


def test_no_limit_without_its_change(bill):
    with refused("credit_line_limit_explained", "risk_creditline"):
        execute("UPDATE risk_creditline SET limit_fen = limit_fen - 1")
    execute(CHANGE, 50_000)

    with refused("credit_line_limit_explained", "risk_creditline"):
        execute("UPDATE risk_creditline SET limit_fen = 50001")
    execute("UPDATE risk_creditline SET limit_fen = 50000")


def test_a_change_starts_where_the_line_stands_and_once_a_day(bill):
    with refused("limit_change_starts", "risk_limitchange"):
        execute(CHANGE.replace("limit_fen, %s", "limit_fen + 1, %s"), 50_000)
    execute(CHANGE, 50_000)
    execute("UPDATE risk_creditline SET limit_fen = 50000")

    with refused("limit_change_once_a_day", "risk_limitchange"):
        execute(CHANGE, 60_000)


def test_a_limit_may_fall_below_what_is_drawn(bill):
    execute(RESERVE, HEADROOM_FEN)

    execute(CHANGE, 50_000)
    execute("UPDATE risk_creditline SET limit_fen = 50000")
    execute("UPDATE risk_creditline SET reserved_fen = reserved_fen - 1, drawn_fen = drawn_fen + 1")

    line = CreditLine.objects.get()
    assert (line.limit_fen, line.reserved_fen) == (50_000, HEADROOM_FEN - 1)


@pytest.mark.parametrize("column", ["temporary_fen", "held_fen", "drawn_fen"])
def test_a_line_holds_no_negative_amount(bill, column):
    with refused("credit_line_signs", "risk_creditline"):
        execute(f"UPDATE risk_creditline SET {column} = -1")


def test_a_person_has_one_open_line(bill):
    another = (
        "INSERT INTO risk_creditline (customer_id, state, limit_fen, temporary_fen, "
        "buffer_permille, held_fen, reserved_fen, drawn_fen, opened_on) "
        "VALUES (%s, 'active', 1, 0, 0, 0, 0, 0, '2026-10-01')"
    )
    with refused("credit_line_one_open", "risk_creditline"):
        execute(another, bill.customer_id)
    execute("UPDATE risk_creditline SET state = 'closed'")
    execute(another, bill.customer_id)


def test_an_order_is_of_the_customer_of_its_bill(order, make_bill, bill):
    other = make_bill()
    order_id = order()

    with refused("debit_order_bill_of_customer", "loans_debitorder"):
        change = "UPDATE loans_debitorder SET customer_id = %s WHERE id = %s"
        execute(f"SET CONSTRAINTS ALL IMMEDIATE; {change}", other.customer_id, order_id)


def test_a_repayment_is_of_the_order_and_its_bill_and_customer(order, make_bill, bill):
    other = make_bill()
    insert = (
        "SET CONSTRAINTS ALL IMMEDIATE; INSERT INTO loans_repayment "
        "(order_id, bill_id, customer_id, amount_fen, value_on, recorded_at) "
        "VALUES (%s, %s, %s, 500, '2026-10-01', now())"
    )
    order_id = order()

    for wrong in ((other.pk, bill.customer_id), (bill.pk, other.customer_id)):
        with refused("repayment_order_of_bill", "loans_repayment"):
            execute(insert, order_id, *wrong)
    execute(insert, order_id, bill.pk, bill.customer_id)
