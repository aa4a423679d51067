"""What a bill takes over when it is issued, and what it asks then (REPAY-7, 9, 16)."""

import pytest

from loans.accounting.rules import engine
from loans.accounting.rules.outcomes import IssuedLoan
from loans.accounting.rules.position import InstalmentKey, Position
from loans.billing.rules.issue import Earlier, Issue, minimum_months
from loans.policy import LoanTerms
from tests.loans.cases import bill, day, loan, part

TERMS = LoanTerms()
ROW = InstalmentKey(7, 0)
ISSUED_ON, NEXT_DUE = day(21), day(31)


def issue(closed, loans, *, billed_rows=(), earlier=None, debit_on=None):
    """Issue bill 2, due a month after the closed bill 1."""
    earlier = (Earlier(1, closed.state),) if earlier is None else earlier
    later = bill(id=2, due_on=NEXT_DUE, billed_on=ISSUED_ON, terms_id=min(loans),
                 billed_rows=billed_rows, debit_on=debit_on)  # fmt: skip
    position = Position({1: closed, 2: later}, loans)
    return engine.run(position, [Issue(2, ISSUED_ON, earlier)], dict.fromkeys(loans, TERMS))


def before(loan):
    """A loan with 30 nights of 10,000.00 at 500 ppm behind it: the cap leaves 47.26."""
    return loan._replace(principal_nights_fen=30_000_000, charged_fen=15_000)


def revolving(principal_fen=913_500):
    rest = part(principal_fen, "revolving", segment_on=day(0), bill_id=1)
    return before(loan(rest, accrued_on=day(0)))


def test_what_met_its_minimum_leaves_the_rest_to_the_next_bill():
    """9,135.00 at 750 ppm for the 31 nights to the next due date are 212.39."""
    result = issue(bill(ROW, state="min_paid"), {7: revolving()})

    old, new = result.position.bills[1], result.position.bills[2]
    assert (old.state, old.rows, old.loan_ids, old.billed_rows) == ("min_paid", (), (), (ROW,))
    assert (new.rows, new.loan_ids, new.terms_id) == ((ROW,), (7,), 7)
    assert (new.total_fen, new.minimum_fen) == (934_739, 93_474)
    assert result.position.loans[7].parts[0].bill_id == 2
    assert result.position.holder_of(old) == new


def test_what_another_customer_left_is_not_taken_over():
    other = bill(InstalmentKey(9, 0), id=3, state="min_paid")
    later = bill(id=2, due_on=NEXT_DUE, billed_on=ISSUED_ON, terms_id=7)
    foreign = loan(part(50_000, bill_id=3), accrued_on=day(0))
    position = Position({1: bill(ROW, state="min_paid"), 2: later, 3: other},
                        {7: revolving(), 9: foreign})  # fmt: skip

    event = Issue(2, ISSUED_ON, (Earlier(1, "min_paid"),))
    result = engine.run(position, [event], {7: TERMS, 9: TERMS})

    assert result.position.bills[2].rows == (ROW,)
    assert result.position.bills[3] == other


def test_nothing_is_charged_and_the_segment_goes_on():
    result = issue(bill(ROW, state="min_paid"), {7: revolving()})

    [unbilled] = revolving().parts
    assert result.position.loans[7].parts == (unbilled._replace(bill_id=2),)
    assert (result.charges, result.allocations, result.decisions) == ([], [], [])


def test_a_carried_rest_is_asked_with_its_interest():
    rest = before(loan(part(500, "own", segment_on=day(0), bill_id=1), accrued_on=day(4)))

    result = issue(bill(ROW, state="carried"), {7: rest})

    assert result.position.bills[2].total_fen == 508  # 31 nights of 0.25 fen
    assert result.position.bills[2].minimum_fen == 508  # below 10.00: all


def test_a_bill_with_a_loan_that_was_given_up_is_debited_as_any_other():
    given_up = before(loan(part(50_000, "none"), accrued_on=day(0)))._replace(state="charged_off")

    result = issue(bill(state="paid"), {7: given_up}, billed_rows=(ROW,), debit_on=NEXT_DUE)

    asked = result.position.bills[2]
    assert (asked.rows, asked.total_fen) == ((ROW,), 50_000)
    assert asked.debit_on == NEXT_DUE


@pytest.mark.parametrize("state", ["billed", "grace", "overdue"])
def test_what_an_open_bill_asks_stays_under_it(state):
    own = InstalmentKey(8, 0)
    loans = {7: revolving(), 8: loan(part(100_000), accrued_on=day(0))}

    result = issue(bill(ROW, state=state), loans, billed_rows=(own,))

    assert result.position.bills[1].rows == (ROW,)
    assert result.position.bills[2].rows == (own,)


def test_a_bill_asks_its_own_instalments_and_what_was_left():
    own = InstalmentKey(8, 0)
    loans = {7: revolving(100_000), 8: loan(part(200_000, segment_on=day(11)), accrued_on=day(11))}

    result = issue(bill(ROW, state="min_paid"), loans, billed_rows=(own,))

    new = result.position.bills[2]
    # 1,000.00 for 31 nights at 750 ppm, 2,000.00 for 20 nights at 500 ppm.
    assert (new.rows, new.total_fen) == ((ROW, own), 100_000 + 2_325 + 200_000 + 2_000)
    assert result.issued == [
        IssuedLoan(2, 7, result.position.loans[7]), IssuedLoan(2, 8, result.position.loans[8]),
    ]  # fmt: skip


def test_the_cap_holds_up_to_the_bill_date_and_the_contract_from_there_on():
    """6,576.21 revolve at 750 ppm, and on the bill date the cap leaves 90.81 (RATE-7)."""
    rest = loan(
        part(657_621, "revolving", segment_on=day(0), bill_id=1, interest_fen=0),
        accrued_on=day(0),
    )._replace(principal_nights_fen=71_643_875, charged_fen=47_107)  # fmt: skip

    result = issue(bill(ROW, state="min_paid"), {7: rest})

    headroom_fen = (71_643_875 + 21 * 657_621) * 24 // 36_500 - 47_107
    assert headroom_fen == 9_081  # of the 10,358 that 21 nights bear
    # 31 nights bear 15,290 and 21 of them 10,358: 4,932 for the ten to the due date.
    assert result.position.bills[2].total_fen == 657_621 + headroom_fen + 4_932


def test_what_is_owed_under_late_bills_is_past_due_and_not_in_the_total():
    """The penalty of 17 nights on 1,000.00 is 17.14; the row of the new bill is asked apart."""
    own = InstalmentKey(8, 0)
    late = before(
        loan(part(100_000, "penalty", segment_on=day(4), bill_id=1, plan_fee_fen=500),
             accrued_on=day(4))
    )  # fmt: skip
    loans = {7: late, 8: before(loan(part(100_000, segment_on=day(11)), accrued_on=day(11)))}

    result = issue(bill(ROW, state="overdue"), loans, billed_rows=(own,))

    new = result.position.bills[2]
    assert (new.total_fen, new.minimum_fen, new.past_due_fen) == (101_000, 10_100, 102_214)


def test_an_instalment_under_another_bill_is_not_taken():
    own = InstalmentKey(8, 0)
    loans = {7: revolving(), 8: loan(part(200_000, bill_id=3), accrued_on=day(0))}

    result = issue(bill(ROW, state="min_paid"), loans, billed_rows=(own,))

    assert result.position.bills[2].rows == (ROW,)


def test_a_rest_that_was_paid_is_not_taken_over_and_the_bill_is_paid():
    result = issue(bill(ROW, state="min_paid"), {7: revolving(0)})

    assert result.position.bills[1].rows == ()
    assert (result.position.bills[2].state, result.position.bills[2].rows) == ("paid", ())


def test_all_of_a_plan_s_row_is_mandatory():
    own = InstalmentKey(8, 0)
    plan = loan(
        part(100_000, "none", plan_fee_fen=5_000), part(100_000, "none", plan_fee_fen=5_000),
        accrued_on=day(0),
    )._replace(is_bullet=False)  # fmt: skip

    result = issue(bill(state="paid"), {8: plan}, billed_rows=(own,))

    new = result.position.bills[2]
    assert (new.total_fen, new.minimum_fen) == (105_000, 105_000)


@pytest.mark.parametrize(
    ("months", "minimum_fen"), [(0, 93_474), (11, 93_474), (12, 934_739), (13, 934_739)]
)
def test_after_twelve_minimum_months_the_whole_bill_is_the_minimum(months, minimum_fen):
    """The closed bill of the run is the latest of them."""
    earlier = (Earlier(1, "min_paid"), *(Earlier(100 - n, "min_paid") for n in range(1, months)))
    closed = bill(ROW, state="min_paid" if months else "carried")

    result = issue(closed, {7: revolving()}, earlier=earlier)

    assert result.position.bills[2].minimum_fen == minimum_fen


def test_how_a_bill_ends_in_the_run_counts_and_not_how_it_had_ended():
    earlier = (Earlier(1, "overdue"), *(Earlier(100 - n, "min_paid") for n in range(11)))

    result = issue(bill(ROW, state="min_paid"), {7: revolving()}, earlier=earlier)

    assert result.position.bills[2].minimum_fen == 934_739


@pytest.mark.parametrize(
    ("states", "count"),
    [
        ([], 0),
        (["paid"], 0),
        (["min_paid", "min_paid", "paid", "min_paid"], 2),
        (["carried", "min_paid"], 0),
        (["min_paid"] * 12, 12),
    ],
)
def test_any_other_end_resets_the_count(states, count):
    assert minimum_months(states) == count


DRAWN_ON = day(0)


def fresh(*parts, drawn_on=DRAWN_ON, is_bullet=True):
    """A loan drawn on D, nothing of it billed or charged yet."""
    return loan(*parts, accrued_on=day(0))._replace(drawn_on=drawn_on, is_bullet=is_bullet)


def test_a_plan_row_and_two_bullets_are_asked_with_fee_and_interest():
    """31 nights at 500 ppm on 1,000.00 and 2,000.00: 15.50 and 31.00; the row is 500.00 + 30.00."""
    first = fresh(part(100_000, segment_on=day(0)))
    second = fresh(part(200_000, segment_on=day(0)))
    row = part(50_000, "none", segment_on=day(0), uncharged_plan_fee_fen=3_000)
    rows = (InstalmentKey(7, 0), InstalmentKey(8, 0), InstalmentKey(9, 0))

    result = issue(
        bill(state="paid"), {7: first, 8: second, 9: fresh(row, is_bullet=False)}, billed_rows=rows
    )

    asked = result.position.bills[2]
    assert (asked.rows, asked.billed_rows) == (rows, rows)
    assert asked.total_fen == 300_000 + 1_550 + 3_100 + 53_000
    assert asked.minimum_fen == 1_550 + 3_100 + 53_000  # the whole row is mandatory
    assert [one.loan_id for one in result.issued] == [7, 8, 9]


def test_the_oldest_loan_comes_first_and_gives_the_bill_its_terms():
    younger = fresh(part(100_000, segment_on=day(0)), drawn_on=day(1))
    older = fresh(part(200_000, segment_on=day(0)), drawn_on=day(0))
    rows = (InstalmentKey(7, 0), InstalmentKey(8, 0))

    asked = issue(bill(state="paid"), {7: younger, 8: older}, billed_rows=rows).position.bills[2]

    assert (asked.loan_ids, asked.terms_id) == ((8, 7), 8)


def test_a_bill_of_which_nothing_is_owed_is_paid_on_the_day_of_its_issue():
    result = issue(bill(ROW, state="min_paid"), {7: revolving(principal_fen=0)})

    [decision] = [one for one in result.decisions if one.id == 2]
    assert (decision.move.value, decision.on, decision.reason) == ("pay", ISSUED_ON, "paid-in-full")


def test_the_loans_of_every_bill_of_a_run_are_kept_as_they_were_billed():
    first = bill(id=1, due_on=NEXT_DUE, billed_on=ISSUED_ON, billed_rows=(ROW,), terms_id=7)
    other = InstalmentKey(9, 0)
    second = bill(id=2, due_on=NEXT_DUE, billed_on=ISSUED_ON, billed_rows=(other,), terms_id=9)
    loans = {7: fresh(part(100_000, segment_on=day(0))), 9: fresh(part(1_000, segment_on=day(0)))}

    result = engine.run(
        Position({1: first, 2: second}, loans), [Issue(1, ISSUED_ON), Issue(2, ISSUED_ON)],
        dict.fromkeys(loans, TERMS),
    )  # fmt: skip

    assert [(one.bill_id, one.loan_id) for one in result.issued] == [(1, 7), (2, 9)]
