"""Sealed columns of text and files: AES-256-GCM, versioned keys, keyed hashes to search by.

A stored value is one byte of key version, a random 12-byte nonce, the ciphertext and its tag. The
table and column are authenticated with it, so a value copied to another column does not open; to
rename either one requires resealing its rows. The last of ``FIELD_KEYS`` seals, every listed one
opens. Key versions are 1 to 31 and each sealed column has a CHECK on its first byte: no readable
text begins with such a byte, so the database refuses a writer that forgets to seal.
"""

import base64
import binascii
import hmac
import os
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

_KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_BLIND_BYTES = 16
_VERSION_MAX = 31
_NEW_KEY = (
    'python -c "import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())"'
)

Set = TypeVar("Set", contravariant=True)
Got = TypeVar("Got", covariant=True)

if TYPE_CHECKING:
    _BinaryField = models.BinaryField
else:
    # Only the stubs know Django's fields as generic: this lets both read ``_BinaryField[...]``.
    class _BinaryField(models.BinaryField, Generic[Set, Got]):
        pass


class BrokenSealError(Exception):
    """A stored value cannot be opened: its key is not listed, or it was changed or moved."""


class Sealed(str):
    """Text from a sealed column; its repr, and so a log or traceback, does not show it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class SealedBytes(bytes):
    """The content of a sealed file; like ``Sealed``, its repr is hidden."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "b'***'"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class Keys:
    """The listed ciphers by key version, and the version that seals."""

    ciphers: dict[int, AESGCM]
    current: int

    @classmethod
    def parse(cls, entries: Sequence[str]) -> "Keys":
        """Read ``version:base64`` entries; the last one seals.

        Raises:
            ImproperlyConfigured: no entry, or one that is malformed; the key itself is not shown.
        """
        ciphers: dict[int, AESGCM] = {}
        for number, entry in enumerate(entries, start=1):
            version, colon, encoded = entry.strip().partition(":")
            if not colon or not version.isdecimal() or not 1 <= int(version) <= _VERSION_MAX:
                raise _bad_field_keys(f"entry {number} does not begin with a version 1 to 31 and :")
            if int(version) in ciphers:
                raise _bad_field_keys(f"version {version} is listed twice")
            key = _decode(encoded)
            if key is None:
                raise _bad_field_keys(f"the key of version {version} is not base64 of 32 bytes")
            ciphers[int(version)] = AESGCM(key)
        if not ciphers:
            raise _bad_field_keys("it lists no key")
        return cls(ciphers, current=[*ciphers][-1])


def _decode(encoded: str) -> bytes | None:
    """Return a key of the right size, or None."""
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == _KEY_BYTES else None


def _bad_field_keys(what: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"FIELD_KEYS: {what}. It holds comma-separated version:key pairs, the last one seals, "
        f"for example FIELD_KEYS=1:<key>. Make a key with: {_NEW_KEY}"
    )


@lru_cache(maxsize=8)
def _parsed(entries: tuple[str, ...]) -> Keys:
    return Keys.parse(entries)


@lru_cache(maxsize=8)
def _parsed_blind(encoded: str) -> bytes:
    key = _decode(encoded)
    if key is None:
        raise ImproperlyConfigured(
            "BLIND_KEY: it is not base64 of 32 bytes. It keys the search indexes of sealed "
            f"columns, for example BLIND_KEY=<key>. Make a key with: {_NEW_KEY}"
        )
    return key


def require_keys() -> None:
    """Refuse to start when the keys in the settings are invalid.

    Raises:
        ImproperlyConfigured: names the variable, what is wrong and how to make a key.
    """
    keys()
    _parsed_blind(settings.BLIND_KEY)


def keys() -> Keys:
    """Return the keys in the settings.

    Raises:
        ImproperlyConfigured: they cannot be used.
    """
    return _parsed(tuple(settings.FIELD_KEYS))


def seal(text: str, place: bytes) -> bytes:
    """Encrypt a text for a place, ``table.column``, with the current key."""
    return seal_bytes(text.encode(), place)


def unseal(blob: bytes, place: bytes) -> Sealed:
    """Decrypt what ``seal`` made for the same place, under any listed key.

    Raises:
        BrokenSealError: the key version is not listed, or the value was changed or moved here.
    """
    return Sealed(_opened(blob, place).decode())


def seal_bytes(content: bytes, place: bytes) -> bytes:
    """Encrypt bytes for a place, ``table.column``, with the current key.

    Random nonces are safe to about 2**32 values a key (NIST SP 800-38D §8.3): rotate before.
    """
    current, nonce = keys().current, os.urandom(_NONCE_BYTES)
    return bytes((current,)) + nonce + keys().ciphers[current].encrypt(nonce, content, place)


def unseal_bytes(blob: bytes, place: bytes) -> SealedBytes:
    """Decrypt what ``seal_bytes`` made for the same place, under any listed key.

    Raises:
        BrokenSealError: the key version is not listed, or the value was changed or moved here.
    """
    return SealedBytes(_opened(blob, place))


def reseal(blob: bytes, place: bytes) -> bytes:
    """Return a sealed value of either kind under the current key.

    Raises:
        BrokenSealError: the key version is not listed, or the value was changed or moved here.
    """
    return seal_bytes(_opened(blob, place), place)


def _opened(blob: bytes, place: bytes) -> bytes:
    cipher = keys().ciphers.get(blob[0])
    if cipher is None:
        raise BrokenSealError(
            f"{place.decode()} is sealed with key version {blob[0]}: list that key in FIELD_KEYS"
        )
    nonce, ciphertext = blob[1 : 1 + _NONCE_BYTES], blob[1 + _NONCE_BYTES :]
    try:
        return cipher.decrypt(nonce, ciphertext, place)
    except InvalidTag as error:
        raise BrokenSealError(
            f"{place.decode()}: the value was changed, moved from another column, or sealed "
            f"with another key version {blob[0]} than FIELD_KEYS lists"
        ) from error


def blind(text: str, purpose: str) -> bytes:
    """Return the blind index of a text: 16 bytes, equal for equal texts.

    Width, case and spaces are ignored. Values of different purposes are unrelated.
    """
    plain = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    message = purpose.encode() + b"\0" + plain.encode()
    return hmac.digest(_parsed_blind(settings.BLIND_KEY), message, "sha256")[:_BLIND_BYTES]


class SealedType(NamedTuple):
    """The value type of a sealed column, its name, and its seal and unseal functions."""

    value_type: type
    name: str
    seal: Callable[[Any, bytes], bytes]
    unseal: Callable[[bytes, bytes], Any]


class SealedColumn(_BinaryField[Set, Got]):
    """The base of sealed columns; subclasses define the value type.

    The only lookup is ``isnull``; equality needs a column of ``blind`` values.
    ``save``, ``bulk_create`` and ``bulk_update`` seal; raw writers (COPY, ``bulk``) call
    ``seal_value`` themselves.
    """

    kind: ClassVar[SealedType]

    @property
    def place(self) -> bytes:
        """Return what is authenticated with each value: ``table.column``."""
        return f"{self.model._meta.db_table}.{self.column}".encode()

    def seal_value(self, value: Any) -> bytes:
        """Return the value as this column stores it, for writers that bypass the field.

        Raises:
            TypeError: the value has another type.
        """
        if not isinstance(value, self.kind.value_type):
            raise TypeError(
                f"{self.place.decode()} seals {self.kind.name}, not {type(value).__name__}"
            )
        return self.kind.seal(value, self.place)

    def get_prep_value(self, value: Any) -> bytes | None:
        """Seal the value of a model attribute."""
        return None if value is None else self.seal_value(value)

    def from_db_value(self, value: Any, expression: object, connection: object) -> Any:
        """Open the value of the column."""
        return None if value is None else self.kind.unseal(bytes(value), self.place)

    def to_python(self, value: Any) -> Any:
        """Take the value as it is; a binary field would read base64 from text."""
        return value

    def db_check(self, connection: BaseDatabaseWrapper) -> str:
        """Return the CHECK that each value begins with a key version."""
        assert self.column is not None
        column = connection.ops.quote_name(self.column)
        shortest = 1 + _NONCE_BYTES + _TAG_BYTES
        return (
            f"octet_length({column}) >= {shortest} "
            f"AND {column} >= '\\x01'::bytea AND {column} < '\\x20'::bytea"
        )

    def get_lookup(self, lookup_name: str) -> Any:
        """Return the lookup ``isnull``.

        Raises:
            FieldError: any other lookup; equal texts have different sealed values.
        """
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is sealed and cannot be searched: use its blind index")
        return super().get_lookup(lookup_name)


class SealedField(SealedColumn[Set, Got]):
    """A text column whose rows are sealed; attributes hold readable text, the database does not."""

    # The plugin of the type checker reads the attribute types here.
    _pyi_private_set_type: str
    _pyi_private_get_type: str  # type: ignore[assignment]

    kind = SealedType(str, "text", seal, unseal)


class SealedBytesField(SealedColumn[Set, Got]):
    """A column of small files whose rows are sealed; a row is written and read whole."""

    _pyi_private_set_type: bytes
    _pyi_private_get_type: bytes

    kind = SealedType(bytes, "bytes", seal_bytes, unseal_bytes)

    # A missing file is NULL, which the database refuses, not an empty file.
    empty_strings_allowed = False
