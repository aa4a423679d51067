"""Exports of rows: requester, content, reason, and downloads."""

from datetime import datetime
from typing import ClassVar

import django_fsm
import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.core.crypto import SealedBytesField
from backoffice.core.guards import Guard, InitialState, append_only, state_check
from backoffice.core.states import StateField


class ExportState(models.TextChoices):
    """States of an export."""

    REQUESTED = "requested", _("requested")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    EXPIRED = "expired", _("expired")


class ExportFormat(models.TextChoices):
    """File formats of an export."""

    CSV = "csv", "CSV"
    XLSX = "xlsx", "XLSX"


class Export(django_fsm.FSMModelMixin, models.Model):
    """A request for a file of rows and its result. It stays when its file is deleted.

    States: requested -> running -> done or failed; done -> expired. ``filters`` are the values that
    selected the rows, ``size`` is the size of the file in bytes, ``sha256`` its hexadecimal digest.
    A request never changes, nor does its result; masking is never lifted.
    """

    section = models.CharField(_("section"), max_length=40)
    filters = models.JSONField(_("filters"))
    file_format = models.CharField(_("format"), max_length=4, choices=ExportFormat.choices)
    is_masked = models.BooleanField(_("personal data masked"))
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    reason = models.CharField(_("reason"), max_length=200)
    state = StateField(
        _("state"),
        choices=ExportState.choices,
        default=ExportState.REQUESTED,
        max_length=20,
        protected=True,
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("requested by"),
    )
    requested_at = models.DateTimeField(_("requested at"))
    rows = models.IntegerField(_("rows"), null=True)
    size = models.IntegerField(_("size in bytes"), null=True)
    sha256 = models.CharField(_("digest of the file"), max_length=64, blank=True)
    error = models.CharField(_("error"), max_length=200, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    expires_at = models.DateTimeField(_("expires at"), null=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("request_export", "Can request an export"),
            ("download_export", "Can download an own export"),
            ("pii_view", "Can export personal data unmasked"),
        ]
        constraints: ClassVar = [
            state_check("export_state", ExportState),
            models.CheckConstraint(
                name="export_format", condition=Q(file_format__in=ExportFormat.values)
            ),
            models.CheckConstraint(name="export_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="export_done_is_described",
                condition=~Q(state__in=[ExportState.DONE, ExportState.EXPIRED])
                | Q(
                    rows__gte=0,
                    size__gt=0,
                    sha256__regex="^[0-9a-f]{64}$",
                    finished_at__isnull=False,
                    expires_at__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="export_failed_says_why",
                condition=~Q(state=ExportState.FAILED) | ~Q(error=""),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["expires_at"], condition=Q(state=ExportState.DONE), name="export_kept"
            ),
            models.Index(
                fields=["requested_at"],
                condition=Q(state__in=[ExportState.REQUESTED, ExportState.RUNNING]),
                name="export_waiting",
            ),
        ]
        triggers: ClassVar = [
            Guard(),
            InitialState(ExportState.REQUESTED),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="as_requested",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.section IS DISTINCT FROM NEW.section OR "
                    "(OLD.filters, OLD.file_format, OLD.language, OLD.reason, OLD.requested_by_id, "
                    "OLD.requested_at) IS DISTINCT FROM (NEW.filters, "
                    "NEW.file_format, NEW.language, NEW.reason, NEW.requested_by_id, "
                    "NEW.requested_at) "
                    "OR OLD.is_masked AND NOT NEW.is_masked "
                    # Once there is a result, only an expiry follows; the log of it stays.
                    "OR OLD.state IN ('done', 'failed', 'expired') "
                    "AND (OLD.is_masked, OLD.rows, OLD.size, OLD.sha256, OLD.error, "
                    "OLD.finished_at, OLD.expires_at) IS DISTINCT FROM "
                    "(NEW.is_masked, NEW.rows, NEW.size, NEW.sha256, NEW.error, "
                    "NEW.finished_at, NEW.expires_at)"
                ),
                func=(
                    "RAISE EXCEPTION 'export %: it stays as it was requested and written', NEW.id "
                    "USING ERRCODE = 'check_violation', CONSTRAINT = 'export_as_requested';"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"X{self.pk}"

    @property
    def file_name(self) -> str:
        """Return the file name of the download."""
        return f"{self.section}-{self.pk}.{self.file_format}"

    @django_fsm.transition(field=state, source=ExportState.REQUESTED, target=ExportState.RUNNING)
    def start(self, *, at: datetime, is_masked: bool) -> None:
        """A worker starts to write the file."""
        self.is_masked = is_masked

    @django_fsm.transition(field=state, source=ExportState.RUNNING, target=ExportState.DONE)
    def finish(
        self, *, at: datetime, rows: int, size: int, sha256: str, expires_at: datetime
    ) -> None:
        """The file is sealed and may be downloaded until it expires."""
        self.rows = rows
        self.size = size
        self.sha256 = sha256
        self.finished_at = at
        self.expires_at = expires_at

    @django_fsm.transition(field=state, source=ExportState.RUNNING, target=ExportState.FAILED)
    def fail(self, *, at: datetime, error: str) -> None:
        """No file was written."""
        self.error = error
        self.finished_at = at

    @django_fsm.transition(field=state, source=ExportState.DONE, target=ExportState.EXPIRED)
    def expire(self, *, at: datetime) -> None:
        """The file is deleted."""


class ExportFile(models.Model):
    """The sealed content of an export; deleted when the export expires.

    ``owner_ids`` are the people whose personal data it shows in full, for the access records.
    """

    export = models.OneToOneField(
        Export, on_delete=models.PROTECT, primary_key=True, related_name="file",
        verbose_name=_("export"),
    )  # fmt: skip
    content = SealedBytesField(_("content"))
    owner_ids = ArrayField(models.BigIntegerField(), verbose_name=_("owners"), default=list)

    class Meta:
        verbose_name = _("file of an export")
        verbose_name_plural = _("files of exports")
        default_permissions = ()

    def __str__(self) -> str:
        return f"X{self.pk}"


class ExportDownload(models.Model):
    """One download of an export: who and when. Append-only."""

    export = models.ForeignKey(
        Export, on_delete=models.PROTECT, related_name="downloads", verbose_name=_("export")
    )
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+",
        verbose_name=_("staff"),
    )  # fmt: skip
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("download of an export")
        verbose_name_plural = _("downloads of exports")
        default_permissions = ()
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"X{self.export_id} {self.at}"
