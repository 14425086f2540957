"""Whatever is done to a resource, it becomes events that keep their contract, or an error with its place."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from careloom.core.errors import FormatError, MappingError
from careloom.formats import fhir
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.reading import Unread, reader
from careloom.mapping.source import Settings
from careloom.mapping.subject import subjects_of
from careloom.model import decode, encode

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "samples" / "fhir").glob("*.json"))
SETTINGS = Settings()
JUNK = (None, "", " ", "x", 7, -1, True, [], {}, [None], [{}], "0000-00-00", "2026-02-30", {"value": "1e999"},
        {"reference": "#"}, {"reference": "#nobody"}, {"reference": "Patient/1"}, {"value": 10**30, "currency": "usd"},
        "\u0000", "9" * 300)  # fmt: skip
ROUNDS = 40


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict | list):
        for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
            yield value, key
            yield from places(inner)


def outcome(data: bytes) -> int:
    made = 0
    for unit in reader("fhir").units(data, SETTINGS):
        if isinstance(unit, Unread):
            continue
        mapping = mapping_for("fhir", unit.type)
        assert mapping is not None
        try:
            found = mapping.translate(reader("fhir").parse(unit.body, SETTINGS), SETTINGS)
        except (MappingError, FormatError) as error:
            assert "Quill" not in str(error)
            continue
        for event in found.events:
            assert decode(event.type, encode(event)) == event
            assert subjects_of(event)[0]
            made += 1
    return made


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_damaged_resource_never_breaks_it(path: Path) -> None:
    choice = random.Random(path.stem)
    for _ in range(ROUNDS):
        resource = fhir.parse(path.read_bytes())
        for _ in range(choice.randint(1, 3)):
            holder, key = choice.choice(list(places(resource)))
            holder[key] = copy.deepcopy(choice.choice(JUNK))
        try:
            data = fhir.encode(resource)
        except (TypeError, ValueError):
            continue
        outcome(data)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_shapeless_resource_passed_past_the_check_breaks_nothing_either(path: Path) -> None:
    """A project may call a mapping with what it made itself."""
    choice = random.Random(path.name)
    for _ in range(ROUNDS):
        resource = fhir.parse(path.read_bytes())
        holder, key = choice.choice(list(places(resource)))
        holder[key] = copy.deepcopy(choice.choice(JUNK))
        kind = resource.get("resourceType")
        mapping = mapping_for("fhir", kind) if isinstance(kind, str) else None
        if mapping is None:
            continue
        try:
            made = mapping.translate(resource, SETTINGS)
        except (MappingError, FormatError):
            continue
        for event in made.events:
            assert decode(event.type, encode(event)) == event
