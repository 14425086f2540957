"""Rules as data: documents and rows become canonical events, and events documents, as a file declares.

    rules = Rules.load(path.read_text())
    rules.translate(document, settings, "crm/contacts")       # Translation

A message of rows is a document too: `/column` is a value of its first row, `/rows` are all of them. How to write rules:
docs/how-to/map-documents.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from careloom.core.errors import FormatError
from careloom.formats.csv import Layout, Row
from careloom.mapping.catalogue import Mapping
from careloom.mapping.declared.outgoing import Outgoing
from careloom.mapping.declared.rules import Rules, translate
from careloom.mapping.reading.json import UNTYPED, at
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings

__all__ = ["MAPPINGS", "Outgoing", "Rules", "from_document", "from_rows", "row_document"]


def from_document(document: Any, settings: Settings) -> Translation:
    """What a JSON document becomes. Raises MappingError."""
    shape = settings.json
    if shape is None:
        return translate(document, settings, UNTYPED)
    kind = at(document, shape.type)
    known = isinstance(kind, str | int) and not isinstance(kind, bool)
    return translate(document, settings, f"{shape.dialect}/{kind if known and kind != '' else UNTYPED}")


def from_rows(rows: Sequence[Row], settings: Settings) -> Translation:
    """What the rows of a message become. Raises MappingError."""
    if not rows:
        raise FormatError("holds no row", "body")
    name = settings.layout.name if isinstance(settings.layout, Layout) else "rows"
    return translate(row_document(rows), settings, name)


def row_document(rows: Sequence[Row]) -> dict[str, str | int | Decimal | date | datetime | bool | list[Any] | None]:
    """The rows of one message as rules read them."""
    every = [dict(row.values) for row in rows]
    return {**every[0], "rows": every}


MAPPINGS = (Mapping("json", ("*",), from_document), Mapping("csv", ("*",), from_rows))
