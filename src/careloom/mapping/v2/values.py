"""Codes, numbers of things, amounts and quantities of a message, as the canonical model has them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from careloom.core.errors import FormatError, MappingError
from careloom.mapping.identifiers import authority, usable
from careloom.mapping.source import Fields, Source
from careloom.mapping.times import datetime_of
from careloom.mapping.v2.codes import system_of
from careloom.model import CodeableConcept, Coding, Identifier, Money, Period, Quantity

_NUMBER: Final = re.compile(r"[+-]?(?:\d{1,18}(?:\.\d{0,17})?|\.\d{1,17})", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)


def concept(source: Source, raw: str) -> CodeableConcept | None:
    """A CWE or CE: `code^text^system^other code^other text^other system^^^original text`. None when it says nothing."""
    parts = source.components(raw, 9)
    coding = tuple([
        Coding(code=parts[at], system=system_of(parts[at + 2]) if parts[at + 2] else None)
        for at in (0, 3)
        if parts[at]
    ])  # fmt: skip
    text = parts[8] or parts[1] or parts[4] or None
    return CodeableConcept(coding=coding, text=text) if coding or text else None


def concept_in(source: Source, fields: Fields | None, field: int) -> CodeableConcept | None:
    """The first repetition of a field as a concept."""
    if fields is None:
        return None
    return next((one for raw in source.repetitions(fields, field) if (one := concept(source, raw))), None)


def coding(source: Source, raw: str) -> Coding | None:
    """The first code of a CWE, without any text: a diagnosis is carried as its code alone."""
    code, _, system, *_ = source.components(raw, 3)
    return Coding(code=code, system=system_of(system) if system else None) if code else None


def code_in(source: Source, fields: Fields | None, field: int) -> str | None:
    """The code of a field, or its text alone; None when absent."""
    return source.first(fields, field) if fields is not None else None


def entity(source: Source, fields: Fields | None, field: int, type: str | None = None) -> Identifier | None:
    """An EI: `id^namespace^universal id^universal id type`; None when absent or no number."""
    if fields is None or not fields[field]:
        return None
    raw = next(iter(source.repetitions(fields, field)), "")
    value, namespace, universal, kind, *_ = source.components(raw, 4)
    if not value or not usable(value):
        return None
    assigner, system = authority(namespace, universal, kind) if universal else (namespace or None, None)
    return Identifier(value=value, type=type, assigner=assigner, system=system)


def given(*found: Identifier | None) -> tuple[Identifier, ...]:
    """Those that are there, each number once."""
    return tuple(dict.fromkeys(one for one in found if one is not None))


def decimal(text: str | None) -> Decimal | None:
    """An NM, None when absent. Raises FormatError for what is no plain number of at most 18 and 17 digits."""
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        raise FormatError("is no number")
    return Decimal(text)


def number(source: Source, fields: Fields | None, field: int) -> Decimal | None:
    """A number; one that is none is dropped, with an issue."""
    if fields is None:
        return None
    try:
        return decimal(source.first(fields, field))
    except FormatError:
        source.drop(f"{fields.place}-{field}", "is no number; dropped")
        return None


def stated(source: Source, fields: Fields, field: int) -> Decimal | None:
    """A number that money or stock depends on. Raises MappingError for one that is none."""
    try:
        return decimal(source.first(fields, field))
    except FormatError:
        raise MappingError("is no number; the sender must correct it", f"{fields.place}-{field}") from None


def count(source: Source, fields: Fields | None, field: int) -> int | None:
    """A whole number from 0 on; what is none is dropped, with an issue."""
    found = number(source, fields, field)
    if found is None or fields is None:
        return None
    if found != found.to_integral_value() or found < 0 or found > 1_000_000:
        source.drop(f"{fields.place}-{field}", "is no count; dropped")
        return None
    return int(found)


def quantity(source: Source, value: Decimal | None, fields: Fields | None, unit: int) -> Quantity | None:
    """An amount with the code of its unit."""
    return None if value is None else Quantity(value=value, unit=code_in(source, fields, unit))


def money(source: Source, fields: Fields, field: int) -> Money | None:
    """A CP or MO: `amount&currency^...`, `amount^currency`, or the amount alone, then in the sender's own currency.

    Raises MappingError for an amount that is none: a sum would be wrong without it.
    """
    raw = next(iter(source.repetitions(fields, field)), "")
    if not raw:
        return None
    first, _, rest = raw.partition(source.component)
    amount, _, currency = first.partition(source.subcomponent)
    if not currency:
        currency = rest.partition(source.component)[0]
    try:
        value = decimal(source.text(amount) or None)
    except FormatError:
        raise MappingError("is no amount; the sender must correct it", f"{fields.place}-{field}") from None
    known = source.text(currency).upper()
    return (
        None
        if value is None
        else Money(value=value, currency=known if _CURRENCY.fullmatch(known) else source.settings.currency)
    )


def moment(source: Source, text: str, place: str) -> str | None:
    """A FHIR dateTime in a text; one that is none is dropped, with an issue."""
    if not text:
        return None
    try:
        return datetime_of(text, source.zone)
    except FormatError:
        source.drop(place, "is no date or time; dropped")
        return None


def period(start: str | None, end: str | None) -> Period | None:
    """From when to when; None when neither is known."""
    return Period(start=start, end=end) if start or end else None


def place_number(source: Source, raw: str) -> Identifier | None:
    """The number by which a PL is known: its point of care, room and bed as written (`CLIN^3`), by its facility."""
    ward, room, bed, facility, *_ = source.components(raw.partition(source.repetition)[0], 4)
    value = "^".join((ward, room, bed)).rstrip("^") or facility
    return Identifier(value=value, assigner=facility or source.assigner) if value else None
