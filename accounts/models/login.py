"""How customers come in: WeChat accounts, devices, and sessions that can be ended at once."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.customer import Customer
from backoffice.core.crypto import SealedField


class WechatAccount(models.Model):
    """A WeChat account that logs in for a customer.

    ``seat`` is one of the three seats of a person (ELIG-8): the database has no fourth. An
    unbound account keeps its seat until the waiting time is over.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="wechat_accounts",
        verbose_name=_("customer"),
    )  # fmt: skip
    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    openid = SealedField(_("openid"), null=True)
    openid_blind = models.BinaryField(_("openid index"), max_length=16, null=True)
    used_since_on = models.DateField(_("uses WeChat since"), null=True)
    seat = models.SmallIntegerField(_("seat"), null=True)
    bound_at = models.DateTimeField(_("bound at"))
    unbound_at = models.DateTimeField(_("unbound at"), null=True)

    class Meta:
        verbose_name = _("WeChat account")
        verbose_name_plural = _("WeChat accounts")
        default_permissions = ("view",)
        permissions: ClassVar = [("report_history", "Can record since when WeChat is used")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["openid_blind"], condition=Q(unbound_at=None), name="wechat_account_once"
            ),
            models.UniqueConstraint(fields=["customer", "seat"], name="wechat_account_three_seats"),
            models.CheckConstraint(
                name="wechat_account_seat_is_one_of_three",
                condition=Q(seat=None) | Q(seat__gte=1, seat__lte=3),
            ),
            models.CheckConstraint(
                name="wechat_account_bound_has_a_seat",
                condition=Q(unbound_at__isnull=False) | Q(seat__isnull=False),
            ),
            models.CheckConstraint(
                name="wechat_account_bound_is_known",
                condition=Q(unbound_at__isnull=False)
                | Q(openid__isnull=False, openid_blind__isnull=False),
            ),
            models.CheckConstraint(
                name="wechat_account_unbound_after_bound",
                condition=Q(unbound_at=None) | Q(unbound_at__gte=F("bound_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"W{self.pk}"


class Device(models.Model):
    """A device as its last report described it; known by the blind index of its fingerprint."""

    fingerprint_blind = models.BinaryField(_("fingerprint"), max_length=16, unique=True)
    model = models.CharField(_("model"), max_length=80)
    os = models.CharField(_("system"), max_length=20)
    os_version = models.CharField(_("system version"), max_length=40)
    is_emulator = models.BooleanField(_("emulator"))
    is_rooted = models.BooleanField(_("rooted"))
    # What this report did not say is not known to be false: null.
    is_cloned_app = models.BooleanField(_("cloned app"), null=True)
    is_debug = models.BooleanField(_("debugged"), null=True)
    is_vpn = models.BooleanField(_("VPN"), null=True)
    has_hook = models.BooleanField(_("hooked"), null=True)
    has_mock_location = models.BooleanField(_("mock location"), null=True)
    has_remote_control = models.BooleanField(_("remote control"), null=True)
    first_seen_at = models.DateTimeField(_("first seen at"))
    reported_at = models.DateTimeField(_("reported at"))

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"D{self.pk}"


class DeviceLink(models.Model):
    """A WeChat account that was seen on a device (ELIG-9).

    The moments seen are machine time; ``linked_at`` is the first of them in product time, in which
    the timeline of a customer is kept.
    """

    device = models.ForeignKey(
        Device, on_delete=models.PROTECT, related_name="links", db_index=False,
        verbose_name=_("device"),
    )  # fmt: skip
    account = models.ForeignKey(
        WechatAccount, on_delete=models.PROTECT, related_name="devices",
        verbose_name=_("WeChat account"),
    )  # fmt: skip
    linked_at = models.DateTimeField(_("first login at"))
    first_seen_at = models.DateTimeField(_("first seen at"))
    seen_at = models.DateTimeField(_("last seen at"))

    class Meta:
        verbose_name = _("device of an account")
        verbose_name_plural = _("devices of accounts")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["device", "account"], name="device_link_once")
        ]

    def __str__(self) -> str:
        return f"{self.device_id}-{self.account_id}"


class LoginSession(models.Model):
    """A login that lasts while it is used, and no longer than its end; the token is not kept.

    All moments are machine time.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(
        WechatAccount, on_delete=models.PROTECT, related_name="sessions",
        verbose_name=_("WeChat account"),
    )  # fmt: skip
    device = models.ForeignKey(
        Device, on_delete=models.PROTECT, related_name="sessions", verbose_name=_("device")
    )
    token_digest = models.BinaryField(_("token"), max_length=32, unique=True)
    address = models.GenericIPAddressField(_("network address"), null=True)
    began_at = models.DateTimeField(_("began at"))
    used_at = models.DateTimeField(_("used at"))
    ends_at = models.DateTimeField(_("ends at"))
    revoked_at = models.DateTimeField(_("revoked at"), null=True)
    revoked_by = models.CharField(_("revoked by"), max_length=80, blank=True)
    revoked_reason = models.CharField(_("revoked because"), max_length=40, blank=True)
    revoked_facts = models.JSONField(_("facts of the revocation"), null=True)

    class Meta:
        verbose_name = _("login")
        verbose_name_plural = _("logins")
        default_permissions = ("view",)
        permissions: ClassVar = [("revoke_loginsession", "Can end a customer's login")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="login_session_ends_after_it_began",
                condition=Q(ends_at__gt=F("began_at"), used_at__gte=F("began_at")),
            )
        ]

    def __str__(self) -> str:
        return f"S{self.pk}"
