"""Customers of the demo who came by themselves: one for each persona, at the end of the onboarding.

They go the way of every customer, through the same operations and the sandbox's providers, at the
moment of the demo. What people have to do stays open for the staff to try; some of it is done.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.conf import settings

from accounts.cards.operations import bindings, cards
from accounts.consents.operations import consents
from accounts.consents.rules import PURPOSES
from accounts.gateways.identity import IdentityChecks
from accounts.identity.operations import identities, submissions
from accounts.identity.operations.submissions import Submission
from accounts.login import operations as logins
from accounts.login.operations import Arrival, DeviceReport
from accounts.models import Customer, LoginSession, Staff, WechatAccount
from accounts.onboarding import context as contexts
from accounts.onboarding.context import RequestContext
from accounts.onboarding.rules.occupations import Occupation
from accounts.profile import operations as profiles
from accounts.profile.operations import Declared
from backoffice.core.clock import day_of
from backoffice.core.crypto import blind
from backoffice.platform import approvals
from loans.migration.operations import demo_appeals, demo_quotes
from loans.migration.operations.admission import SandboxOnlyError
from loans.migration.operations.people import MALE, NUMBER_MAX, ImportedPerson, invent
from risk.decisions.operations import decisions, requests, special_reviews
from risk.decisions.rules.reasons import DecisionActor
from risk.gateways.bureau import CreditBureau
from risk.lines.operations import holds, temporary
from risk.lines.operations import reviews as limit_reviews
from risk.lines.operations.holds import Purchase
from risk.lines.operations.reviews import LimitReview
from risk.lines.operations.temporary import TemporaryLimitRefusedError
from risk.models import (
    Assessment,
    CreditLine,
    SpecialReview,
    SpecialReviewState,
    TemporaryLimitState,
)
from risk.policy import LimitPolicy
from risk.sandbox.rules import Persona

# Their openids: strong-9 logs in with sandbox:strong-9. The tenth one asks for a human review, the
# ones after it contest a decision or a cut of the limit.
OPENIDS = {
    **{f"{persona}-9": persona for persona in Persona},
    "overdue90-10": Persona.OVERDUE90,
    "overdue90-11": Persona.OVERDUE90,
    "overdue90-12": Persona.OVERDUE90,
    "average-11": Persona.AVERAGE,
    "average-12": Persona.AVERAGE,
}
REVIEWED = "overdue90-10"
COOLED_OFF = timedelta(days=31)
_EVIDENCE = "demo"
_REASON = "demo"


class PersonaProfile(NamedTuple):
    """What a persona declares."""

    income_fen: int
    occupation: Occupation = Occupation.EMPLOYEE


DECLARED: Mapping[Persona, PersonaProfile] = {
    Persona.STRONG: PersonaProfile(2_000_000, Occupation.CIVIL_SERVANT),
    Persona.AVERAGE: PersonaProfile(900_000),
    Persona.THIN: PersonaProfile(450_000),
    Persona.STUDENT: PersonaProfile(150_000, Occupation.STUDENT),
    Persona.FREELANCER: PersonaProfile(1_000_000, Occupation.FREELANCER),
    # Three times the inflow: a person decides (SCORE-12).
    Persona.OVERINDEBTED: PersonaProfile(2_800_000),
    Persona.OVERDUE90: PersonaProfile(900_000),
    Persona.WITHDRAWN: PersonaProfile(900_000),
    Persona.NIGHTGAMBLER: PersonaProfile(900_000),
}


class Providers(NamedTuple):
    """Who is asked: the checks of identity and card, and the credit bureau."""

    checks: IdentityChecks
    bureau: CreditBureau


class DemoAssessments(NamedTuple):
    """The customers by openid, each with the state of the latest assessment; empty without one."""

    states: dict[str, str]


def show_customers(
    *, providers: Providers, at: datetime, wall_at: datetime
) -> DemoAssessments | None:
    """Onboard and assess a customer of each persona, once; then leave work for each role.

    Raises:
        SandboxOnlyError: this is no sandbox.
    """
    if not settings.SANDBOX:
        raise SandboxOnlyError
    blinds = [blind(openid, "openid") for openid in OPENIDS]
    if WechatAccount.objects.filter(openid_blind__in=blinds).exists():
        return None
    made = {
        openid: onboard(
            openid, persona=persona, number=number, providers=providers, at=at, wall_at=wall_at
        )
        for number, (openid, persona) in enumerate(OPENIDS.items())
    }
    # The profile of the student waits for a person before an assessment can be asked for.
    asked = [
        requests.request(context).pk
        for openid, context in made.items()
        if OPENIDS[openid] is not Persona.STUDENT
    ]
    decisions.decide(
        asked, bureau=providers.bureau, by=DecisionActor.ASSESSMENT, at=at, on=day_of(at)
    )
    refused = Assessment.objects.get(customer=made[REVIEWED].customer)
    requests.human_review(refused.public_id, context=made[REVIEWED])
    customers = [context.customer.pk for context in made.values()]
    _limits(customers, at=at)
    _large_payments(customers[0], at=at)
    _temporary_limits(at=at)
    demo_appeals.show_appeals(made, at=at)
    demo_quotes.show_quotes(made)
    return DemoAssessments(_states(made))


def onboard(
    openid: str,
    *,
    persona: Persona,
    number: int,
    providers: Providers,
    at: datetime,
    wall_at: datetime,
) -> RequestContext:
    """Take every step up to the profile; return the context of the customer's next request."""
    age = 20 if persona is Persona.STUDENT else 34
    person = invent(NUMBER_MAX - number, sex=MALE, age=age, on=day_of(at))
    session = _login(openid, at=at - COOLED_OFF, wall_at=wall_at)
    customer = session.account.customer

    def begin() -> RequestContext:
        known = Customer.objects.get(pk=customer.pk)
        by = f"customer:{known.pk}"
        return contexts.begin(known, by=by, at=at, wall_at=wall_at, session=session)

    sent = submissions.submit(begin(), submission=_submission(openid, person))
    identities.check(sent, checks=providers.checks, context=begin())
    card = bindings.bind(begin(), number=person.card_number, phone=person.phone)
    cards.check(card, checks=providers.checks, context=begin())
    for purpose in PURPOSES:
        consents.give(begin(), purpose=purpose)
    income_fen, occupation = DECLARED[persona]
    since = date(day_of(at).year - 6, 3, 1)
    profiles.declare(begin(), declared=Declared(income_fen, occupation, since, None, None))
    return begin()


def _login(openid: str, *, at: datetime, wall_at: datetime) -> LoginSession:
    device = DeviceReport(f"demo {openid}", "Pixel 9", "android", "16", False, False)
    arrival = Arrival(openid, date(2015, 1, 1), device, None)
    return logins.log_in(arrival, at=at, wall_at=wall_at).session


def _submission(openid: str, person: ImportedPerson) -> Submission:
    return Submission(person.name, person.id_number, None, f"demo face of {openid}")


def _limits(customers: Sequence[int], *, at: datetime) -> None:
    """Propose another limit of two lines, and let a manager approve the first."""
    credit, manager = (Staff.objects.get(username=name) for name in ("credit", "manager"))
    lines = list(CreditLine.objects.filter(customer__in=customers).order_by("pk")[:2])
    step_fen = LimitPolicy().limit_step_fen
    reviews = [LimitReview(one.pk, one.limit_fen - 20 * step_fen, _EVIDENCE) for one in lines]
    proposed = limit_reviews.propose(reviews, by=credit, reason=_REASON, at=at)
    approvals.approve([proposed[0].pk], by=manager, reason=_REASON, at=at)


def _large_payments(customer_id: int, *, at: datetime) -> None:
    """Hold a part of a line for a purchase, and decide two of the special reviews."""
    purchase = Purchase(customer_id, "demo-1", 600_000, at)
    holds.hold_for_purchase([purchase], by="partner:sandbox", on=day_of(at))
    still_open = SpecialReview.objects.filter(state=SpecialReviewState.OPEN).order_by("pk")
    for number, review in enumerate(still_open[:2]):
        special_reviews.decide(
            review.pk, is_suspicious=number == 0, by="risk", reason=_REASON, at=at
        )


def _temporary_limits(*, at: datetime) -> None:
    """Grant two temporary limits to customers of the portfolio; let the first one expire."""
    on = day_of(at)
    usable = CreditLine.objects.filter(state="active", customer__origin__isnull=False)
    granted: list[int] = []
    for line in usable.select_related("customer").order_by("pk")[:60]:
        days_ago = 0 if granted else 40
        then, then_on = at - timedelta(days=days_ago), on - timedelta(days=days_ago)
        by = f"customer:{line.customer_id}"
        amount_fen = line.limit_fen // 10
        try:
            made = temporary.request(
                line.customer, amount_fen=amount_fen, days=20, by=by, on=then_on, at=then
            )
        except TemporaryLimitRefusedError:
            continue
        granted += [line.pk] if made.state == TemporaryLimitState.GRANTED else []
        if len(granted) == 2:
            break
    temporary.expire(granted[:1], by="system:lines", on=on, at=at)


def _states(made: Mapping[str, RequestContext]) -> dict[str, str]:
    by_customer = {context.customer.pk: openid for openid, context in made.items()}
    rows = Assessment.objects.filter(customer__in=by_customer).order_by("pk")
    return dict.fromkeys(made, "") | {by_customer[one.customer_id]: str(one.state) for one in rows}
