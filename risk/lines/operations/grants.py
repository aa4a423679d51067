"""Granting a limit: a line is opened once, then its model part and target change (LIMIT-1 to 4)."""

from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from backoffice.core import bulk
from backoffice.core.errors import Refused
from backoffice.core.money import yuan
from backoffice.core.reasons import Given
from risk.lines.operations.batch import LineBatch, locked
from risk.lines.queries import inputs
from risk.lines.rules import grant as rules
from risk.lines.rules.grant import Asset, AssetKind, Capacity
from risk.lines.rules.points import next_anniversary
from risk.lines.rules.reasons import LineReason
from risk.models import CreditLine, CreditLineState, ModelInputs


class LimitRangeError(Refused):
    """The limit is out of the range of limits, or no whole step (LIMIT-1, GEN-2)."""

    status = 422
    code = "limit-out-of-range"
    message = _("A limit of {limit} yuan is not possible.")
    remedy = _("Choose {least} to {most} yuan, in steps of {step} yuan.")


class Grant(NamedTuple):
    """A decided limit of a customer, with what it was computed from and the evidence.

    ``limit_fen`` that is not the model's own was decided by a person: it replaces the model part
    until the next grant. ``evidence`` is a reference, such as that of the assessment; ``reason`` is
    that of the new target of an open line, and of a first limit that a person decided.
    """

    customer_id: int
    capacity: Capacity
    limit_fen: int
    evidence: str
    reason: LineReason = LineReason.NEW_INPUTS


class InputsChange(NamedTuple):
    """New inputs of the model part of an open line, as far as they changed."""

    line_id: int
    evidence: str
    income_fen: int | None = None
    occupation_permille: int | None = None
    assets: Sequence[Asset] | None = None
    consumption_permille: int | None = None


@transaction.atomic
def grant(grants: Sequence[Grant], *, by: str, at: datetime, on: date) -> list[CreditLine]:
    """Open a line with each decided limit, or set model part and target of the open one.

    The first limit stands at once; another one is reached by the walk of the days (LIMIT-5). A
    repeated grant with the same inputs or evidence changes nothing. Where the model of an open line
    gives less than the lowest limit, ``revise`` takes the new inputs instead, and the line is
    suspended (LIMIT-1). Returns the lines in the order of the grants, one for each customer.

    Raises:
        LimitRangeError: a limit is out of range (LIMIT-1), or no whole step (GEN-2).
    """
    of_customers = {one.customer_id: one for one in grants}
    assert len(of_customers) == len(grants), "one grant for each customer"
    lines, new = _lines_of(of_customers)
    batch = LineBatch(lines, by=by, on=on, at=at)
    for one in grants:
        require_possible(one.limit_fen, batch=batch)

    for customer_id in new:
        _open(of_customers[customer_id], batch)
    before = inputs.latest([line.pk for line in lines])
    for line in lines:
        given = of_customers[line.customer_id]
        agreed = _agreed(given, batch, growth=Fraction(line.growth))
        row = _row(line, given.capacity, batch, evidence=given.evidence, agreed=agreed)
        if not _same(row, before.get(line.pk)):
            _set_model(line, row, given.reason, batch)

    batch.write()
    found = {line.customer_id: line for line in batch.lines.values()}
    return [found[one.customer_id] for one in grants]


@transaction.atomic
def recompute(line_ids: Sequence[int], *, by: str, on: date, at: datetime) -> None:
    """Compute model part and target again from the stored inputs and the growth factor.

    For numbers of the policy that changed; the limit follows by days (LIMIT-5).
    """
    batch = LineBatch(locked(line_ids), by=by, on=on, at=at)
    latest = inputs.latest([*batch.lines])
    for line in batch.lines.values():
        row = latest.get(line.pk)
        if row is not None:
            line.model_part = str(_part(row, batch))
        batch.retarget(line, LineReason.RECOMPUTED)
    batch.write()


@transaction.atomic
def revise(changes: Sequence[InputsChange], *, by: str, on: date, at: datetime) -> None:
    """Store new inputs of open lines and compute their targets again (LIMIT-12, LIMIT-13).

    What did not change is taken from the latest inputs; a line without any keeps its limit. A limit
    that a person decided stays until the next grant.
    """
    batch = LineBatch(locked([one.line_id for one in changes]), by=by, on=on, at=at)
    latest = inputs.latest([*batch.lines])
    for one in changes:
        line, before = batch.lines.get(one.line_id), latest.get(one.line_id)
        if line is None or before is None:
            continue
        row = _row(
            line, _revised(capacity_of(before), one), batch,
            evidence=one.evidence, agreed=before.agreed_part,
        )  # fmt: skip
        if not _same(row, before):
            _set_model(line, row, LineReason.NEW_INPUTS, batch)
    batch.write()


def agree(
    line: CreditLine, limit_fen: int, reason: Given, batch: LineBatch, *, evidence: str
) -> None:
    """Let a decided limit replace the model part of a line, at its growth factor of today."""
    before = inputs.latest([line.pk]).get(line.pk)
    capacity = capacity_of(before) if before else Capacity(0, 1000, (), 1000)
    agreed = str(Fraction(limit_fen) / Fraction(line.growth))
    row = _row(line, capacity, batch, evidence=evidence, agreed=agreed)
    _set_model(line, row, reason, batch)


def require_possible(limit_fen: int, *, batch: LineBatch) -> None:
    """Refuse a limit that no line may have (LIMIT-1, GEN-2).

    Raises:
        LimitRangeError: it is out of range or no whole step.
    """
    policy, step_fen = batch.policy, batch.policy.limit_step_fen
    if not policy.limit_min_fen <= limit_fen <= batch.cap_fen or limit_fen % step_fen:
        raise LimitRangeError(
            limit=yuan(limit_fen), least=yuan(policy.limit_min_fen), most=yuan(batch.cap_fen),
            step=yuan(step_fen),
        )  # fmt: skip


def capacity_of(row: ModelInputs) -> Capacity:
    """Return stored inputs as the rules take them."""
    assets = [Asset(AssetKind(one["kind"]), one["number"]) for one in row.assets]
    return Capacity(
        row.income_fen, row.occupation_permille, assets, row.consumption_permille,
        row.has_low_income_override,
    )  # fmt: skip


def _lines_of(customer_ids: Any) -> tuple[list[CreditLine], list[int]]:
    """Lock the open lines of customers; return them, and who has none.

    Whoever has none is locked, and looked up again: two grants at once open one line.
    """

    def found() -> list[CreditLine]:
        lines = CreditLine.objects.exclude(state=CreditLineState.CLOSED)
        theirs = lines.filter(customer_id__any=bulk.Of(customer_ids))
        return list(theirs.select_for_update().order_by("pk"))

    missing = sorted({*customer_ids} - {line.customer_id for line in found()})
    if missing:
        who = Customer.objects.filter(pk__any=bulk.Of(missing))
        list(who.select_for_update().order_by("pk").values_list("pk"))
    lines = found()
    return lines, sorted({*customer_ids} - {line.customer_id for line in lines})


def _open(given: Grant, batch: LineBatch) -> None:
    line = CreditLine.objects.create(
        customer_id=given.customer_id,
        limit_fen=given.limit_fen,
        buffer_permille=batch.policy.buffer_permille,
        opened_on=batch.on,
        growth_since_on=batch.on,
        anniversary_on=next_anniversary(batch.on, after=batch.on),
        walked_on=batch.on,  # the first grant is the limit of its day
    )
    batch.lines[line.pk] = line
    agreed = _agreed(given, batch, growth=Fraction(1))
    row = _row(line, given.capacity, batch, evidence=given.evidence, agreed=agreed)
    row.save(force_insert=True)
    line.model_part = str(_part(row, batch))
    line.target_fen = line.limit_fen
    is_models = given.reason == LineReason.NEW_INPUTS
    reason = LineReason.GRANTED if is_models else given.reason
    batch.opened(line, reason, evidence=given.evidence)


def _agreed(given: Grant, batch: LineBatch, *, growth: Fraction) -> str:
    """Return the model part of a limit that a person decided; empty where it is the model's."""
    model = rules.model_part(given.capacity, policy=batch.policy)
    is_models = rules.grant(model, cap_fen=batch.cap_fen, policy=batch.policy)
    return "" if is_models.limit_fen == given.limit_fen else str(given.limit_fen / growth)


def _row(
    line: CreditLine, capacity: Capacity, batch: LineBatch, *, evidence: str, agreed: str
) -> ModelInputs:
    return ModelInputs(
        customer_id=line.customer_id,
        line_id=line.pk,
        effective_on=batch.on,
        at=batch.at,
        income_fen=capacity.income_fen,
        occupation_permille=capacity.occupation_permille,
        assets=[{"kind": str(kind), "number": number} for kind, number in capacity.assets],
        consumption_permille=capacity.consumption_permille,
        has_low_income_override=capacity.has_low_income_override,
        agreed_part=agreed,
        evidence=evidence,
        changed_by=batch.by,
    )


def _same(row: ModelInputs, before: ModelInputs | None) -> bool:
    """Return whether a row says what the latest one says, or comes from the same evidence."""
    if before is None:
        return False
    if row.evidence and row.evidence == before.evidence:
        return True
    return (capacity_of(row), row.agreed_part) == (capacity_of(before), before.agreed_part)


def _set_model(line: CreditLine, row: ModelInputs, reason: Given, batch: LineBatch) -> None:
    row.save(force_insert=True)
    line.model_part = str(_part(row, batch))
    if line.growth_since_on is None:
        line.growth_since_on = batch.on
    batch.retarget(line, reason, evidence=row.evidence)


def _part(row: ModelInputs, batch: LineBatch) -> Fraction:
    agreed = Fraction(row.agreed_part) if row.agreed_part else None
    return rules.part_in_force(capacity_of(row), agreed, policy=batch.policy)


def _revised(before: Capacity, change: InputsChange) -> Capacity:
    names = ("income_fen", "occupation_permille", "assets", "consumption_permille")
    given = {name: getattr(change, name) for name in names if getattr(change, name) is not None}
    return before._replace(**given)
