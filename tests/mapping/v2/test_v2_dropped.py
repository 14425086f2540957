"""What each family leaves behind has a reason, and a message type belongs to one family."""

from __future__ import annotations

import re
from collections import Counter
from importlib import import_module

import pytest

from careloom.mapping.catalogue import FAMILIES, mappings

OURS = [name for name in FAMILIES if name == "careloom.mapping.adt" or name.startswith("careloom.mapping.v2.")]
PLACE = re.compile(r"[A-Z][A-Z0-9]{2}(-\d{1,2})?")


@pytest.mark.parametrize("family", OURS)
def test_every_place_left_behind_has_a_reason(family: str) -> None:
    dropped = import_module(family).DROPPED
    assert dropped
    for place, reason in dropped.items():
        assert PLACE.fullmatch(place), place
        assert reason, place
        if reason.startswith("as "):
            assert reason.removeprefix("as ") in dropped, (place, reason)


def test_no_type_is_mapped_twice() -> None:
    counted = Counter(type for mapping in mappings() if mapping.format == "hl7v2" for type in mapping.types)
    assert [type for type, count in counted.items() if count > 1] == []
    assert {"ADT", "SIU", "ORM", "OML", "ORU", "DFT", "BAR", "RDE", "RDS", "MDM", "MFN", "ACK", "QBP"} <= set(counted)
