"""How a file of rows is laid out, declared as data: what a partner's file is, and what makes it right.

A layout is a TOML file or a dict. Everything in it is checked when it is loaded, and all mistakes are told at once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from careloom.core.errors import ConfigurationError
from careloom.formats.csv.patterns import compile_pattern

ColumnType: TypeAlias = Literal["text", "integer", "decimal", "date", "datetime", "boolean", "code", "npi", "gtin"]
Role: TypeAlias = Literal["header", "detail", "trailer"]
OneCharacter: TypeAlias = Annotated[str, Field(min_length=1, max_length=1)]
Words: TypeAlias = tuple[str, ...]
NUMERIC: frozenset[str] = frozenset({"integer", "decimal"})
# What a cell may hold at most: the standard library's own reader stops there.
LONGEST_FIELD = 131_072


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Part):
    """One column: where it stands, what it holds and what is wrong with a value that it must not hold.

    It is found by `position` (from 1) when given; else by its header name, `source` or one of `aliases`, when the file
    has a header row; else by its place in the list. In fixed width by `start` (from 1) and `length`, in characters.
    """

    name: Annotated[str, Field(min_length=1)]
    source: str = ""
    aliases: Words = ()
    position: Annotated[int, Field(ge=1)] | None = None
    start: Annotated[int, Field(ge=1)] | None = None
    length: Annotated[int, Field(ge=1)] | None = None
    type: ColumnType = "text"
    required: bool = False
    optional: bool = False
    max_length: Annotated[int, Field(ge=1, le=LONGEST_FIELD)] | None = None
    pattern: str = ""
    default: str | None = None
    trim: bool = True
    unique: bool = False
    decimal: OneCharacter = "."
    thousands: Annotated[str, Field(max_length=1)] = ""
    implied_decimals: Annotated[int, Field(ge=0, le=12)] = 0
    format: str = ""
    true: Words = ("true", "yes", "y", "1")
    false: Words = ("false", "no", "n", "0")
    codes: Mapping[str, str] = Field(default_factory=dict)
    align: Literal["left", "right"] | None = None
    pad: OneCharacter = " "

    @property
    def header_names(self) -> Words:
        """What the column may be called in a header row."""
        return (self.source or self.name, *self.aliases)

    @property
    def right_aligned(self) -> bool:
        """Whether a fixed width value is filled up on its left."""
        return self.align == "right" or (self.align is None and self.type in NUMERIC)

    @property
    def end(self) -> int:
        """In fixed width: the position of the last character."""
        return (self.start or 1) + (self.length or 1) - 1

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.pattern:
            compile_pattern(self.pattern)
        if self.type == "code" and not self.codes:
            raise ValueError("a column of type code needs its table: codes = { ... }")
        if self.type == "decimal" and self.decimal == self.thousands:
            raise ValueError("decimal and thousands marks must differ")
        if set(map(str.casefold, self.true)) & set(map(str.casefold, self.false)):
            raise ValueError("a value cannot be both true and false")
        return self


class RecordType(_Part):
    """One kind of record in a file that mixes several. An empty `code` is what no other record claims."""

    name: Annotated[str, Field(min_length=1)]
    code: str = ""
    role: Role = "detail"
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]


class Discriminator(_Part):
    """Where a record says which kind it is: a cell's `position`, or in fixed width `start` and `length`."""

    position: Annotated[int, Field(ge=1)] | None = None
    start: Annotated[int, Field(ge=1)] | None = None
    length: Annotated[int, Field(ge=1)] | None = None


class Total(_Part):
    """One total that a record states in `field`: the `count` of records, or the `sum` of a column (a hash total too).

    `records` names the kinds that are counted or summed, all of role detail when empty. With `modulo` both sides are
    compared after division by it, as hash totals that keep only their last digits are.
    """

    kind: Literal["count", "sum"]
    field: str
    record: str = "trailer"
    records: Words = ()
    column: str = ""
    modulo: Annotated[int, Field(ge=2)] | None = None


class Limits(_Part):
    """What a file may hold at most before it is refused: rows, characters of a field and a line, lines of a record,
    columns, and bytes of an unpacked workbook."""

    max_rows: Annotated[int, Field(ge=1)] = 1_000_000
    max_columns: Annotated[int, Field(ge=1, le=16_384)] = 1_024
    max_field_length: Annotated[int, Field(ge=1, le=LONGEST_FIELD)] = 32_768
    max_line_length: Annotated[int, Field(ge=1)] = 1_048_576
    max_record_lines: Annotated[int, Field(ge=1, le=10_000)] = 100
    max_unpacked: Annotated[int, Field(ge=1)] = 67_108_864


class Layout(_Part):
    """One partner's file. `message` says what becomes one message of the log: a row, a group of rows with the same key
    (the lines of an invoice), or the whole file. `key` names the columns that make a row's identity."""

    name: Annotated[str, Field(min_length=1)]
    version: str = "1"
    kind: Literal["delimited", "fixed", "excel"] = "delimited"
    encoding: Literal["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"] = "utf-8"
    delimiter: OneCharacter = ","
    quote: Annotated[str, Field(max_length=1)] = '"'
    escape: Annotated[str, Field(max_length=1)] = ""
    skip_initial_space: bool = False
    line_end: Literal["\n", "\r\n", "\r"] = "\r\n"
    header: bool = True
    sheet: str = ""
    skip_lines: Annotated[int, Field(ge=0)] = 0
    comment: str = ""
    short_rows: Literal["refuse", "fill"] = "refuse"
    extra_columns: Literal["ignore", "refuse"] = "ignore"
    guard_formulas: bool = True
    columns: tuple[Column, ...] = ()
    records: tuple[RecordType, ...] = ()
    discriminator: Discriminator | None = None
    key: Words = ()
    totals: tuple[Total, ...] = ()
    message: Literal["row", "file", "group"] = "row"
    limits: Limits = Limits()

    @classmethod
    def load(cls, declared: str | bytes | Mapping[str, object]) -> Layout:
        """The layout of a TOML text or a dict. ConfigurationError names every mistake and its place."""
        try:
            return cls.model_validate(_as_mapping(declared))
        except ValidationError as error:
            raise ConfigurationError(f"the layout is not right: {_mistakes(error)}") from None

    @property
    def record_types(self) -> tuple[RecordType, ...]:
        """The kinds of records: those declared, or the one that `columns` makes."""
        return self.records or (RecordType(name="detail", columns=self.columns),)

    @property
    def has_header(self) -> bool:
        """Whether the file opens with a row of names. Fixed width files have none."""
        return self.header and self.kind != "fixed"

    @property
    def guards(self) -> bool:
        """Whether text that a spreadsheet would run is guarded. In a workbook text is text, and needs none."""
        return self.guard_formulas and self.kind == "delimited"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for problem in chain(_shape(self), _names(self), _totals(self), _positions(self)):
            raise ValueError(problem)
        return self


def _as_mapping(declared: str | bytes | Mapping[str, object]) -> Mapping[str, object]:
    if isinstance(declared, Mapping):
        return declared
    try:
        return tomllib.loads(declared.decode() if isinstance(declared, bytes) else declared)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the layout is no TOML: {error}; correct the file") from None


def _mistakes(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, found['loc'])) or 'layout'}: {found['msg']}" for found in error.errors())


def _shape(layout: Layout) -> Iterable[str]:
    if bool(layout.columns) == bool(layout.records):
        yield "declare either columns, or records with their columns"
    if len(layout.records) > 1 and layout.discriminator is None:
        yield "several kinds of records need a discriminator"
    if layout.message == "group" and not layout.key:
        yield "message = 'group' needs the key columns that make a group"
    marks = [mark for mark in (layout.delimiter, layout.quote, layout.escape) if mark]
    if len(set(marks)) != len(marks) or set(marks) & {"\r", "\n", "\0"}:
        yield "delimiter, quote and escape must be different characters, and no line ends"


def _names(layout: Layout) -> Iterable[str]:
    kinds = layout.record_types
    if len({kind.name for kind in kinds}) != len(kinds) or len({kind.code for kind in kinds}) != len(kinds):
        yield "each kind of record needs a name and a code of its own"
    for kind in kinds:
        names = [column.name for column in kind.columns]
        if len(set(names)) != len(names):
            yield f"a column name is used twice in record {kind.name}"
    keyed = {column.name for kind in kinds if kind.role == "detail" for column in kind.columns}
    for name in layout.key:
        if name not in keyed:
            yield f"key column {name} is no column of a detail record"


def _totals(layout: Layout) -> Iterable[str]:
    kinds = {kind.name: {column.name: column for column in kind.columns} for kind in layout.record_types}
    for total in layout.totals:
        stated = kinds.get(total.record, {}).get(total.field)
        if stated is None or stated.type not in NUMERIC:
            yield f"total field {total.record}.{total.field} is no integer or decimal column"
        if any(name not in kinds for name in total.records):
            yield "a total names a kind of record that is not declared"
        summed = [columns[total.column] for columns in kinds.values() if total.column in columns]
        if total.kind == "sum" and not any(column.type in NUMERIC for column in summed):
            yield f"summed column {total.column} is no integer or decimal column"


def _positions(layout: Layout) -> Iterable[str]:
    fixed = layout.kind == "fixed"
    found = layout.discriminator
    if found is not None and (found.start is None or found.length is None if fixed else found.position is None):
        yield "the discriminator needs " + ("start and length" if fixed else "a position")
    for kind in layout.record_types:
        for column in kind.columns if fixed else ():
            if column.start is None or column.length is None:
                yield f"column {column.name} of a fixed width layout needs start and length"
