"""Database guards: undeclared transitions, wrong initial states, changed facts, unknown states.

And foreign keys over several columns.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import pgtrigger
from django.apps import apps
from django.db import models
from django.db.models import Q


def state_check(name: str, codes: type[StrEnum]) -> models.CheckConstraint:
    """Return the constraint that a ``state`` column holds one of its declared values."""
    return code_check(name, codes, column="state")


def code_check(name: str, codes: type[StrEnum], *, column: str) -> models.CheckConstraint:
    """Return the constraint that a column holds one of the codes of the rules."""
    known = Q(**{f"{column}__in": [code.value for code in codes]})
    return models.CheckConstraint(name=name, condition=known)


class CompositeForeignKey(models.BaseConstraint):
    """A foreign key over several columns, checked at the commit.

    ``to_fields`` are unique together in the model ``to``. The foreign keys of its columns are
    declared with ``db_constraint=False``: one check does for all of them.
    """

    def __init__(
        self, *, name: str, fields: Sequence[str], to: str, to_fields: Sequence[str]
    ) -> None:
        super().__init__(name=name)
        self.fields, self.to, self.to_fields = tuple(fields), to, tuple(to_fields)

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        """Return how a migration writes the constraint."""
        path, arguments, keywords = super().deconstruct()
        facts = {"fields": self.fields, "to": self.to, "to_fields": self.to_fields}
        return path, arguments, {**keywords, **facts}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash(self.name)

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        """Return the statement that adds the constraint."""
        other = model._meta.apps.get_model(self.to)
        quote = schema_editor.quote_name

        def columns(of: Any, names: Sequence[str]) -> str:
            return ", ".join(quote(of._meta.get_field(name).column) for name in names)

        return (
            f"ALTER TABLE {quote(model._meta.db_table)} ADD CONSTRAINT {quote(self.name)} "
            f"FOREIGN KEY ({columns(model, self.fields)}) "
            f"REFERENCES {quote(other._meta.db_table)} ({columns(other, self.to_fields)}) "
            "DEFERRABLE INITIALLY DEFERRED"
        )

    def constraint_sql(self, model: Any, schema_editor: Any) -> str:
        """Add the constraint after its table: the other table may not exist yet."""
        schema_editor.deferred_sql.append(self.create_sql(model, schema_editor))
        return ""

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        """Return the statement that drops the constraint."""
        quote = schema_editor.quote_name
        return f"ALTER TABLE {quote(model._meta.db_table)} DROP CONSTRAINT {quote(self.name)}"

    def validate(self, *_arguments: Any, **_keywords: Any) -> None:
        """Leave it to the database: no form writes these tables."""


def append_only() -> list[pgtrigger.Trigger]:
    """Return triggers that refuse UPDATE, DELETE and TRUNCATE on a table of facts."""
    return [
        pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        pgtrigger.Trigger(
            name="never_truncated",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
        ),
    ]


def approved_only(
    kind: str,
    *content: str,
    name: str,
    constraint: str,
    row: str,
    when: pgtrigger.When = pgtrigger.Before,
    operation: pgtrigger.Operation = pgtrigger.Insert,
    condition: pgtrigger.Condition | None = None,
) -> pgtrigger.Trigger:
    """Return a trigger that refuses a row without an approved request of this kind and content.

    ``content`` are SQL conditions on ``backoffice_approval`` and NEW, ``row`` is the SQL that names
    the row in the message, ``constraint`` the name that the error carries. A table that COPY fills
    takes it ``when`` the row is in: a BEFORE trigger would disable the fast path.
    """
    return pgtrigger.Trigger(
        name=name,
        when=when,
        operation=operation,
        condition=condition,
        func=(
            f"IF NOT EXISTS (SELECT FROM backoffice_approval WHERE kind = '{kind}' "  # nosec B608
            f"AND state = 'approved' AND {' AND '.join(content)}) THEN "
            f"RAISE EXCEPTION '{kind} of %: no approved request', {row} "
            f"USING ERRCODE = 'check_violation', CONSTRAINT = '{constraint}'; END IF; RETURN NEW;"
        ),
    )


def is_append_only(model: type[models.Model]) -> bool:
    """Return whether a table is append-only."""
    return any(trigger.name == "append_only" for trigger in getattr(model._meta, "triggers", ()))


def declared_pairs(model: type[models.Model]) -> list[tuple[str, str]]:
    """Return every (source, target) of a state machine; raise on what SQL cannot express."""
    field: Any = model._meta.get_field("state")
    pairs = set()
    for declared in field.get_all_transitions(model):
        if (
            declared.on_error
            or not isinstance(declared.target, str)
            or declared.source in {"*", "+"}
        ):
            raise ValueError(f"{model.__name__}.{declared.name}: name each source and one target")
        pairs.add((str(declared.source), str(declared.target)))
    if not pairs:
        raise ValueError(f"{model.__name__} declares no transition: its guard would refuse all")
    return sorted(pairs)


class Guard(pgtrigger.Trigger):
    """Refuses in the database every change of state that the declaration does not name."""

    when = pgtrigger.Before
    operation = pgtrigger.Update

    def __init__(self) -> None:
        super().__init__(name="state_machine")

    def get_condition(self, model: type[models.Model]) -> pgtrigger.Condition:
        """Return the WHEN clause: the state changes along no declared pair."""
        # makemigrations passes a historical model without transitions: use the registry.
        current = apps.get_model(model._meta.label)
        pairs = ", ".join(f"('{source}', '{target}')" for source, target in declared_pairs(current))
        return pgtrigger.Condition(
            f"OLD.state IS DISTINCT FROM NEW.state AND (OLD.state, NEW.state) NOT IN ({pairs})"
        )

    def get_func(self, model: type[models.Model]) -> str:
        """Return the body, entered only when the WHEN clause found an undeclared pair."""
        return (
            "RAISE EXCEPTION '%: no transition from % to %', TG_TABLE_NAME, OLD.state, NEW.state "
            "USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_state_machine';"
        )


class InitialState(pgtrigger.Trigger):
    """Refuses a row inserted in another state than the initial ones, except during an import.

    It fires after the row: a BEFORE trigger would disable the fast path of COPY.
    """

    when = pgtrigger.After
    operation = pgtrigger.Insert

    def __init__(self, *first: str) -> None:
        self.first = [str(state) for state in first]
        super().__init__(name="initial_state")

    def get_condition(self, model: type[models.Model]) -> pgtrigger.Condition:
        """Return the WHEN clause: another state than the first, and no import under way."""
        is_later = " AND ".join(f"NEW.state <> '{state}'" for state in self.first)
        return pgtrigger.Condition(
            f"{is_later} AND current_setting('weidai.importing', true) IS DISTINCT FROM 'on'"
        )

    def get_func(self, model: type[models.Model]) -> str:
        """Return the body, entered only for a row that may not start in its state."""
        return (
            "RAISE EXCEPTION '%: no row may start as %', TG_TABLE_NAME, NEW.state "
            "USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_initial_state';"
        )
