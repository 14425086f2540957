"""Change messages of Odoo, from bytes to events. Each target returns, or raises FormatError; nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from careloom.core.errors import MappingError
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.reading import Unit, reader
from careloom.mapping.source import Settings
from careloom.model import decode, encode

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "odoo"


def _translated(data: bytes) -> object:
    """Every event keeps its contract, whatever the record holds."""
    (unit,) = reader("odoo").units(data, Settings())
    if not isinstance(unit, Unit):
        raise unit.error
    mapping = mapping_for("odoo", unit.type)
    if mapping is None:
        return None
    try:
        made = mapping.translate(reader("odoo").parse(unit.body, Settings()), Settings())
    except MappingError:
        return None
    return [decode(event.type, encode(event)) for event in made.events]


def targets() -> Mapping[str, tuple[Callable[[bytes], object], Sequence[bytes]]]:
    """By name: what to call, and from which bytes to start."""
    return {"odoo": (_translated, [file.read_bytes() for file in sorted(SAMPLES.rglob("*.json"))])}
