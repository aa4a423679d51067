"""The overview: business date, debit run, open work, overdue bills, last reconciliation."""

from datetime import date
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.customer_page.queries import waiting
from accounts.models import BankCard, Complaint, IdentityVerification, ProfileReview
from backoffice.core import clock
from backoffice.core.models import JobRun
from backoffice.core.money import yuan
from backoffice.web.readonly_admin import list_address
from loans.collection.admin.run import cards_of
from loans.collection.queries.debit_day import debit_day, runs_before
from loans.collection.queries.due import first_debits
from loans.delinquency.queries import charged_off, late
from loans.models import Bill, BillState, Loan, LoanState

RECONCILE_JOBS = ("02:00", "02:30")


def callback(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the figures of the day that the person has the rights to view."""
    now = clock.now()
    context |= {"now": now, "is_sandbox": settings.SANDBOX}
    if request.user.has_perm("loans.view_debitorder"):
        day = debit_day(on=now.date(), job=first_debits(on=now.date()))
        context |= {"day": day, "cards": cards_of(day, on=now.date())}
        context["run_address"] = reverse("admin:loans_run")
        runs = runs_before(now.date())
        context["runs"] = [(run, yuan(run.planned_fen)) for run in runs]
    context["waiting"] = _waiting(request)
    if request.user.has_perm("loans.view_bill"):
        context["late"] = [*_late(), _charged_off()]
    if request.user.has_perm("backoffice.view_jobrun"):
        context["reconciled"] = _reconciled()
    return context


class Reconciled(NamedTuple):
    """What the reconciliation of a day found, and whether it got to its end."""

    business_date: date
    failed: int
    is_complete: bool


def _reconciled() -> Reconciled | None:
    """Return the latest day of which something was reconciled."""
    runs = JobRun.objects.filter(job__in=RECONCILE_JOBS)
    last = runs.filter(finished_at__isnull=False).order_by("-business_date").first()
    if last is None:
        return None
    of_day = runs.filter(business_date=last.business_date)
    return Reconciled(
        last.business_date,
        sum(run.failed for run in of_day),
        of_day.filter(finished_at__isnull=False).count() == len(RECONCILE_JOBS),
    )


def _waiting(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the onboarding work that waits for the person, the most urgent kind first."""
    may = request.user.has_perm
    found = []
    if may("accounts.answer_complaint"):
        count, due_on = waiting.complaints_open()
        is_late = due_on is not None and due_on < clock.business_date()
        detail = (
            gettext("the earliest is due on {day}").format(day=date_format(due_on))
            if due_on
            else ""
        )
        kind = "danger" if is_late else ""
        found.append(_card(_("Open complaints"), count, Complaint, "state__exact=filed",
                           detail, kind))  # fmt: skip
    if may("accounts.decide_identityverification"):
        found.append(_card(_("Identity verifications in review"), waiting.proofs_in_review(),
                           IdentityVerification, "state__exact=in_review"))  # fmt: skip
    if may("accounts.decide_profilereview"):
        found.append(_card(_("Profiles in review"), waiting.profiles_in_review(),
                           ProfileReview, "state__exact=in_review"))  # fmt: skip
    if may("accounts.decide_bankcard"):
        found.append(_card(_("Cards with an unknown account class"),
                           waiting.cards_without_class(), BankCard,
                           "state__exact=pending&checked_at__isempty=0"))  # fmt: skip
    return found


def _card(
    title: Any, count: int, model: type[Model], query: str, detail: str = "", kind: str = ""
) -> dict[str, Any]:
    """Return a card of the overview, highlighted when its count is not zero."""
    kind = kind or ("warning" if count else "")
    address = f"{list_address(model)}?{query}"
    return {"title": title, "count": count, "detail": detail, "kind": kind, "address": address}


def _late() -> list[dict[str, Any]]:
    """Return the bills in grace and overdue with their lists."""
    titles = {BillState.GRACE: _("in grace"), BillState.OVERDUE: _("overdue")}
    kinds = {BillState.GRACE: "warning", BillState.OVERDUE: "danger"}
    return [
        {
            "title": gettext("Bills {state}").format(state=titles[BillState(state)]),
            "kind": kinds[BillState(state)] if found.bills else "",
            "count": found.bills,
            "amount": yuan(found.unpaid_fen),
            "address": f"{list_address(Bill)}?state__exact={state}",
        }
        for state, found in late(on=clock.business_date()).items()
    ]


def _charged_off() -> dict[str, Any]:
    """Return the loans that were charged off and are still owed."""
    found = charged_off()
    return {
        "title": _("Loans charged off"),
        "kind": "",  # nothing is to be done today
        "count": found.loans,
        "amount": yuan(found.unpaid_fen),
        "address": f"{list_address(Loan)}?state__exact={LoanState.CHARGED_OFF}",
    }


def badge(_request: HttpRequest) -> list[str] | None:
    """Return the badge that marks a sandbox on every page."""
    return [str(_("Sandbox")), "warning"] if settings.SANDBOX else None


# The sidebar: groups of (title, icon, name of the address, right to see it).
_SIDEBAR: tuple[tuple[Any, tuple[tuple[Any, str, str, str], ...]], ...] = (
    (_("Today"), (
        (_("Overview"), "dashboard", "index", ""),
        (_("Debit run"), "schedule", "loans_run", "loans.view_debitorder"),
        (_("Runs of the day"), "event_repeat", "backoffice_jobrun_changelist",
         "backoffice.view_jobrun"),
        (_("Work queues"), "inbox", "backoffice_workitem_queues", "backoffice.view_workitem"),
    )),
    (_("Customers"), (
        (_("Customers"), "person", "accounts_customer_changelist", "accounts.view_customer"),
        (_("Bank cards"), "credit_card", "accounts_bankcard_changelist", "accounts.view_bankcard"),
        (_("Assessments"), "fact_check", "risk_assessment_changelist", "risk.view_assessment"),
        (_("Appeals"), "gavel", "risk_appeal_changelist", "risk.view_appeal"),
        (_("Reviews of limit cuts"), "trending_down", "risk_cutreview_changelist",
         "risk.view_cutreview"),
        (_("Special reviews"), "policy", "risk_specialreview_changelist",
         "risk.view_specialreview"),
        (_("Credit lines"), "speed", "risk_creditline_changelist", "risk.view_creditline"),
        (_("Payment history"), "history_edu", "risk_conduct_changelist", "risk.view_conduct"),
        (_("Partner events"), "hub", "risk_partnerevent_changelist", "risk.view_partnerevent"),
        (_("Simulations"), "insights", "risk_policysimulation_changelist",
         "risk.view_policysimulation"),
        (_("Credit reports"), "assignment", "risk_bureaureport_changelist",
         "risk.view_bureaureport"),
    )),
    (_("Onboarding"), (
        (_("Identity verifications"), "how_to_reg", "accounts_identityverification_changelist",
         "accounts.view_identityverification"),
        (_("Consents"), "handshake", "accounts_consent_changelist", "accounts.view_consent"),
        (_("WeChat accounts"), "chat", "accounts_wechataccount_changelist",
         "accounts.view_wechataccount"),
        (_("Devices"), "smartphone", "accounts_device_changelist", "accounts.view_device"),
        (_("Logins"), "login", "accounts_loginsession_changelist", "accounts.view_loginsession"),
        (_("Profiles"), "work", "accounts_profile_changelist", "accounts.view_profile"),
        (_("Profile reviews"), "rate_review", "accounts_profilereview_changelist",
         "accounts.view_profilereview"),
        (_("Asset proofs"), "upload_file", "accounts_assetproof_changelist",
         "accounts.view_assetproof"),
        (_("API calls"), "dns", "accounts_providercall_changelist",
         "accounts.view_providercall"),
        (_("BIN table"), "pin", "accounts_bankbin_changelist",
         "accounts.view_bankbin"),
    )),
    (_("Privacy"), (
        (_("Complaints"), "feedback", "accounts_complaint_changelist",
         "accounts.view_complaint"),
        (_("Account holds"), "front_hand", "accounts_customerhold_changelist",
         "accounts.view_customerhold"),
        (_("Deletion requests"), "person_remove", "accounts_deletionrequest_changelist",
         "accounts.view_deletionrequest"),
        (_("Access records"), "visibility", "accounts_accessrecord_changelist",
         "accounts.view_accessrecord"),
    )),
    (_("Loans"), (
        (_("Loans"), "payments", "loans_loan_changelist", "loans.view_loan"),
        (_("Instalments"), "calendar_month", "loans_instalment_changelist",
         "loans.view_instalment"),
        (_("Bills"), "receipt_long", "loans_bill_changelist", "loans.view_bill"),
        (_("Extensions"), "more_time", "loans_extension_changelist", "loans.view_extension"),
        (_("Conversions"), "splitscreen", "loans_conversion_changelist",
         "loans.view_conversion"),
        (_("Waivers"), "money_off", "loans_waiver_changelist", "loans.view_waiver"),
        (_("Accelerations"), "fast_forward", "loans_acceleration_changelist",
         "loans.view_acceleration"),
        (_("Charge-offs"), "block", "loans_chargeoff_changelist", "loans.view_chargeoff"),
        (_("Cost sheets"), "price_check", "loans_quote_changelist", "loans.view_quote"),
        (_("Contract terms"), "contract", "loans_contractterms_changelist",
         "loans.view_contractterms"),
    )),
    (_("Collection"), (
        (_("Debit orders"), "sync_alt", "loans_debitorder_changelist", "loans.view_debitorder"),
        (_("Debit notices"), "notifications", "loans_debitnotice_changelist",
         "loans.view_debitnotice"),
        (_("Mandates"), "verified_user", "loans_mandate_changelist", "loans.view_mandate"),
        (_("Debit modes"), "tune", "loans_autodebit_changelist", "loans.view_autodebit"),
        (_("Repayments"), "savings", "loans_repayment_changelist", "loans.view_repayment"),
        (_("Reversals"), "undo", "loans_repaymentreversal_changelist",
         "loans.view_repaymentreversal"),
        (_("Payouts"), "outbound", "loans_payout_changelist", "loans.view_payout"),
        (_("Unapplied funds"), "hourglass_empty", "loans_unappliedfunds_changelist",
         "loans.view_unappliedfunds"),
    )),
    (_("Accounting"), (
        (_("Trial balance"), "balance", "loans_trial_balance", "loans.view_transfer"),
        (_("Account statement"), "list_alt", "loans_statement", "loans.view_transfer"),
        (_("Chart of accounts"), "account_tree", "loans_chart", "loans.view_transfer"),
        (_("Closed months"), "event_available", "loans_closedmonth_changelist",
         "loans.view_closedmonth"),
        (_("Ledger"), "menu_book", "loans_transfer_changelist", "loans.view_transfer"),
        (_("Charges"), "request_quote", "loans_charge_changelist", "loans.view_charge"),
    )),
    (pgettext_lazy("menu", "System"), (
        (_("Approval requests"), "approval", "backoffice_approval_changelist",
         "backoffice.view_approval"),
        (_("Job pauses"), "pause_circle", "backoffice_jobpause_changelist",
         "backoffice.view_jobpause"),
        (_("Policy versions"), "tune", "backoffice_policyversion_changelist",
         "backoffice.view_policyversion"),
        (_("Exports"), "download", "backoffice_export_changelist", "backoffice.view_export"),
        (_("State changes"), "timeline", "backoffice_statechange_changelist",
         "backoffice.view_statechange"),
        (_("Messages"), "outbox", "backoffice_outboxmessage_changelist",
         "backoffice.view_outboxmessage"),
        (_("Staff"), "badge", "accounts_staff_changelist", "accounts.view_staff"),
        (_("Groups"), "groups", "auth_group_changelist", "auth.view_group"),
    )),
)  # fmt: skip


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar: the pages that the person has the rights to view."""
    here = request.resolver_match
    assert here is not None
    return [
        {
            "title": title,
            "separator": number > 0,
            "items": [
                {
                    "title": text,
                    "icon": icon,
                    "link": reverse(f"admin:{name}"),
                    "active": name == here.url_name or _opens(here.url_name or "", name),
                }
                for text, icon, name, right in items
                if not right or request.user.has_perm(right)
            ],
        }
        for number, (title, items) in enumerate(_SIDEBAR)
    ]


def _opens(page: str, name: str) -> bool:
    """Return whether a page shows a record of the named list."""
    return name.endswith("_changelist") and page.startswith(name.removesuffix("changelist"))
