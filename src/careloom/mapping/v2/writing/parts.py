"""Values of the canonical model as the data types of HL7 v2: what the readers read back as the same value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from careloom.formats.hl7v2 import NULL, Builder, Content
from careloom.mapping.tables import ADDRESS_USE, NAME_USE
from careloom.mapping.v2.codes import name_of
from careloom.model import (
    Address,
    CodeableConcept,
    Coding,
    ContactPoint,
    HumanName,
    Identifier,
    Location,
    Money,
    Practitioner,
    Quantity,
)

Values: TypeAlias = Mapping[int, Any]
_URNS: Final = (("urn:oid:", "ISO"), ("urn:uuid:", "UUID"))
_USE: Final = {use: code for code, use in reversed(NAME_USE.items())}
_PLACE: Final = {use: code for code, use in reversed(ADDRESS_USE.items())}
_EQUIPMENT: Final = {"phone": "PH", "fax": "FX", "pager": "BP", "other": "TDD", "sms": "PH"}
_CONTACT_USE: Final = {"work": "WPN", "mobile": "PRS"}


def segment(builder: Builder, name: str, values: Values) -> None:
    """One more segment with these fields by number; what is None or empty is left out."""
    given: dict[str, Content] = {
        f"field_{number}": value for number, value in values.items() if value not in (None, [])
    }
    builder.add(name, **given)


def required(value: Any) -> Any:
    """A field that HL7 requires and the event does not tell: its null, which reads as nothing."""
    return value if value not in (None, [], ()) else NULL


def inverse(table: Mapping[str, str]) -> dict[str, str]:
    """The first code of each meaning."""
    return {meaning: code for code, meaning in reversed(list(table.items()))}


def moment(text: str | None) -> str | None:
    """A FHIR date or dateTime as a TS: as precise as it is."""
    if text is None:
        return None
    day, _, time = text.partition("T")
    if not time:
        return day.replace("-", "")
    return day.replace("-", "") + time.replace(":", "").replace("Z", "+0000")


def authority(one: Identifier) -> tuple[str | None, ...] | None:
    """An HD: `namespace, universal id, type`."""
    for opening, type in _URNS:
        if one.system and one.system.startswith(opening):
            universal = one.system.removeprefix(opening)
            return (None if one.assigner == universal else one.assigner, universal, type)
    if one.assigner is None:
        return None
    return (one.assigner, one.system, "URI") if one.system else (one.assigner,)


def extended(one: Identifier) -> tuple[Content, ...]:
    """A CX."""
    return (one.value, None, None, authority(one), one.type)


def entity(one: Identifier | None) -> tuple[Content, ...] | None:
    """An EI."""
    return None if one is None else (one.value, *(authority(one) or ()))


def typed(numbers: Sequence[Identifier], type: str) -> Identifier | None:
    """The first number of that type (PLAC, FILL)."""
    return next((one for one in numbers if one.type == type), None)


def name(one: HumanName) -> tuple[Content, ...]:
    """An XPN. A name of which only the text is known goes as a family name."""
    given, suffix = (*one.given, None, None), (*one.suffix, None, None)
    prefix = one.prefix[0] if one.prefix else None
    use = _USE.get(one.use) if one.use else None
    return (one.family or one.text, given[0], given[1], suffix[0], prefix, suffix[1], use)


def clinician(one: Practitioner | None) -> list[Content] | None:
    """An XCN, repeated for each number of the same person."""
    if one is None:
        return None
    called = name(one.name)[:6] if one.name is not None else (None,) * 6
    return [(each.value, *called, None, authority(each), None, None, None, each.type) for each in one.identifier] or [
        (None, *called)
    ]


def address(one: Address) -> tuple[Content, ...]:
    """An XAD; the third line of an address and those after it do not fit."""
    line = (*one.line, None, None)
    kind = _PLACE.get(one.use) if one.use else ("M" if one.type == "postal" else None)
    return (line[0], line[1], one.city, one.state, one.postal_code, one.country, kind, None, one.district)


def contact(one: ContactPoint) -> tuple[Content, ...]:
    """An XTN: the number as it is in component 1, where all versions read it."""
    use = _CONTACT_USE.get(one.use or "", "PRN")
    if one.system == "email":
        return (None, "NET", "Internet", one.value)
    equipment = "CP" if one.use == "mobile" else _EQUIPMENT.get(one.system, "PH")
    return (one.value, use, equipment, None, None, None, None, one.extension)


def reach(found: Sequence[ContactPoint], *, work: bool) -> list[Content]:
    """Those for the field of contacts at work, or for the other."""
    return [contact(one) for one in found if (one.use == "work") is work]


def coded(one: Coding | None) -> tuple[Content, ...] | None:
    """A CWE of one code."""
    return None if one is None else (one.code, one.display, name_of(one.system))


def concept(one: CodeableConcept | None) -> tuple[Content, ...] | None:
    """A CWE of up to two codes and the text."""
    if one is None:
        return None
    if not one.coding:
        return (None, one.text)
    first, *others = one.coding
    second: tuple[Content, ...] = (others[0].code, None, name_of(others[0].system)) if others else ()
    return (first.code, one.text, name_of(first.system), *second)


def place(one: Location | None) -> tuple[Content, ...] | None:
    """A PL."""
    return None if one is None else (one.point_of_care, one.room, one.bed, (one.facility,) if one.facility else None)


def price(one: Money | None) -> tuple[Content, ...] | None:
    """A CP: amount and currency."""
    return None if one is None else ((one.value, one.currency),)


def amount(one: Quantity | None) -> Content:
    """The number of a quantity."""
    return None if one is None else one.value


def unit(one: Quantity | None) -> Content:
    """The unit of a quantity."""
    return None if one is None or one.unit is None else (one.unit,)


def cleared(values: dict[int, Any], paths: Sequence[str], table: Mapping[int, str]) -> dict[int, Any]:
    """The fields with a null where the sender asked to delete."""
    return values | {number: NULL for number, path in table.items() if path in paths}
