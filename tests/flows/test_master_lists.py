"""Rows of lists: digests that tell what differs, and totals that do not depend on the order."""

from __future__ import annotations

from functools import reduce
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.core.errors import FormatError
from careloom.flows.master_lists import MasterList, added
from careloom.systems.listing import ListedRow

LIST = MasterList(
    name="catalogue", sort="product", listed_as="x", key="item", columns={"name": "name", "price": "price"}
)
KEY = bytes(range(16))
TEXTS = st.text("abcxyz 0189", max_size=12)


def row(name: str = "Gloves", price: str = "1.00", item: str = "A") -> ListedRow:
    return ListedRow(3, {"item": item, "name": name, "price": price})


@given(st.lists(st.binary(min_size=16, max_size=30), max_size=30), st.randoms())
def test_a_total_is_the_same_in_whatever_order(digests: list[bytes], chance: object) -> None:
    shuffled = list(digests)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert reduce(added, digests, bytes(16)) == reduce(added, shuffled, bytes(16))


def test_two_rows_that_swapped_their_content_are_another_total() -> None:
    one, other = ({"name": name, "code": "A", "price": "1.00"} for name in ("Gloves", "Gowns"))
    first = [LIST.digest(KEY, UUID(int=1), one), LIST.digest(KEY, UUID(int=2), other)]
    second = [LIST.digest(KEY, UUID(int=1), other), LIST.digest(KEY, UUID(int=2), one)]
    assert reduce(added, first, bytes(16)) != reduce(added, second, bytes(16))


@given(TEXTS, TEXTS)
def test_digests_tell_which_fields_differ(one: str, other: str) -> None:
    first, second = ({"name": name, "code": "A", "price": "1.00"} for name in (one, other))
    digests = LIST.digest(KEY, UUID(int=1), first), LIST.digest(KEY, UUID(int=1), second)
    assert LIST.differing(*digests) == (("name",) if one != other else ())
    assert (digests[0] == digests[1]) == (one == other)


@pytest.mark.parametrize(("price", "plain"), [("1", "1.00"), ("", "0.00"), ("1.50", "1.50"), ("1E2", "100.00")])
def test_a_row_and_its_record_are_the_same(price: str, plain: str) -> None:
    values = LIST.values(row(name="  Gloves,   nitrile ", price=price))
    assert values == {"name": "Gloves, nitrile", "code": "A", "price": plain}
    assert LIST.as_listed({"name": "Gloves, nitrile", "default_code": "A", "list_price": float(plain)}) == values


@pytest.mark.parametrize("price", ["-1", "1.005", "NaN", "1E13", "1E999999999", "one"])
def test_a_price_that_is_none_names_row_and_column(price: str) -> None:
    with pytest.raises(FormatError, match="catalogue row 3, column price"):
        LIST.values(row(price=price))


def test_a_row_without_key_or_column() -> None:
    with pytest.raises(FormatError, match="catalogue row 3, column item: the key is empty"):
        LIST.values(row(item=" "))
    with pytest.raises(FormatError, match="catalogue row 3, column price: the list has no such column"):
        LIST.values(ListedRow(3, {"item": "A", "name": "Gloves"}))
