"""Files of ``NAME=value`` lines: the operator's ``.env``, ``.run/env`` and the generated keys."""

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path


def read(file: Path) -> dict[str, str]:
    """Return the names and values of a file; a missing file is empty."""
    if not file.is_file():
        return {}
    pairs: dict[str, str] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            pairs[name.strip()] = _unquoted(value.strip())
    return pairs


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value


def write(file: Path, pairs: Mapping[str, str]) -> None:
    """Write the file in one step, readable by its owner alone."""
    new = file.with_name(file.name + ".new")
    new.unlink(missing_ok=True)
    private = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(private, "w", encoding="utf-8") as stream:
        stream.writelines(f"{name}={value}\n" for name, value in pairs.items())
    new.replace(file)


def key() -> str:
    """Return 32 new random bytes in base64."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def generated_keys(file: Path) -> dict[str, str]:
    """Return the keys of this data folder, made once: without them sealed fields stay sealed."""
    kept = read(file)
    made = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_KEYS": f"1:{key()}",
        "BLIND_KEY": key(),
        "CHANNEL_SECRET": secrets.token_urlsafe(32),
    } | kept
    if made != kept:
        write(file, made)
    return made
