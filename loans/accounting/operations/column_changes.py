"""Which columns of records a change of their positions touches, and writing them together."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backoffice.core import bulk, workflow


def changed(
    before: Mapping[int, Any], after: Mapping[int, Any], records: Mapping[int, Any]
) -> Iterator[tuple[Any, Any, Any]]:
    """Return each record whose position changed, with both positions."""
    for record_id, now in after.items():
        was = before[record_id]
        if was is not now:
            yield records[record_id], was, now


def _apply(
    changes: Sequence[tuple[Any, Sequence[Any], Sequence[Any]]], columns: Sequence[str]
) -> tuple[str, ...]:
    """Put new values into the records; return the columns that changed on any of them."""
    if not changes:
        return ()
    for record, _was, now in changes:
        record.__dict__.update(zip(columns, now, strict=True))
    # Column by column: comparing whole columns at once is several times as fast.
    before = zip(*(was for _record, was, _now in changes), strict=True)
    after = zip(*(now for _record, _was, now in changes), strict=True)
    return tuple(
        column for column, old, new in zip(columns, before, after, strict=True) if old != new
    )


def save(
    changes: Sequence[tuple[Any, Sequence[Any], Sequence[Any]]],
    columns: Sequence[str],
    *,
    written: Sequence[str],
) -> None:
    """Write states, moves, the columns that changed and those ``written`` on the way."""
    dirty = _apply(changes, columns)
    workflow.save([record for record, _was, _now in changes], *{*dirty, *written})


def update(
    changes: Sequence[tuple[Any, Sequence[Any], Sequence[Any]]],
    columns: Sequence[str],
    *,
    written: Sequence[str] = (),
) -> None:
    """Write the columns that changed, and those ``written`` that the records hold already."""
    dirty = _apply(changes, columns)
    if dirty:
        bulk.update([record for record, _was, _now in changes], (*dirty, *written))
