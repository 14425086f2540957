"""From what stands in a document to what an event holds: the schema of the target says what is wanted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from careloom.mapping.declared.paths import Pointer, Scope, is_pointer, pointer
from careloom.mapping.declared.places import Kind, Place
from careloom.mapping.declared.spec import Spec
from careloom.mapping.source import Issue, Settings

_DIGITS, _PLACES = 18, 17  # of an exact number (model.amounts)
_FURTHEST: Final = 40
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?")


class Unfit(Exception):
    """A value that is not what is wanted. The text quotes nothing of it."""


class Run:
    """One document on its way. `said` counts the sources that had a value."""

    __slots__ = ("issues", "said", "settings", "type")

    def __init__(self, settings: Settings, type: str) -> None:
        self.settings = settings
        self.type = type
        self.issues: list[Issue] = []
        self.said = 0


Read: TypeAlias = Callable[[Any, Scope, Run], Any]


def text_of(value: Any) -> str:
    """A single value as text, blanks at its ends taken away."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal | float):
        return format(decimal_of(value), "f")
    if isinstance(value, date):  # a datetime is one
        return value.isoformat()
    raise Unfit("holds no single value")


def decimal_of(value: Any) -> Decimal:
    """An exact number. A JSON number keeps the digits that it was written with, up to the 15 that all readers keep."""
    if isinstance(value, bool):
        raise Unfit("is no number")
    if isinstance(value, str):
        value = value.strip()
        if not _NUMBER.fullmatch(value):
            raise Unfit("is no number")
    try:
        found = Decimal(repr(value) if isinstance(value, float) else value)
    except (InvalidOperation, TypeError, ValueError):
        raise Unfit("is no number") from None
    if not found.is_finite() or abs(found.adjusted()) > _FURTHEST:
        raise Unfit("is no number that an event can hold")
    return found


def reader(spec: Spec, place: Place, depth: int) -> Read:
    """What reads such a value. ValueError for a spec that says what this target has no use for."""
    _misfit(spec, place.kind)
    return _READERS[place.kind](spec, place, depth)


def _misfit(spec: Spec, kind: Kind) -> None:
    wanted: Mapping[str, tuple[bool, frozenset[str]]] = {
        "format": (spec.format is not None, frozenset(("date", "datetime", "instant"))),
        "zone": (spec.zone is not None, frozenset(("date", "datetime", "instant"))),
        "currency": (spec.currency is not None, frozenset(("money",))),
        "unit": (spec.unit is not None, frozenset(("quantity",))),
        "decimals": (spec.decimals > 0, frozenset(("money", "decimal", "quantity"))),
        "split": (spec.split is not None, frozenset(("name",))),
        "count": (spec.count is not None, frozenset(("integer", "text"))),
        "true": ("true" in spec.model_fields_set or "false" in spec.model_fields_set, frozenset(("boolean",))),
    }
    for name, (there, kinds) in wanted.items():
        if there and kind not in kinds:
            raise ValueError(f"{name} fits {', '.join(sorted(kinds))}; this target is of kind {kind}")
    if kind in ("object", "list"):
        hint = "[0], or { each = ... }" if kind == "list" else "a name behind it"
        raise ValueError(f"the target is of kind {kind} and takes no single value; write {hint}")
    if kind == "name" and spec.split is None:
        raise ValueError('a person\'s name needs split = "given family", or its parts one by one')


def _text(spec: Spec, place: Place, depth: int) -> Read:  # noqa: ARG001
    pattern = re.compile(place.pattern) if place.pattern else None

    def read(value: Any, scope: Scope, run: Run) -> str | None:  # noqa: ARG001
        found = text_of(value)
        if pattern is not None and found and not pattern.search(found):
            raise Unfit("does not look like what the event holds there")
        return found or None

    return read


def _code(spec: Spec, place: Place, depth: int) -> Read:  # noqa: ARG001
    codes = place.codes

    def read(value: Any, scope: Scope, run: Run) -> str | None:  # noqa: ARG001
        found = text_of(value)
        if found and found not in codes:
            raise Unfit("is none of the codes that the event holds there; put it into a table")
        return found or None

    return read


def _integer(spec: Spec, place: Place, depth: int) -> Read:  # noqa: ARG001
    def read(value: Any, scope: Scope, run: Run) -> int:  # noqa: ARG001
        number = decimal_of(value)
        if number != number.to_integral_value() or number.adjusted() > 17:
            raise Unfit("is no whole number")
        if place.least is not None and number < place.least:
            raise Unfit(f"is less than {place.least}")
        return int(number)

    return read


def _decimal(spec: Spec, place: Place, depth: int) -> Read:  # noqa: ARG001
    return lambda value, scope, run: _scaled(value, spec.decimals)  # noqa: ARG005


def _scaled(value: Any, decimals: int) -> Decimal:
    number = decimal_of(value)
    number = number.scaleb(-decimals) if decimals else number
    exponent = number.as_tuple().exponent
    if number.adjusted() >= _DIGITS or not isinstance(exponent, int) or exponent < -_PLACES:
        raise Unfit("is no number that an event can hold")
    return number


def _boolean(spec: Spec, place: Place, depth: int) -> Read:  # noqa: ARG001
    words = {word.casefold(): False for word in spec.false} | {word.casefold(): True for word in spec.true}

    def read(value: Any, scope: Scope, run: Run) -> bool:  # noqa: ARG001
        if isinstance(value, bool):
            return value
        found = words.get(text_of(value).casefold())
        if found is None:
            raise Unfit("is neither of the texts for yes and no")
        return found

    return read


def _beside(declared: str | None, depth: int) -> Callable[[Scope], str | None]:
    """A constant, or what stands at a pointer."""
    if declared is None or not is_pointer(declared):
        return lambda _: declared
    where: Pointer = pointer(declared, depth)

    def found(scope: Scope) -> str | None:
        value = where.find(scope)
        return None if value is None else text_of(value) or None

    return found


def _money(spec: Spec, place: Place, depth: int) -> Read:
    currency = _beside(spec.currency, depth)
    pattern = re.compile(place.step("currency").pattern or "")
    if spec.currency is not None and not is_pointer(spec.currency) and not pattern.search(spec.currency):
        raise ValueError("currency is a code of ISO 4217, USD, or where it stands, /currency")

    def read(value: Any, scope: Scope, run: Run) -> dict[str, Any]:
        code = (currency(scope) or run.settings.currency).upper()
        if not pattern.search(code):
            raise Unfit("has a currency that is no code of ISO 4217")
        return {"value": _scaled(value, spec.decimals), "currency": code}

    return read


def _quantity(spec: Spec, place: Place, depth: int) -> Read:  # noqa: ARG001
    unit = _beside(spec.unit, depth)

    def read(value: Any, scope: Scope, run: Run) -> dict[str, Any]:  # noqa: ARG001
        found = unit(scope)
        amount = {"value": _scaled(value, spec.decimals)}
        return amount if found is None else {**amount, "unit": found}

    return read


def _name(spec: Spec, place: Place, depth: int) -> Read:  # noqa: ARG001
    def read(value: Any, scope: Scope, run: Run) -> dict[str, Any] | None:  # noqa: ARG001
        text = text_of(value)
        comma = spec.split == "family, given" and "," in text
        before, _, after = text.partition(",") if comma else ("", "", text)
        words = after.split()
        if not words or (comma and not before.strip()):
            return {"text": text} if text else None
        if comma:
            return {"family": before.strip(), "given": words}
        family = words.pop(0) if spec.split == "family given" else words.pop()
        return {"family": family, "given": words}

    return read


def _moment(value: Any, spec: Spec, zone: tzinfo) -> datetime | date:
    """A day, or an aware moment."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    if isinstance(value, date):
        return value
    try:
        found = _parsed(value, spec.format)
    except (ValueError, OverflowError, OSError, InvalidOperation):
        raise Unfit("is no date or time as it is declared") from None
    if isinstance(found, datetime) and found.tzinfo is None:
        return found.replace(tzinfo=zone)
    return found


def _parsed(value: Any, format: str | None) -> datetime | date:
    if format in ("epoch", "epoch-ms"):
        seconds = decimal_of(value)
        return datetime.fromtimestamp(float(seconds / 1000 if format == "epoch-ms" else seconds), UTC)
    text = text_of(value)
    if format is None:
        return date.fromisoformat(text) if len(text) <= len("2026-03-01") else datetime.fromisoformat(text)
    found = datetime.strptime(text, format)
    return found if _has_time(format) else found.date()


def _has_time(format: str) -> bool:
    return any(mark in format for mark in ("%H", "%I", "%X", "%c", "%z"))


def _time(spec: Spec, place: Place, depth: int) -> Read:  # noqa: ARG001
    zone = ZoneInfo(spec.zone) if spec.zone else None
    if spec.format not in (None, "epoch", "epoch-ms"):
        _known_format(str(spec.format))
    partial = re.compile(r"\d{4}(-\d{2})?", re.ASCII) if place.kind != "instant" and spec.format is None else None

    def read(value: Any, scope: Scope, run: Run) -> str | None:  # noqa: ARG001
        if isinstance(value, str):
            value = value.strip()
            if not value:
                return None
            if partial is not None and partial.fullmatch(value):
                return str(value)
        found = _moment(value, spec, zone or run.settings.zone)
        if place.kind == "date":
            return _day(found, spec, zone or run.settings.zone)
        if isinstance(found, datetime):
            return found.isoformat()
        if place.kind == "instant":
            return datetime(found.year, found.month, found.day, tzinfo=zone or run.settings.zone).isoformat()
        return found.isoformat()

    return read


def _day(found: datetime | date, spec: Spec, zone: tzinfo) -> str:
    """The day as it was written; of a count of seconds, the day where the sender is."""
    if not isinstance(found, datetime):
        return found.isoformat()
    counted = spec.format in ("epoch", "epoch-ms")
    return (found.astimezone(zone) if counted else found).date().isoformat()


def _known_format(format: str) -> None:
    sample = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
    try:
        read = datetime.strptime(sample.strftime(format), format)
    except ValueError:
        raise ValueError("format is no date format: write one as %d.%m.%Y, or epoch, epoch-ms") from None
    if read.year != sample.year or read.day != sample.day:
        raise ValueError("format says no whole date: it needs a year, a month and a day")


_READERS: Final[Mapping[Kind, Callable[[Spec, Place, int], Read]]] = {
    "text": _text, "code": _code, "date": _time, "datetime": _time, "instant": _time, "integer": _integer,
    "decimal": _decimal, "boolean": _boolean, "money": _money, "quantity": _quantity, "name": _name,
}  # fmt: skip
