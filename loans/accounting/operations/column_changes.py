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
    changes: Sequence[tuple[Any, Sequence[Any], Sequence[Any]]],
    columns: Sequence[str],
    written: Sequence[str],
) -> tuple[str, ...]:
    """Put new values into the records; return the columns that changed on any of them.

    A transition may have set those ``written`` on the way to something else than what is new.
    """
    if not changes:
        return ()
    # Column by column: comparing whole columns at once is several times as fast.
    before = zip(*(was for _record, was, _now in changes), strict=True)
    after = zip(*(now for _record, _was, now in changes), strict=True)
    dirty = []
    for column, old, new in zip(columns, before, after, strict=True):
        if old != new:
            dirty.append(column)
        if old != new or column in written:  # the records hold the others already
            for (record, _was, _now), value in zip(changes, new, strict=True):
                record.__dict__[column] = value
    return tuple(dirty)


def save(
    changes: Sequence[tuple[Any, Sequence[Any], Sequence[Any]]],
    columns: Sequence[str],
    *,
    written: Sequence[str],
) -> None:
    """Write states, moves, the columns that changed and those ``written`` on the way."""
    dirty = _apply(changes, columns, written)
    workflow.save([record for record, _was, _now in changes], *{*dirty, *written})


def update(
    changes: Sequence[tuple[Any, Sequence[Any], Sequence[Any]]],
    columns: Sequence[str],
    *,
    written: Sequence[str] = (),
) -> None:
    """Write the columns that changed, and those ``written`` that the records hold already."""
    dirty = _apply(changes, columns, written)
    if dirty:
        bulk.update([record for record, _was, _now in changes], (*dirty, *written))
