"""What reading gives: rows, errors at their places, and the totals of the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import TypeAlias

import msgspec

from careloom.formats.inspection import Finding

Value: TypeAlias = str | int | Decimal | date | datetime | bool | None


class Row(msgspec.Struct, frozen=True, gc=False):
    """One record that is right. `row` counts every record of the file from 1, the header row, comments and empty lines
    too, as a spreadsheet shows them; `line` is its first physical line. An empty cell is None."""

    row: int
    line: int
    record: str
    values: Mapping[str, Value]


class RowError(msgspec.Struct, frozen=True, gc=False):
    """One record, or one cell of it, that is wrong. Quotes no value. `column` (from 1) is 0 for the whole record.

    `key` is the identity (see `identity_of`) of the record when it could be read, so that a group it belongs to can be
    held back; "" when it is lost. `stray` tells that the record is no detail, so that no group misses it.
    """

    row: int
    line: int
    code: str
    text: str
    column: int = 0
    name: str = ""
    key: str = ""
    stray: bool = False

    @property
    def place(self) -> str:
        """Where: `row 17, column 8 (expiry)`."""
        column = f", column {self.column}" if self.column else ""
        return f"row {self.row}{column}{f' ({self.name})' if self.name else ''}"

    def finding(self) -> Finding:
        """The same, as every format tells it."""
        return Finding(code=self.code, place=self.place, text=self.text)


def identity_of(values: Mapping[str, Value], names: Sequence[str]) -> str:
    """A row's identity: a digest of its key columns that reveals none of them. "" when there is no key."""
    if not names:
        return ""
    return blake2b(repr([values[name] for name in names]).encode(errors="surrogatepass"), digest_size=16).hexdigest()


class Totalled(msgspec.Struct, frozen=True, gc=False):
    """One total: what the file states in `field` and what its records make. `stated` is None when it is not there."""

    field: str
    stated: Decimal | None
    counted: Decimal
    matches: bool


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """The file at its end: records by kind (those with a wrong cell too), the errors told, the totals checked."""

    rows: Mapping[str, int]
    errors: int
    checks: Sequence[Totalled] = ()

    @property
    def right(self) -> bool:
        """Whether every record was read and every stated total matches."""
        return not self.errors and all(check.matches for check in self.checks)
