"""Exports: files that staff request, a worker writes, and the requester downloads.

An app registers a section: its rows, columns, required filters and the permission of its list.
Personal columns are masked unless the requester asks for them in full and has the permission
``backoffice.pii_view`` both when the rows are read and when the file is downloaded. A download in
full adds an access record for each person it shows. The file is sealed and deleted after
``KEPT_FOR``; the request and the log of downloads stay. All moments are the product's time.

A killed worker leaves its export running; the broker or ``waiting`` sends it to another worker. If
two finish, the first result counts.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from backoffice.core import workflow
from backoffice.core.errors import Refused
from backoffice.core.models import Export, ExportDownload, ExportFile, ExportFormat, ExportState
from backoffice.core.staff import StaffMember
from backoffice.platform import access, export_files
from backoffice.platform.reasons import PlatformReason

ROWS_MAX = 50_000
KEPT_FOR = timedelta(days=7)
RIGHT_TO_REQUEST = "backoffice.request_export"
RIGHT_TO_DOWNLOAD = "backoffice.download_export"
RIGHT_TO_SEE = "backoffice.pii_view"

_RESULT = ("rows", "size", "sha256", "finished_at", "expires_at")
_CHUNK = 2_000

log = logging.getLogger(__name__)


class UnknownSectionError(Refused):
    """No app registered this section."""

    status = HTTPStatus.NOT_FOUND
    code = "export-section-unknown"
    message = _("The export section {section} does not exist.")
    remedy = _("The sections are: {sections}.")


class ExportNotPermittedError(Refused):
    """The person lacks a permission that the export requires."""

    status = HTTPStatus.FORBIDDEN
    code = "export-not-permitted"
    message = _("You do not have the permission {permission}.")
    remedy = _("Ask a person who has it.")


class ExportFilterError(Refused):
    """A filter is missing, unknown or invalid."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "export-filter-bad"
    message = _("The filter {name} is missing or invalid.")
    remedy = _("Filter the list first, then export it.")


class TooManyRowsError(Refused):
    """The export has more rows than a file may hold."""

    code = "export-too-many-rows"
    message = _("There are more than {rows_max} rows.")
    remedy = _("Choose a narrower filter.")


class ExportNotReadyError(Refused):
    """The export has no file: it is not finished, has failed or has expired."""

    code = "export-not-ready"
    message = _("The export {export} has no file.")
    remedy = _("Reload its page; request it again if it has failed or expired.")


class NotRequesterError(Refused):
    """Only the requester can download an export."""

    status = HTTPStatus.FORBIDDEN
    code = "export-not-yours"
    message = _("Somebody else requested this export.")
    remedy = _("Request an export yourself.")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, the dotted path of its attribute, and its mask.

    ``kind`` is ``text`` or ``fen``; a column without ``mask`` holds no personal data. ``show``
    returns the label of a code.
    """

    title: Promise | str
    field: str
    kind: str = "text"
    mask: Callable[[Any], str] | None = None
    show: Callable[[Any], Any] | None = None


class ExportRows(Protocol):
    """What a section exports: a queryset, or what is sliced and iterated like one."""

    def __getitem__(self, index: slice, /) -> Any:
        """Return some of the rows."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSection:
    """A list that can be exported: ``rows`` returns the rows for the values of all ``filters``.

    ``rows`` raises ``ValueError`` for an invalid value. ``owner`` is the dotted path of the id of
    the person whose data a row shows; a section with personal columns needs it.
    """

    name: str
    title: Promise | str
    permission: str
    columns: Sequence[Column]
    filters: Sequence[str]
    rows: Callable[[Mapping[str, str]], ExportRows]
    owner: str = ""
    rows_max: int = ROWS_MAX


class FileOptions(NamedTuple):
    """How a file is written: csv or xlsx, masked or in full, in which language."""

    file_format: str
    is_masked: bool
    language: str


class Download(NamedTuple):
    """A file for its requester."""

    file_name: str
    content: bytes


_sections: dict[str, ExportSection] = {}


def register(section: ExportSection) -> None:
    """Add a section, once, when an app is ready."""
    assert section.name not in _sections, f"section {section.name} is registered already"
    assert section.owner or not _personal(section), f"section {section.name} names no owner"
    _sections[section.name] = section


def sections() -> Mapping[str, ExportSection]:
    """Return the registered sections by name."""
    return _sections


def section_named(name: str) -> ExportSection:
    """Return a section.

    Raises:
        UnknownSectionError: no app registered it.
    """
    if name not in _sections:
        raise UnknownSectionError(section=name, sections=", ".join(sorted(_sections)))
    return _sections[name]


def request(
    section: str,
    *,
    filters: Mapping[str, str],
    options: FileOptions,
    by: StaffMember,
    reason: str,
    at: datetime,
) -> Export:
    """Store a request for a file; a worker writes it in the language of the options.

    It is masked if the options say so, and for a person without the right to personal data.

    Raises:
        UnknownSectionError: no app registered the section.
        ExportNotPermittedError: the person may not request exports or view the list.
        ExportFilterError: a filter is missing, unknown or invalid.
    """
    wanted = section_named(section)
    _require(by, RIGHT_TO_REQUEST, wanted.permission)
    if options.file_format not in ExportFormat.values:
        raise ExportFilterError(name="format")
    for name in {*wanted.filters} ^ {*filters}:
        raise ExportFilterError(name=name)
    try:
        wanted.rows(filters)
    except ValueError as error:
        raise ExportFilterError(name=", ".join(filters)) from error
    return Export.objects.create(
        section=section,
        filters=dict(filters),
        file_format=options.file_format,
        is_masked=options.is_masked or not by.has_perm(RIGHT_TO_SEE),
        language=options.language,
        reason=reason,
        requested_by_id=by.pk,
        requested_at=at,
    )


def run(export_id: int, *, by: str, at: datetime) -> None:
    """Write the file of a request, or store the error; a finished export is left unchanged."""
    export = _start(export_id, by=by, at=at)
    if export is None:
        return
    try:
        section = section_named(export.section)
        person: Any = export.requested_by
        _require(person, RIGHT_TO_REQUEST, section.permission)
        with override(export.language):
            written = _content(section, export)
    except Refused as refusal:
        _fail(export_id, error=refusal.code, by=by, at=at)
    except Exception as error:  # the requester must see that the export has failed
        log.exception("export %s failed", export_id)
        _fail(export_id, error=type(error).__name__, by=by, at=at)
    else:
        _finish(export_id, written, by=by, at=at)


@transaction.atomic(durable=True)
def download(export_id: int, *, by: StaffMember, at: datetime) -> Download:
    """Return the file of an export to its requester; the download is logged first.

    A file in full also adds an access record for each person it shows.

    Raises:
        ExportNotReadyError: the export has no file.
        NotRequesterError: somebody else requested it.
        ExportNotPermittedError: the person has lost a permission that the export requires.
        UnknownSectionError: no app registers its section.
    """
    file = ExportFile.objects.select_related("export").filter(pk=export_id).first()
    if file is None or file.export.state != ExportState.DONE or _is_over(file.export, at):
        raise ExportNotReadyError(export=f"X{export_id}")
    export = file.export
    if export.requested_by_id != by.pk:
        raise NotRequesterError
    section = section_named(export.section)
    _require(by, RIGHT_TO_DOWNLOAD, section.permission)
    if not export.is_masked:
        _require(by, RIGHT_TO_SEE)
    ExportDownload.objects.create(export=export, staff_id=by.pk, at=at)
    if file.owner_ids:
        shown = f"X{export.pk}: {', '.join(column.field for column in _personal(section))}"
        access.record(file.owner_ids, shown=shown, by=by, reason=export.reason, at=at)
    return Download(export.file_name, file.content)


@transaction.atomic
def delete_expired(*, by: str, at: datetime) -> int:
    """Delete the files of exports that have expired; return how many."""
    over = Export.objects.filter(state=ExportState.DONE, expires_at__lte=at)
    exports = list(over.select_for_update(skip_locked=True).order_by("pk"))
    ExportFile.objects.filter(pk__in=[export.pk for export in exports]).delete()
    workflow.move(exports, "expire", by=by, reason=PlatformReason.EXPORT_EXPIRED, at=at)
    workflow.save(exports)
    return len(exports)


def waiting(*, before: datetime) -> list[int]:
    """Return the exports requested before a moment that have no result, oldest first."""
    unfinished = (ExportState.REQUESTED, ExportState.RUNNING)
    found = Export.objects.filter(state__in=unfinished, requested_at__lt=before)
    return list(found.order_by("pk").values_list("pk", flat=True))


def _is_over(export: Export, at: datetime) -> bool:
    return export.expires_at is None or export.expires_at <= at


@transaction.atomic(durable=True)
def _start(export_id: int, *, by: str, at: datetime) -> Export | None:
    """Start an export and return it, masked by the present permissions; None if it has a result."""
    export = Export.objects.select_for_update().filter(pk=export_id).first()
    if export is None or export.state not in (ExportState.REQUESTED, ExportState.RUNNING):
        return None
    if export.state == ExportState.REQUESTED:
        person: Any = export.requested_by
        is_masked = export.is_masked or not person.has_perm(RIGHT_TO_SEE)
        workflow.move(
            [export],
            "start",
            by=by,
            reason=PlatformReason.EXPORT_STARTED,
            at=at,
            is_masked=is_masked,
        )
        workflow.save([export], "is_masked")
    return export


class _Written(NamedTuple):
    """A file, its number of rows, and the people it shows in full."""

    row_count: int
    content: bytes
    owner_ids: list[int]


def _personal(section: ExportSection) -> list[Column]:
    """Return the columns with personal data."""
    return [column for column in section.columns if column.mask is not None]


def _content(section: ExportSection, export: Export) -> _Written:
    count = 0
    owner_ids: set[int] = set()
    owner_of = attrgetter(section.owner) if _personal(section) and not export.is_masked else None

    def cells() -> Iterator[list[Any]]:
        nonlocal count
        found = section.rows(export.filters)[: section.rows_max + 1]
        for record in found.iterator(chunk_size=_CHUNK):
            count += 1
            if count > section.rows_max:
                raise TooManyRowsError(rows_max=section.rows_max)
            if owner_of is not None:
                owner_ids.add(owner_of(record))
            yield [_cell(record, column, export.is_masked) for column in section.columns]

    write = export_files.xlsx_file if export.file_format == "xlsx" else export_files.csv_file
    content = write(section.columns, cells())
    return _Written(count, content, sorted(owner_ids))


def _cell(record: Any, column: Column, is_masked: bool) -> Any:
    value = attrgetter(column.field)(record)
    if is_masked and column.mask is not None:
        return column.mask(value)
    return column.show(value) if column.show is not None else value


@transaction.atomic(durable=True)
def _finish(export_id: int, written: _Written, *, by: str, at: datetime) -> None:
    export = Export.objects.select_for_update().get(pk=export_id)
    if export.state != ExportState.RUNNING:
        return  # another worker finished it first
    content = written.content
    ExportFile.objects.create(export=export, content=content, owner_ids=written.owner_ids)
    workflow.move(
        [export],
        "finish",
        by=by,
        reason=PlatformReason.EXPORT_WRITTEN,
        at=at,
        rows=written.row_count,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        expires_at=at + KEPT_FOR,
    )
    workflow.save([export], *_RESULT)


@transaction.atomic(durable=True)
def _fail(export_id: int, *, error: str, by: str, at: datetime) -> None:
    export = Export.objects.select_for_update().get(pk=export_id)
    if export.state == ExportState.RUNNING:
        workflow.move(
            [export],
            "fail",
            by=by,
            reason=PlatformReason.EXPORT_FAILED,
            at=at,
            error=error,
        )
        workflow.save([export], "error", "finished_at")


def _require(person: StaffMember, *permissions: str) -> None:
    for permission in permissions:
        if not person.has_perm(permission):
            raise ExportNotPermittedError(permission=permission)
