"""The rulebook's worked examples as a customer reads them: by the endpoints, to the fen.

An example whose input no endpoint takes, such as a principal that is no whole yuan, begins with a
loan of that principal; what follows is read over HTTP.
"""

from collections import Counter
from datetime import date, datetime, time, timedelta
from uuid import uuid4

import pytest

from backoffice.core import clock
from backoffice.core.models import SandboxClock
from loans.billing.operations import issue
from loans.collection.operations import collection, notices, payments
from loans.collection.operations.orders import CollectionRequest
from loans.delinquency.operations import end_of_day
from loans.models import Bill, Mandate, Plan
from tests.accounts.api.conftest import Phone, wait
from tests.accounts.conftest import cheap_hashing, stopped_clock
from tests.loans.collection.paying import bind
from tests.loans.conftest import moment
from tests.loans.contracts.conftest import give_line, scored

__all__ = ["cheap_hashing", "stopped_clock"]
DRAWN_ON, BILLED_ON, DUE_ON = date(2027, 4, 1), date(2027, 4, 21), date(2027, 5, 1)  # 30 nights
SCORES = {200: 800, 500: 500}  # the grades of the lowest and the highest rate (RATE-1)


@pytest.fixture
def phone(committed_db, cheap_hashing, stopped_clock):
    """Somebody whose cooling-off period is over, with a fresh login."""
    made = Phone("reader").log_in()
    wait(31)
    return made


def day(n: int) -> date:
    """D+n."""
    return DUE_ON + timedelta(days=n)


def stand(on: date, at: time = time(12)) -> datetime:
    """Let the product's time stand at a moment."""
    found = moment(on, at)
    SandboxClock.objects.update(ahead=found - clock.wall())
    return found


class Borrower:
    """Somebody who lives by days and reads what is owed; the bank takes direct debits."""

    def __init__(self, phone, channel) -> None:
        self.phone, self.channel = phone, channel
        self.customer = phone.customer
        self.card = bind(self.customer)
        Mandate.objects.create(customer=self.customer, card=self.card, signed_at=clock.now())

    def night(self, on: date) -> None:
        """Run the 00:05 batch of a day and the bills it issues."""
        at = stand(on, time(0, 5))
        due_ids = list(Bill.objects.filter(due_on__lte=on).values_list("pk", flat=True))
        end_of_day.close(due_ids, by="system:end-of-day", on=on, at=at)
        issue.issue([self.customer.pk], by="system:billing", on=on, at=at)
        end_of_day.accrue_night(on=on, at=at)

    def debit(self, on: date, *answers: str) -> None:
        """Run the 9:00 debits of a day; without ``answers`` the account has too little."""
        self.channel.will_answer(self.card.account, *(answers or ("NOTENOUGH",)))
        asked = [CollectionRequest(pk) for (pk,) in Bill.objects.values_list("pk")]
        at = stand(on, time(9))
        collection.collect(asked, by="test", channel=self.channel, on=on, at=at)

    def live(self, first: date, last: date) -> None:
        """Run every day from one to another; each debit is refused."""
        for n in range((last - first).days + 1):
            self.night(first + timedelta(n))
            self.debit(first + timedelta(n))

    def pay(self, amount_fen: int) -> None:
        """Pay the latest bill by hand."""
        self.channel.will_answer(self.card.account, "SUCCESS")
        body = {"amount_fen": amount_fen, "card_id": str(self.card.public_id)}
        answer = self.read(f"bills/{self.bill()['id']}/payments", body)
        assert answer.status_code == 202, answer.json()
        payments.sweep(by="system:debit-channel", channel=self.channel, at=clock.now())

    def read(self, address: str, body=None):
        """Ask an endpoint with a fresh login."""
        self.phone.log_in()
        if body is None:
            return self.phone.get(address).json()
        return self.phone.post(address, body, **{"idempotency-key": uuid4().hex})

    def bill(self) -> dict:
        """Read the latest bill."""
        return self.read("bills")["results"][0]

    def charges(self, loan, column: str = "charged_fen") -> dict[str, int]:
        """Read what a loan was charged, or what the contract asks, by kind."""
        found: Counter[str] = Counter()
        for line in self.read(f"loans/{loan.public_id}/charges")["lines"]:
            found[line["kind"]] += line[column]
        return found


@pytest.fixture
def borrower(phone, channel):
    return Borrower(phone, channel)


def quoted(phone, rate_ppm=500, **asked):
    scored(phone.customer, SCORES.get(rate_ppm, rate_ppm))
    answer = phone.post("quotes", {"amount_fen": 1_000_000, "plan": "bullet"} | asked)
    assert answer.status_code == 201, answer.json()
    return answer.json()


@pytest.mark.parametrize(
    ("rate_ppm", "headline", "legal"), [(200, 72_000, 73_000), (500, 180_000, 182_500)]
)
def test_ex_1_to_3_a_daily_rate_has_a_headline_and_the_legal_yearly_one(
    phone, rate_ppm, headline, legal
):
    give_line(phone.customer, 2_000_000)

    found = quoted(phone, rate_ppm)["annual"]

    assert (found["headline_360_ppm"], found["simple_365_ppm"]) == (headline, legal)


@pytest.mark.parametrize(
    ("principal_fen", "rate_ppm", "nights", "interest_fen"),
    [
        (1_000_000, 500, 30, 15_000),
        (50_000, 200, 1, 10),
        (123_450, 200, 1, 25),
        (102_500, 200, 1, 21),
        (333_333, 350, 5, 583),
        (800_000, 300, 14, 3_360),
    ],
    ids=["EX-4", "EX-5", "EX-6", "EX-7", "EX-8", "EX-9"],
)
def test_ex_4_to_9_interest_is_charged_by_the_night(
    borrower, make_loan, principal_fen, rate_ppm, nights, interest_fen
):
    on = clock.business_date()
    loan = make_loan(
        customer=borrower.customer, principal_fen=principal_fen, rate_ppm=rate_ppm,
        drawn_on=on - timedelta(nights),
    )  # fmt: skip

    assert borrower.charges(loan) == {"own": interest_fen}


def test_ex_10_a_settlement_on_the_day_of_the_drawdown_bears_one_night(phone, make_loan):
    loan = make_loan(
        customer=phone.customer, principal_fen=800_000, rate_ppm=300, drawn_on=clock.business_date()
    )

    found = phone.get(f"loans/{loan.public_id}/settlement").json()

    assert found["interest_fen"] == 240


@pytest.mark.parametrize(("score", "charged_ppb"), [(700, 270_000), (800, 200_000)])
def test_ex_11_a_scenario_takes_a_tenth_off_down_to_the_least_rate(phone, score, charged_ppb):
    give_line(phone.customer, 2_000_000)

    found = quoted(phone, score, scenario="education")

    [interest] = [one for one in found["items"] if one["item"] == "interest"]
    assert interest["standard_ppb"] == charged_ppb


@pytest.mark.parametrize(
    ("plan", "fee_fen", "first", "last", "effective_ppm"),
    [
        ("plan-3", 15_000, (333_333, 5_000), (333_334, 5_000), 93_600),
        ("plan-6", 30_000, (166_666, 5_000), (166_670, 5_000), 107_100),
        ("plan-12", 60_000, (83_333, 5_000), (83_337, 5_000), 114_600),
    ],
    ids=["EX-12", "EX-13", "EX-14"],
)
def test_ex_12_to_14_a_plan_has_equal_shares_and_its_rest_in_the_last_row(
    phone, plan, fee_fen, first, last, effective_ppm
):
    give_line(phone.customer, 2_000_000)

    found = quoted(phone, 760, plan=plan)

    rows = [(row["principal_fen"], row["plan_fee_fen"]) for row in found["schedule"]]
    assert (rows[0], rows[-1], found["cost_fen"]) == (first, last, fee_fen)
    # The example has months of equal length; the sheet counts the real days to the first due date.
    assert found["annual"]["irr_ppm"] == pytest.approx(effective_ppm, rel=0.08)


@pytest.mark.parametrize(
    ("principal_fen", "plan", "principals", "fees"),
    [
        (100_001, Plan.PLAN_3, [33_333, 33_333, 33_335], [500] * 3),
        (777_777, Plan.PLAN_6, [129_629] * 5 + [129_632], [3_888] * 5 + [3_893]),
    ],
    ids=["EX-16", "EX-17"],
)
def test_ex_16_and_17_odd_fen_stand_in_the_last_row(
    phone, make_loan, principal_fen, plan, principals, fees
):
    loan = make_loan(
        customer=phone.customer, principal_fen=principal_fen, plan=plan,
        drawn_on=clock.business_date(),
    )  # fmt: skip

    rows = phone.get(f"loans/{loan.public_id}/schedule").json()["rows"]

    assert [row["principal_fen"] for row in rows] == principals
    assert [row["plan_fee_fen"] for row in rows] == fees


@pytest.mark.parametrize(
    ("principal_fen", "fee_fen"),
    [
        (60_000, 500), (100_000, 500), (100_099, 500), (100_100, 501), (800_000, 4_000),
        (30_000_000, 150_000), (300, 500),
    ],
    ids=[f"EX-{n}" for n in range(18, 25)],
)  # fmt: skip
def test_ex_18_to_24_the_settlement_fee_is_half_a_per_cent_and_five_yuan_at_least(
    phone, make_loan, principal_fen, fee_fen
):
    loan = make_loan(
        customer=phone.customer, principal_fen=principal_fen, drawn_on=clock.business_date()
    )

    found = phone.get(f"loans/{loan.public_id}/settlement").json()

    assert found["prepayment_fee_fen"] == fee_fen


def test_ex_25_a_bullet_after_ten_nights(phone, make_loan):
    drawn_on = clock.business_date() - timedelta(10)
    loan = make_loan(customer=phone.customer, drawn_on=drawn_on)

    assert phone.get(f"loans/{loan.public_id}/settlement").json()["total_fen"] == 1_010_000


@pytest.fixture
def plan(borrower, make_loan):
    """12,000.00 in 12 instalments of 1,000.00 and a fee of 60.00 each."""
    return make_loan(
        customer=borrower.customer, principal_fen=1_200_000, plan=Plan.PLAN_12, drawn_on=DRAWN_ON
    )


def test_ex_26_and_27_a_plan_after_four_rows_with_and_without_its_started_period(borrower, plan):
    """A started period is settled with its fee, until its bill takes it over (REPAY-4)."""
    dues = [row.due_on for row in plan.instalments.order_by("number")]
    for due_on in dues[:4]:
        borrower.night(due_on - timedelta(10))
        borrower.pay(106_000)
        borrower.night(due_on)

    stand(dues[3] + timedelta(1))
    found = borrower.read(f"loans/{plan.public_id}/settlement")

    assert (found["principal_fen"], found["plan_fee_fen"]) == (800_000, 6_000)
    assert (found["prepayment_fee_fen"], found["total_fen"]) == (4_000, 810_000)
    assert found["total_fen"] - found["plan_fee_fen"] == 804_000  # EX-27: without the fee


@pytest.mark.parametrize(
    ("principal_fen", "rate_ppm", "total_fen", "minimum_fen"),
    [
        (1_000_000, 400, 1_012_000, 101_200),
        (921_664, 200, 927_194, 92_719),
        (99_409, 200, 100_005, 10_001),
    ],
    ids=["EX-28", "EX-32", "EX-33"],
)
def test_ex_28_to_33_the_minimum_is_a_tenth_of_the_bill(
    borrower, make_loan, principal_fen, rate_ppm, total_fen, minimum_fen
):
    make_loan(
        customer=borrower.customer, principal_fen=principal_fen, rate_ppm=rate_ppm,
        drawn_on=DRAWN_ON,
    )  # fmt: skip

    borrower.night(BILLED_ON)

    bill = borrower.bill()
    assert (bill["total_fen"], bill["minimum_fen"]) == (total_fen, minimum_fen)


def test_ex_30_interest_fees_and_plan_rows_are_asked_whole(borrower, plan, make_loan):
    make_loan(customer=borrower.customer, rate_ppm=400, drawn_on=DRAWN_ON)

    borrower.night(BILLED_ON)

    bill = borrower.bill()
    assert (bill["total_fen"], bill["minimum_fen"]) == (1_118_000, 118_000)


def test_ex_34_and_35_a_minimum_leaves_principal_at_one_and_a_half_times_the_rate(
    borrower, make_loan
):
    loan = make_loan(customer=borrower.customer, rate_ppm=400, drawn_on=DRAWN_ON)
    borrower.night(BILLED_ON)
    borrower.night(DUE_ON)

    stand(DUE_ON)
    borrower.pay(101_200)
    assert borrower.read(f"loans/{loan.public_id}")["unpaid_principal_fen"] == 910_800
    borrower.night(day(1))
    stand(day(30))

    assert borrower.charges(loan) == {"own": 12_000, "revolving": 16_394}


@pytest.mark.parametrize(("principal_fen", "fee_fen"), [(984, 0), (985, 1)], ids=["EX-39", "EX-40"])
def test_ex_39_and_40_the_late_fee_is_half_up(borrower, make_bill, principal_fen, fee_fen):
    bill = make_bill(
        customer=borrower.customer, principal_fen=principal_fen, drawn_on=DRAWN_ON, due_on=DUE_ON
    )
    assert bill.total_fen == 999 + fee_fen
    borrower.live(DUE_ON, day(1))

    assert borrower.bill()["late_fee_fen"] == fee_fen


@pytest.fixture
def bullet(borrower, make_bill):
    """The loan of the table 1.9: 10,000.00 at 0.05 % a day, 30 nights before D."""
    bill = make_bill(customer=borrower.customer, drawn_on=DRAWN_ON, due_on=DUE_ON)
    return bill.customer.loans.get()


# D+, interest, late fee, penalty, and what pays the bill that day.
TABLE = [
    (0, 15_000, 0, 0, 1_015_000),
    (1, 15_500, 508, 0, 1_016_008),
    (2, 16_000, 508, 0, 1_016_508),
    (3, 16_500, 508, 0, 1_017_008),
    (4, 17_000, 508, 0, 1_017_508),
    (5, 17_000, 508, 1_000, 1_018_508),
    (6, 17_000, 508, 2_001, 1_019_509),
    (7, 17_000, 508, 3_003, 1_020_511),
    (10, 17_000, 508, 6_015, 1_023_523),
    (14, 17_000, 508, 10_045, 1_027_553),
    (40, 17_000, 508, 28_519, 1_046_027),
]


def test_the_table_1_9_and_ex_38_42_to_47_are_read_day_by_day(borrower, bullet):
    from_on = DUE_ON
    for n, interest_fen, late_fee_fen, penalty_fen, payoff_fen in TABLE:
        if n <= 14:  # later days are read from the closed form alone
            borrower.live(from_on, day(n))
            from_on = day(n + 1)
        stand(day(n))
        found = borrower.charges(bullet)
        assert (found["own"], found["late_fee"], found["penalty"]) == (
            interest_fen, late_fee_fen, penalty_fen,
        ), n  # fmt: skip
        assert borrower.bill()["owed_fen"] == payoff_fen, n

    # EX-47 and EX-48: what the contract asks before the cap, for 30 and 90 nights.
    for nights, penalty_fen in ((30, 30_439), (90, 94_125)):
        stand(day(4 + nights))
        assert borrower.charges(bullet, "contract_fen")["penalty"] == penalty_fen


def test_ex_42_the_notice_names_the_most_that_the_window_can_take(borrower, bullet):
    on = day(-2)
    at = stand(on, time(0, 15))
    notices.notify([Bill.objects.get().pk], until=DUE_ON, by="test", on=on, at=at)

    assert borrower.bill()["debit_notice"]["maximum_fen"] == 1_016_508


def test_ex_50_and_51_a_payment_settles_penalty_fee_interest_then_principal(borrower, bullet):
    borrower.live(DUE_ON, day(9))
    assert borrower.charges(bullet)["penalty"] == 5_010

    stand(day(9), time(16))
    borrower.pay(100_000)

    read = borrower.read(f"loans/{bullet.public_id}")
    assert (read["unpaid_principal_fen"], read["owed_fen"]) == (922_518, 922_518)
    stand(day(12))
    assert borrower.charges(bullet)["penalty"] == 5_010 + 2_770


def test_variant_a_the_second_attempt_pays_in_grace(borrower, bullet):
    borrower.live(DUE_ON, DUE_ON)
    borrower.night(day(1))
    borrower.debit(day(1), "SUCCESS")

    bill = borrower.bill()
    assert (bill["state"], bill["paid_on"], bill["paid_fen"]) == ("paid", str(day(1)), 1_016_008)


def test_variant_b_the_minimum_on_the_due_date_has_no_late_fee(borrower, bullet):
    borrower.night(DUE_ON)
    stand(DUE_ON)
    borrower.pay(101_500)
    borrower.night(day(1))

    bill = borrower.bill()
    assert (bill["state"], bill["late_fee_fen"]) == ("min_paid", 0)
    assert borrower.read(f"loans/{bullet.public_id}")["unpaid_principal_fen"] == 913_500
    assert borrower.charges(bullet) == {"own": 15_000, "revolving": 685}


def test_variant_c_eight_fen_above_the_tolerance_are_debited(borrower, bullet):
    borrower.live(DUE_ON, DUE_ON)
    borrower.night(day(1))
    stand(day(1), time(8))
    borrower.pay(1_015_000)
    assert borrower.bill()["owed_fen"] == 1_008

    borrower.debit(day(1), "SUCCESS")

    assert [order.amount_fen for order in borrower.channel.submitted][-1] == 1_008
    assert borrower.bill()["state"] == "paid"


def test_variant_d_a_day_of_bank_errors_puts_the_record_off(borrower, bullet):
    borrower.live(DUE_ON, DUE_ON)
    borrower.night(day(1))
    borrower.debit(day(1), "BANKERROR")
    borrower.live(day(2), day(4))
    assert borrower.bill()["state"] == "grace"

    borrower.live(day(5), day(7))

    assert borrower.bill()["state"] == "overdue"


def test_variant_e_and_ex_41_49_a_plan_row_bears_no_interest_in_grace(borrower, plan):
    borrower.night(BILLED_ON)
    borrower.live(DUE_ON, day(4))
    assert borrower.charges(plan) == {"plan_fee": 6_000, "late_fee": 53}

    stand(day(14))

    assert borrower.charges(plan) == {"plan_fee": 6_000, "late_fee": 53, "penalty": 1_005}
