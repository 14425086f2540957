"""Which Odoo model and field each canonical field goes to, and what is read of Odoo for events.

Nothing is listed here. Documents say it themselves (`FIELDS` of each module), names that differ between the series come
from the table that the documents use, columns of a partner are found out by asking for them, and what is read of a
change is what both feeds ask for.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from importlib import import_module
from typing import Any, Final

from careloom.core.errors import MappingError
from careloom.systems.odoo import documents
from careloom.systems.odoo.documents.series import field_name
from careloom.systems.odoo.feed.watches import WATCHES
from careloom.systems.odoo.partner import PartnerRow, partner_values
from careloom.systems.odoo.places import Place

SERIES: Final = (18, 19)
_PARTNER: Final = "res.partner"
_PLACE: Final = Place(country_id=1, state_id=2, unknown=())


@dataclass(frozen=True, slots=True, order=True)
class Goes:
    """A field of a document, and where its value is in Odoo `series`; `note` says when not, or not always."""

    series: int
    document: str
    field: str
    model: str
    column: str
    note: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Comes:
    """A field that is read of a changed record; `path` leads from that record through its relations."""

    series: int
    model: str
    path: str
    decides: bool


def into_odoo(series: int) -> list[Goes]:
    """Every field that is written, in the order of documents and fields."""
    return sorted([*_of_partner(series), *_of_documents(series)])


def out_of_odoo(series: int) -> list[Comes]:
    """Every field that is read for events. `decides`: a change of it is what makes an event."""
    found: set[Comes] = set()
    for watch in WATCHES:
        for path in _paths(watch.specification):
            found.add(Comes(series, watch.model, _named(watch.model, path, series), path in watch.state))
        for name in watch.state:
            found.add(Comes(series, watch.model, _named(watch.model, name, series), True))
    return sorted(one for one in found if not (not one.decides and _replaced(one, found)))


def _replaced(one: Comes, found: set[Comes]) -> bool:
    return Comes(one.series, one.model, one.path, True) in found


def _named(model: str, path: str, series: int) -> str:
    return field_name(model, path, series) if "." not in path else path


def _paths(specification: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name, below in specification.items():
        if below.get("fields"):
            yield from _paths(below["fields"], f"{above}{name}.")
        else:
            yield above + name


def _of_partner(series: int) -> Iterator[Goes]:
    """Each value alone, and the columns that it makes beside those that a name makes by itself."""
    bare = partner_values(PartnerRow(given="A"), Place(None, None, ()), major=series).values
    for field in fields(PartnerRow):
        place = _PLACE if field.name in ("country", "state") else Place(None, None, ())
        row = PartnerRow(**{"given": "A", field.name: "B"})
        made = partner_values(row, place, major=series)
        changed = [column for column, value in made.values.items() if bare.get(column) != value]
        for column in changed:
            if _of_this(field.name, column):
                yield Goes(series, "partner", field.name, _PARTNER, column.partition("/")[0], _only(field.name, series))


def _of_this(field: str, column: str) -> bool:
    """Country and state are sent together; each is shown where it belongs."""
    return not column.startswith(("country_id", "state_id")) or column.startswith(field)


def _only(field: str, series: int) -> str:
    """Whether the value is left out where the other number is there too."""
    other = {"mobile": "phone"}.get(field)
    if other is None:
        return ""
    row = PartnerRow(**{"given": "A", field: "B", other: "C"})
    made = partner_values(row, Place(None, None, ()), major=series)
    return next((issue.problem for issue in made.issues if issue.field == field), "")


def _of_documents(series: int) -> Iterator[Goes]:
    for name, table in tables().items():
        for field, place in table.items():
            where, _, note = place.partition(" (")
            model, _, column = where.rpartition(".")
            if not model:
                raise MappingError(f"{place!r} names no model; write it as model.field", f"{name}.{field}")
            yield Goes(series, name, field, model, field_name(model, column, series), note.rstrip(")"))


def tables() -> Mapping[str, Mapping[str, str]]:
    """What each module of documents says of its fields, by its name."""
    found = {}
    for module in pkgutil.iter_modules(documents.__path__):
        table = getattr(import_module(f"{documents.__name__}.{module.name}"), "FIELDS", None)
        if isinstance(table, Mapping):
            found[module.name] = table
    return found
