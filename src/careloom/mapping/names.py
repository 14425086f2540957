"""HL7 XPN and XCN values as FHIR names and practitioners (v2.5.1 chapters 2.A.88 and 2.A.86)."""

from __future__ import annotations

from careloom.mapping.identifiers import authority_of, usable, withheld
from careloom.mapping.source import Fields, Remembered, Source
from careloom.mapping.tables import NAME_USE, NameUse
from careloom.model import HumanName, Identifier, Practitioner

_KNOWN: dict[Remembered, Practitioner | None] = {}
_PUNCTUATION = " .,-_*?^'\""


def human_name(source: Source, raw: str) -> HumanName | None:
    """An XPN (or the PN before v2.3): `family^given^middle^suffix^prefix^degree^type`; None when it names nobody."""
    family, given, middle, suffix, prefix, degree, kind, *_ = source.components(raw, 7)
    use = NAME_USE.get(kind.upper()) if kind else None
    return _name(family, given, middle, suffix, prefix, degree, use)


def _name(
    family: str, given: str, middle: str, suffix: str, prefix: str, degree: str, use: NameUse | None = None
) -> HumanName | None:
    if family and family[0] in _PUNCTUATION:
        family = _spoken(family)
    if given and given[0] in _PUNCTUATION:
        given = _spoken(given)
    if not family and not given:
        return None
    return HumanName(
        use=use,
        family=family or None,
        given=_those(given, middle if middle.strip(_PUNCTUATION) else ""),
        prefix=(prefix,) if prefix else (),
        suffix=_those(suffix, degree),
    )


def _spoken(text: str) -> str:
    """A dash or a dot in place of a name is no name."""
    return text if text.strip(_PUNCTUATION) else ""


def _those(first: str, second: str) -> tuple[str, ...]:
    if first:
        return (first, second) if second else (first,)
    return (second,) if second else ()


def practitioner(source: Source, fields: Fields, field: int) -> Practitioner | None:
    """The clinician in an XCN field. Repetitions that name nobody else are more numbers of the same person, as US
    senders give a local number and the NPI; further persons are not carried."""
    raw = fields[field]
    if not raw:
        return None
    return source.remembered(_KNOWN, raw, lambda: _practitioner(source, fields, field))


def _practitioner(source: Source, fields: Fields, field: int) -> Practitioner | None:
    name: HumanName | None = None
    numbers: list[Identifier] = []
    for raw in source.repetitions(fields, field):
        parts = source.components(raw, 13)
        here = _name(parts[1], parts[2], parts[3], parts[4], parts[5], parts[6])
        if name is not None and here is not None and here.family != name.family:
            continue
        name = name or here
        number = _number(source, raw, parts)
        if number is not None:
            numbers.append(number)
    return Practitioner(identifier=tuple(numbers), name=name) if name or numbers else None


def _number(source: Source, raw: str, parts: list[str]) -> Identifier | None:
    value, type = parts[0], parts[12].upper() or None
    if not value or not usable(value):
        return None
    assigner, system = authority_of(source, raw, 9) if parts[8] or source.subcomponent in raw else (None, None)
    if withheld(type, assigner):
        return None
    return Identifier(value=value, type=type, assigner=assigner, system=system)
