"""Input as strict as the contract: the named fields, of the named types, and nothing else.

The framework's own fields forgive: a number where a text belongs, "true" for true. A client that
is wrong learns it here, before anything is done with what it may have meant.
"""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.fields import empty

from backoffice.core.crypto import Sealed

_WRONG_TYPE = "wrong_type"
AMOUNT_MAX_FEN = 10**15


class Body(serializers.Serializer[Any]):
    """The fields of a request; one that is not declared is refused."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the validated fields; an unknown one is a fault like any other."""
        values: Any = {}
        faults: dict[str, Any] = {}
        if isinstance(data, dict):
            faults = {
                str(name): [serializers.ErrorDetail(gettext("There is no such field."), "unknown")]
                for name in data
                if name not in self.fields
            }
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            by_field: Any = error.detail
            faults |= by_field
        if faults:
            raise serializers.ValidationError(faults)
        return values


class Text(serializers.CharField):
    """Text that is text: at least one character, at most ``max_length``."""

    default_error_messages = {_WRONG_TYPE: _("It must be text.")}

    def to_internal_value(self, data: Any) -> str:
        """Return the text; a number or a truth value is none."""
        if not isinstance(data, str):
            self.fail(_WRONG_TYPE)
        return str(super().to_internal_value(data))


class Secret(Text):
    """Text that must not be seen: its repr, and so a log or traceback, does not show it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"write_only": True, **options})

    def run_validation(self, data: Any = empty) -> Any:
        """Return the text, sealed against being shown."""
        value = super().run_validation(data)
        return Sealed(value) if isinstance(value, str) else value


class Whole(serializers.IntegerField):
    """A whole number that is a number; 1.0, "1" and true are none."""

    default_error_messages = {_WRONG_TYPE: _("It must be a whole number.")}

    def to_internal_value(self, data: Any) -> int:
        """Return the number."""
        if type(data) is not int:
            self.fail(_WRONG_TYPE)
        return data


class Fen(Whole):
    """An amount in fen."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": AMOUNT_MAX_FEN, **options})


class Flag(serializers.BooleanField):
    """True or false; "true", 1 and null are neither, unless null is allowed."""

    default_error_messages = {_WRONG_TYPE: _("It must be true or false.")}

    def to_internal_value(self, data: Any) -> bool:
        """Return the truth value."""
        if type(data) is not bool:
            self.fail(_WRONG_TYPE)
        return data


class Choice(serializers.ChoiceField):
    """One of a few codes, as text."""

    default_error_messages = {_WRONG_TYPE: _("It must be text.")}

    def to_internal_value(self, data: Any) -> Any:
        """Return the code."""
        if not isinstance(data, str):
            self.fail(_WRONG_TYPE)
        return super().to_internal_value(data)


class Day(serializers.DateField):
    """A day as YYYY-MM-DD."""

    default_error_messages = {_WRONG_TYPE: _("It must be a day such as 2026-11-24, as text.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"input_formats": ["%Y-%m-%d"], **options})

    def to_internal_value(self, value: Any) -> Any:
        """Return the day."""
        if not isinstance(value, str) or len(value) != len("YYYY-MM-DD"):
            self.fail(_WRONG_TYPE)
        return super().to_internal_value(value)
