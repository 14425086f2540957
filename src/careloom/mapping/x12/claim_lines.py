"""The service lines of a claim: loop 2400 with SV1, SV2 or SV3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from careloom.core.errors import MappingError
from careloom.formats.x12 import Loop
from careloom.mapping.x12.codes import NDC
from careloom.mapping.x12.insurance import settled
from careloom.mapping.x12.parties import practitioner
from careloom.mapping.x12.services import procedure
from careloom.mapping.x12.source import Row, Source, where
from careloom.model import ClaimItem, Coding, Practitioner, Quantity


class _Layout(msgspec.Struct, frozen=True):
    """Which element of a service segment holds what; 0 for what it has not."""

    code: int
    charge: int
    unit: int
    quantity: int
    place: int = 0
    pointers: int = 0
    revenue: int = 0
    price: int = 0
    mouth: int = 0


_LAYOUTS: Final[Mapping[str, _Layout]] = {
    "SV1": _Layout(code=1, charge=2, unit=3, quantity=4, place=5, pointers=7),
    "SV2": _Layout(code=2, charge=3, unit=4, quantity=5, revenue=1, price=6),
    "SV3": _Layout(code=1, charge=2, unit=0, quantity=6, place=3, pointers=11, mouth=4),
}
_ORAL: Final = "X12-1361"
"""Areas of the mouth (SV304)."""


def items(source: Source, claim: Loop) -> tuple[ClaimItem, ...]:
    """All lines. Raises MappingError for a claim without any, for a line without a service segment or a charge."""
    found = tuple([_item(source, line, sequence) for sequence, line in enumerate(_lines(claim), 1)])
    if not found:
        raise MappingError("the claim has no service line; the sender must give one", f"{where(claim)}LX")
    return found


def _lines(claim: Loop) -> list[Loop]:
    return [one for one in claim.content if isinstance(one, Loop) and one.id == "2400"]


def _item(source: Source, line: Loop, sequence: int) -> ClaimItem:
    id = next((one for one in _LAYOUTS if line.segment(one)), None)
    if id is None:
        raise MappingError("the line has no service (SV1, SV2 or SV3); the sender must give it", f"{where(line)}LX")
    service, layout = source.row(line, id), _LAYOUTS[id]
    found = procedure(service.components(layout.code))
    drug = line.loop("2410")
    return ClaimItem(
        sequence=sequence,
        identifier=source.first(line, "REF", "6R").identifier(2),
        product_or_service=found.concept if found else None,
        modifier=found.modifier if found else (),
        revenue_code=service.text(layout.revenue),
        serviced=source.first(line, "DTP", "472").period(),
        quantity=service.quantity(layout.quantity, service.text(layout.unit)),
        unit_price=service.money(layout.price),
        net=service.need_money(layout.charge, "the charge of the line"),
        diagnosis=_pointers(service, layout.pointers),
        place_of_service=service.text(layout.place),
        rendering=_person(source, line, "82"),
        ordering=_person(source, line, "DK"),
        authorization=source.first(line, "REF", "G1").identifier(2),
        drug=_drug(source, drug),
        drug_quantity=_drug_quantity(source, drug),
        body_site=_sites(source, line, service, layout),
        surface=_surfaces(source, line),
        description=found.description if found else None,
        prior_payment=tuple([settled(source, one) for one in line.loops("2430")]),
    )


def _pointers(service: Row, element: int) -> tuple[int, ...]:
    """Numbers of diagnoses, from 1."""
    found = []
    for text in service.components(element):
        if text and text.isdecimal() and 0 < int(text[:9]) < 100:
            found.append(int(text[:9]))
        elif text:
            service.drop(element, "points at no diagnosis; dropped")
    return tuple(found)


def _person(source: Source, line: Loop, code: str) -> Practitioner | None:
    inner = [one for one in line.content if isinstance(one, Loop) and one.id.startswith("2420")]
    return practitioner(source, next((one for one in inner if one.segments()[0][1] == code), None))


def _drug(source: Source, loop: Loop | None) -> Coding | None:
    """LIN03 under N4; other numbers of a supply are no drug."""
    if loop is None:
        return None
    lin = source.row(loop, "LIN")
    code = lin.text(3)
    return Coding(code=code, system=NDC if lin.text(2) == "N4" else lin.text(2)) if code else None


def _drug_quantity(source: Source, loop: Loop | None) -> Quantity | None:
    if loop is None:
        return None
    ctp = source.row(loop, "CTP")
    return ctp.quantity(4, ctp.text(5, 1))


def _sites(source: Source, line: Loop, service: Row, layout: _Layout) -> tuple[Coding, ...]:
    """Teeth (TOO02) and areas of the mouth (SV304)."""
    teeth = [(too.text(2), too.text(1)) for too in source.rows(line, "TOO")]
    areas = [(code, _ORAL) for code in service.components(layout.mouth)]
    return tuple([Coding(code=code, system=system) for code, system in [*teeth, *areas] if code])


def _surfaces(source: Source, line: Loop) -> tuple[str, ...]:
    return tuple([code for too in source.rows(line, "TOO") for code in too.components(3) if code])
