"""A record as `web_read` gives it, read by type: empty is False in Odoo whatever the type is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from careloom.core.errors import MappingError
from careloom.mapping.odoo.change import Values

_PLACES: Final = 6
_MOST_DIGITS: Final = 15
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT: Final = re.compile(r"(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)")


class Node:
    """The fields of one record. Every reader gives None for what is empty or was not read, and raises MappingError,
    which names the field by its path, for a value of another type."""

    __slots__ = ("_path", "_values")

    def __init__(self, values: Values, path: str = "record") -> None:
        self._values = values
        self._path = path

    @property
    def id(self) -> int | None:
        """The database id; None where it was not read."""
        return self.whole("id")

    def text(self, *names: str) -> str | None:
        """The first of these fields that holds a text."""
        for name in names:
            value = self._get(name)
            if value is None:
                continue
            if not isinstance(value, str):
                raise self._wrong(name, "a text")
            if value := value.strip():
                return value
        return None

    def number(self, *names: str) -> Decimal | None:
        """The first of these fields that is there, as an exact number of at most six places."""
        for name in names:
            value = self._values.get(name)
            if value is None or value is False:
                continue
            if isinstance(value, bool) or not isinstance(value, int | Decimal):
                raise self._wrong(name, "a number")
            return rounded(Decimal(value), _PLACES)
        return None

    def whole(self, name: str) -> int | None:
        """A whole number."""
        value = self._get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise self._wrong(name, "a whole number")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean."""
        value = self._values.get(name, default)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def day(self, name: str) -> str | None:
        """A date, `2026-11-21`, also of a moment."""
        value = self.text(name)
        if value is None:
            return None
        if not _DAY.fullmatch(value[:10]) or not (len(value) == len("2026-11-21") or _MOMENT.fullmatch(value)):
            raise self._wrong(name, "a date")
        return value[:10]

    def moment(self, name: str) -> str | None:
        """A moment in UTC as FHIR's dateTime; Odoo writes `2026-11-21 09:00:00`."""
        value = self.text(name)
        if value is None or _DAY.fullmatch(value):
            return value
        parts = _MOMENT.fullmatch(value)
        if parts is None:
            raise self._wrong(name, "a moment")
        return f"{parts[1]}T{parts[2]}Z"

    def one(self, *names: str) -> Node | None:
        """The record that the first of these many2one fields points to."""
        for name in names:
            value = self._get(name)
            if value is None:
                continue
            if isinstance(value, int) and not isinstance(value, bool):
                return Node({"id": value}, f"{self._path}.{name}")
            if not isinstance(value, dict):
                raise self._wrong(name, "a record")
            return Node(value, f"{self._path}.{name}")
        return None

    def many(self, name: str) -> Iterator[Node]:
        """The records of an x2many field, in their order."""
        value = self._get(name) or []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self._wrong(name, "a list of records")
        for place, each in enumerate(value):
            yield Node(each, f"{self._path}.{name}[{place}]")

    def demand(self, name: str, value: Any) -> Any:
        """The value; raises MappingError where it is None."""
        if value is None:
            raise MappingError("is empty, and the event needs it: complete the record in Odoo", self.path(name))
        return value

    def path(self, name: str) -> str:
        """Where a field stands, for an error."""
        return f"{self._path}.{name}"

    def _get(self, name: str) -> Any:
        value = self._values.get(name)
        return None if value is False else value

    def _wrong(self, name: str, wanted: str) -> MappingError:
        return MappingError(f"must be {wanted}; another module may have changed the field", self.path(name))


def rounded(number: Decimal, places: int, *, fixed: bool = False) -> Decimal:
    """The number to so many places; without `fixed`, no more of them than it needs."""
    if not number.is_finite() or number.adjusted() > _MOST_DIGITS:
        raise MappingError("is no number that a document can hold: correct it in Odoo", "record")
    made = number.quantize(Decimal(1).scaleb(-places))
    if fixed:
        return made
    made = made.normalize()
    return made.quantize(Decimal(1)) if made == made.to_integral_value() else made
