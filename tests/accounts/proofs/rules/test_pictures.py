"""Pictures are re-encoded: only the pixels go on."""

import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from accounts.proofs.rules.pictures import BadPicture, reencode
from tests.profiles import pure

PIXELS_MAX = 1_000_000
GPS, ORIENTATION, MAKER = 0x8825, 0x0112, 0x010F


def a_picture(form="JPEG", size=(40, 20), mode="RGB", **how):
    picture = Image.new(mode, size)
    ImageDraw.Draw(picture).rectangle((0, 0, 9, 9), fill=255 if mode in ("L", "1", "P") else "red")
    written = BytesIO()
    picture.save(written, form, **how)
    return written.getvalue()


def opened(data):
    picture = Image.open(BytesIO(data))
    picture.load()
    return picture


def a_png_header(width, height):
    """A PNG whose header promises a size, with a few bytes of pixels only."""

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99))


def exif_with(**extra):
    exif = Image.Exif()
    exif[MAKER] = "Maker"
    exif[ORIENTATION] = extra.get("orientation", 1)
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[2] = (39.0, 54.0, 26.0)
    return exif


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("size", [(1, 1), (40, 20)])
def test_a_picture_keeps_its_format_and_size(form, size):
    painted = opened(reencode(a_picture(form, size), pixels_max=PIXELS_MAX))

    assert (painted.format, painted.size) == (form, size)


def test_a_png_keeps_its_pixels():
    data = a_picture("PNG")

    assert opened(reencode(data, pixels_max=PIXELS_MAX)).tobytes() == opened(data).tobytes()


def test_place_and_camera_are_gone():
    data = a_picture(exif=exif_with(), comment=b"taken at home")
    assert opened(data).getexif().get_ifd(GPS)

    painted = opened(reencode(data, pixels_max=PIXELS_MAX))

    assert not dict(painted.getexif())
    assert not {"exif", "comment", "icc_profile", "xmp"} & {*painted.info}


def test_words_inside_a_png_are_gone():
    words = PngInfo()
    words.add_text("Author", "somebody")
    data = a_picture("PNG", pnginfo=words, exif=exif_with())

    painted = reencode(data, pixels_max=PIXELS_MAX)

    assert b"somebody" not in painted
    assert not opened(painted).info


def test_a_picture_taken_sideways_stands_upright():
    data = a_picture(exif=exif_with(orientation=6), quality=95)

    painted = opened(reencode(data, pixels_max=PIXELS_MAX))

    assert painted.size == (20, 40)
    assert painted.getpixel((15, 4))[0] > 200
    assert painted.getpixel((4, 35))[0] < 50


@pytest.mark.parametrize("tail", [b"PK\x03\x04evil.zip", b"<html><script>evil()</script>"])
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_what_hangs_behind_a_picture_is_gone(form, tail):
    painted = reencode(a_picture(form) + tail, pixels_max=PIXELS_MAX)

    assert b"evil" not in painted
    assert painted == reencode(a_picture(form), pixels_max=PIXELS_MAX)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("kept", [0, 3, 20, 60])
def test_half_a_picture_is_refused(form, kept):
    with pytest.raises(BadPicture):
        reencode(a_picture(form)[:kept], pixels_max=PIXELS_MAX)


def test_the_limit_of_pixels_is_looked_at_in_the_header():
    assert reencode(a_picture("PNG", (100, 50)), pixels_max=5_000)
    with pytest.raises(BadPicture, match="more than 4999 pixels"):
        reencode(a_picture("PNG", (100, 50)), pixels_max=4_999)
    with pytest.raises(BadPicture, match="pixels"):
        reencode(a_png_header(12_000, 12_000), pixels_max=PIXELS_MAX)


@pytest.mark.parametrize("side", [30_000, 2**31 - 1])
def test_a_bomb_is_refused_before_it_is_unpacked(side):
    with pytest.raises(BadPicture):
        reencode(a_png_header(side, side), pixels_max=PIXELS_MAX)


def test_a_header_that_promises_more_than_there_is_is_refused():
    with pytest.raises(BadPicture, match="cannot be read"):
        reencode(a_png_header(900, 900), pixels_max=PIXELS_MAX)


def test_words_packed_into_a_bomb_are_refused():
    data = a_picture("PNG")
    packed = zlib.compress(b"a" * 200_000_000, 9)
    body = b"Comment\0\0" + packed
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body
    chunk += struct.pack(">I", zlib.crc32(b"zTXt" + body))

    with pytest.raises(BadPicture):
        reencode(data[:33] + chunk + data[33:], pixels_max=PIXELS_MAX)


@pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF", "WEBP"])
def test_other_formats_are_refused(form):
    with pytest.raises(BadPicture):
        reencode(a_picture(form), pixels_max=PIXELS_MAX)


def test_of_an_animation_the_first_frame_stays():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    written = BytesIO()
    frames[0].save(written, "PNG", save_all=True, append_images=frames[1:], duration=100)

    painted = opened(reencode(written.getvalue(), pixels_max=PIXELS_MAX))

    assert getattr(painted, "n_frames", 1) == 1
    assert painted.getpixel((4, 4)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("form", "mode", "painted_mode"),
    [
        ("PNG", "RGBA", "RGBA"),
        ("PNG", "LA", "RGBA"),
        ("PNG", "L", "L"),
        ("PNG", "P", "RGB"),
        ("PNG", "1", "RGB"),
        ("JPEG", "L", "L"),
        ("JPEG", "CMYK", "RGB"),
    ],
)
def test_every_way_of_colours_is_written_plainly(form, mode, painted_mode):
    picture = Image.new(mode, (8, 8))
    written = BytesIO()
    picture.save(written, form)

    assert opened(reencode(written.getvalue(), pixels_max=PIXELS_MAX)).mode == painted_mode


@pytest.mark.parametrize(("grey", "painted_grey"), [(0, 0), (40_000, 156), (65_535, 255)])
def test_a_scan_in_sixteen_bits_keeps_its_greys(grey, painted_grey):
    written = BytesIO()
    Image.new("I;16", (8, 8), grey).save(written, "PNG")

    painted = opened(reencode(written.getvalue(), pixels_max=PIXELS_MAX))

    assert (painted.mode, painted.getpixel((4, 4))) == ("L", painted_grey)


def test_a_transparent_colour_stays_transparent():
    picture = Image.new("P", (8, 8))
    written = BytesIO()
    picture.save(written, "PNG", transparency=0)

    painted = opened(reencode(written.getvalue(), pixels_max=PIXELS_MAX))

    assert painted.getpixel((4, 4))[3] == 0


@pure
@given(st.sampled_from(["JPEG", "PNG"]), st.integers(0, 500), st.binary(min_size=1, max_size=8))
def test_damage_is_refused_or_painted_over(form, place, damage):
    data = bytearray(a_picture(form))
    place = place % len(data)
    data[place : place + len(damage)] = damage

    try:
        painted = reencode(bytes(data), pixels_max=PIXELS_MAX)
    except BadPicture:
        return

    assert opened(painted).format in ("JPEG", "PNG")
