"""FHIR from strangers' bytes to events. Each target returns, or raises FormatError; nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from careloom.core.errors import FormatError, MappingError
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.reading import Unread, reader
from careloom.mapping.source import Settings
from careloom.model import decode, encode
from careloom.systems.fhir.refusals import said_by

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "fhir"
SETTINGS = Settings()


def _mapped(data: bytes) -> object:
    """Every event keeps its contract, whatever it was made of."""
    made = []
    for unit in reader("fhir").units(data, SETTINGS):
        mapping = None if isinstance(unit, Unread) else mapping_for("fhir", unit.type)
        if mapping is None or isinstance(unit, Unread):
            continue
        try:
            found = mapping.translate(reader("fhir").parse(unit.body, SETTINGS), SETTINGS)
        except (MappingError, FormatError) as error:
            made.append(error.field)
            continue
        made += [decode(event.type, encode(event)).type for event in found.events]
    return made


def targets() -> Mapping[str, tuple[Callable[[bytes], object], Sequence[bytes]]]:
    """What is tried, with what it begins from."""
    seeds = [path.read_bytes() for path in sorted(SAMPLES.glob("*.json"))]
    for seed in seeds:  # what the first of a kind costs (imports, compiled schemas) is not what an input costs
        _mapped(seed)
    refusals = [(SAMPLES / "OperationOutcome.json").read_bytes()]
    return {"mapped": (_mapped, seeds), "refusals": (said_by, refusals)}
