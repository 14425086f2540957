"""What is checked of one field, worked out once per version from the dictionary and kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from careloom.core.errors import FormatError
from careloom.formats.hl7v2.dates import parse_time
from careloom.formats.hl7v2.dictionary import (
    Codes,
    ComponentDefinition,
    DatatypeDefinition,
    Dictionary,
    FieldDefinition,
    dictionary_of,
)
from careloom.formats.hl7v2.segment import NULL
from careloom.formats.hl7v2.separators import Separators

_TIME_OF_DAY: Final = r"(?:[01]\d|2[0-3])(?:[0-5]\d(?:[0-5]\d(?:\.\d{1,4})?)?)?"
_DAY: Final = r"\d{4}(?:(?:0[1-9]|1[0-2])(?:(?:0[1-9]|[12]\d|3[01])"
_OFFSET: Final = r"(?:[+-](?:0\d|1[0-4])[0-5]\d)?"
_DATE: Final = re.compile(rf"{_DAY})?)?", re.ASCII)
_TIMESTAMP: Final = re.compile(rf"{_DAY}(?:{_TIME_OF_DAY})?)?)?{_OFFSET}", re.ASCII)
_TIME: Final = re.compile(rf"{_TIME_OF_DAY}{_OFFSET}", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_SEQUENCE: Final = re.compile(r"\d{1,9}", re.ASCII)
_LATE_DAY: Final = "29"
_DEEPEST: Final = 2  # a sub-component has no parts


class Fault(NamedTuple):
    """What is wrong inside a field: the code of the finding, where below the field (`[2].4.1`), and the words."""

    code: str
    inside: str
    text: str


def is_number(raw: str) -> bool:
    """NM (HL7 v2.5.1 chapter 2A.45)."""
    return _NUMBER.fullmatch(raw) is not None


def is_time(raw: str) -> bool:
    """TS and DTM, a date alone included (chapters 2A.21 and 2A.77)."""
    return _TIMESTAMP.fullmatch(raw) is not None and _in_calendar(raw)


def is_date(raw: str) -> bool:
    """DT (chapter 2A.20)."""
    return _DATE.fullmatch(raw) is not None and _in_calendar(raw)


def _in_calendar(raw: str) -> bool:
    """Whether the month has the day; only days that some month lacks are looked up."""
    if raw[6:8] < _LATE_DAY:
        return True
    try:
        parse_time(raw[:8])
    except FormatError:
        return False
    return True


_Primitive: TypeAlias = tuple[Callable[[str], object], str, str]
_PRIMITIVES: Final[dict[str, _Primitive]] = {
    "NM": (is_number, "number-invalid", "not a number; digits with an optional sign and decimal point"),
    "SI": (_SEQUENCE.fullmatch, "number-invalid", "not a sequence number; digits alone"),
    "DT": (is_date, "time-invalid", "not a date; written YYYY[MM[DD]]"),
    "DTM": (is_time, "time-invalid", "not a time; written YYYY[MM[DD[HH[MM[SS[.SSSS]]]]]][+ZZZZ]"),
    "TS": (is_time, "time-invalid", "not a time; written YYYY[MM[DD[HH[MM[SS[.SSSS]]]]]][+ZZZZ]"),
    "TM": (_TIME.fullmatch, "time-invalid", "not a time of day; written HH[MM[SS[.SSSS]]][+ZZZZ]"),
}


class ComponentCheck(NamedTuple):
    """What is checked of one component, counted from 0. `inner` are the checks of its sub-components."""

    place: int
    required: bool
    primitive: _Primitive | None
    codes: Codes | None
    table: str
    inner: tuple[ComponentCheck, ...]


class TypeCheck(NamedTuple):
    """What is checked of a data type: `most` components (0: any number), and those that have something to check.

    `first` is the place of the first of them, and `demands` whether any must not be empty.
    """

    most: int
    components: tuple[ComponentCheck, ...]
    primitive: _Primitive | None
    first: int = 0
    demands: bool = False

    def fits(self, raw: str, between: str) -> bool:
        """Whether one repetition is right at a glance; False only means that a closer look is needed."""
        count = raw.count(between) + 1 if between else 1
        if self.primitive is not None:
            return count == 1 and bool(self.primitive[0](raw))
        if not self.most:
            return True
        if count > self.most or self.demands:
            return False
        if count <= self.first or not self.components:
            return True
        only = self.components[0]
        return count == 1 and only.primitive is not None and not only.inner and bool(only.primitive[0](raw))


class FieldCheck(NamedTuple):
    """What is checked of one field."""

    definition: FieldDefinition
    type: TypeCheck
    codes: Codes | None
    usual: bool

    def fits(self, raw: str, again: str, between: str) -> bool:
        """Whether a field is right at a glance; False only means that a closer look is needed."""
        definition = self.definition
        if not self.usual or not again or again in raw or (definition.length and len(raw) > definition.length):
            return False
        if self.codes is not None and raw not in self.codes.values:
            return False
        return self.type.fits(raw, between)


class SegmentCheck(NamedTuple):
    """What is checked of the fields of a segment, by number, and those that must not be empty."""

    fields: Mapping[int, FieldCheck]
    required: Sequence[int]


@lru_cache(maxsize=1024)
def segment_check(version: str, segment: str) -> SegmentCheck | None:
    """The checks of a segment as a version, or the nearest that has it, defines it; None for segments of no version."""
    known = dictionary_of(version)
    found = known.segment(segment)
    if found is None:
        return None
    checks = {
        number: FieldCheck(one, type_check(version, one.type), known.codes(one.table), one.usage not in "WXF")
        for number, one in found.fields.items()
    }
    return SegmentCheck(checks, tuple(one.number for one in found.required))


@lru_cache(maxsize=1024)
def type_check(version: str, kind: str) -> TypeCheck:
    """The check of a data type as a version defines it."""
    known = dictionary_of(version)
    definition = known.datatype(kind)
    if definition is None:
        return TypeCheck(0, (), _PRIMITIVES.get(kind))
    components = _components(known, definition, 1)
    first = components[0].place if components else 0
    return TypeCheck(len(definition.components), components, None, first, any(one.required for one in components))


def _components(known: Dictionary, definition: DatatypeDefinition, depth: int) -> tuple[ComponentCheck, ...]:
    checks = (_component(known, one, depth) for one in definition.components)
    return tuple(one for one in checks if one.required or one.primitive or one.codes or one.inner)


def _component(known: Dictionary, one: ComponentDefinition, depth: int) -> ComponentCheck:
    below = known.datatype(one.type) if depth < _DEEPEST else None
    inner = _components(known, below, depth + 1) if below else ()
    codes = known.codes(one.table) if not below else None
    return ComponentCheck(one.number - 1, one.usage == "R", _PRIMITIVES.get(one.type), codes, one.table, inner)


def faults_of_field(check: FieldCheck, raw: str, separators: Separators) -> Iterator[Fault]:
    """What is wrong in a field that is not empty."""
    definition = check.definition
    again = separators.repetition
    if not again or again not in raw:
        yield from _of_repetition(check, raw, "", separators)
        return
    if not definition.repeats:
        yield Fault("field-repeats", "", "repeats, and may not")
    for number, one in enumerate(raw.split(again), 1):
        if one:
            yield from _of_repetition(check, one, f"[{number}]", separators)


def _of_repetition(check: FieldCheck, raw: str, inside: str, separators: Separators) -> Iterator[Fault]:
    definition = check.definition
    if raw == NULL:
        return
    if definition.length and len(raw) > definition.length:
        yield Fault("too-long", inside, f"longer than {definition.length} characters")
    if check.codes is not None:
        code = raw.split(separators.component, 1)[0]
        yield from _of_code(check.codes, definition.table, code, inside)
    yield from faults_of_type(check.type, raw, inside, separators)


def faults_of_type(check: TypeCheck, raw: str, inside: str, separators: Separators) -> Iterator[Fault]:
    """What is wrong in one repetition, as a value of a data type."""
    if check.primitive is not None:
        yield from _of_primitive(check.primitive, raw, inside, separators.component)
        return
    if not check.most:
        return
    parts = raw.split(separators.component)
    if len(parts) > check.most and any(parts[check.most :]):
        yield Fault("component-unknown", f"{inside}.{check.most + 1}", f"the data type has {check.most} components")
    for one in check.components:
        yield from _of_component(one, parts, inside, separators.subcomponent)


def _of_primitive(check: _Primitive, raw: str, inside: str, between: str) -> Iterator[Fault]:
    """A value without components; what a sender adds as such is told apart from the value."""
    first, _, more = raw.partition(between) if between else (raw, "", "")
    if more.strip(between):
        yield Fault("component-unknown", f"{inside}.2", "the data type has no components")
    if first.strip() and not check[0](first.strip()):
        yield Fault(check[1], inside, check[2])


def _of_component(check: ComponentCheck, parts: Sequence[str], inside: str, below: str) -> Iterator[Fault]:
    raw = parts[check.place] if check.place < len(parts) else ""
    if not raw:
        if check.required:
            yield Fault("component-missing", f"{inside}.{check.place + 1}", "a required component is empty")
        return
    if raw == NULL:
        return
    if check.inner:
        subs = raw.split(below) if below else [raw]
        for one in check.inner:
            yield from _of_component(one, subs, f"{inside}.{check.place + 1}", "")
    elif check.primitive is not None:
        if not check.primitive[0](raw.strip()):
            yield Fault(check.primitive[1], f"{inside}.{check.place + 1}", check.primitive[2])
    elif check.codes is not None:
        yield from _of_code(check.codes, check.table, raw, f"{inside}.{check.place + 1}")


def _of_code(codes: Codes, table: str, raw: str, inside: str) -> Iterator[Fault]:
    if raw not in codes.values and raw != NULL and raw:
        code = "code-unknown" if codes.closed else "code-unusual"
        yield Fault(code, inside, f"not one of the codes of HL7 table {table}")
