"""The text of a cell to its value and back, as its column declares."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Context, Decimal
from functools import lru_cache
from typing import Final, TypeAlias

from careloom.formats.csv.check_digits import is_gtin, is_npi
from careloom.formats.csv.dates import date_reader, datetime_reader, written_date
from careloom.formats.csv.layout import LONGEST_FIELD, NUMERIC, Column
from careloom.formats.csv.patterns import compile_pattern
from careloom.formats.csv.row import Value

Parse: TypeAlias = Callable[[str], Value]
# Longer numbers are none that people count with, and conversion of very long ones takes quadratic time.
_MOST_DIGITS: Final = 40
# Shifting must not round to the 28 digits of the default context.
_EXACT: Final = Context(prec=100)


class CellError(ValueError):
    """A cell that its column does not allow: a stable code, and what to do. Quotes no value."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def reader(column: Column, longest: int) -> Parse:
    """Gives the value of a cell's text; the reader raises CellError for what the column does not allow."""
    parse, trim, pad = _PARSERS[column.type](column), column.trim, _padding(column)
    limit = min(longest, column.max_length or LONGEST_FIELD)
    matches = compile_pattern(column.pattern) if column.pattern else None
    empty = None if column.default is None else parse(column.default)
    missing = column.required and column.default is None

    def read(text: str) -> Value:
        if pad:
            text = pad(text)
        if trim:
            text = text.strip()
        if not text:
            if missing:
                raise CellError("missing", "a required value is missing")
            return empty
        if len(text) > limit:
            raise CellError("too-long", f"a value longer than {limit} characters")
        if matches is not None and not matches(text):
            raise CellError("pattern", "a value that does not match the column's pattern")
        return parse(text)

    return read


def _padding(column: Column) -> Callable[[str], str] | None:
    if column.pad == " " or column.type in NUMERIC:
        return None
    pad = column.pad
    return (lambda text: text.lstrip(pad)) if column.right_aligned else (lambda text: text.rstrip(pad))


def _text(_: Column) -> Parse:
    return str


def _integer(column: Column) -> Parse:
    shape = _number_shape("", column.thousands)
    thousands = column.thousands

    def parse(text: str) -> int:
        if len(text) > _MOST_DIGITS or not shape.fullmatch(text):
            raise CellError("integer", "a value that is no whole number")
        return int(_signed_first(text.replace(thousands, "") if thousands else text))

    return parse


def _decimal(column: Column) -> Parse:
    shape = _number_shape(column.decimal, column.thousands)
    mark, thousands, implied = column.decimal, column.thousands, column.implied_decimals

    def parse(text: str) -> Decimal:
        if len(text) > _MOST_DIGITS or not shape.fullmatch(text) or (implied and mark in text):
            raise CellError("decimal", "a value that is no decimal number as the column declares it")
        plain = text.replace(thousands, "") if thousands else text
        number = Decimal(_signed_first(plain if mark == "." else plain.replace(mark, ".")))
        return _EXACT.scaleb(number, -implied) if implied else number

    return parse


@lru_cache(maxsize=64)
def _number_shape(decimal: str, thousands: str) -> re.Pattern[str]:
    """Digits, in groups of three where they are parted, and a sign before or, as old systems write it, behind."""
    whole = rf"(?:\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|\d+)" if thousands else r"\d+"
    part = re.escape(decimal)
    number = rf"(?:{whole}(?:{part}\d*)?|{part}\d+)" if decimal else whole
    return re.compile(rf"[+-]?{number}|{number}[+-]", re.ASCII)


def _signed_first(text: str) -> str:
    return text[-1] + text[:-1] if text[-1] in "+-" else text


def _date(column: Column) -> Parse:
    parse = date_reader(column.format)

    def read(text: str) -> date:
        try:
            return parse(text)
        except ValueError:
            raise CellError("date", "a value that is no date in the column's format") from None

    return read


def _datetime(column: Column) -> Parse:
    parse = datetime_reader(column.format)

    def read(text: str) -> datetime:
        try:
            return parse(text)
        except ValueError:
            raise CellError("datetime", "a value that is no date and time in the column's format") from None

    return read


def _boolean(column: Column) -> Parse:
    values = {word.casefold(): False for word in column.false} | {word.casefold(): True for word in column.true}

    def parse(text: str) -> bool:
        found = values.get(text.casefold())
        if found is None:
            raise CellError("boolean", "a value that is neither of the column's true and false words")
        return found

    return parse


def _code(column: Column) -> Parse:
    codes = dict(column.codes)

    def parse(text: str) -> str:
        found = codes.get(text)
        if found is None:
            raise CellError("code", "a value that is not in the column's code table; correct it, or add it there")
        return found

    return parse


def _checked(code: str, is_right: Callable[[str], bool], text: str) -> Callable[[Column], Parse]:
    def of(_: Column) -> Parse:
        def parse(value: str) -> str:
            if not is_right(value):
                raise CellError(code, text)
            return value

        return parse

    return of


_PARSERS: Final[dict[str, Callable[[Column], Parse]]] = {
    "text": _text,
    "integer": _integer,
    "decimal": _decimal,
    "date": _date,
    "datetime": _datetime,
    "boolean": _boolean,
    "code": _code,
    "npi": _checked("npi", is_npi, "a value that is no NPI: ten digits with a right check digit"),
    "gtin": _checked("gtin", is_gtin, "a value that is no GTIN: 8, 12, 13 or 14 digits with a right check digit"),
}


def writer(column: Column) -> Callable[[Value], str]:
    """Gives the text of a value, before quoting and padding; CellError from it for what would not be read back."""
    read = reader(column, LONGEST_FIELD)
    missing = column.required and column.default is None

    def write(value: Value) -> str:
        if value is None or value == "":
            if missing:
                raise CellError("missing", "a required value is missing")
            return ""
        text = _written(value, column)
        if read(text) != value:
            raise CellError("not-writable", f"a value that a column of type {column.type} would not read back the same")
        return text

    return write


def _written(value: Value, column: Column) -> str:
    if column.type == "code":
        return next((code for code, meaning in column.codes.items() if meaning == value), "")
    if isinstance(value, bool):
        return (column.true if value else column.false)[0]
    if isinstance(value, Decimal):
        return _written_decimal(value, column)
    if isinstance(value, date):
        return written_date(value, column.format)
    return str(value)


def _written_decimal(value: Decimal, column: Column) -> str:
    if not value.is_finite() or abs(value.adjusted()) > _MOST_DIGITS:
        raise CellError("decimal", "a value that is no decimal number of this size")
    scaled = _EXACT.scaleb(value, column.implied_decimals)
    if column.implied_decimals and scaled != scaled.to_integral_value():
        raise CellError("decimal", f"a value with more than {column.implied_decimals} decimals")
    text = format(_EXACT.quantize(scaled, Decimal(1)) if column.implied_decimals else scaled, "f")
    return text.replace(".", column.decimal)
