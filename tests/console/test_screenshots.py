"""Every page of the console has a picture and a paragraph on what it is for, and what makes the pictures works."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import pytest
from tests.screenshots.finding import NOT_SEEN, example, links, name_of, pictured
from tests.screenshots.png import encode, size_of

from careloom.console import pages

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "console"
PAGE = ROOT / "docs" / "how-to" / "use-the-console.md"
LARGEST = 120 * 1024
_SHOWN = re.compile(r"^!\[([^\]]+)\]\(\.\./console/([\w-]+)\.png\)\n\n(\S[^\n]{30,})", re.M)


@pytest.mark.parametrize("path", pictured())
def test_a_page_has_its_picture_and_says_what_it_is_for(path: str) -> None:
    name = name_of(path)
    again = f"run `make screenshots`, and say in {PAGE.name} what {path} is for"
    assert (PICTURES / f"{name}.png").is_file(), again
    assert name in {found[1] for found in _SHOWN.findall(PAGE.read_text("utf-8"))}, again


def test_no_picture_is_large_and_none_is_of_a_page_that_is_gone() -> None:
    names = [name_of(path) for path in pictured()]
    assert len(set(names)) == len(names)
    for file in PICTURES.iterdir():
        picture = file.read_bytes()
        width, height = size_of(picture)
        assert file.stem in names, f"{file.name} is of no page"
        assert len(picture) <= LARGEST and width >= 800 and height >= 300, file.name
    assert {one.path for one in pages.every()} >= NOT_SEEN


def test_a_page_is_found_where_something_leads_to_it() -> None:
    html = (
        '<a href="/console/runs/7">x</a><a href="/console/systems/erp?a=1&amp;b=2#c"></a><a href="/console/runs/7"></a>'
    )
    known = links(html + '<link href="/console/static/console.css"><a href="/elsewhere"></a>')
    assert known == ["/runs/7", "/systems/erp?a=1&b=2"]
    assert example("/systems/{name}", known) == "/systems/erp?a=1&b=2"
    assert example("/runs/{id:uuid}", known) is None, "7 is no id"
    run = "/runs/00000000-0000-0000-0000-000000000007"
    assert example("/runs/{id:uuid}", [*known, f"{run}/look", run]) == run
    assert example("/people/{name}", ["/people/add", "/people/kim"], ["/people/add"]) == "/people/kim"
    assert [name_of(one) for one in ("/", "/cases/{id:uuid}", "/subscriptions/{name}/replay")] == [
        "overview", "cases-one", "subscriptions-one-replay",
    ]  # fmt: skip


def test_a_picture_comes_back_as_it_was() -> None:
    palette = [(0, 0, 0), (255, 255, 255), (5, 80, 174)]
    pixels = bytes([0, 1, 2, 2, 1, 0])
    made = encode(3, 2, palette, pixels)
    assert size_of(made) == (3, 2)
    chunks, at = {}, 8
    while at < len(made):
        (length,) = struct.unpack(">I", made[at : at + 4])
        name, body = made[at + 4 : at + 8], made[at + 8 : at + 8 + length]
        assert struct.unpack(">I", made[at + 8 + length : at + 12 + length]) == (zlib.crc32(name + body),)
        chunks[name] = body
        at += 12 + length
    assert list(chunks) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    assert zlib.decompress(chunks[b"IDAT"]) == b"\0" + pixels[:3] + b"\0" + pixels[3:]
    assert chunks[b"PLTE"] == b"".join(bytes(one) for one in palette)
    for wrong in ((2, 2, palette, pixels), (3, 2, [], pixels), (3, 2, palette[:2], pixels)):
        with pytest.raises(ValueError, match="the number of a colour"):
            encode(*wrong)
    with pytest.raises(ValueError, match="no PNG"):
        size_of(b"GIF89a" + bytes(30))
