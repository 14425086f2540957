"""Samples as messages, and what is done to explain one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from careloom.formats.csv import Layout
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.declared import Rules
from careloom.mapping.explaining import Explanation, explain
from careloom.mapping.reading import Unit, reader
from careloom.mapping.result import Translation
from careloom.mapping.source import JsonShape, Settings

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
CONTACT_RULES = """
[drop]
"/notes" = "notes are free text"

[[rules]]
when = { "/type" = "contact" }
event = "contact.updated.v1"
occurred = "/updated"

[rules.fields]
"contact.identifier[0].value" = "/id"
"contact.identifier[0].assigner" = { constant = "CRM" }
"contact.name" = { from = "/name", split = "given family" }
"contact.telecom[0].system" = { constant = "phone" }
"contact.telecom[0].value" = { from = ["/mobile", "/phone"] }
"contact.active" = { from = "/status", true = "on", false = ["off"] }
"contact.tag" = { each = "/tags", value = "." }
"""
CONTACT = (
    b'{"type":"contact","id":7,"updated":"2026-03-01T08:00:00Z","name":"Ada Mae Quillfeather","mobile":"555-0142",'
    b'"phone":"555-0143","status":"off","tags":["vip","en"],"notes":"long","nothing":null,"empty":"","score":12.10}'
)
PRICE_RULES = """
[drop]
"/remark" = "remarks are for buyers"
"/rows/*/bin" = "where it lies is the warehouse's own"

[[rules]]
event = "product.changed.v1"
each = "/rows"
[rules.fields]
"product.identifier[0].value" = "/sku"
"product.name" = "/text"
"product.price" = "/price"
"""
PRICE_LAYOUT = {
    "name": "prices",
    "message": "group",
    "key": ["catalogue"],
    "columns": [
        {"name": "catalogue", "required": True},
        {"name": "sku", "required": True},
        {"name": "text"},
        {"name": "price", "type": "decimal"},
        {"name": "remark"},
        {"name": "bin"},
        {"name": "weight"},
    ],
}
PRICES = b"catalogue,sku,text,price,remark,bin,weight\nC7,GLV,Gloves,12.10,x,B1,2\nC7,SYR,Syringe,0.1,y,B2,3\n"
JSON = Settings(json=JsonShape(dialect="crm", type="/type", key="/id", noun="Contact"), rules=Rules.load(CONTACT_RULES))
ROWS = Settings(layout=Layout.load(PRICE_LAYOUT), rules=Rules.load(PRICE_RULES), currency="EUR")


class Explained:
    """One message of a sample, and its explanation."""

    def __init__(self, format: str, unit: Unit, settings: Settings) -> None:
        self.format = format
        self.settings = settings
        self.unit = unit
        mapping = mapping_for(format, unit.type)
        assert mapping is not None
        self.mapping = mapping
        self.explanation: Explanation = explain(format, self.unit.body, self.translated)

    def translated(self, body: bytes) -> Translation:
        return self.mapping.translate(reader(self.format).parse(body, self.settings), self.settings)

    @property
    def sources(self) -> dict[str, tuple[str, ...]]:
        """The places by target, without the event's type."""
        return {one.target.partition("/")[2]: one.sources for one in self.explanation.origins}

    @property
    def decides(self) -> list[str]:
        return [leaf.path for leaf in self.explanation.decides]

    @property
    def unused(self) -> list[str]:
        return [leaf.path for leaf in self.explanation.unused]


def units(format: str, data: bytes, settings: Settings) -> list[Unit]:
    return [one for one in reader(format).units(data, settings) if isinstance(one, Unit)]


def samples(format: str) -> Iterator[Path]:
    """Files of one format; those beside them that say what is expected are none."""
    return (file for file in sorted((SAMPLES / format).iterdir()) if not file.name.endswith(".expected.json"))


@pytest.fixture
def explained() -> Callable[..., Explained]:
    """Explains the one message of a sample, or of some bytes."""

    def made(format: str, data: str | bytes, settings: Settings | None = None) -> Explained:
        if isinstance(data, str):
            data = (SAMPLES / data).read_bytes()
        [unit] = units(format, data, settings or Settings())
        return Explained(format, unit, settings or Settings())

    return made
