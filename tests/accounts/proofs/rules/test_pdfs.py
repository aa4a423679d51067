"""PDFs: judged by their parsed objects, written again, and bounded."""

import os
import re
import zlib
from io import BytesIO

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Encryption, Name, Object, ObjectStreamMode, Stream, String

from accounts.proofs.rules.pdfs import BadPdf, PdfFault, PdfLimits, rewrite
from tests.accounts.uploads import PDF, a_pdf
from tests.profiles import pure

PACKED = {"object_stream_mode": ObjectStreamMode.generate, "compress_streams": True}


def fault_of(data, **limits):
    """Return the fault for which a PDF is refused, or None."""
    try:
        rewrite(data, limits=PdfLimits(**limits))
    except BadPdf as bad:
        return bad.fault
    return None


def with_root(**entries):
    """Return the change that puts entries into the catalogue."""
    source = Dictionary(**entries).unparse()  # an object belongs to one file
    return lambda pdf: pdf.Root.update(Object.parse(source))


def with_annotation(**entries):
    """Return the change that puts an annotation on the first page."""
    source = Dictionary(Type=Name.Annot, Rect=Array([0, 0, 9, 9]), **entries).unparse()

    def edit(pdf):
        pdf.pages[0].Annots = Array([pdf.make_indirect(Object.parse(source))])

    return edit


def with_streams(count, data, **entries):
    """Return the change that adds streams."""

    def edit(pdf):
        pdf.Root.X = Array([pdf.make_stream(data, **entries) for _n in range(count)])

    return edit


def with_content(data, **entries):
    """Return the change that gives the first page a content stream."""

    def edit(pdf):
        pdf.pages[0].Contents = Stream(pdf, data, **entries)

    return edit


def action(kind, **entries):
    return Dictionary(S=Name(f"/{kind}"), **entries)


def open_at_the_second_page(pdf):
    pdf.Root.OpenAction = Array([pdf.pages[1].obj, Name.Fit])


def go_to_the_second_page(pdf):
    pdf.Root.OpenAction = action("GoTo", D=Array([pdf.pages[1].obj, Name.Fit]))


def words_on_the_page(pdf):
    words = b"BT (/JavaScript /JS /Launch /OpenAction JavaScript TypeScript) Tj ET"
    pdf.pages[0].Contents = pdf.make_stream(words)
    pdf.docinfo["/Title"] = String("JavaScript and TypeScript")


@pytest.mark.parametrize("how", [{}, PACKED])
@pytest.mark.parametrize(
    "edit",
    [
        None,
        open_at_the_second_page,
        go_to_the_second_page,
        words_on_the_page,
        with_root(OpenAction=action("Named", N=Name.NextPage)),
        with_annotation(Subtype=Name.Link, A=action("URI", URI=String("#page=2"))),
        with_root(X=Dictionary(JavaScript=1, JS=2, Launch=3, EmbeddedFile=4, AA=Dictionary())),
        with_root(Names=Dictionary(Dests=Dictionary(Names=Array()))),
        with_root(AcroForm=Dictionary(Fields=Array())),
    ],
)
def test_a_pdf_that_shows_pages_is_taken(edit, how):
    written = rewrite(a_pdf(edit, **how))

    with pikepdf.open(BytesIO(written)) as pdf:
        assert len(pdf.pages) == 2


def test_words_and_open_page_stay():
    def edit(pdf):
        words_on_the_page(pdf)
        open_at_the_second_page(pdf)

    with pikepdf.open(BytesIO(rewrite(a_pdf(edit, **PACKED)))) as pdf:
        assert b"(/JavaScript /JS" in pdf.pages[0].Contents.read_bytes()
        assert pdf.Root.OpenAction[0] == pdf.pages[1].obj
        assert str(pdf.docinfo["/Title"]) == "JavaScript and TypeScript"


@pytest.mark.parametrize("seed", range(20))
def test_random_streams_are_taken(seed):
    noise = b"".join(
        os.urandom(20_000) + name for name in (b"/JS ", b"/AA ", b"/XFA ", b"/Encrypt ")
    )
    edit = with_content(zlib.compress(noise), Filter=Name.FlateDecode)

    assert fault_of(a_pdf(edit if seed % 2 else with_content(noise))) is None


def test_what_is_not_of_the_pages_does_not_go_on():
    hidden = b"PK\x03\x04 an archive"

    assert rewrite(hidden + b"\n" + PDF) == PDF
    assert rewrite(PDF + hidden + b"\0" * 2048) == PDF
    assert rewrite(PDF + b"\0" * 200_000) == PDF


def test_objects_that_nothing_reaches_do_not_go_on():
    orphan = b"9 0 obj\n<< /S /JavaScript /JS (app.alert) >>\nendobj\n"
    data = PDF.replace(b"xref\n", orphan + b"xref\n", 1)

    assert b"app.alert" in data
    assert b"app.alert" not in rewrite(data)


def test_what_is_written_again_is_written_the_same():
    assert rewrite(PDF) == PDF == rewrite(a_pdf())


@pytest.mark.parametrize("how", [{}, PACKED])
@pytest.mark.parametrize(
    "edit",
    [
        with_root(OpenAction=action("JavaScript", JS=String("app.alert(1)"))),
        with_root(OpenAction=action("GoTo", Next=action("JavaScript", JS=String("x")))),
        with_root(OpenAction=action("GoTo", Next=Array([action("Launch", F=String("x.exe"))]))),
        with_root(AA=Dictionary(WC=action("JavaScript", JS=String("x")))),
        with_root(Names=Dictionary(JavaScript=Dictionary(Names=Array()))),
        with_root(Names=Dictionary(EmbeddedFiles=Dictionary(Names=Array()))),
        with_root(AcroForm=Dictionary(Fields=Array(), XFA=Array())),
        with_root(URI=Dictionary(Base=String("https://example.org"))),
        with_root(Collection=Dictionary()),
        with_root(AF=Array([Dictionary(Type=Name.Filespec, EF=Dictionary())])),
        with_annotation(Subtype=Name.Link, A=action("URI", URI=String("https://example.org"))),
        with_annotation(Subtype=Name.Link, A=action("URI", URI=String("mailto:a@example.org"))),
        with_annotation(Subtype=Name.Link, A=action("Launch", F=String("x.exe"))),
        with_annotation(Subtype=Name.Link, A=action("GoToR", F=String("x.pdf"))),
        with_annotation(Subtype=Name.Link, A=action("GoToE")),
        with_annotation(Subtype=Name.Widget, A=action("SubmitForm", F=String("https://x"))),
        with_annotation(Subtype=Name.Widget, A=action("ImportData", F=String("x.fdf"))),
        with_annotation(Subtype=Name.Widget, AA=Dictionary(K=action("JavaScript", JS="x"))),
        with_annotation(Subtype=Name.RichMedia),
        with_annotation(Subtype=Name.FileAttachment, FS=Dictionary()),
        with_annotation(Subtype=Name.Screen, A=action("Rendition", JS=String("x"))),
        with_annotation(Subtype=Name.Movie),
        with_root(X=Dictionary(Type=Name.EmbeddedFile)),
        with_streams(1, b"x", Type=Name.EmbeddedFile),
        with_streams(1, b"x", F=String("/etc/passwd")),
    ],
)
def test_scripts_files_and_links_to_elsewhere_are_refused(edit, how):
    assert fault_of(a_pdf(edit, **how)) is PdfFault.ACTIVE


def test_no_way_of_writing_a_name_hides_it():
    data = a_pdf(with_root(OpenAction=action("JavaScript", JS=String("x"))))

    assert fault_of(data.replace(b"/JavaScript", b"/J#61vaScrip#74")) is PdfFault.ACTIVE


@pytest.mark.parametrize("user", ["", "secret"])
def test_an_encrypted_pdf_is_refused(user):
    data = a_pdf(encryption=Encryption(owner="owner", user=user))

    assert fault_of(data) is PdfFault.ENCRYPTED


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"%PDF-1.7 <script>",
        b"%PDF-1.7\n" + bytes(range(256)) * 100,
        PDF[:100],
        a_pdf(lambda pdf: pdf.pages.__delitem__(slice(None))),
        a_pdf(lambda pdf: pdf.Root.__delitem__("/Pages")),
    ],
)
def test_what_is_no_pdf_is_refused(data):
    assert fault_of(data) is PdfFault.BROKEN


def test_a_pdf_that_lost_its_table_is_repaired():
    damaged = PDF.replace(b"startxref", b"startxxxx").replace(b"%%EOF", b"")

    assert fault_of(damaged) is None


def chain_of_pages(depth):
    def edit(pdf):
        node = pdf.Root.Pages
        for _level in range(depth):
            node = pdf.make_indirect(Dictionary(Type=Name.Pages, Kids=Array([node]), Count=2))
        pdf.Root.Pages = node

    return edit


def nested(depth):
    one = Array()
    for _level in range(depth):
        one = Array([one])
    return with_root(X=one)


def twice_packed(pdf):
    packed = zlib.compress(zlib.compress(b"\0" * 10_000_000))
    twice = Array([Name.FlateDecode, Name.FlateDecode])
    pdf.Root.X = Stream(pdf, packed, Filter=twice)


@pytest.mark.parametrize(
    ("edit", "limits"),
    [
        (with_root(X=Array([0] * 1_000)), {"values_max": 900}),
        (with_streams(20, b"x"), {"objects_max": 20}),
        (with_content(b"\0" * 1_000_001), {"stream_bytes_max": 1_000_000}),
        (with_streams(2, b"\0" * 600_000), {"inflated_bytes_max": 1_000_000}),
        (twice_packed, {}),
        (chain_of_pages(80), {}),
        (lambda pdf: pdf.Root.Pages.Kids.append(pdf.Root.Pages), {}),
        (with_content(os.urandom(10_000)), {"written_bytes_max": 10_000}),
    ],
)  # fmt: skip
def test_what_is_too_much_is_refused_and_a_little_less_is_taken(edit, limits):
    assert fault_of(a_pdf(edit, compress_streams=edit is not twice_packed), **limits) in (
        PdfFault.TOO_LARGE, PdfFault.BROKEN,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("edit", "limits"),
    [
        (with_root(X=Array([0] * 800)), {"values_max": 900}),
        (with_streams(14, b"x"), {"objects_max": 20}),
        (with_streams(2, b"\0" * 499_000), {"inflated_bytes_max": 1_000_000}),
        (with_content(b"\0" * 999_000), {"stream_bytes_max": 1_000_000}),
        (chain_of_pages(40), {}),
        (nested(40), {}),
    ],
)
def test_what_is_just_within_the_limits_is_taken(edit, limits):
    assert fault_of(a_pdf(edit, compress_streams=True), **limits) is None


def padded_objects(padding):
    """Return a PDF whose stream of objects unpacks to so many bytes more than it needs."""
    edit = with_root(X=Array([Dictionary(A=String("x" * 100))] * 10))
    data = a_pdf(edit, object_stream_mode=ObjectStreamMode.generate)
    before, _stream, rest = data.partition(b"stream\n")
    body, _end, after = rest.partition(b"\nendstream")
    packed = zlib.compress(body + b" " * padding)
    length = f"/Filter /FlateDecode /Length {len(packed)}".encode()
    before = re.sub(rb"/Length \d+", length, before)
    table = re.compile(rb"startxref\n(\d+)")
    moved = len(before) + len(packed) - len(data.partition(b"stream\n")[0]) - len(body)
    after = table.sub(lambda at: b"startxref\n%d" % (int(at[1]) + moved), after)
    return before + b"stream\n" + packed + b"\nendstream" + after


def test_a_bomb_in_a_stream_of_objects_is_refused_while_it_is_unpacked():
    limits = {"stream_bytes_max": 1_000_000}

    assert fault_of(padded_objects(900_000), **limits) is None
    assert fault_of(padded_objects(1_100_000), **limits) is PdfFault.BROKEN


def test_no_object_stays_packed():
    packed = a_pdf(**PACKED)

    assert b"/ObjStm" in packed
    assert b"/ObjStm" not in rewrite(packed)


def test_nesting_too_deep_to_parse_is_refused():
    deep = b"/X " + b"[" * 400 + b"]" * 400
    data = a_pdf().replace(b"/Type /Catalog", deep + b" /Type /Catalog")

    assert data != a_pdf()
    assert fault_of(data) is PdfFault.BROKEN


@pure
@given(st.binary(max_size=300), st.integers(0, len(PDF)), st.integers(0, 40))
def test_any_damage_is_refused_or_repaired(noise, at, cut):
    damaged = PDF[:at] + noise + PDF[at + cut :]

    try:
        written = rewrite(damaged)
    except BadPdf:
        return
    assert fault_of(written) is None
