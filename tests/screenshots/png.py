"""PNG with a palette, which is a fraction of what a browser writes for the same page (PNG, second edition, 11.2)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Final

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
MOST: Final = 256
Colour = tuple[int, int, int]

# What the page of the browser runs over the picture that it took: few colours, each pixel the number of its own.
REDUCE: Final = """async ({ source, most }) => {
  const image = new Image();
  image.src = source;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const data = context.getImageData(0, 0, image.width, image.height).data;
  const counted = new Map();
  const keys = new Uint32Array(data.length / 4);
  for (let at = 0; at < keys.length; at++) {
    const key = ((data[4 * at] >> 3) << 10) | ((data[4 * at + 1] >> 3) << 5) | (data[4 * at + 2] >> 3);
    keys[at] = key;
    const seen = counted.get(key);
    if (seen) seen.many++;
    else counted.set(key, { many: 1, colour: [data[4 * at], data[4 * at + 1], data[4 * at + 2]] });
  }
  const usual = [...counted].sort((one, other) => other[1].many - one[1].many).slice(0, most);
  const palette = usual.map(([, seen]) => seen.colour);
  const place = new Map(usual.map(([key], number) => [key, number]));
  for (const [key, seen] of counted) {
    if (place.has(key)) continue;
    const far = (colour) => colour.reduce((sum, value, at) => sum + (value - seen.colour[at]) ** 2, 0);
    place.set(key, palette.reduce((best, colour, at) => (far(colour) < far(palette[best]) ? at : best), 0));
  }
  let text = "";
  for (let at = 0; at < keys.length; at++) text += String.fromCharCode(place.get(keys[at]));
  return { width: image.width, height: image.height, palette, pixels: btoa(text) };
}"""


def encode(width: int, height: int, palette: Sequence[Colour], pixels: bytes) -> bytes:
    """A picture of pixels that are numbers of colours, row by row. Raises ValueError when they do not fit."""
    if len(pixels) != width * height or not 0 < len(palette) <= MOST or max(pixels, default=0) >= len(palette):
        raise ValueError("a pixel is the number of a colour, and there are width times height")
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    colours = b"".join(bytes(one) for one in palette)
    rows = b"".join(b"\0" + pixels[at : at + width] for at in range(0, len(pixels), width))
    parts = ((b"IHDR", head), (b"PLTE", colours), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(name, body) for name, body in parts)


def size_of(picture: bytes) -> tuple[int, int]:
    """Width and height. Raises ValueError for what is no PNG."""
    if not picture.startswith(SIGNATURE) or picture[12:16] != b"IHDR":
        raise ValueError("this is no PNG")
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
