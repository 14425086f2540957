"""From strangers' bytes to events, in every format. Each target returns, or raises FormatError; nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from careloom.core.errors import FormatError, MappingError
from careloom.formats.csv import Layout
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.declared import Rules
from careloom.mapping.reading import Unit, reader
from careloom.mapping.source import JsonShape, Settings
from careloom.model import decode, encode
from careloom.systems.fhir.refusals import said_by

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
PLAIN = Settings()
ORDERS = Settings(
    json=JsonShape(dialect="shop", key="/id"),
    rules=Rules.load(
        '[[rules]]\nevent = "product.changed.v1"\n[rules.fields]\n"product.identifier[0].value" = "/lines/0/item"\n'
        '"product.name" = { join = ["/id", "/placed"] }\n"product.price" = { from = "/total", currency = "EUR" }\n'
    ),
)
PRICES = Settings(
    layout=Layout.load((SAMPLES / "csv" / "prices.toml").read_text()),
    rules=Rules.load(
        '[[rules]]\nevent = "product.changed.v1"\n[rules.fields]\n"product.identifier[0].value" = "/item"\n'
        '"product.name" = { from = ["/description", "/item"] }\n'
        '"product.price" = { from = "/price", currency = "EUR" }\n'
    ),
)


def _mapped(format: str, settings: Settings, data: bytes) -> object:
    """Every event keeps its contract, whatever it was made of."""
    made = []
    for unit in reader(format).units(data, settings):
        mapping = mapping_for(format, unit.type) if isinstance(unit, Unit) else None
        if mapping is None or not isinstance(unit, Unit):
            continue
        try:
            found = mapping.translate(reader(format).parse(unit.body, settings), settings)
        except (MappingError, FormatError) as error:
            made.append(str(error))
            continue
        made += [decode(event.type, encode(event)).type for event in found.events]
    return made


def targets() -> Mapping[str, tuple[Callable[[bytes], object], Sequence[bytes]]]:
    """What is tried, with what it begins from."""
    found: dict[str, tuple[Callable[[bytes], object], Sequence[bytes]]] = {
        "fhir-refusals": (said_by, [(SAMPLES / "fhir" / "OperationOutcome.json").read_bytes()])
    }
    for format, settings, pattern in (
        ("hl7v2", PLAIN, "hl7v2/*.hl7"),
        ("x12", PLAIN, "x12/*.edi"),
        ("fhir", PLAIN, "fhir/*.json"),
        ("bank", PLAIN, "bank/*"),
        ("csv", PRICES, "csv/prices.csv"),
        ("json", ORDERS, "jsondoc/order.json"),
    ):
        mapped = partial(_mapped, format, settings)
        seeds = [path.read_bytes() for path in sorted(SAMPLES.glob(pattern))]
        for seed in seeds:  # what the first of a kind costs (imports, compiled schemas) is not what an input costs
            mapped(seed)
        found[format] = (mapped, seeds)
    return found
