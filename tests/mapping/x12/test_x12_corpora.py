"""Files that others published: each set that we map becomes events, or a case that names its place."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from careloom.core.errors import FormatError, MappingError
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.reading import Unread, reader
from careloom.mapping.source import Settings
from careloom.mapping.subject import subjects_of
from careloom.model import decode, encode

SHARED = Path(__file__).resolve().parents[3] / ".." / "shared"
FILES = sorted(path for path in (SHARED / "corpora" / "open" / "x12").rglob("*") if path.suffix not in (".xml", ""))
SETTINGS = Settings()
LONGEST = 1.0

pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not SHARED.exists(), reason="the corpora do not stand beside the project"),
]


def outcomes(path: Path) -> Counter[str]:
    found: Counter[str] = Counter()
    for unit in reader("x12").units(path.read_bytes(), SETTINGS):
        if isinstance(unit, Unread):
            assert unit.place or unit.error.location
            found["unread"] += 1
            continue
        mapping = mapping_for("x12", unit.type)
        if mapping is None:
            found["unmapped"] += 1
            continue
        try:
            translation = mapping.translate(reader("x12").parse(unit.body, SETTINGS), SETTINGS)
        except (MappingError, FormatError) as error:
            assert error.field, path.name
            found["case"] += 1
            continue
        assert translation.events or translation.filtered, path.name
        found["filtered"] += translation.filtered is not None
        for event in translation.events:
            assert decode(event.type, encode(event)) == event
            assert subjects_of(event)[0]
            found[event.type] += 1
    return found


def test_every_file_becomes_events_or_a_located_case() -> None:
    total: Counter[str] = Counter()
    for path in FILES:
        started = time.perf_counter()
        total += outcomes(path)
        assert time.perf_counter() - started < LONGEST, path.name
    mapped = sum(count for type, count in total.items() if type.endswith(".v1"))
    print(dict(total))
    assert mapped >= 155
    assert total["case"] <= 8
    assert len([type for type in total if type.endswith(".v1")]) >= 18
