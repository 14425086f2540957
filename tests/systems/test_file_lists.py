"""Lists in files: the newest whole one, page by page, with rows that cannot be read said by their number."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from careloom.core.errors import ContractBroken, Unavailable
from careloom.systems.folder.place import LocalPlace
from careloom.systems.listing import FileLists, Listed, ListedRow, ListPlace, flat
from careloom.testing.clock import VirtualClock

CLOCK = VirtualClock()


@pytest.fixture
async def lists(tmp_path: Path) -> AsyncIterator[FileLists]:
    found = FileLists("lists", LocalPlace(tmp_path), CLOCK, 60, 1 << 20)
    yield found
    await found.close()


def put(folder: Path, name: str, text: str | bytes, age: float = 3600) -> None:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    written = (CLOCK.now() - timedelta(seconds=age)).timestamp()
    os.utime(path, (written, written))


async def everything(lists: FileLists, name: str, limit: int) -> Sequence[ListedRow]:
    found: list[ListedRow] = []
    place: ListPlace | None = None
    while True:
        listing = await lists.rows(name, "", place, limit)
        found += listing.rows
        if listing.after is None:
            return found
        place = listing.after


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_pages_of_any_size_give_the_same_rows(lists: FileLists, tmp_path: Path, limit: int) -> None:
    assert isinstance(lists, Listed)
    put(tmp_path, "a.csv", '\ufeffitem;name\r\n1;"two\nlines"\r\n2;"a ""word"""\r\n3;last')
    rows = await everything(lists, "*.csv", limit)
    assert [(row.number, dict(row.cells)) for row in rows] == [
        (1, {"item": "1", "name": "two\nlines"}),
        (2, {"item": "2", "name": 'a "word"'}),
        (3, {"item": "3", "name": "last"}),
    ]


async def test_the_newest_whole_file_that_fits(lists: FileLists, tmp_path: Path) -> None:
    put(tmp_path, "a1.csv", "item\nold\n", age=7200)
    put(tmp_path, "a2.csv", "item\nnew\n", age=3600)
    put(tmp_path, "a3.csv", "item\nstill written\n", age=5)
    put(tmp_path, "a4.csv.part", "item\nunfinished\n")
    put(tmp_path, "b.csv", "item\nanother\n", age=100)
    first = await lists.rows("a*", "", None, 10)
    assert [row.cells["item"] for row in first.rows] == ["new"]
    again = await lists.rows("a*", first.version, None, 10)
    assert (again.rows, again.after, again.whole) == ((), None, False)


async def test_a_file_that_is_replaced_meanwhile_is_read_from_its_beginning(lists: FileLists, tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "item\n1\n2\n3\n")
    first = await lists.rows("a.csv", "", None, 2)
    put(tmp_path, "a.csv", "item\n7\n8\n9\n", age=1800)
    second = await lists.rows("a.csv", "", first.after, 2)
    assert ([row.cells["item"] for row in second.rows], second.edition != first.edition) == (["7", "8"], True)


async def test_rows_that_cannot_be_read_are_told_by_number(lists: FileLists, tmp_path: Path) -> None:
    put(tmp_path, "a.csv", b"item,name\n1,a\n\n2\n3,\xff\n4,b,c\n" + b"5," + b"x" * 140_000 + b"\n6,d\n")
    rows = await everything(lists, "a.csv", 2)
    assert [(row.number, row.problem) for row in rows] == [
        (1, ""),
        (2, "the row is empty"),
        (3, "1 cells instead of 2"),
        (4, "it is not UTF-8"),
        (5, "3 cells instead of 2"),
        (6, "a cell is too long, or a quotation mark is not closed"),
        (7, ""),
    ]


@pytest.mark.parametrize("text", ["", "\n1\n", "item,item\n1,2\n"])
async def test_a_file_without_a_header_is_no_list(lists: FileLists, tmp_path: Path, text: str) -> None:
    put(tmp_path, "a.csv", text)
    with pytest.raises(ContractBroken, match="name the columns"):
        await lists.rows("a.csv", "", None, 2)


async def test_no_file_yet_may_pass(lists: FileLists) -> None:
    with pytest.raises(Unavailable, match="has the list been sent"):
        await lists.rows("a.csv", "", None, 2)


def test_an_item_of_json_is_flat() -> None:
    item = {"id": 7, "name": {"short": "A"}, "active": True, "none": None, "tags": [1]}
    assert flat(item) == {"id": "7", "name.short": "A", "active": "true", "none": "", "tags": ""}
