"""Segments and what they hold, each part split on first touch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from careloom.core.errors import FormatError
from careloom.formats.hl7v2.escapes import escape, unescape
from careloom.formats.hl7v2.paths import HEADERS, compile_inner
from careloom.formats.hl7v2.separators import Separators

NULL: Final = '""'


class Dialect:
    """How one message writes text: its separators and the codec of its character set."""

    __slots__ = ("charset", "levels", "separators")

    def __init__(self, separators: Separators, charset: str) -> None:
        self.separators = separators
        self.charset = charset
        self.levels = (separators.repetition, separators.component, separators.subcomponent)

    def text(self, raw: str) -> str:
        """The plain text of a raw value; `""` for the HL7 null."""
        if self.separators.escape in raw:
            return unescape(raw, self.separators, self.charset)
        return "" if raw == NULL else raw

    def part(self, raw: str, component: int, subcomponent: int = 1) -> str:
        """The raw sub-component of one repetition."""
        return _nth(_nth(raw, self.separators.component, component), self.separators.subcomponent, subcomponent)


@lru_cache(maxsize=256)
def dialect_of(separators: Separators, charset: str) -> Dialect:
    """The dialect, made once for all messages that share it."""
    return Dialect(separators, charset)


def split_fields(raw: str, separator: str) -> list[str]:
    """The name of a segment and its fields, each at its number: MSH-1 is the separator."""
    fields = raw.split(separator)
    if raw[:3] in HEADERS:
        fields.insert(1, separator)
    return fields


def part_of(raw: str, levels: Sequence[str], repetition: int, component: int, subcomponent: int) -> str:
    """The raw part of a raw field; component and sub-component 0 mean: not named."""
    again, between, below = levels
    if again in raw or repetition > 1:
        raw = _nth(raw, again, repetition)
    if between in raw:
        component = component or 1
        parts = raw.split(between, component)
        raw = parts[component - 1] if component <= len(parts) else ""
    elif component > 1:
        return ""
    if component and (below in raw or subcomponent > 1):
        raw = _nth(raw, below, subcomponent or 1)
    return raw


def _nth(raw: str, separator: str, number: int) -> str:
    if not separator or separator not in raw:
        return raw if number == 1 else ""
    parts = raw.split(separator, number)
    return parts[number - 1] if number <= len(parts) else ""


class Repetition:
    """One repetition of a field. `rep[1]` is the text of its first component (of its first sub-component)."""

    __slots__ = ("_dialect", "raw")

    def __init__(self, raw: str, dialect: Dialect) -> None:
        self.raw = raw
        self._dialect = dialect

    def __getitem__(self, component: int) -> str:
        return self.sub(component, 1)

    def __len__(self) -> int:
        """The number of components, 0 when empty."""
        separator = self._dialect.separators.component
        return (self.raw.count(separator) if separator else 0) + 1 if self.raw else 0

    def sub(self, component: int, subcomponent: int) -> str:
        """The text of a sub-component, `""` when absent or null."""
        return self._dialect.text(self._dialect.part(self.raw, component, subcomponent))

    @property
    def text(self) -> str:
        """The whole repetition when it has no components (an `&` in it is text), else its first component."""
        separator = self._dialect.separators.component
        if separator and separator in self.raw:
            return self.sub(1, 1)
        return self._dialect.text(self.raw)

    @property
    def is_null(self) -> bool:
        """Whether it is the HL7 null `""`: the receiver is asked to delete the value."""
        return self.raw == NULL


class Field:
    """One field. True when present and not empty; the HL7 null `""` is present."""

    __slots__ = ("_dialect", "_plain", "raw")

    def __init__(self, raw: str, dialect: Dialect, *, plain: bool = False) -> None:
        self.raw = raw
        self._dialect = dialect
        self._plain = plain

    def __bool__(self) -> bool:
        return bool(self.raw)

    @property
    def repetitions(self) -> Sequence[Repetition]:
        """Each repetition in order; none when the field is empty."""
        if not self.raw:
            return ()
        separator = "" if self._plain else self._dialect.separators.repetition
        return [Repetition(raw, self._dialect) for raw in (self.raw.split(separator) if separator else [self.raw])]

    @property
    def text(self) -> str:
        """The first repetition's text: whole when it has no components, else its first component."""
        if self._plain:
            return self.raw
        return Repetition(_nth(self.raw, self._dialect.separators.repetition, 1), self._dialect).text

    @property
    def is_null(self) -> bool:
        """Whether the whole field is the HL7 null `""`."""
        return self.raw == NULL


class Segment:
    """One segment. `seg[3]` is its third field; MSH-1 is the field separator, MSH-2 the encoding characters."""

    __slots__ = ("_dialect", "_fields", "_plain", "changed", "index", "line", "name", "raw")

    def __init__(self, raw: str, line: int, index: int, dialect: Dialect, fields: list[str] | None = None) -> None:
        self.raw = raw
        self.name = raw[:3]
        self.line = line
        self.index = index
        self.changed = False
        self._plain = 2 if self.name in HEADERS else 0  # fields that hold the separators themselves
        self._dialect = dialect
        self._fields = fields

    def _split(self) -> list[str]:
        fields = self._fields = split_fields(self.raw, self._dialect.separators.field)
        return fields

    def __getitem__(self, field: int) -> Field:
        return Field(self.raw_field(field), self._dialect, plain=field <= self._plain)

    @property
    def dialect(self) -> Dialect:
        """How its message writes text."""
        return self._dialect

    @property
    def parts(self) -> list[str]:
        """Every field as it stands in the message, by its number; the name is number 0. Not to be changed."""
        return self._fields or self._split()

    def __len__(self) -> int:
        """The number of the last field present."""
        return len(self._fields or self._split()) - 1

    def raw_field(self, field: int) -> str:
        """The field as it stands in the message, escapes and all; `""` when absent."""
        fields = self._fields or self._split()
        return fields[field] if 0 < field < len(fields) else ""

    def get(self, inner: str, default: str = "") -> str:
        """The text at `F[r].C.S` of this segment, such as `3.1` or `3[2].4.1`; `default` when absent or null."""
        return self.value(*compile_inner(inner)) or default

    def value(self, field: int, repetition: int = 1, component: int = 0, subcomponent: int = 0) -> str:
        """The text at a place; component and sub-component 0 mean: not named. `""` when absent or null."""
        raw = self.raw_value(field, repetition, component, subcomponent)
        if not raw or field <= self._plain:
            return raw
        return self._dialect.text(raw)

    def raw_value(self, field: int, repetition: int = 1, component: int = 0, subcomponent: int = 0) -> str:
        """What `value` reads, as it stands in the message."""
        fields = self._fields or self._split()
        raw = fields[field] if field < len(fields) else ""
        if not raw or field <= self._plain:
            return raw
        return part_of(raw, self._dialect.levels, repetition, component, subcomponent)

    def set(self, inner: str, text: str) -> None:
        """Write text at `F[r].C.S`, escaped. FormatError where the message cannot carry it."""
        self.write(text, *compile_inner(inner))

    def write(self, text: str, field: int, repetition: int = 1, component: int = 0, subcomponent: int = 0) -> None:
        """Write text at a place, escaped; the parts around it stay. Writing `NULL` writes the HL7 null."""
        if field <= self._plain:
            raise FormatError("the separators of a message are chosen when it is created", f"{self.name}-{field}")
        try:
            raw = text if text == NULL else escape(text, self._dialect.separators, self._dialect.charset)
        except FormatError as error:
            raise FormatError(error.reason, f"{self.name}[{self.index}]-{field}") from None
        fields = self._fields or self._split()
        fields.extend([""] * (field + 1 - len(fields)))
        fields[field] = _placed(raw, fields[field], self._dialect.levels, (repetition, component, subcomponent))
        self.raw = self._joined(fields)
        self.changed = True

    def put(self, field: int, raw: str) -> None:
        """Write a whole field as it is to stand in the message, separators and escapes included."""
        if field <= self._plain:
            raise FormatError("the separators of a message are chosen when it is created", f"{self.name}-{field}")
        fields = self._fields or self._split()
        fields.extend([""] * (field + 1 - len(fields)))
        fields[field] = raw
        self.raw = self._joined(fields)
        self.changed = True

    def _joined(self, fields: list[str]) -> str:
        parts = [fields[0], *fields[2:]] if self._plain else fields
        return self._dialect.separators.field.join(parts)


def _placed(raw: str, whole: str, levels: Sequence[str], numbers: Sequence[int]) -> str:
    """`whole` with the part that the numbers name, level by level, replaced."""
    if not numbers or not any(numbers):
        return raw
    separator, number = levels[0], numbers[0] or 1
    if not separator:
        if number > 1:
            raise FormatError("the message declares no separator for this part", "MSH-2")
        return _placed(raw, whole, levels[1:], numbers[1:])
    parts = whole.split(separator)
    parts.extend([""] * (number - len(parts)))
    parts[number - 1] = _placed(raw, parts[number - 1], levels[1:], numbers[1:])
    return separator.join(parts)
