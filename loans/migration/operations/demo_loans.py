"""Loans of the demo: what some customers did in the months before it, for the staff to read.

They borrow, repay and fall behind like every customer, and every day is closed, billed, debited
and refunded by the operations of the business day. It all lies before the portfolio is imported,
so that a day has only these few bills.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.conf import settings

from accounts.cards.queries import USABLE
from accounts.models import Authorisation, BankCard, GrantPurpose, Staff, WechatAccount
from accounts.onboarding.context import RequestContext
from accounts.onboarding.context import begin as begin_request
from accounts.passwords.operations import authorisations, passwords
from accounts.passwords.operations.authorisations import GrantRequest
from accounts.passwords.operations.passwords import Change
from backoffice.core.clock import day_of, moment_of
from backoffice.core.crypto import blind
from backoffice.core.policy import current
from backoffice.platform import approvals
from loans import business_day
from loans.accounting.rules.debt import Debt
from loans.accounting.rules.reasons import LoanActor
from loans.billing.operations import auto_debit, extensions
from loans.billing.operations.extensions import ExtensionRequest
from loans.collection.operations import collection, payments, transfers
from loans.collection.operations.orders import CollectionRequest
from loans.collection.operations.transfers import ArrivedTransfer
from loans.collection.queries import due
from loans.contracts.operations import disbursement, drawdown, offers, quotes
from loans.contracts.operations.drawdown import Drawdown
from loans.contracts.operations.offers import DrawdownRequest
from loans.contracts.rules.due_dates import first_due_on, repayment_day
from loans.contracts.rules.purposes import LoanPurpose
from loans.conversion.operations import conversions, sheets
from loans.conversion.operations.conversions import ConversionOrder
from loans.conversion.operations.sheets import ConversionRequest
from loans.delinquency.operations import accelerations, charge_offs
from loans.gateways.channel import Channel
from loans.migration.operations import demo_ledger
from loans.migration.operations.admission import DemoBank, SandboxOnlyError
from loans.migration.operations.demo_customers import Providers, onboard
from loans.models import Bill, Loan, PaymentSheet, Payout, Plan, Quote, Repayment, ReversalCause
from loans.policy import LoanTerms
from loans.repayment.operations import reversals, waivers
from loans.repayment.operations.reversals import ReversalRequest
from loans.repayment.operations.waivers import ChargeWaiver, unpaid_of
from loans.settlement import operations as settlements
from loans.settlement.operations import EarlyRequest
from loans.settlement.queries import quote_of
from risk.decisions.operations import decisions, requests
from risk.decisions.rules.reasons import DecisionActor
from risk.sandbox.rules import Persona

NUMBER = 100  # of the first customer as a person; those of the personas are smaller
PASSWORD = "Sunny-day-2026"
SECONDS_READ = 14
BULLET_FEN = 100_000
PLAN_FEN = 600_000
SECOND_FEN = 300_000
PREPAID_FEN = 100_000
TRANSFER_FEN = 20_000
_REASON = "demo"
_REQUESTED = "工资延迟发放，申请延期。"
_RICH_FEN = 2_000_000  # on the account of whoever repays
_ONE_DAY = timedelta(days=1)


@dataclass
class Borrower:
    """A customer of the demo with the first loan; ``bank`` and ``channel`` are the sandbox's."""

    context: RequestContext
    bank: DemoBank
    channel: Channel

    def now(self, at: datetime) -> RequestContext:
        """Return the context of a request at a moment."""
        old = self.context
        return begin_request(
            old.customer, by=old.by, at=at, wall_at=old.wall_at, session=old.session
        )

    @property
    def card(self) -> BankCard:
        """Return the card that receives and repays."""
        return BankCard.objects.get(customer=self.context.customer, state__in=USABLE)

    @property
    def bill(self) -> Bill:
        """Return the latest bill."""
        return Bill.objects.filter(customer=self.context.customer).latest("due_on")

    @property
    def loan(self) -> Loan:
        """Return the latest loan."""
        return Loan.objects.filter(customer=self.context.customer).latest("pk")


Step = Callable[[Borrower, datetime], None]


class DemoLife(NamedTuple):
    """A first loan, and what its customer and the staff do, by days since its first due date.

    The due date is at most ``due_in_days`` from the demo. With a mode a mandate is signed; an empty
    account refuses every debit.
    """

    persona: Persona
    plan: Plan
    due_in_days: int
    steps: Mapping[int, Step]
    mode: str = ""
    has_money: bool = True


def show_loans(
    *, providers: Providers, bank: DemoBank, channel: Channel, at: datetime, wall_at: datetime
) -> list[Loan] | None:
    """Let the customers of the demo borrow, and run the days up to the morning of ``at``, once.

    Raises:
        SandboxOnlyError: this is no sandbox.
    """
    if not settings.SANDBOX:
        raise SandboxOnlyError
    blinds = [blind(openid, "openid") for openid in LIVES]
    if WechatAccount.objects.filter(openid_blind__in=blinds).exists():
        return None
    today = day_of(at)
    diary = _diary(today)
    borrowers: dict[str, Borrower] = {}
    for on in _days(min(diary), today):
        if borrowers:
            _close(on)
            _move_money(on, channel=channel)
        moment = moment_of(on, time(10))
        for openid, step in diary.get(on, []):
            if openid not in borrowers:
                context = _onboarded(openid, providers, at=moment, wall_at=wall_at)
                borrowers[openid] = Borrower(context, bank, channel)
            step(borrowers[openid], moment)
    _close(today)
    demo_ledger.close_last_month(on=today)
    return list(Loan.objects.filter(customer__in=[b.context.customer for b in borrowers.values()]))


def _days(first: date, end: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((end - first).days)]


def _diary(today: date) -> dict[date, list[tuple[str, Step]]]:
    """Return the steps of each day: every life begins with its drawdown."""
    terms = current(LoanTerms, on=today)
    found: dict[date, list[tuple[str, Step]]] = {}
    for openid, life in LIVES.items():
        drawn_on, due_on = drawn_before(today + timedelta(days=life.due_in_days), terms)
        found.setdefault(drawn_on, []).append((openid, _first_draw(life)))
        for days, step in life.steps.items():
            on = min(due_on + timedelta(days=days), today - _ONE_DAY)
            found.setdefault(on, []).append((openid, step))
    return found


def drawn_before(due_by: date, terms: LoanTerms) -> tuple[date, date]:
    """Return the day of a first drawdown that falls due by a day, and as late as one can."""
    nights = range(terms.first_due_nights_min, terms.first_due_nights_min + 15)
    days = [due_by - timedelta(days=one) for one in nights]
    dues = [(first_due_on(on, repayment_day(on), terms), on) for on in days]
    due_on, drawn_on = max(one for one in dues if one[0] <= due_by)
    return drawn_on, due_on


def _close(on: date) -> None:
    """Close, bill and accrue at the beginning of a day, as its jobs do."""
    jobs = (
        (time(0, 5), business_day.plan_close, business_day.close),
        (time(0, 6), business_day.plan_issue, business_day.issue_bills),
        (time(0, 15), business_day.plan_notices, business_day.notify),
    )
    for hour, plan, work in jobs:
        at = moment_of(on, hour)
        if ids := plan(on=on, at=at).ids:
            work(ids, run_id=0, on=on, at=at)
    business_day.accrue_night([], run_id=0, on=on, at=moment_of(on, time(0, 30)))


def _move_money(on: date, *, channel: Channel) -> None:
    """Refund and debit what is due on a day."""
    morning = moment_of(on, time(6, 30))
    if ids := business_day.plan_refunds(on=on, at=morning).ids:
        business_day.refund(ids, run_id=0, on=on, at=morning, channel=channel)
    for bill_id in due.to_debit(on=on).ids:
        collection.collect(
            [CollectionRequest(bill_id)],
            by=LoanActor.CHANNEL, channel=channel, on=on, at=moment_of(on, time(9)),
        )  # fmt: skip


def _onboarded(
    openid: str, providers: Providers, *, at: datetime, wall_at: datetime
) -> RequestContext:
    """Onboard and assess a customer, who then has a line and a password."""
    life, number = LIVES[openid], NUMBER + list(LIVES).index(openid)
    context = onboard(
        openid, persona=life.persona, number=number, providers=providers, at=at, wall_at=wall_at
    )
    asked = requests.request(context).pk
    decisions.decide(
        [asked], bureau=providers.bureau, by=DecisionActor.ASSESSMENT, at=at, on=day_of(at)
    )
    passwords.change(context, wanted=Change(PASSWORD), checks=providers.checks)
    return context


def _first_draw(life: DemoLife) -> Step:
    def step(who: Borrower, at: datetime) -> None:
        card, context = who.card, who.now(at)
        if life.mode:
            auto_debit.choose(
                card.customer_id, mode=life.mode, card_id=card.pk, by=context.by, on=context.on,
                at=at,
            )  # fmt: skip
        _draw(who, BULLET_FEN if life.plan == Plan.BULLET else PLAN_FEN, life.plan, at=at)
        who.bank.fund({card.account: _RICH_FEN if life.has_money else 0})

    return step


def _draw(who: Borrower, amount_fen: int, plan: Plan, *, at: datetime) -> None:
    """Draw under a cost sheet that was read, and pay the money out."""
    quote = offers.offer(DrawdownRequest(amount_fen, plan), context=who.now(at))
    later = _read(who, quote, at=at)
    grant = _grant(who, GrantPurpose.DRAWDOWN, amount_fen, at=later)
    request = Drawdown(quote.public_id, who.card.public_id, grant.public_id, LoanPurpose.DAILY)
    loan = drawdown.draw(request, context=who.now(later))
    sent = Payout.objects.filter(loan=loan).values_list("pk", flat=True)
    disbursement.send(list(sent), channel=who.channel, at=later)


def _read(who: Borrower, quote: Quote, *, at: datetime) -> datetime:
    """Read and confirm a cost sheet; return the moment after it."""
    quotes.show(quote.public_id, context=who.now(at))
    later = at + timedelta(seconds=SECONDS_READ)
    quotes.confirm(quote.public_id, seconds_read=SECONDS_READ, context=who.now(later))
    return later


def _convert(who: Borrower, at: datetime) -> None:
    """Convert the bill into three instalments, with effect from its due date."""
    bill = who.bill
    quote = sheets.offer(ConversionRequest(bill.public_id, Plan.PLAN_3), context=who.now(at))
    later = _read(who, quote, at=at)
    asked = ConversionOrder(bill.public_id, quote.public_id, Plan.PLAN_3)
    conversions.request(asked, context=who.now(later))


def _accelerate(who: Borrower, at: datetime) -> None:
    """Call the later instalments of the oldest bill due."""
    oldest = Bill.objects.filter(customer=who.context.customer).earliest("due_on")
    by, on = str(_staff("collections")), day_of(at)
    accelerations.accelerate([oldest.pk], by=by, on=on, reason=_REASON, at=at)


def _grant(who: Borrower, purpose: GrantPurpose, amount_fen: int, *, at: datetime) -> Authorisation:
    return authorisations.give(who.now(at), ask=GrantRequest(PASSWORD, purpose, amount_fen))


def _second_loan(who: Borrower, at: datetime) -> None:
    _draw(who, SECOND_FEN, Plan.BULLET, at=at)


def _prepay(who: Borrower, at: datetime) -> None:
    quote = settlements.quote_prepayment(who.loan, principal_fen=PREPAID_FEN, on=day_of(at))
    _repay_early(who, quote.total_fen, PREPAID_FEN, at=at)


def _settle(who: Borrower, at: datetime) -> None:
    quote = quote_of(who.loan, on=day_of(at))
    assert quote is not None, "the loan is open"
    _repay_early(who, quote.total_fen, None, at=at)


def _repay_early(who: Borrower, total_fen: int, principal_fen: int | None, *, at: datetime) -> None:
    context, loan = who.now(at), who.loan
    grant = _grant(who, GrantPurpose.SETTLEMENT, total_fen, at=at)
    ask = EarlyRequest(
        context.customer, loan, who.card, grant.public_id, f"early-{loan.pk}", principal_fen
    )
    order = settlements.request(ask, by=context.by, on=context.on, at=at, wall_at=context.wall_at)
    settlements.send([order.pk], by=LoanActor.CHANNEL, channel=who.channel, at=at)


def _pay(amount_fen: int, *, in_wechat: bool = False) -> Step:
    """Return a step that pays so much of the bill by hand, or all of it where that is less.

    A payment inside WeChat is confirmed a minute later.
    """

    def step(who: Borrower, at: datetime) -> None:
        context, bill = who.now(at), who.bill
        owed_fen = sum(unpaid_of(bill.pk, on=context.on))
        order = payments.request(
            bill, amount_fen=min(amount_fen, owed_fen), key=f"demo-{at}",
            payer=WechatAccount.objects.get(customer=bill.customer_id) if in_wechat else who.card,
            by=context.by, on=context.on, at=at,
        )  # fmt: skip
        payments.send([order.pk], by=LoanActor.CHANNEL, channel=who.channel, at=at)
        if in_wechat:
            later = at + timedelta(minutes=1)
            who.bank.confirm(PaymentSheet.objects.get(order=order).prepay_id, at=later)
            payments.send([order.pk], by=LoanActor.CHANNEL, channel=who.channel, at=later)

    return step


def _transfer(who: Borrower, at: datetime) -> None:
    """Book a transfer of the bank's list for the bill: two people."""
    bill = who.bill
    arrived = ArrivedTransfer(bill.pk, f"DEMO{bill.pk}", TRANSFER_FEN, day_of(at))
    finance, manager = _staff("finance"), _staff("manager")
    [made] = transfers.propose([arrived], by=finance, reason=_REASON, on=day_of(at), at=at)
    approvals.approve([made.pk], by=manager, reason=_REASON, at=at)


def _reverse(who: Borrower, at: datetime) -> None:
    """Reverse the transfer, which was entered for the wrong customer: two people."""
    repayment = Repayment.objects.filter(order__bill=who.bill).latest("pk")
    request = ReversalRequest(repayment.pk, ReversalCause.MISTAKE)
    [made] = reversals.propose([request], by=_staff("finance"), reason=_REASON, at=at)
    approvals.approve([made.pk], by=_staff("manager"), reason=_REASON, at=at)


def _ask_extension(who: Borrower, at: datetime) -> None:
    asked = ExtensionRequest(who.bill.public_id, 10, _REQUESTED)
    extensions.request(asked, context=who.now(at))


def _extend(who: Borrower, at: datetime) -> None:
    _ask_extension(who, at)
    asked = who.bill.extensions.latest("pk")
    extensions.approve([asked.pk], by=_staff("collections"), on=day_of(at), reason=_REASON, at=at)


def _propose_waiver(who: Borrower, at: datetime) -> None:
    unpaid, bill = unpaid_of(who.bill.pk, on=day_of(at)), who.bill
    asked = ChargeWaiver(bill.pk, Debt(late_fee_fen=unpaid.late_fee_fen))
    waivers.propose([asked], by=_staff("collections"), on=day_of(at), reason=_REASON, at=at)


def _propose_charge_off(who: Borrower, at: datetime) -> None:
    charge_offs.propose([who.loan.pk], by=_staff("collections"), reason=_REASON, at=at)


def _charge_off(who: Borrower, at: datetime) -> None:
    [made] = charge_offs.propose([who.loan.pk], by=_staff("collections"), reason=_REASON, at=at)
    approvals.approve([made.pk], by=_staff("manager"), reason=_REASON, at=at)


def _staff(name: str) -> Staff:
    return Staff.objects.get(username=name)


_LAST = 90  # days after any due date: the day before the demo
_LONG_OVERDUE = 91  # more than 90 days past due (RATE-5)
LIVES: Mapping[str, DemoLife] = {
    # A plan debited as billed, and a loan of which a part is prepaid.
    "strong-21": DemoLife(
        Persona.STRONG, Plan.PLAN_12, -40, {15: _second_loan, 19: _prepay}, "full"
    ),
    "strong-22": DemoLife(Persona.STRONG, Plan.PLAN_6, -25, {8: _settle}, "full"),
    # A bill that becomes a plan, and a plan of which nothing is paid and all is called due.
    "strong-23": DemoLife(Persona.STRONG, Plan.BULLET, -15, {-3: _convert}, "full"),
    "strong-24": DemoLife(Persona.STRONG, Plan.PLAN_6, -93, {_LONG_OVERDUE: _accelerate}),
    "thin-21": DemoLife(
        Persona.THIN, Plan.BULLET, -20, {10: _pay(30_000, in_wechat=True)}, "minimum"
    ),
    # By hand before the due date; a transfer that came too much is refunded the next morning.
    "thin-22": DemoLife(Persona.THIN, Plan.BULLET, -8, {-2: _pay(PLAN_FEN), 1: _transfer}),
    "thin-23": DemoLife(
        Persona.THIN, Plan.BULLET, -6, {-6: _transfer, -5: _reverse, 0: _pay(40_000)}, "off"
    ),
    "thin-24": DemoLife(Persona.THIN, Plan.BULLET, 6, {_LAST: _ask_extension}, "full"),
    "thin-25": DemoLife(Persona.THIN, Plan.BULLET, 5, {_LAST: _extend}, "full"),
    "thin-26": DemoLife(
        Persona.THIN, Plan.BULLET, -10, {_LAST: _propose_waiver}, "full", has_money=False
    ),
    "thin-27": DemoLife(
        Persona.THIN, Plan.BULLET, -30, {_LAST: _propose_charge_off}, "full", has_money=False
    ),
    "thin-28": DemoLife(
        Persona.THIN, Plan.BULLET, -35, {12: _charge_off, 18: _transfer}, "full", has_money=False
    ),
}
