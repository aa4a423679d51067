"""Columns of codes: state fields, and choices from the codes of the rules."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import django_fsm


class _Reader(django_fsm.FSMFieldDescriptor):
    """Reads a loaded state without the object that django-fsm creates for deferred columns."""

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is not None and self.field.name in instance.__dict__:
            return instance.__dict__[self.field.name]
        return super().__get__(instance, owner)


class StateField(django_fsm.FSMField):
    """A state that only declared transitions change."""

    descriptor_class = _Reader

    def deconstruct(self) -> Any:
        """Return the field for migrations: the one of django-fsm."""
        name, _path, arguments, options = super().deconstruct()
        return name, "django_fsm.FSMField", arguments, options


def choices(codes: type[StrEnum], labels: Mapping[Any, Any]) -> list[tuple[str, Any]]:
    """Return the choices of a column of codes; every code needs a label."""
    return [(code.value, labels[code]) for code in codes]
