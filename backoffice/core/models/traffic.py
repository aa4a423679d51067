"""Outbox messages, idempotency keys and rate limit counts."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class OutboxMessage(models.Model):
    """A message stored in the transaction of its fact and delivered afterwards.

    Repeated posts with the same topic and key store one message.
    """

    topic = models.CharField(_("topic"), max_length=60)
    key = models.CharField(_("key"), max_length=120)
    payload = models.JSONField(_("payload"))
    created_at = models.DateTimeField(_("created at"))
    leased_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    tries = models.IntegerField(_("tries"), default=0)
    error = models.TextField(_("error"), blank=True)
    done_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    dead_at = models.DateTimeField(_("given up at"), null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["topic", "key"], name="outbox_once")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["id"], condition=Q(done_at=None, dead_at=None), name="outbox_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.key}"


class IdempotencyKey(models.Model):
    """A client's idempotency key, with the stored reply.

    ``begun_id`` is the record that a command of several transactions stored first.
    """

    principal = models.CharField(_("principal"), max_length=80)
    key = models.CharField(_("key"), max_length=80)
    fingerprint = models.BinaryField(_("fingerprint"))
    status = models.SmallIntegerField(_("status"), null=True)
    reply = models.BinaryField(_("reply"), null=True)
    begun_id = models.BigIntegerField(_("begun record"), null=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["principal", "key"], name="idempotency_key_once")
        ]

    def __str__(self) -> str:
        return f"{self.principal} {self.key}"


class ThrottleCount(models.Model):
    """The daily count of a subject within a scope.

    ``subject`` is an id or a blind value: it must hold no readable personal data.
    """

    scope = models.CharField(max_length=40)
    subject = models.CharField(max_length=80)
    taken_on = models.DateField()
    taken = models.IntegerField()

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scope", "subject", "taken_on"], name="throttle_count_once"
            ),
            models.CheckConstraint(name="throttle_count_not_negative", condition=Q(taken__gte=0)),
            models.CheckConstraint(
                name="throttle_count_of_somebody", condition=~Q(scope="") & ~Q(subject="")
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["taken_on"], name="throttle_count_day")]

    def __str__(self) -> str:
        return f"{self.scope} {self.subject} {self.taken_on}"
