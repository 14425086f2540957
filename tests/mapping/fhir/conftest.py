"""What the tests of this mapping share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from careloom.formats import fhir
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.reading import Unit, reader
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.model import decode, encode

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "fhir"
Translate = Callable[..., Translation]


def translated(resource: Mapping[str, Any], settings: Settings | None = None) -> Translation:
    """As the hub does it: read into messages, parsed, mapped; every event keeps its contract."""
    settings = settings or Settings()
    events: list[Any] = []
    filtered: list[str] = []
    issues: list[Any] = []
    for unit in reader("fhir").units(fhir.encode(dict(resource)), settings):
        assert isinstance(unit, Unit)
        mapping = mapping_for("fhir", unit.type)
        assert mapping is not None
        made = mapping.translate(reader("fhir").parse(unit.body, settings), settings)
        events += made.events
        issues += made.issues
        filtered += [made.filtered] if made.filtered else []
    for event in events:
        assert decode(event.type, encode(event)) == event
    return Translation(events=tuple(events), filtered="; ".join(filtered) or None, issues=tuple(issues))


@pytest.fixture
def translate() -> Translate:
    return translated


@pytest.fixture
def sample() -> Callable[[str], dict[str, Any]]:
    return lambda name: fhir.parse((SAMPLES / f"{name}.json").read_bytes())
