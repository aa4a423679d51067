"""PDFs as customers send them, parsed, judged by their objects, and written again.

What is not reached from the pages, what stands before the header and what hangs behind the end
does not go on. Parsing a hostile file may take any amount of memory and time, or end the process:
only ``accounts.proofs.pdf_process`` calls this, in a process of its own.
"""

import warnings
import zlib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from io import BytesIO
from typing import Any, NamedTuple

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream


class PdfFault(StrEnum):
    """Why a PDF is not taken."""

    BROKEN = "broken"
    ENCRYPTED = "encrypted"
    ACTIVE = "active"
    TOO_LARGE = "too-large"


class BadPdf(ValueError):
    """A PDF that is not taken, and why; nothing of its content is named."""

    def __init__(self, fault: PdfFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class PdfLimits(NamedTuple):
    """How much a PDF may hold: objects, nesting, and bytes of one stream and all when unpacked."""

    objects_max: int = 50_000
    values_max: int = 500_000  # entries of all dictionaries and arrays
    depth_max: int = 60  # of containers in one object, and of the tree of pages
    stream_bytes_max: int = 120_000_000  # a page scanned in colour at 600 dpi has 104 MB
    inflated_bytes_max: int = 300_000_000
    written_bytes_max: int = 25_000_000


LIMITS = PdfLimits()
Entries = Mapping[str, Any]

# What an action may not do: run a script or program, send or fetch data, leave the document, play.
_ACTIONS = {
    "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/RichMediaExecute", "/GoToR",
    "/GoToE", "/Rendition", "/Movie", "/Sound", "/URI",
}  # fmt: skip
_ANNOTATIONS = {"/RichMedia", "/FileAttachment", "/Movie", "/Sound", "/Screen", "/3D"}
_TYPES = {"/EmbeddedFile", "/RichMediaContent", "/RichMediaSettings", "/Rendition"}
_FLATE = {"/FlateDecode", "/Fl"}
_PACKED = {*_FLATE, "/LZWDecode", "/LZW", "/RunLengthDecode", "/RL"}
_PIECE_BYTES = 1_000_000


def rewrite(data: bytes, *, limits: PdfLimits = LIMITS) -> bytes:
    """Return the PDF written again: its pages and what they use, in order, without scripts.

    A file that only lost its table of objects is repaired.

    Raises: BadPdf with its fault.
    """
    pikepdf.settings.set_qpdf_limits(
        parser_max_nesting=limits.depth_max,
        parser_max_container_size=limits.values_max,
        flate_max_memory=limits.stream_bytes_max,
        png_max_memory=limits.stream_bytes_max,
        tiff_max_memory=limits.stream_bytes_max,
        run_length_max_memory=limits.stream_bytes_max,
        max_stream_filters=4,
        doc_max_warnings=1_000,
    )
    try:
        with warnings.catch_warnings(), pikepdf.open(BytesIO(data), suppress_warnings=True) as pdf:
            warnings.simplefilter("ignore")  # odd files are judged, and nobody here fixes them
            return _rewritten(pdf, limits)
    except BadPdf:
        raise
    except pikepdf.PasswordError:
        raise BadPdf(PdfFault.ENCRYPTED) from None
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RuntimeError):
        # A broken file fails in many ways inside the parser; none is ours to tell.
        raise BadPdf(PdfFault.BROKEN) from None


def _rewritten(pdf: Pdf, limits: PdfLimits) -> bytes:
    if pdf.is_encrypted:
        raise BadPdf(PdfFault.ENCRYPTED)
    _require_shallow(pdf.Root.Pages, limits)
    if not len(pdf.pages):
        raise BadPdf(PdfFault.BROKEN)
    _require_inert_catalog(pdf.Root)
    inflated = 0
    for one, entries in _dictionaries(pdf.trailer, limits):
        _require_inert(entries)
        if isinstance(one, Stream):
            inflated += _inflated_bytes(one, entries, limits)
            if inflated > limits.inflated_bytes_max:
                raise BadPdf(PdfFault.TOO_LARGE)
    return _written(pdf, limits)


def _written(pdf: Pdf, limits: PdfLimits) -> bytes:
    if Name.ID in pdf.trailer:
        del pdf.trailer[Name.ID]  # then the same pages are the same bytes
    written = BytesIO()
    pdf.save(
        written,
        compress_streams=False,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        object_stream_mode=pikepdf.ObjectStreamMode.disable,
        deterministic_id=True,
        fix_metadata_version=False,
    )
    if written.tell() > limits.written_bytes_max:
        raise BadPdf(PdfFault.TOO_LARGE)
    return written.getvalue()


def _require_shallow(root: Object, limits: PdfLimits) -> None:
    """Refuse a deep or endless tree of pages before the parser descends into it."""
    level, count = [root], 0
    for _depth in range(limits.depth_max):
        count += len(level)
        if count > limits.objects_max:
            break
        level = [
            kid
            for node in level
            if isinstance(node, Dictionary) and isinstance(node.get(Name.Kids), Array)
            for kid in node[Name.Kids]
        ]
        if not level:
            return
    raise BadPdf(PdfFault.TOO_LARGE)


def _require_inert_catalog(root: Object) -> None:
    """Refuse what the catalogue names: scripts, files, forms of XML, a base for addresses."""
    names, form = root.get(Name.Names), root.get(Name.AcroForm)
    if isinstance(names, Dictionary) and ("/JavaScript" in names or "/EmbeddedFiles" in names):
        raise BadPdf(PdfFault.ACTIVE)
    if isinstance(form, Dictionary) and "/XFA" in form:
        raise BadPdf(PdfFault.ACTIVE)
    if any(key in root for key in ("/Collection", "/URI", "/JavaScript")):
        raise BadPdf(PdfFault.ACTIVE)


def _require_inert(entries: Entries) -> None:
    """Refuse an action that does more than show a page, and whatever carries a file."""
    action = _name(entries, "/S")
    is_active = (
        (action in _ACTIONS and not (action == "/URI" and _stays(entries)))
        or (action == "/Thread" and "/F" in entries)
        or _name(entries, "/Subtype") in _ANNOTATIONS
        or _name(entries, "/Type") in _TYPES
        or isinstance(entries.get("/EF"), (Dictionary, Array))
    )
    if is_active:
        raise BadPdf(PdfFault.ACTIVE)


def _name(entries: Entries, key: str) -> str:
    value = entries.get(key)
    return str(value) if isinstance(value, Name) else ""


def _stays(action: Entries) -> bool:
    """Say whether an address is a place in this document."""
    return str(action.get("/URI", "")).startswith("#")


def _dictionaries(trailer: Object, limits: PdfLimits) -> Iterator[tuple[Object, Entries]]:
    """Yield every dictionary and stream that is written again, once, with its entries.

    With a stack of our own: no nesting of the file is a nesting of calls.
    """
    seen: set[tuple[int, int]] = set()
    waiting: list[Any] = [trailer]
    values = 0
    while waiting:
        one = waiting.pop()
        if one.is_indirect:
            if one.objgen in seen:
                continue
            seen.add(one.objgen)
        inside: list[Any]
        if isinstance(one, Array):
            inside = list(one)
        else:
            entries = dict(one.items())
            inside = list(entries.values())
            yield one, entries
        values += len(inside)
        if len(seen) > limits.objects_max or values > limits.values_max:
            raise BadPdf(PdfFault.TOO_LARGE)
        waiting += [entry for entry in inside if isinstance(entry, (Dictionary, Array, Stream))]


def _inflated_bytes(stream: Stream, entries: Entries, limits: PdfLimits) -> int:
    """Return the size of a stream when it is unpacked; pictures count as they are.

    Raises: BadPdf for one that is fetched from elsewhere, too large, or packed more than once.
    """
    if "/F" in entries:
        raise BadPdf(PdfFault.ACTIVE)
    filters = entries.get("/Filter", Array())
    named = [str(one) for one in (filters if isinstance(filters, Array) else [filters])]
    packed = [one for one in named if one in _PACKED]
    if len(packed) > 1:
        raise BadPdf(PdfFault.TOO_LARGE)
    raw = stream.read_raw_bytes()
    if not packed:
        return len(raw)
    if named[0] in _FLATE:
        return _unzipped_bytes(raw, limits)
    try:
        return len(stream.read_bytes(pikepdf.StreamDecodeLevel.specialized))
    except pikepdf.PdfError:
        # Beyond the limit of the parser, or damaged; neither is known from the other.
        raise BadPdf(PdfFault.TOO_LARGE) from None


def _unzipped_bytes(raw: bytes, limits: PdfLimits) -> int:
    """Return how many bytes come out, a piece at a time; of a damaged stream those before."""
    unpacker, size = zlib.decompressobj(), 0
    while raw and not unpacker.eof:
        try:
            size += len(unpacker.decompress(raw, _PIECE_BYTES))
        except zlib.error:
            break
        if size > limits.stream_bytes_max:
            raise BadPdf(PdfFault.TOO_LARGE)
        raw = unpacker.unconsumed_tail
    return size
