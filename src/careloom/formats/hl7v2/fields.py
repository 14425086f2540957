"""Fields of a segment by name, and their values in the types that the dictionary gives them. Nothing is read early."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, Final, NamedTuple, TypeVar

from careloom.core.errors import FormatError
from careloom.formats.hl7v2.dates import HL7Time, parse_time
from careloom.formats.hl7v2.dictionary import Dictionary, FieldDefinition, SegmentDefinition
from careloom.formats.hl7v2.segment import NULL, Dialect, Segment
from careloom.formats.hl7v2.types import (
    Address,
    Authority,
    Coded,
    Encapsulated,
    Entity,
    Identifier,
    Location,
    Organization,
    Person,
    PersonName,
    StructuredNumber,
    Telecom,
)

_FIELD, _REPETITION, _COMPONENT = 0, 1, 2
_FLAGS: Final = {"Y": True, "N": False}
_Struct = TypeVar("_Struct", bound=tuple[Any, ...])


class Value:
    """A field, one repetition of it, or a component. False when absent; the HL7 null `""` is present.

    `text`, `time`, `number`, `coded` and the like read the first repetition of a field; iterate for each. Parts are
    reached by number or name: `value[4]["namespace"]`. A value that is not what it is read as raises FormatError with
    its place; an absent one reads as `""`, None or a struct of empty parts. `type` is the HL7 data type.
    """

    __slots__ = ("_dialect", "_known", "_level", "place", "raw", "type")

    def __init__(self, raw: str, kind: str, place: str, dialect: Dialect, known: Dictionary, level: int = 0) -> None:
        self.raw = raw
        self.type = kind
        self.place = place
        self._dialect = dialect
        self._known = known
        self._level = level

    def __bool__(self) -> bool:
        return bool(self.raw)

    def __str__(self) -> str:
        return self.text

    def __iter__(self) -> Iterator[Value]:
        return iter(self.repetitions)

    def __len__(self) -> int:
        """The number of repetitions, 0 when absent."""
        return len(self.repetitions)

    @property
    def repetitions(self) -> Sequence[Value]:
        """Each repetition, in order; the value itself when it is one."""
        if not self.raw:
            return ()
        mark = self._dialect.separators.repetition
        if self._level != _FIELD or not mark or mark not in self.raw:
            return (self,)
        return [
            Value(raw, self.type, f"{self.place}[{number}]", self._dialect, self._known, _REPETITION)
            for number, raw in enumerate(self.raw.split(mark), 1)
        ]

    def __getitem__(self, part: int | str) -> Value:
        """A component of the first repetition, or a sub-component of a component, by number or name.

        KeyError for a name that the data type does not have: that is a mistake in the program.
        """
        definition = self._known.datatype(self.type)
        if isinstance(part, str):
            if definition is None or part not in definition.numbers:
                raise KeyError(f"{self.place}: the data type {self.type} has no part {part!r}")
            part = definition.numbers[part]
        parts = self._parts()
        raw = parts[part - 1] if 0 < part <= len(parts) else ""
        kind = "ST" if definition is None else next((c.type for c in definition.components if c.number == part), "ST")
        return Value(raw, kind, f"{self.place}.{part}", self._dialect, self._known, max(self._level + 1, _COMPONENT))

    @property
    def is_null(self) -> bool:
        """Whether the sender asks to delete the value."""
        return self.raw == NULL

    @property
    def text(self) -> str:
        """The plain text: of the whole value where it has no components, else of the first."""
        raw = self._first()
        if self._level < _COMPONENT and self._between() in raw:
            raw = self._head(self._parts()[0])
        elif self._level >= _COMPONENT or self.type in _HEADED:
            raw = self._head(raw)
        return self._dialect.text(raw)

    @property
    def time(self) -> HL7Time | None:
        """DTM, TS, DT: the time and how far it is known; None when absent."""
        text = self.text.strip()
        return parse_time(text, self.place) if text else None

    @property
    def date(self) -> date | None:
        """The calendar day of `time`."""
        found = self.time
        return found.date if found else None

    @property
    def number(self) -> Decimal | None:
        """NM, SI, or the first part of CQ, MO and CP; None when absent."""
        text = self.text.strip()
        if not text:
            return None
        try:
            found = Decimal(text)
        except InvalidOperation:
            found = Decimal("NaN")
        if not found.is_finite():
            raise FormatError("not a number", self.place)
        return found

    @property
    def flag(self) -> bool | None:
        """Y or N of table 0136; None when absent."""
        text = self.text.strip().upper()
        if text and text not in _FLAGS:
            raise FormatError("neither Y nor N", self.place)
        return _FLAGS.get(text)

    @property
    def coded(self) -> Coded:
        """CE, CWE, CNE, or a bare code."""
        return Coded._make(self._texts(9))

    @property
    def identifier(self) -> Identifier:
        """CX; a bare ST is its `id`."""
        return self._struct(Identifier, (3, 5))

    @property
    def entity(self) -> Entity:
        """EI."""
        return Entity._make(self._texts(4))

    @property
    def authority(self) -> Authority:
        """HD."""
        return Authority._make(self._texts(3))

    @property
    def person_name(self) -> PersonName:
        """XPN or PN."""
        return PersonName._make(self._texts(7))

    @property
    def person(self) -> Person:
        """XCN or CN."""
        return self._struct(Person, (8, 13))

    @property
    def address(self) -> Address:
        """XAD or AD."""
        return Address._make(self._texts(9))

    @property
    def telecom(self) -> Telecom:
        """XTN or TN."""
        return Telecom._make(self._texts(9))

    @property
    def location(self) -> Location:
        """PL."""
        return self._struct(Location, (3,))

    @property
    def organization(self) -> Organization:
        """XON."""
        return self._struct(Organization, (5, 7))

    @property
    def structured_number(self) -> StructuredNumber:
        """SN."""
        return StructuredNumber._make(self._texts(4))

    @property
    def encapsulated(self) -> Encapsulated:
        """ED."""
        return Encapsulated._make(self._texts(5))

    @property
    def units(self) -> Coded:
        """The second part of CQ."""
        return Coded._make(_filled([self._dialect.text(raw) for raw in self[2]._parts()], 9))

    @property
    def typed(self) -> object:
        """The first repetition in the Python type of its data type: a struct, a time, a number, else its text."""
        return getattr(self, _READINGS.get(self.type, "text"))

    def _first(self) -> str:
        mark = self._dialect.separators.repetition
        if self._level == _FIELD and mark and mark in self.raw:
            return self.raw.split(mark, 1)[0]
        return self.raw

    def _between(self) -> str:
        """What parts this value: the component separator, below that the sub-component's. Never empty."""
        separators = self._dialect.separators
        return (separators.component if self._level < _COMPONENT else separators.subcomponent) or "\r"

    def _parts(self) -> list[str]:
        return self._first().split(self._between())

    def _head(self, raw: str) -> str:
        """The first sub-component, as where FN stands for a family name."""
        return raw.split(self._dialect.separators.subcomponent or "\r", 1)[0]

    def _texts(self, count: int) -> list[str]:
        if self.raw == NULL:
            return [""] * count
        below = self._dialect.separators.subcomponent or "\r"
        text = self._dialect.text
        return _filled([text(raw.split(below, 1)[0] if below in raw else raw) for raw in self._parts()], count)

    def _struct(self, kind: type[_Struct], authorities: tuple[int, ...]) -> _Struct:
        """A struct some of whose parts (counted from 0) are assigning authorities."""
        parts: list[Any] = self._texts(len(kind()))
        raw = [] if self.raw == NULL else self._parts()
        for place in authorities:
            below = self._dialect.separators.subcomponent or "\r"
            inner = raw[place].split(below) if place < len(raw) and raw[place] else []
            parts[place] = Authority._make(_filled([self._dialect.text(one) for one in inner], 3))
        return kind(*parts)


_HEADED: Final = frozenset({"FN", "SAD", "MO", "CQ", "CP"})
_READINGS: Final[Mapping[str, str]] = {
    "DT": "date", "TS": "time", "DTM": "time", "NM": "number", "SI": "number", "CE": "coded", "CWE": "coded",
    "CNE": "coded", "CF": "coded", "CX": "identifier", "EI": "entity", "HD": "authority", "XPN": "person_name",
    "PN": "person_name", "XCN": "person", "CN": "person", "XAD": "address", "AD": "address", "XTN": "telecom",
    "TN": "telecom", "PL": "location", "XON": "organization", "SN": "structured_number", "ED": "encapsulated",
    "CQ": "number", "MO": "number", "CP": "number",
}  # fmt: skip


def _filled(texts: list[str], count: int) -> list[str]:
    return texts[:count] if len(texts) >= count else texts + [""] * (count - len(texts))


class Present(NamedTuple):
    """A field that is not empty, and what the dictionary says of it; None where it knows no such field."""

    definition: FieldDefinition | None
    value: Value


class Fields:
    """A segment whose fields are read by name: `obx.observation_value.number`.

    Names are those of `Dictionary.segment(...)`, the same in every version. A Z segment, or one the version does not
    have, is read by number. `segment` is the segment itself; `definition` what the dictionary says, or None.
    """

    __slots__ = ("_known", "definition", "segment")

    def __init__(self, segment: Segment, known: Dictionary) -> None:
        self.segment = segment
        self.definition: SegmentDefinition | None = known.segment(segment.name)
        self._known = known

    def __getattr__(self, name: str) -> Value:
        definition = self.definition
        number = definition.numbers.get(name) if definition else None
        if number is None:
            raise AttributeError(self._unknown(name))
        return self.value(number)

    def value(self, field: int | str) -> Value:
        """A field by number or name. KeyError for a name that the segment does not have."""
        definition = self.definition
        if isinstance(field, str):
            if definition is None or field not in definition.numbers:
                raise KeyError(self._unknown(field))
            field = definition.numbers[field]
        segment = self.segment
        known = definition.fields.get(field) if definition else None
        kind = known.type if known else "ST"
        if kind == "varies":
            kind = self._varying(field)
        parts = segment.parts
        raw = parts[field] if 0 < field < len(parts) else ""
        place = f"{segment.name}[{segment.index}]-{field}"
        return Value(raw, kind, place, segment.dialect, self._known)

    def get(self, inner: str, default: str = "") -> str:
        """The text at `F[r].C.S`, as `Segment.get`."""
        return self.segment.get(inner, default)

    def present(self) -> Iterator[Present]:
        """The fields that are not empty, in order."""
        fields = self.definition.fields if self.definition else {}
        for number, raw in enumerate(self.segment.parts):
            if number and raw:
                yield Present(fields.get(number), self.value(number))

    def _varying(self, field: int) -> str:
        """The data type of a field that may be any: OBX-5 is what OBX-2 says."""
        return (self.segment.value(2) or "ST") if self.segment.name == "OBX" and field == 5 else "ST"

    def _unknown(self, name: str) -> str:
        if self.definition is None:
            return f"{self.segment.name} is not in the dictionary of v{self._known.version}; read its fields by number"
        near = get_close_matches(name, self.definition.numbers, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"{self.segment.name} has no field {name!r} in v{self._known.version}{hint}"
