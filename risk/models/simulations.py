"""Simulations of proposed product numbers over the portfolio, stored with their request."""

from datetime import datetime
from typing import Any, ClassVar

import django_fsm
import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.core.crypto import SealedBytesField
from backoffice.core.guards import Guard, InitialState, state_check
from backoffice.core.models import Approval
from backoffice.core.states import StateField


class SimulationState(models.TextChoices):
    """States of a simulation."""

    REQUESTED = "requested", _("requested")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


UNFINISHED_STATES = (SimulationState.REQUESTED, SimulationState.RUNNING)


class PolicySimulation(django_fsm.FSMModelMixin, models.Model):
    """What proposed numbers would do to every open line, before they are approved.

    States: requested -> running -> done or failed; requested -> failed. ``content_digest`` is that
    of the numbers on both sides: where the numbers in force have changed since, it is another one.
    The result stays with the request, and so with the version that its approval stores.
    """

    approval = models.ForeignKey(
        Approval, on_delete=models.PROTECT, related_name="+", verbose_name=_("approval request")
    )
    state = StateField(
        _("state"),
        choices=SimulationState.choices,
        default=SimulationState.REQUESTED,
        max_length=20,
        protected=True,
    )
    content_digest = models.CharField(_("digest of the content"), max_length=64)
    effective_on = models.DateField(_("effective on"))
    requested_by = models.CharField(_("requested by"), max_length=150)
    requested_at = models.DateTimeField(_("requested at"))
    finished_at = models.DateTimeField(_("finished at"), null=True)
    result: Any = models.JSONField(_("result"), null=True)
    error = models.CharField(_("error"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("simulation of product numbers")
        verbose_name_plural = _("simulations of product numbers")
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("request_policysimulation", "Can simulate proposed product numbers"),
            ("download_policysimulation", "Can download the rows of a simulation"),
        ]
        constraints: ClassVar = [
            state_check("policy_simulation_state", SimulationState),
            models.UniqueConstraint(
                fields=["approval", "content_digest"],
                condition=~Q(state=SimulationState.FAILED.value),
                name="policy_simulation_once",
            ),
            models.CheckConstraint(
                name="policy_simulation_result",
                condition=Q(
                    state__in=[one.value for one in UNFINISHED_STATES], finished_at=None,
                    result__isnull=True, error="",
                )
                | (Q(state=SimulationState.DONE.value, finished_at__isnull=False, error="")
                   & Q(result__isnull=False))
                | (Q(state=SimulationState.FAILED.value, finished_at__isnull=False)
                   & Q(result__isnull=True) & ~Q(error="")),
            ),
        ]  # fmt: skip
        triggers: ClassVar = [
            Guard(),
            InitialState(SimulationState.REQUESTED),
            pgtrigger.Trigger(
                name="result_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.finished_at IS NOT NULL OR (NEW.approval_id, NEW.content_digest, "
                    "NEW.effective_on, NEW.requested_by, NEW.requested_at) IS DISTINCT FROM "
                    "(OLD.approval_id, OLD.content_digest, OLD.effective_on, OLD.requested_by, "
                    "OLD.requested_at)"
                ),
                func=(
                    "RAISE EXCEPTION 'simulation %: only its result is written, once', NEW.id "
                    "USING ERRCODE = 'check_violation', "
                    "CONSTRAINT = 'policy_simulation_result_once';"
                ),
            ),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"PS{self.pk}"

    @django_fsm.transition(
        field=state,
        source=SimulationState.REQUESTED.value,
        target=SimulationState.RUNNING.value,
    )
    def begin(self, *, at: datetime) -> None:
        """A worker has taken the first part."""

    @django_fsm.transition(
        field=state, source=SimulationState.RUNNING.value, target=SimulationState.DONE.value
    )
    def finish(self, *, result: dict[str, Any], at: datetime) -> None:
        """Every part is computed."""
        self.result = result
        self.finished_at = at

    @django_fsm.transition(
        field=state,
        source=[SimulationState.REQUESTED.value, SimulationState.RUNNING.value],
        target=SimulationState.FAILED.value,
    )
    def fail(self, *, error: str, at: datetime) -> None:
        """A part could not be computed, or the numbers in force changed meanwhile."""
        self.error = error
        self.finished_at = at


class PolicySimulationPart(models.Model):
    """A part of the portfolio of one simulation: who computes it until when, and its result.

    ``rows`` is CSV without headings, compressed and sealed: of a million lines some ten megabytes
    are kept. ``rows_sha256`` is the digest of the compressed rows. A result is written once; only a
    rotation of keys seals the rows again.
    """

    simulation = models.ForeignKey(
        PolicySimulation, on_delete=models.PROTECT, related_name="parts",
        verbose_name=_("simulation of product numbers"), db_index=False,
    )  # fmt: skip
    number = models.IntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=20)
    first_id = models.BigIntegerField(_("first id"))
    last_id = models.BigIntegerField(_("last id"))
    claimed_until = models.DateTimeField(_("claimed until"), null=True)
    figures: Any = models.JSONField(_("figures"), null=True)
    rows = SealedBytesField(_("rows"), null=True)
    rows_sha256 = models.CharField(_("digest of the rows"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("part of a simulation")
        verbose_name_plural = _("parts of simulations")
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["simulation", "number"], name="policy_simulation_part_once"
            ),
            models.CheckConstraint(
                name="policy_simulation_part_result",
                condition=Q(figures__isnull=True, rows__isnull=True, rows_sha256="")
                | Q(
                    figures__isnull=False, rows__isnull=False, rows_sha256__regex="^[0-9a-f]{64}$"
                ),
            ),
        ]  # fmt: skip
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="result_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.figures IS NOT NULL AND (NEW.figures, NEW.rows_sha256) IS DISTINCT FROM "
                    "(OLD.figures, OLD.rows_sha256) OR (NEW.simulation_id, NEW.number, NEW.kind, "
                    "NEW.first_id, NEW.last_id) IS DISTINCT FROM (OLD.simulation_id, OLD.number, "
                    "OLD.kind, OLD.first_id, OLD.last_id)"
                ),
                func=(
                    "RAISE EXCEPTION 'part %: only its result is written, once', NEW.id "
                    "USING ERRCODE = 'check_violation', "
                    "CONSTRAINT = 'policy_simulation_part_result_once';"
                ),
            ),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.simulation_id}.{self.number}"
