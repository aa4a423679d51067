"""Columns of codes: states that only transitions move, and the labels of codes of the rules."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import django_fsm


class _Reader(django_fsm.FSMFieldDescriptor):
    """django-fsm makes an object for each reading, for the case that the column was deferred."""

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is not None and self.field.name in instance.__dict__:
            return instance.__dict__[self.field.name]
        return super().__get__(instance, owner)


class StateField(django_fsm.FSMField):
    """A state that only declared transitions move."""

    descriptor_class = _Reader

    def deconstruct(self) -> Any:
        """Return the field as migrations know it: as the one of django-fsm."""
        name, _path, arguments, options = super().deconstruct()
        return name, "django_fsm.FSMField", arguments, options


def choices(codes: type[StrEnum], labels: Mapping[Any, Any]) -> list[tuple[str, Any]]:
    """Return the choices of a column that stores codes of the rules; every code has a label."""
    return [(code.value, labels[code]) for code in codes]
