"""Pictures small enough for a repository: 256 colours are plenty for a page of figures."""

import base64
import struct
import zlib

# Gives each pixel the number of its colour. The commonest colours stay as they are, so that a fill
# is no other fill; then what is unlike all of them; every other colour takes the nearest.
_TO_PALETTE = """async picture => {
  const image = new Image();
  image.src = "data:image/png;base64," + picture;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const pixels = new Uint32Array(
    canvas.getImageData(0, 0, image.width, image.height).data.buffer);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) || 0) + 1);
  const common = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([colour]) => colour);
  const parts = colour => [colour & 255, colour >> 8 & 255, colour >> 16 & 255];
  const distance = (a, b) => {
    const [x, y] = [parts(a), parts(b)];
    return x.reduce((sum, part, n) => sum + (part - y[n]) ** 2, 0);
  };
  const palette = common.slice(0, 64);
  for (const colour of common.slice(64))
    if (palette.length < 256 && palette.every(one => distance(one, colour) > 300))
      palette.push(colour);
  const numbers = new Map(common.map(colour => {
    let best = 0;
    palette.forEach((one, n) => {
      if (distance(one, colour) < distance(palette[best], colour)) best = n;
    });
    return [colour, best];
  }));
  const bytes = Uint8Array.from(pixels, pixel => numbers.get(pixel));
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768)
    text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return [image.width, image.height, palette.flatMap(parts), btoa(text)];
}"""


def shrink(picture, page):
    """Return a PNG with a palette of 256 colours; the page lends its canvas."""
    encoded = base64.b64encode(picture).decode()
    width, height, palette, text = page.evaluate(_TO_PALETTE, encoded)
    pixels = base64.b64decode(text)
    rows = b"".join(b"\0" + pixels[n : n + width] for n in range(0, len(pixels), width))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, data)
        for kind, data in (
            (b"IHDR", header),
            (b"PLTE", bytes(palette)),
            (b"IDAT", zlib.compress(rows, 9)),
            (b"IEND", b""),
        )
    )


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
