"""Records of onboarding: accounts, devices, logins, verifications, API calls, consents."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.consents.rules import PURPOSES
from accounts.customer_page.queries import provider_words
from accounts.customers.rows import CustomersRows, code_filter
from accounts.identity.operations import identities
from accounts.login import operations as logins
from accounts.models import (
    Consent,
    Device,
    IdentityVerification,
    LoginSession,
    Profile,
    ProfileReview,
    ProviderCall,
    VerificationState,
    WechatAccount,
)
from accounts.onboarding.rules.onboarding import ProfileReviewState
from accounts.privacy.rules import masking
from accounts.profile import operations as profiles
from backoffice.core import clock, reasons
from backoffice.web import wording
from backoffice.web.admin_actions import AdminAction, AdminActionsMixin, Field
from backoffice.web.readonly_admin import PageSection, ReadOnlyAdmin, display, link, timeline


def _report_history(request: HttpRequest, account: WechatAccount, given: dict[str, Any]) -> str:
    logins.record_history(
        account, since=_day(given["since"]), by=str(request.user), reason=given["reason"],
        at=clock.now(),
    )  # fmt: skip
    return gettext("It is recorded since when the account is used.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise logins.BadDayError(day=text) from None


@admin.register(WechatAccount)
class WechatAccountPages(AdminActionsMixin, CustomersRows):
    """WeChat accounts; which one it is stays sealed."""

    latest_by = "bound_at"
    list_display = ("__str__", "customer_link", "seat", "used_since_on", "bound_at", "unbound_at")
    list_filter = (("unbound_at", admin.EmptyFieldListFilter),)
    fields = (*list_display, "public_id")
    record_actions = (
        AdminAction(
            "history", _("Record since when WeChat is used"), "accounts.report_history",
            _report_history, fields=(Field("since", _("uses WeChat since"), "date"),),
        ),
    )  # fmt: skip

    def sections(self, request: HttpRequest, record: WechatAccount) -> list[PageSection]:
        """Return the devices on which the account was seen, and what staff recorded of it."""
        rows = [
            (link(one.device), one.device.model, one.first_seen_at, one.seen_at)
            for one in record.devices.select_related("device").order_by("pk")
        ]
        heads = (_("device"), _("model"), _("first seen at"), _("last seen at"))
        return [PageSection(_("devices"), heads, rows), timeline(record)]


@admin.register(Device)
class DevicePages(ReadOnlyAdmin):
    """Devices as their last reports described them."""

    list_display = ("__str__", "model", "os", "os_version", "is_emulator", "is_rooted",
                    "reported_at")  # fmt: skip
    list_filter = ("is_emulator", "is_rooted")
    fields = ("model", "os", "os_version", "is_emulator", "is_rooted", "is_cloned_app", "is_debug",
              "is_vpn", "has_hook", "has_mock_location", "has_remote_control", "first_seen_at",
              "reported_at")  # fmt: skip

    def sections(self, request: HttpRequest, record: Device) -> list[PageSection]:
        """Return the accounts that were seen on the device (ELIG-9)."""
        rows = [
            (link(one.account), link(one.account.customer), one.first_seen_at, one.seen_at)
            for one in record.links.select_related("account__customer").order_by("pk")
        ]
        heads = (_("WeChat account"), _("customer"), _("first seen at"), _("last seen at"))
        return [PageSection(_("WeChat accounts"), heads, rows)]


def _revoke(request: HttpRequest, session: LoginSession, given: dict[str, Any]) -> str:
    logins.end(session.pk, by=str(request.user), reason=given["reason"], wall_at=clock.wall())
    return gettext("The login has ended.")


@admin.register(LoginSession)
class LoginSessionPages(AdminActionsMixin, CustomersRows):
    """Logins of customers, and their end."""

    list_select_related = ("account__customer", "device")
    customer_path = "account__customer_id"
    list_display = ("__str__", "customer_link", "device_link", "began_at", "used_at", "ends_at",
                    "revoked_at")  # fmt: skip
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    fields = (*list_display, "address", "ended_by", "ended_because")
    hidden = ("revoked_by", "revoked_reason", "revoked_facts")
    record_actions = (
        AdminAction(
            "revoke", _("End this login at once"), "accounts.revoke_loginsession", _revoke,
            kind="danger", is_open=lambda session: session.revoked_at is None,
        ),
    )  # fmt: skip

    @display(description=_("customer"))
    def customer_link(self, session: LoginSession) -> Any:
        """Return a link to the customer."""
        return link(session.account.customer)

    @display(description=_("ended by"))
    def ended_by(self, session: LoginSession) -> str:
        """Return who ended the login."""
        return wording.actor(session.revoked_by)

    @display(description=_("ended because"))
    def ended_because(self, session: LoginSession) -> str:
        """Return why the login ended."""
        return reasons.text(session.revoked_reason, session.revoked_facts)


def _decide(*, is_accepted: bool) -> Any:
    def decide(request: HttpRequest, proof: IdentityVerification, given: dict[str, Any]) -> str:
        decided = identities.decide(
            proof.pk, is_accepted=is_accepted, by=str(request.user), reason=given["reason"],
            at=clock.now(),
        )  # fmt: skip
        if decided.state == VerificationState.PASSED:
            return gettext("The verification is accepted.")
        return gettext("The verification is refused: {code}.").format(code=decided.refusal)

    return decide


def _can_be_accepted(proof: IdentityVerification) -> bool:
    return _in_review(proof) and identities.has_both_checks(proof)


def _in_review(proof: IdentityVerification) -> bool:
    return bool(proof.state == VerificationState.IN_REVIEW)


@admin.register(IdentityVerification)
class IdentityVerificationPages(AdminActionsMixin, CustomersRows):
    """Identity verifications, and the decisions on those in review."""

    latest_by = "submitted_at"
    list_display = ("__str__", "customer_link", "state_label", "similarity",
                    "identity_code", "refusal", "submitted_at", "decided_at")  # fmt: skip
    list_filter = ("state",)
    fields = ("customer_link", "state_label", "masked_name", "masked_id", "valid_until_on",
              "identity_code", "identity_checked_at", "face_code", "face_checked_at",
              "similarity", "is_live", "tries", "refusal", "account_link", "device_link",
              "submitted_at", "decided_at")  # fmt: skip
    record_actions = (
        AdminAction(
            "accept", _("Accept"), "accounts.decide_identityverification",
            _decide(is_accepted=True),
            kind="primary", is_open=_can_be_accepted,
        ),
        AdminAction(
            "refuse", _("Refuse"), "accounts.decide_identityverification",
            _decide(is_accepted=False),
            kind="danger", is_open=_in_review,
        ),
    )  # fmt: skip

    @display(description=_("similarity (of 100)"))
    def similarity(self, proof: IdentityVerification) -> str:
        """Return the similarity of the face as the score of the provider."""
        return wording.score(proof.similarity_permille)

    @display(description=_("name"))
    def masked_name(self, proof: IdentityVerification) -> str:
        """Return the masked name."""
        return masking.name(proof.name)

    @display(description=_("ID number"))
    def masked_id(self, proof: IdentityVerification) -> str:
        """Return the masked ID number."""
        return masking.id_number(proof.id_number)

    def sections(self, request: HttpRequest, record: IdentityVerification) -> list[PageSection]:
        """Return what the provider was asked about it, and the timeline."""
        calls = ProviderCall.objects.filter(
            subject_type=record._meta.label_lower, subject_id=record.pk
        ).order_by("pk")
        rows = [
            (call.asked_at, provider_words.action(call.action), call.attempt,
             provider_words.verdict(call.verdict), call.code, call.request_id, call.latency_ms)
            for call in calls
        ]  # fmt: skip
        heads = (_("asked at"), _("action"),
                 pgettext_lazy("provider call", "attempt"), _("verdict"), _("code"),
                 _("request id"), _("took, in milliseconds"))  # fmt: skip
        return [PageSection(_("API calls"), heads, rows), *super().sections(request, record)]


@admin.register(ProviderCall)
class ProviderCallPages(CustomersRows):
    """Every question to a provider and what it said; what was asked is masked."""

    latest_by = "asked_at"
    list_display = ("__str__", "customer_link", "asked", "answered", "code", "attempt",
                    "latency_ms", "asked_at")  # fmt: skip
    list_filter = (
        code_filter("action", _("action"), provider_words.actions()),
        code_filter("verdict", _("verdict"), provider_words.verdicts()),
        ("answered_at", admin.EmptyFieldListFilter),
    )
    hidden = ("subject_type", "subject_id", "action", "verdict")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return every visible column, and the record that was checked."""
        return ["subject", "asked", "answered", *super().get_fields(request, obj)]

    @display(description=_("action"))
    def asked(self, call: ProviderCall) -> str:
        """Return what was asked."""
        return provider_words.action(call.action)

    @display(description=_("verdict"))
    def answered(self, call: ProviderCall) -> str:
        """Return what was answered."""
        return provider_words.verdict(call.verdict)

    @display(description=_("subject"))
    def subject(self, call: ProviderCall) -> SafeString | str:
        """Return the record that was checked, as a link."""
        return wording.subject(call.subject_type, call.subject_id)


@admin.register(Consent)
class ConsentPages(CustomersRows):
    """The ledger of consents: given, taken back, never erased."""

    latest_by = "given_at"
    list_display = ("purpose_title", "customer_link", "version", "given_at", "withdrawn_at")
    list_filter = (
        code_filter("purpose", _("purpose"), {one.code: _(one.title) for one in PURPOSES.values()}),
        ("withdrawn_at", admin.EmptyFieldListFilter),
    )
    fields = ("purpose_title", "customer_link", "version", "text_digest", "given_at",
              "given_by_shown", "withdrawn_at", "withdrawn_by_shown")  # fmt: skip

    @display(description=_("purpose"))
    def purpose_title(self, consent: Consent) -> str:
        """Return the purpose in the reader's language."""
        known = PURPOSES.get(consent.purpose)
        return gettext(known.title) if known else consent.purpose


@admin.register(Profile)
class ProfilePages(CustomersRows):
    """What customers declared; employer and address are masked."""

    latest_by = "declared_at"
    list_display = ("__str__", "customer_link", "monthly_income_yuan", "occupation", "declared_at")
    list_filter = ("occupation",)
    fields = ("customer_link", "monthly_income_yuan", "occupation", "occupation_since_on",
              "masked_address", "declared_at")  # fmt: skip

    @display(description=_("address"))
    def masked_address(self, profile: Profile) -> str:
        """Return the address to its district."""
        return masking.address(profile.address)


def _decide_profile(*, is_accepted: bool) -> Any:
    def decide(request: HttpRequest, review: ProfileReview, given: dict[str, Any]) -> str:
        profiles.decide(
            review.pk, is_accepted=is_accepted, by=str(request.user), reason=given["reason"],
            at=clock.now(),
        )  # fmt: skip
        if is_accepted:
            return gettext("The profile is accepted.")
        return gettext("The profile is refused.")

    return decide


def _profile_in_review(review: ProfileReview) -> bool:
    return bool(review.state == ProfileReviewState.IN_REVIEW)


@admin.register(ProfileReview)
class ProfileReviewPages(AdminActionsMixin, CustomersRows):
    """Profiles that a person looks at before anything is lent, and the decisions (IDN-020)."""

    latest_by = "requested_at"
    prefix = "PR"
    list_display = ("__str__", "customer_link", "state_label", "occupation", "monthly_income_yuan",
                    "requested_at", "decided_at")  # fmt: skip
    list_filter = ("state",)
    fields = ("customer_link", "state_label", "born_on", "occupation", "monthly_income_yuan",
              "requested_at", "decided_at")  # fmt: skip
    record_actions = (
        AdminAction(
            "accept", _("Accept"), "accounts.decide_profilereview",
            _decide_profile(is_accepted=True), kind="primary", is_open=_profile_in_review,
            explanation=_("The customer may then ask for an assessment."),
        ),
        AdminAction(
            "refuse", _("Refuse"), "accounts.decide_profilereview",
            _decide_profile(is_accepted=False), kind="danger", is_open=_profile_in_review,
            explanation=_("Nothing is lent on this profile; the customer may declare another."),
        ),
    )  # fmt: skip

    @display(description=_("born on"))
    def born_on(self, review: ProfileReview) -> date | None:
        """Return the day of birth, which the rule asks for beside the occupation."""
        return review.customer.born_on
