"""What others published: each resource becomes events, has a reason why not, or is a case that names its place; and a
patient is the same whether read from HL7 v2 or from the FHIR that others made of it."""

from __future__ import annotations

import csv
import time
from collections import Counter
from pathlib import Path

import pytest

from careloom.core.errors import FormatError, MappingError
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.reading import Unread, reader
from careloom.mapping.source import Settings
from careloom.mapping.subject import subjects_of
from careloom.model import Patient, PatientEvent, decode, encode

SHARED = Path(__file__).resolve().parents[3] / ".." / "shared"
ROOT = SHARED / "corpora"
FILES = sorted(path for path in (ROOT / "open" / "fhir").rglob("*") if path.suffix in (".json", ".ndjson"))
SETTINGS = Settings()
LONGEST = 1.0

pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not SHARED.exists(), reason="the corpora do not stand beside the project"),
]


def patients(format: str, data: bytes, found: Counter[str]) -> list[Patient]:
    """The patients of whatever events come of it; each event keeps its contract and has a subject."""
    seen = []
    for unit in reader(format).units(data, SETTINGS):
        if isinstance(unit, Unread):
            assert unit.place or unit.error.location
            found["refused"] += 1
            continue
        mapping = mapping_for(format, unit.type)
        if mapping is None:
            found["unmapped"] += 1
            continue
        try:
            made = mapping.translate(reader(format).parse(unit.body, SETTINGS), SETTINGS)
        except (MappingError, FormatError) as error:
            assert error.field, "a case names its place"
            found["case"] += 1
            continue
        assert bool(made.events) != bool(made.filtered)
        found["mapped" if made.events else "filtered"] += 1
        for event in made.events:
            assert decode(event.type, encode(event)) == event
            assert subjects_of(event)[0]
            if isinstance(event, PatientEvent):
                seen.append(event.patient)
    return seen


def test_every_file_has_an_outcome(record_property: pytest.FixtureRequest) -> None:
    found: Counter[str] = Counter()
    slow = []
    for path in FILES:
        data = path.read_bytes()
        began = time.process_time()
        patients("fhir", data, found)
        if time.process_time() - began > LONGEST:
            began = time.process_time()  # the first of a kind pays for imports and compiled schemas
            patients("fhir", data, Counter())
            if time.process_time() - began > LONGEST:
                slow.append(path.name)
    record_property("outcomes", dict(found))  # type: ignore[operator]
    assert not slow
    assert found["mapped"] > found["case"] * 5
    assert sum(found.values()) >= len(FILES)
    assert not found["unmapped"]


def pairs() -> list[tuple[Path, Path]]:
    if not SHARED.exists():
        return []
    with (ROOT / "MANIFEST.tsv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    return [
        (ROOT / row["expected_of"], ROOT / row["file"])
        for row in rows
        if row["expected_of"] and row["file"].endswith(".json") and row["split"] == "open"
    ]


def test_both_ways_tell_the_same_patient() -> None:
    """Where both name a birth date, a gender or a family name, they are the same ones."""
    found: Counter[str] = Counter()
    compared = 0
    differing = []
    for source, expected in pairs():
        if not source.exists():
            continue
        ours = patients("hl7v2", source.read_bytes(), found)
        theirs = patients("fhir", expected.read_bytes(), found)
        if not ours or not theirs:
            continue
        compared += 1
        if not any(same(ours[0], other) for other in theirs):
            differing.append(expected.name)
    assert compared >= 20
    assert not differing, f"{len(differing)} of {compared} differ"


def same(one: Patient, other: Patient) -> bool:
    """The key fields, where both have them."""
    born = one.birth_date is None or other.birth_date is None or one.birth_date == other.birth_date
    names = {name.family.upper() for name in one.name if name.family}
    others = {name.family.upper() for name in other.name if name.family}
    named = not names or not others or bool(names & others)
    numbers = {each.value for each in one.identifier} & {each.value for each in other.identifier}
    gender = one.gender is None or other.gender is None or one.gender == other.gender
    return born and named and gender and bool(numbers)
