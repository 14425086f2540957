"""How values of Python are written into a field: by the data type that the dictionary gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Final, TypeAlias

from careloom.core.errors import FormatError
from careloom.formats.hl7v2.dates import HL7Time, Precision, format_time
from careloom.formats.hl7v2.dictionary import Dictionary
from careloom.formats.hl7v2.escapes import escape
from careloom.formats.hl7v2.segment import NULL, Dialect

Scalar: TypeAlias = str | int | Decimal | bool | date | HL7Time | None
# A list is repetitions; a tuple (the structs of `types` are some) and a mapping by names are components.
Content: TypeAlias = Scalar | Mapping[str, "Content"] | Sequence["Content"]
_DAYS: Final = frozenset({"DT"})


def written(content: Content, kind: str, repeats: bool, place: str, known: Dictionary, dialect: Dialect) -> str:
    """The field, escaped. FormatError with its place when the type has no such part, or the message cannot carry it."""
    if isinstance(content, list):
        if len(content) > 1 and not repeats:
            raise FormatError("does not repeat, and several values are given", place)
        return dialect.separators.repetition.join(
            _parts(one, kind, f"{place}[{number}]", known, dialect, 0) for number, one in enumerate(content, 1)
        )
    return _parts(content, kind, place, known, dialect, 0)


def _parts(content: Content, kind: str, place: str, known: Dictionary, dialect: Dialect, level: int) -> str:
    """One repetition (level 0) or component (level 1) with what is inside it."""
    if isinstance(content, Mapping):
        content = _in_order(content, kind, place, known)
    if not isinstance(content, tuple):
        return _plain(content, kind, place, dialect)
    marks = (dialect.separators.component, dialect.separators.subcomponent)
    if level == len(marks) or not marks[level]:
        raise FormatError("nests deeper than sub-components", place)
    kinds = _kinds(kind, known)
    if kinds and len(content) > len(kinds) and any(content[len(kinds) :]):
        raise FormatError(f"the data type {kind} has {len(kinds)} parts", place)
    inner = [
        _parts(one, kinds[at] if at < len(kinds) else "ST", f"{place}.{at + 1}", known, dialect, level + 1)
        for at, one in enumerate(content)
    ]
    return marks[level].join(inner).rstrip(marks[level])


def _kinds(kind: str, known: Dictionary) -> Sequence[str]:
    definition = known.datatype(kind)
    return [one.type for one in definition.components] if definition else ()


def _in_order(content: Mapping[str, Content], kind: str, place: str, known: Dictionary) -> tuple[Content, ...]:
    definition = known.datatype(kind)
    numbers = definition.numbers if definition else {}
    unknown = sorted(set(content) - set(numbers))
    if unknown:
        raise FormatError(f"the data type {kind} has no part {unknown[0]!r}", place)
    by_number = {numbers[name]: value for name, value in content.items()}
    return tuple(by_number.get(number) for number in range(1, max(by_number, default=0) + 1))


def _plain(content: Content, kind: str, place: str, dialect: Dialect) -> str:
    text = _text(content, kind, place)
    if text == NULL:
        return NULL
    try:
        return escape(text, dialect.separators, dialect.charset)
    except FormatError as error:
        raise FormatError(error.reason, place) from None


def _text(content: Content, kind: str, place: str) -> str:
    if content is None:
        return ""
    if isinstance(content, bool):
        return "Y" if content else "N"
    if isinstance(content, Enum):
        return str(content.value)
    if isinstance(content, str):
        return content
    if isinstance(content, HL7Time):
        return _time(content.datetime, content.precision, kind)
    if isinstance(content, datetime):
        return _time(content, Precision.SECOND, kind)
    if isinstance(content, date):
        return f"{content:%Y%m%d}"
    if isinstance(content, Decimal):
        return f"{content:f}"
    if isinstance(content, int):
        return str(content)
    raise FormatError(f"a value of type {type(content).__name__} has no form in HL7 v2", place)


def _time(moment: datetime, precision: Precision, kind: str) -> str:
    """A day, or less, has no zone; and a field that holds days has no time."""
    known = min(precision, Precision.DAY) if kind in _DAYS else precision
    return format_time(moment.replace(tzinfo=None) if known <= Precision.DAY else moment, known)
