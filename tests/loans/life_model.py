"""One customer's life by the rulebook alone: a model that shares no line with ``loans``.

What happened is kept by its value date. Where loans and bills stand follows from running all days
again, so that money of an earlier day needs no rule of its own (GEN-9). The model is longer than
the 300 lines that one would like: it covers plans, minimum, grace, cap, early repayment, extension,
waivers and charge-off, each once and in plain arithmetic. Denser code would not be checked by eye.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from tests.loans.life_loans import (
    DAY,
    OPEN,
    ORDER,
    PLAN_PPM,
    RESTS,
    SMALL,
    Bill,
    Loan,
    Part,
    half_up,
    months_later,
)


class Life:
    """All that holds of a customer at a moment of a day, and what changes it."""

    def __init__(self) -> None:
        self.today = date.min
        self.loans: list[Loan] = []
        self.bills: list[Bill] = []
        self.mode, self.has_mandate = "FULL", True
        self.refunds: Counter[str] = Counter()
        self.debited: set[date] = set()

    # The 00:05 batch (GEN-8)

    def begin(self, day: date) -> None:
        """Decide as of 00:00, post the night and the fees of the day, then issue a bill."""
        self.today = day
        fees: dict[Loan, list[tuple[str, Part, int]]] = defaultdict(list)
        running = [bill for bill in self.bills if bill.state in OPEN]
        for bill in running:
            for part, fee in self.decide(bill):
                fees[part.loan].append(("late", part, fee))
        for loan in self.loans:
            for part in loan.parts:
                if part.due == day and part.fee:
                    fees[loan].append(("fee", part, part.fee))
                    part.fee = 0
        before = [(bill.owed("late"), bill.owed("interest")) for bill in running]
        for loan in self.loans:
            loan.night(day, fees[loan])
            if (day - loan.drawn).days == 8 and not loan.is_proven and loan.factor < 1000:
                for part in loan.parts:  # RATE-10
                    part.bear(part.bears, on=day)
        for bill, (late, interest) in zip(running, before, strict=True):
            bill.late += bill.owed("late") - late
            bill.since_due += (bill.owed("interest") - interest) * (day > bill.due)
            self.bear_on(bill)
        self.issue(day)
        self.end()

    def decide(self, bill: Bill) -> Iterator[tuple[Part, int]]:
        """Move a bill as of 00:00; yield the late fee of each part where it falls due today."""
        was, bill.state = bill.state, self.outcome(bill)
        if was == "BILLED" and bill.state in ("GRACE", "CARRIED", "OVERDUE"):
            for part in bill.parts:
                base = part.total - part.owed["penalty"] - part.owed["late"]
                part.late_base = 0 if bill.is_met else base  # REPAY-13
        if bill.state == "MIN_PAID":  # REPAY-9, 15
            for part in bill.parts:
                if part.bears == "own":
                    part.bear("revolve", on=bill.due if was == "BILLED" else bill.cured)
        if bill.state in ("GRACE", "OVERDUE") and self.is_late_fee_due(bill):
            bill.late_on = self.today
            yield from self.late_fees(bill)

    def bear_on(self, bill: Bill) -> None:
        """Let the parts of a bill bear from today on what its new state asks."""
        if bill.state == "CARRIED":  # REPAY-16
            for part in bill.parts:
                if part.bears == "revolve":
                    part.bear("own", on=self.today)
        if bill.state == "OVERDUE" and bill.overdue_on is None:  # RATE-5
            bill.overdue_on, bill.counted = self.today, []
            for part in bill.parts:
                part.bear("penalty", on=self.today)

    def outcome(self, bill: Bill) -> str:
        """Return the state of a bill after the batch, by its position as of 00:00."""
        if bill.state == "OVERDUE" or self.today <= bill.due:
            return bill.state
        if not bill.is_small and bill.is_met:
            return "MIN_PAID"
        if self.today <= bill.due + 3 * DAY:
            return "GRACE"
        nights = (part.contract(self.today) - part.posted for part in bill.parts)
        if bill.is_small or bill.owed() + sum(nights) <= SMALL:
            return "CARRIED"
        is_last = self.today >= bill.due + 7 * DAY  # REPAY-11, 12
        is_counted = len(bill.counted) >= 3 or not self.is_debited(bill) or is_last
        return "OVERDUE" if is_counted else "GRACE"

    def is_debited(self, bill: Bill) -> bool:
        return self.has_mandate and bill.mode != "OFF"

    def is_late_fee_due(self, bill: Bill) -> bool:
        if bill.late_on is not None:
            return False
        if bill.refused_on is None:
            return not self.is_debited(bill)
        return self.today > bill.refused_on

    def late_fees(self, bill: Bill) -> Iterator[tuple[Part, int]]:
        """Yield the late fee of each part, so that they sum to that of the bill (REPAY-13)."""
        whole = sum(part.late_base for part in bill.parts)
        fee, base, given = half_up(whole * 500, 10**6), 0, 0
        for part in sorted(bill.parts, key=lambda one: one.loan.drawn):
            base += part.late_base
            upto = half_up(fee * base, whole) if whole else 0
            yield part, upto - given
            given = upto

    def issue(self, day: date) -> None:
        """Issue the bill of a day, ten days before it is due (REPAY-2, 7)."""
        due = day + 10 * DAY
        running = [loan for loan in self.loans if loan.state not in ("settled", "recovered")]
        own = [
            part for loan in running for part in loan.parts
            if part.bill is None and part.due == due and part.total
        ]  # fmt: skip
        left = [bill for bill in self.bills if bill.state in RESTS and bill.owed()]
        if not own and (not left or due.day != self.repayment_day):
            return
        if any(bill.due == due for bill in self.bills):
            return
        rests = [part for bill in left for part in bill.parts if part.total]
        for bill in self.bills:
            if bill.state in RESTS:
                bill.parts = []
        bill = Bill(due, day, self.mode, own + rests)
        for part in bill.parts:
            part.bill = bill
            bill.total += part.total + part.contract(due) - part.posted + part.fee
        bullets = sum(part.owed["principal"] for part in bill.parts if not part.loan.plan)
        share = max(half_up(bill.total, 10), bill.total - bullets)
        bill.minimum = bill.total if bill.total < 1_000 else min(bill.total, share)
        late = (one for one in self.bills if one.state in ("GRACE", "OVERDUE"))
        bill.past_due = sum(one.owed() for one in late)
        self.bills.append(bill)

    @property
    def repayment_day(self) -> int:
        first = self.loans[0].drawn.day
        return 21 if first > 28 else first

    # Drawdowns and direct debits

    def draw(self, amount: int, ppm: int, plan: int, factor: int) -> None:
        loan = Loan(self.today, 0 if plan else ppm, plan, factor, accrued=self.today)
        self.loans.append(loan)
        due = self.today + 20 * DAY
        if due.day > self.repayment_day:
            due = months_later(due.replace(day=1), 1)
        due = due.replace(day=self.repayment_day)
        fee, count = half_up(amount * PLAN_PPM.get(plan, 0), 10**6), plan or 1
        for n in range(count):
            is_last = n == count - 1
            shares = [all_ - all_ // count * n if is_last else all_ // count
                      for all_ in (amount, fee)]  # fmt: skip
            owed = Counter({"principal": shares[0]})
            loan.parts.append(Part(loan, months_later(due, n), shares[1], owed))
        if not plan:
            loan.parts[0].bear("own", on=self.today)

    def prove(self, number: int) -> None:
        self.loans[number].is_proven = True

    def choose(self, mode: str) -> None:
        self.mode = mode
        for bill in self.bills:
            if bill.state == "BILLED" and bill.due > self.today:
                bill.mode = mode

    def asked(self, bill: Bill) -> int:
        """Return what is debited of a bill at nine, 0 where nothing is (REPAY-10, 11, 18)."""
        since = self.cycle_on(bill)
        if since is None or not self.is_debited(bill) or self.today in self.debited:
            return 0
        counted = [day for day in bill.counted if day >= since]
        if len(counted) >= 3 or self.today in counted:
            return 0
        if bill.state == "OVERDUE":
            return bill.unpaid
        charged = bill.since_due + bill.late
        if bill.is_small or (
            self.today <= bill.due
            and bill.paid + bill.waived >= bill.minimum + charged
            and not bill.mandatory
        ):
            return 0
        if bill.mode == "FULL":
            return bill.unpaid
        short = bill.minimum + charged - bill.paid - bill.waived
        return min(bill.unpaid, max(short, bill.mandatory))

    def cycle_on(self, bill: Bill) -> date | None:
        """Return since when the refusals of the cycle count in whose window today is."""
        if bill.state in ("BILLED", "GRACE"):
            days = (self.today - bill.due).days
            return bill.due if days in (0, 1, 2, 4, 5, 6) else None
        if bill.state != "OVERDUE" or bill.overdue_on is None:
            return None
        days = (self.today - bill.overdue_on).days - 2
        first = self.today - days % 7 * DAY
        is_in = days >= 0 and days % 7 < 3 and (first - bill.due).days <= 90
        return first if is_in else None

    def debit(self, billed: date, amount: int, answer: str, asked: date, money: str) -> None:
        """Record an answer to a direct debit that was sent on a day."""
        bill = self.bill(billed)
        if answer == "ok":
            self.debited.add(self.today)
            self.refunds[money] = self.settle(bill, amount) if bill else amount
            if bill:
                bill.counted = []
        elif answer == "refused" and bill and bill.state in OPEN:
            bill.counted.append(asked)
            bill.refused_on = bill.refused_on or asked
        elif answer == "nomandate":
            self.has_mandate = False

    def mandate(self, is_signed: bool) -> None:
        self.has_mandate = is_signed

    def bill(self, billed: date) -> Bill | None:
        """Return the bill of a bill date, which an extension leaves as it is."""
        return next((one for one in self.bills if one.billed == billed), None)

    # Money by hand, early repayment, and what staff decide

    def pay(self, billed: date, amount: int, money: str) -> None:
        """Pay a bill by hand: older bills first (REPAY-8)."""
        named = self.bill(billed)
        for bill in sorted(self.bills, key=lambda one: one.due):
            if named and bill.due <= named.due and bill.state in OPEN + RESTS:
                amount = self.settle(bill, amount)
        self.refunds[money] = amount

    def settle(self, bill: Bill, amount: int) -> int:
        """Settle what a bill asks in the order of REPAY-8; return what is left."""
        turn = sorted(bill.parts, key=lambda part: (-part.rate(), part.loan.drawn))
        left, paid = amount, {part: Counter[str]() for part in turn}
        for kind in ORDER:
            plans_first = sorted(turn, key=lambda part: not part.loan.plan)
            for part in plans_first if kind == "principal" else turn:
                if kind == "fee" and left:
                    part.loan.charge_fees([part])
                paid[part][kind] = min(left, part.owed[kind])
                left -= paid[part][kind]
        self.take(paid)
        if left < amount:
            bill.paid += amount - left
            bill.cured, bill.rest = self.today, bill.unpaid
        self.end()
        return left

    def take(self, paid: dict[Part, Counter[str]]) -> None:
        """Take money off the parts: each begins a new segment (GEN-3)."""
        for part, of_kinds in paid.items():
            if any(of_kinds.values()):
                part.owed.subtract(of_kinds)
                part.bear(part.bears, on=self.today)

    def end(self) -> None:
        """Let bills and loans end that owe nothing."""
        for bill in self.bills:
            if bill.state in (*OPEN, "CARRIED") and bill.parts and not bill.unpaid:
                bill.state = "PAID"
        for loan in self.loans:
            if loan.state in ("active", "overdue"):  # until the bill is paid, not its part alone
                is_late = any(part.bill and part.bill.state == "OVERDUE" for part in loan.parts)
                loan.state = "overdue" if is_late else "active"
            if not any(part.total for part in loan.parts):
                ended = {"charged_off": "recovered", "recovered": "recovered"}
                loan.state = ended.get(loan.state, "settled")

    def early(self, number: int, amount: int | None, money: str, paid: int) -> Counter[str]:
        """Settle a loan, or prepay principal of a bullet; return what it takes (REPAY-3, 4)."""
        loan = self.loans[number]
        if amount is None and loan.drawn == self.today:
            loan.night(self.today + DAY)  # GEN-6
        coming = [part for part in loan.parts if part.due >= self.today]
        if amount is None and coming:
            loan.charge_fees([min(coming, key=lambda part: part.due)])
        takes = {part: Counter(part.owed) for part in loan.parts}
        if amount is not None:
            takes[loan.parts[0]]["principal"] = amount
        undue = sum(owed["principal"] for part, owed in takes.items() if part.bill is None)
        whole = sum(takes.values(), Counter[str]())
        whole["early_fee"] = max(500, half_up(undue * 5, 1000)) if undue else 0
        for bill in {part.bill: 0 for part in loan.parts if part.bill and part.total}:
            bill.paid += sum(sum(takes[part].values()) for part in bill.parts if part in takes)
            bill.cured = self.today
        self.take(takes)
        for part in loan.parts if amount is None else ():
            part.fee = 0
            if part.bill:
                part.bill.rest = part.bill.unpaid
        self.refunds[money] = paid - sum(whole.values())
        self.end()
        return whole

    def extend(self, billed: date, days: int) -> None:
        """Put a due date off: attempts and grace begin again (FAQ-7)."""
        bill = self.bill(billed)
        if bill and bill.state in ("BILLED", "GRACE"):
            bill.state, bill.due, bill.since_due = "BILLED", bill.due + days * DAY, 0
            bill.counted, bill.refused_on = [], None

    def waive(self, billed: date, charges: Counter[str]) -> None:
        """Give charges of a bill up, the higher rate first; they stay charged for the cap."""
        bill = self.bill(billed)
        if bill is None:
            return
        turn = sorted(bill.parts, key=lambda part: (-part.rate(), part.loan.drawn))
        for kind, fen in charges.items():
            left = fen
            for part in turn:
                if kind == "fee" and left:
                    part.loan.charge_fees([part])
                given = min(left, part.owed[kind])
                part.owed[kind] -= given
                bill.waived, left = bill.waived + given, left - given
                if kind == "penalty" and given and part.bears == "penalty":
                    part.bear("penalty", on=self.today)
        bill.cured = self.today
        self.end()

    def accelerate(self, billed: date) -> None:
        """Call the later rows of the loans of a bill due (RATE-5)."""
        bill = self.bill(billed)
        if bill is None or bill.state != "OVERDUE":
            return
        for loan in {part.loan: 0 for part in bill.parts}:
            for part in loan.parts:
                if part.bill is None and part.total:
                    part.bill, part.fee = bill, 0
                    part.bear("penalty", on=self.today)
                    bill.parts.append(part)

    def charge_off(self, number: int) -> None:
        if self.loans[number].state == "overdue":
            self.loans[number].state = "charged_off"


class Facts:
    """What happened, by value date, and the life that follows from it."""

    def __init__(self, first: date) -> None:
        self.first = first
        self.happened: list[tuple[date, str, tuple[Any, ...]]] = []
        self.life = Life()
        self.life.begin(first)

    def begin(self, day: date) -> None:
        """Let the next day begin."""
        self.life.begin(day)

    def add(self, on: date, name: str, *values: Any) -> Any:
        """Let something happen today, or learn today of what happened on an earlier day."""
        self.happened.append((on, name, values))
        if on == self.life.today:
            return getattr(self.life, name)(*values)
        self.again()
        return None

    def remove(self, money: str) -> None:
        """Take back the money of a name, as if it had never come."""
        self.happened = [fact for fact in self.happened if money not in fact[2]]
        self.again()

    def again(self) -> None:
        """Run all days again; of a day things count in the order in which they became known."""
        today, self.life = self.life.today, Life()
        day = self.first
        while day <= today:
            self.life.begin(day)
            for on, name, values in self.happened:
                if on == day:
                    getattr(self.life, name)(*values)
            day += DAY
