"""Pictures as customers send them, re-encoded: nothing but the pixels goes on."""

import warnings
from io import BytesIO

from PIL import Image, ImageOps

_FORMATS = ("JPEG", "PNG")
# What PNG and JPEG can both be written in; everything else is turned into colours first.
_PLAIN_MODES = ("L", "RGB", "RGBA")
_QUALITY = 90


class BadPicture(ValueError):
    """Bytes that are no whole picture of a kind and size that is taken."""


def reencode(data: bytes, *, pixels_max: int) -> bytes:
    """Return the same picture in the same format, upright, with no byte of the original.

    Metadata, further frames and whatever hangs behind the picture are gone; a PNG keeps its
    transparency. The size in the header is looked at before a pixel is unpacked.

    Raises: BadPicture.
    """
    try:
        with warnings.catch_warnings():
            # Our own limit stands before the library's warning about large pictures.
            warnings.simplefilter("ignore")
            return _reencoded(data, pixels_max)
    except BadPicture:
        raise
    except Exception as broken:
        # A broken file fails in dozens of ways deep inside the decoders; none is ours to tell.
        raise BadPicture("the picture cannot be read") from broken


def _reencoded(data: bytes, pixels_max: int) -> bytes:
    with Image.open(BytesIO(data), formats=_FORMATS) as picture:
        width, height = picture.size
        if width * height > pixels_max:
            raise BadPicture(f"the picture has more than {pixels_max} pixels")
        made_as = picture.format
        picture.load()
        upright = ImageOps.exif_transpose(picture)
    painted = _without_metadata(upright, keeps_alpha=made_as == "PNG")
    written = BytesIO()
    painted.save(written, format=made_as, quality=_QUALITY)
    return written.getvalue()


def _without_metadata(picture: Image.Image, *, keeps_alpha: bool) -> Image.Image:
    """Return a new picture of the same pixels: ``info`` does not come along."""
    if picture.mode.startswith("I"):
        # Scans in 16 bits of grey: converted as they are, everything but black would turn white.
        picture = picture.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
    mode = picture.mode
    if picture.has_transparency_data and keeps_alpha:
        mode = "RGBA"
    elif mode not in _PLAIN_MODES:
        mode = "RGB"
    converted = picture.convert(mode)
    return Image.frombytes(mode, converted.size, converted.tobytes())
