"""The families as the catalogue and the coverage report see them."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

from careloom.mapping.catalogue import FAMILIES, mapping_for

PLACE = re.compile(r"[A-Z0-9]{2,6}(/[A-Z][A-Z0-9]{1,2}(\d\d)?)?")
X12 = [family for family in FAMILIES if ".x12." in family]
SETS = (
    "270", "271", "276", "277", "278", "810", "820", "834", "835", "837", "846", "850", "855", "856", "997", "999",
    "TA1",
)  # fmt: skip


@pytest.mark.parametrize("set_id", SETS)
def test_each_set_has_its_mapping(set_id: str) -> None:
    mapping = mapping_for("x12", set_id)
    assert mapping is not None
    assert mapping.types != ("*",)


@pytest.mark.parametrize("family", X12)
def test_what_is_left_behind_has_a_place_and_a_reason(family: str) -> None:
    dropped = import_module(family).DROPPED
    assert dropped
    for place, reason in dropped.items():
        assert PLACE.fullmatch(place), place
        assert len(reason.split()) >= 3, place
