"""Strict input fields: only declared names, only declared types.

The framework's own fields convert silently: a number to text, "true" to true. These refuse.
"""

import re
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.fields import empty

from backoffice.core.crypto import Sealed

_WRONG_TYPE = "wrong_type"
AMOUNT_MAX_FEN = 10**15
# Control characters but tab and line ends, and those that turn the direction of what follows: text
# must look to its readers as it is.
HIDDEN = r"\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069"
_HIDDEN = re.compile(f"[{HIDDEN}]")


class Body(serializers.Serializer[Any]):
    """The fields of a request; undeclared fields are refused."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the validated fields; report unknown fields with the other errors."""
        values: Any = {}
        faults: dict[str, Any] = {}
        if isinstance(data, dict):
            faults = {
                str(name): [serializers.ErrorDetail(gettext("Unknown field."), "unknown")]
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
    """Text of 1 to ``max_length`` characters, which count as they were sent, spaces included."""

    default_error_messages = {
        _WRONG_TYPE: _("It must be text."),
        "hidden": _("It must not have control characters or such that change its direction."),
    }

    def run_validation(self, data: Any = empty) -> Any:
        """Return the text; refuse one that is too long before its spaces are cut off."""
        if isinstance(data, str) and self.max_length is not None and len(data) > self.max_length:
            message = self.error_messages["max_length"].format(max_length=self.max_length)
            raise serializers.ValidationError(message, code="max_length")
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        """Return the text; refuse other JSON types."""
        if not isinstance(data, str):
            self.fail(_WRONG_TYPE)
        if _HIDDEN.search(data):
            self.fail("hidden")
        return str(super().to_internal_value(data))


class Secret(Text):
    """Secret text: its repr, and so a log or traceback, does not show it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"write_only": True, **options})

    def run_validation(self, data: Any = empty) -> Any:
        """Return the text as ``Sealed``."""
        value = super().run_validation(data)
        return Sealed(value) if isinstance(value, str) else value


class Whole(serializers.IntegerField):
    """A JSON integer; 1.0, "1" and true are refused."""

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
    """A JSON boolean; "true", 1 and null are refused, unless null is allowed."""

    default_error_messages = {_WRONG_TYPE: _("It must be true or false.")}

    def to_internal_value(self, data: Any) -> bool:
        """Return the boolean."""
        if type(data) is not bool:
            self.fail(_WRONG_TYPE)
        return data


class Choice(serializers.ChoiceField):
    """One of the declared codes, as text; the refusal lists them."""

    default_error_messages = {
        _WRONG_TYPE: _("It must be text."),
        "invalid_choice": _("It must be one of: {choices}."),
    }

    def to_internal_value(self, data: Any) -> Any:
        """Return the code."""
        if not isinstance(data, str):
            self.fail(_WRONG_TYPE)
        if data not in self.choice_strings_to_values:
            self.fail("invalid_choice", choices=", ".join(self.choice_strings_to_values))
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


class PublicId(serializers.UUIDField):
    """The id of a record as replies name it: a UUID as text."""

    default_error_messages = {_WRONG_TYPE: _("It must be text.")}

    def to_internal_value(self, data: Any) -> Any:
        """Return the id; refuse a number, which the framework would take for one."""
        if not isinstance(data, str):
            self.fail(_WRONG_TYPE)
        return super().to_internal_value(data)
