"""The page of a customer: masked, with the four conditions, the steps, and what happened."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.customer_page.admin.unmasked import unmask, unmasked_path
from accounts.customer_page.queries import records
from accounts.customer_page.queries.checklist import checklist
from accounts.customer_page.queries.records import OnboardingRecords
from accounts.customer_page.queries.timeline import timeline
from accounts.customers import debts
from accounts.customers.latest import latest, list_of, relations, with_rows
from accounts.customers.rows import shown_name
from accounts.identity.rules.faces import FaceVerdict
from accounts.models import (
    ACCOUNT_CLASSES,
    BankCard,
    Consent,
    Customer,
    CustomerHold,
    CustomerState,
    HoldKind,
    IdentityVerification,
    Profile,
    ProviderCall,
    WechatAccount,
)
from accounts.onboarding import operations as onboarding
from accounts.onboarding import queries as onboarding_status
from accounts.onboarding.rules import cooling_off
from accounts.onboarding.rules.eligibility import CheckOutcome
from accounts.onboarding.rules.onboarding import ProfileReviewState, StepState, steps
from accounts.policy import AccountPolicy
from accounts.privacy.operations import holds, unmasking
from accounts.privacy.rules import masking
from backoffice.core import clock
from backoffice.core.crypto import blind
from backoffice.web import wording
from backoffice.web.admin_actions import AdminAction, AdminActionsMixin, Field
from backoffice.web.keyset import number_in
from backoffice.web.readonly_admin import (
    PageSection,
    ReadOnlyAdmin,
    display,
    label,
    link,
)

# Words and colour (the one of a machine's state) of what a line says.
_RESULTS = {
    CheckOutcome.PASS: (_("passed"), "active"),
    CheckOutcome.FAIL: (_("not met"), "refused"),
    CheckOutcome.OPEN: (_("not checked"), ""),
    CheckOutcome.REVIEW: (_("manual review"), "pending"),
}
_STEPS = {
    "identity": _("identity"),
    "transaction_password": _("transaction password"),
    "card": _("bank card"),
    "consents": _("consents"),
    "profile": _("profile"),
    "assessment": _("assessment"),
}
_STEP_STATES = {
    StepState.DONE: (_("done"), "active"),
    StepState.NEXT: (_("next"), "billed"),
    StepState.WAITING: (_("waiting"), "pending"),
    StepState.LOCKED: (_("locked"), ""),
}
_EVIDENCE = {
    "age": _("age"),
    "born_on": _("born on"),
    "proof": _("identity verification"),
    "identity_code": _("result of the ID check"),
    "identity_checked_on": _("ID checked on"),
    "identity_call": _("API call of the ID check"),
    "face": _("face"),
    "face_code": _("result of the face check"),
    "similarity_permille": _("similarity (of 100)"),
    "face_checked_on": _("face checked on"),
    "face_call": _("API call of the face check"),
    "card": _("bank card"),
    "card_code": _("result of the card check"),
    "account_class": _("account class"),
    "card_checked_on": _("card checked on"),
    "card_call": _("API call of the card check"),
    "accounts": _("WeChat accounts"),
    "device_accounts": _("accounts on the device"),
    "device_people": _("people on the device"),
    "device_indicators": _("signals of the device"),
}
_FACES: dict[object, Any] = {
    FaceVerdict.PASS: _("passed"),
    FaceVerdict.REVIEW: _("manual review"),
    FaceVerdict.REFUSE: _("refused"),
}
_CLASSES: dict[object, Any] = dict(ACCOUNT_CLASSES)
# Who may not look at proofs, calls and devices does not find them on this page either.
_SEES_ONBOARDING = "accounts.view_identityverification"
# The timeline shows these row by row.
_SUMMARISED = (WechatAccount, IdentityVerification, ProviderCall, Consent, Profile, CustomerHold)


def _hold(request: HttpRequest, customer: Customer, given: dict[str, Any]) -> str:
    holds.place(
        holds.Hold(customer, HoldKind(given["kind"]), given["holder"]), by=str(request.user),
        reason=given["reason"], at=clock.now(), wall_at=clock.wall(),
    )  # fmt: skip
    return gettext("{customer} is held.").format(customer=customer)


@admin.register(Customer)
class CustomerPages(AdminActionsMixin, ReadOnlyAdmin):
    """Customers, found by id or by their full ID number, phone or card number."""

    list_display = ("shown", "masked_id", "masked_phone", "state_label", "debt", "registered_at")
    list_filter = ("state",)
    search_fields = ("pk",)
    search_help_text = _("Customer id, or the full ID number, phone or card number")
    fieldsets = (
        (None, {"fields": (("shown", "debt"), ("state_label", "registered_at"),
                           ("masked_id", "masked_phone", "born_on"),
                           ("public_id", "origin"), "related")}),
    )  # fmt: skip
    # Apps above append the address and the title of what else they show of a customer.
    more_links: ClassVar[list[Callable[[Customer], tuple[str, Any]]]] = []
    record_actions = (
        AdminAction(
            "unmask", _("Show the identity in full"), "accounts.unmask_customer", unmask,
            explanation=_("Who saw what, and why, is kept and shown to the customer."),
            fields=(Field("fields", _("what"), "checks", tuple(unmasking.FIELDS.items())),),
        ),
        AdminAction(
            "hold", _("Hold"), "accounts.place_customerhold", _hold, kind="danger",
            explanation=_("A block stops everything except reading, closing the account and "
                          "complaints. A legal hold keeps the data from being erased."),
            fields=(Field("kind", _("kind"), "select", HoldKind.choices),
                    Field("holder", _("holder"), length_max=60)),
        ),
    )  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        """Return the addresses of the pages, and of the one that shows an identity once."""
        return [unmasked_path(self.admin_site), *super().get_urls()]

    def find(self, term: str) -> Q:
        """Return the customer with this id, ID number, phone or card number.

        A union of ids, each found by its own index: the same conditions joined by OR, one of them
        over another table, have no index, and every customer is read.
        """
        phone = blind(term, "phone")
        ids = (
            Customer.objects.filter(pk=number_in(term, "C") or 0).values("pk"),
            Customer.objects.filter(id_blind=blind(term, "id_number")).values("pk"),
            Customer.objects.filter(phone_blind=phone).values("pk"),
            BankCard.objects.filter(number_blind=blind(term, "card")).values("customer_id"),
            BankCard.objects.filter(phone_blind=phone).values("customer_id"),
        )
        return Q(pk__in=ids[0].union(*ids[1:]))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Give the customers of the list the states of their debts, read at once."""
        changes = super().get_changelist_instance(request)
        ids = [customer.pk for customer in changes.result_list]
        states = debts.states(ids, on=clock.business_date())
        for customer in changes.result_list:
            customer.debt_state = states.get(customer.pk)
        return changes

    @display(description=_("debt"))
    def debt(self, customer: Any) -> str:
        """Return the state of the debt; who owes nothing has none."""
        if not hasattr(customer, "debt_state"):
            states = debts.states([customer.pk], on=clock.business_date())
            customer.debt_state = states.get(customer.pk)
        return label(*customer.debt_state) if customer.debt_state else ""

    @display(description=_("onboarding"))
    def state_label(self, customer: Customer) -> str:
        """Return the onboarding state, never in the green of debts that are paid in time."""
        return label(customer.get_state_display(), CustomerState.IDENTIFIED)

    @display(description=_("customer"))
    def shown(self, customer: Customer) -> str:
        """Return the masked name with the id."""
        return shown_name(customer)

    @display(description=_("ID number"))
    def masked_id(self, customer: Customer) -> str:
        """Return the masked ID number."""
        return masking.id_number(customer.id_number)

    @display(description=_("phone"))
    def masked_phone(self, customer: Customer) -> str:
        """Return the masked phone number."""
        return masking.phone(customer.phone)

    @display(description=_("all about this customer"))
    def related(self, customer: Customer) -> SafeString:
        """Return links to the lists of this customer's rows, whichever app keeps them."""
        rows = [
            (list_of(relation, customer), relation.related_model._meta.verbose_name_plural)
            for relation in relations()
        ]
        rows += [more(customer) for more in self.more_links]
        return format_html_join(" · ", '<a class="link" href="{}">{}</a>', rows)

    def sections(self, request: HttpRequest, record: Customer) -> list[PageSection]:
        """Return the conditions, the steps, the latest rows of every kind, and the timeline."""
        sees_onboarding = request.user.has_perm(_SEES_ONBOARDING)
        hidden = _SUMMARISED if sees_onboarding else ()
        listed = [one for one in with_rows(record) if one.related_model not in hidden]
        rows = [*filter(None, (latest(one, request, record) for one in listed))]
        if not sees_onboarding:
            return [*rows, *super().sections(request, record)]
        known = records.read(record)
        at = clock.now()
        numbers = onboarding.numbers(on=at.date())
        leads = [_conditions(known, numbers, at), _onboarding(record, numbers, at), *_holds(known)]
        return [*leads, *rows, _timeline(known)]


def _conditions(known: OnboardingRecords, numbers: AccountPolicy, at: datetime) -> PageSection:
    """Return the four lines of the article's table with what was found (ELIG-13)."""
    lines = checklist(known, on=at.date(), wall_at=clock.wall(), numbers=numbers)
    heads = (_("condition"), _("requirement"), _("check"), _("result"), _("evidence"))
    rows = [
        (
            gettext(line.requirement.title),
            gettext(line.requirement.requirement),
            gettext(line.requirement.check),
            label(*_RESULTS[line.result]),
            format_html_join("", "<div>{} {}</div>", _evidence(line.evidence)),
        )
        for line in lines
    ]
    return PageSection(_("Basic conditions"), heads, rows, _moved(known.customer), is_lead=True)


def _moved(customer: Customer) -> Any:
    """Return why a migrated customer has no onboarding checks here."""
    if not customer.origin:
        return ""
    return _("Migrated customer: onboarding checks were done by the originating lender.")


def _evidence(facts: dict[str, int | str]) -> Iterator[tuple[str, Any]]:
    """Return each fact with its name, values that are codes of ours in words."""
    for code, value in facts.items():
        known = {"face": _FACES, "account_class": _CLASSES}.get(code, {})
        shown = wording.score(int(value)) if code == "similarity_permille" else value
        yield capfirst(str(_EVIDENCE.get(code, code))), known.get(value, shown)


def _onboarding(customer: Customer, numbers: AccountPolicy, at: datetime) -> PageSection:
    there = onboarding_status.read(customer.pk, at=at, policy=numbers)
    rows = [(_STEPS[line.step], label(*_STEP_STATES[line.state])) for line in steps(there)]
    ends_at = cooling_off.ends_at(customer.registered_at, hours=numbers.cooling_off_hours)
    words = gettext("Cooling-off period until {until}: only reading works.")
    note = words.format(until=_when(ends_at)) if there.is_cooling else _moved(customer)
    if there.profile_review == ProfileReviewState.IN_REVIEW:
        note = _("Manual review before any loan: a student, or of an age to be one.")
    if there.profile_review == ProfileReviewState.REFUSED:
        note = _("The profile was refused in a manual review: nothing is lent on it.")
    return PageSection(_("Onboarding steps"), (_("step"), _("state")), rows, note, is_lead=True)


def _holds(known: OnboardingRecords) -> list[PageSection]:
    """Return the holds in force, each with a link to the page where it is lifted."""
    rows = [
        (link(hold, hold.get_kind_display()), hold.holder, hold.reason,
         wording.actor(hold.placed_by),
         _when(hold.placed_at))
        for hold in known.holds
        if hold.lifted_at is None
    ]  # fmt: skip
    heads = (_("kind"), _("holder"), _("reason"), _("placed by"), _("placed at"))
    return [PageSection(_("Holds in force"), heads, rows, is_lead=True)] if rows else []


def _timeline(known: OnboardingRecords) -> PageSection:
    rows = [(_when(one.at), one.what, one.detail, wording.actor(one.by)) for one in timeline(known)]
    heads = (_("at"), _("what"), _("details"), _("actor"))
    return PageSection(_("Customer timeline"), heads, rows)


def _when(moment: Any) -> str:
    return date_format(localtime(moment), "DATETIME_FORMAT")
