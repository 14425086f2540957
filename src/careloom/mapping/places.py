"""HL7 XAD and PL values as FHIR addresses and locations (v2.5.1 chapters 2.A.85 and 2.A.53)."""

from __future__ import annotations

from careloom.mapping.source import Fields, Remembered, Source
from careloom.mapping.tables import ADDRESS_DROPPED, ADDRESS_POSTAL, ADDRESS_USE
from careloom.model import Address, Location

_KNOWN: dict[Remembered, Location | None] = {}


def address(source: Source, raw: str) -> Address | None:
    """An XAD: `street^other^city^state^zip^country^type^^county`; None when mail could not reach it by anything."""
    street, other, city, state, code, country, kind, _, county, *_ = source.components(raw, 9)
    kind = kind.upper()
    if kind in ADDRESS_DROPPED:
        return None
    if source.subcomponent in raw:
        street, county = _street(source, raw), _county(source, raw)
    if not (street or other or city or state or code or country):
        return None
    line = (street, other) if street and other else (street or other,)
    return Address(
        use=ADDRESS_USE.get(kind),
        type="postal" if kind in ADDRESS_POSTAL else None,
        line=line if line[0] else (),
        city=city or None,
        district=county or None,
        state=state or None,
        postal_code=code or None,
        country=country or None,
    )


def _street(source: Source, raw: str) -> str:
    """A SAD: `line&street name&dwelling number`. The later parts repeat the line where the sender fills it whole; where
    it is left empty, or holds the number alone, they complete it."""
    parts = raw.partition(source.component)[0].split(source.subcomponent)
    line, street, number, *_ = (*map(source.text, parts), "", "")
    if not line:
        return f"{number} {street}".strip()
    return line if street in line else f"{line} {street}"


def _county(source: Source, raw: str) -> str:
    """XAD-9: a code; from v2.7 on a CWE, whose text says more than its code."""
    parts = raw.split(source.component, 9)
    if len(parts) < 9:
        return ""
    code, text, *_ = (*map(source.text, parts[8].split(source.subcomponent)), "")
    return text or code


def location(source: Source, fields: Fields, field: int) -> Location | None:
    """A PL: `point of care^room^bed^facility`."""
    raw = fields[field]
    if not raw:
        return None
    return source.remembered(_KNOWN, raw, lambda: _location(source, raw))


def _location(source: Source, raw: str) -> Location | None:
    ward, room, bed, facility, *_ = source.components(raw.partition(source.repetition)[0], 4)
    if not (ward or room or bed or facility):
        return None
    return Location(facility=facility or None, point_of_care=ward or None, room=room or None, bed=bed or None)
