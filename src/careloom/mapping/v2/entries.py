"""One entry of a master file: STF with PRA, CDM with PRC, LOC with LDP (HL7 v2.5.1 chapters 8.8, 8.10, 15.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from careloom.core.errors import MappingError
from careloom.mapping.contacts import contacts
from careloom.mapping.identifiers import numbers
from careloom.mapping.names import human_name
from careloom.mapping.patient import gender
from careloom.mapping.places import address, location
from careloom.mapping.source import Fields, Source
from careloom.mapping.v2.codes import REVENUE
from careloom.mapping.v2.groups import Order
from careloom.mapping.v2.request import distinct
from careloom.mapping.v2.values import code_in, coding, concept, concept_in, entity, money, period, place_number
from careloom.model import (
    ChargeItemDefinition,
    ChargeItemDefinitionUpdated,
    CodeableConcept,
    Coding,
    Identifier,
    Location,
    LocationUpdated,
    Organization,
    Practitioner,
    PractitionerRole,
    PractitionerUpdated,
)


def staff(source: Source, entry: Order, active: bool, shared: dict[str, Any]) -> Iterator[PractitionerUpdated]:
    """STF and PRA as a clinician; inactive by STF-7 or by what the entry does (MFE-1)."""
    stf, pra = entry.first("STF"), entry.first("PRA")
    if stf is None:
        source.drop(entry["MFE"][0].place, "has no STF segment, so it names nobody; dropped")
        return
    names = source.each(stf, 3, human_name)
    here = active and (source.first(stf, 7) or "").upper() != "I"
    yield PractitionerUpdated(
        practitioner=Practitioner(
            identifier=_staff_numbers(source, stf, pra),
            name=names[0] if names else None,
            address=source.each(stf, 11, address),
            telecom=contacts(source, stf, 10, "work"),
            specialty=_specialties(source, pra),
            gender=gender(source, stf, 5),
            active=here,
        ),
        role=_role(source, stf, pra, here),
        **shared,
    )


def _staff_numbers(source: Source, stf: Fields, pra: Fields | None) -> tuple[Identifier, ...]:
    """STF-2, then PRA-6 where it is an NPI, else the primary key (STF-1) alone."""
    found = list(numbers(source, stf, 2))
    for raw in source.repetitions(pra, 6) if pra is not None else ():
        value, type, *_ = source.components(raw, 2)
        if value and type.upper() == "NPI" and not any(one.value == value for one in found):
            found.append(Identifier(value=value, type="NPI"))
    if not found:
        code = source.components(stf[1], 3)
        if not code[0]:
            raise MappingError("no number of the clinician; the sender must give one", f"{stf.place}-1")
        found.append(Identifier(value=code[0], assigner=code[2] or source.assigner))
    return tuple(found)


def _specialties(source: Source, pra: Fields | None) -> tuple[Coding, ...]:
    """PRA-5, an SPD: the specialty is its first component."""
    if pra is None:
        return ()
    return distinct([Coding(code=text) for raw in source.repetitions(pra, 5) if (text := source.components(raw, 1)[0])])


def _role(source: Source, stf: Fields, pra: Fields | None, active: bool) -> tuple[PractitionerRole, ...]:
    code = code_in(source, pra, 3)
    group = concept_in(source, pra, 2)
    worked = period(source.moment(stf, 12), source.moment(stf, 13))  # a DIN: the time comes first
    if code is None and group is None and worked is None:
        return ()
    organization = _group(group) if group is not None else None
    return (PractitionerRole(code=code, organization=organization, period=worked, active=active),)


def _group(group: CodeableConcept) -> Organization:
    codes = tuple(Identifier(value=one.code) for one in group.coding[:1])
    return Organization(identifier=codes, name=group.text, type="provider")


def place(source: Source, entry: Order, active: bool, shared: dict[str, Any]) -> Iterator[LocationUpdated]:
    """LOC and LDP as a place."""
    loc, ldp = entry.first("LOC"), entry.first("LDP")
    if loc is None:
        source.drop(entry["MFE"][0].place, "has no LOC segment, so it names no place; dropped")
        return
    number, where = place_number(source, loc[1]), location(source, loc, 1)
    if number is None or where is None:
        raise MappingError("no number of the place; the sender must give one", f"{loc.place}-1")
    open_ = active and (code_in(source, ldp, 6) or "").upper() != "I"
    found = source.each(loc, 5, address)
    yield LocationUpdated(
        location=Location(
            facility=where.facility,
            point_of_care=where.point_of_care,
            room=where.room,
            bed=where.bed,
            identifier=(number,),
            name=source.first(loc, 2),
            type=source.first(loc, 3),
            status="active" if open_ else "inactive",
            address=found[0] if found else None,
            telecom=contacts(source, loc, 6, "work"),
            cost_centre=code_in(source, ldp, 2),
        ),
        **shared,
    )


def definition(
    source: Source, entry: Order, active: bool, shared: dict[str, Any]
) -> Iterator[ChargeItemDefinitionUpdated]:
    """CDM and its first PRC as a line of the price list; prices for further facilities are dropped with an issue."""
    cdm, prc = entry.first("CDM"), entry.first("PRC")
    if cdm is None:
        source.drop(entry["MFE"][0].place, "has no CDM segment, so it describes no charge; dropped")
        return
    for more in entry.every("PRC")[1:]:
        source.drop(more.place, "is a further price of the same charge; only the first is carried")
    key = entity(source, cdm, 1)
    if key is None:
        raise MappingError("no code of the charge; the sender must give one", f"{cdm.place}-1")
    codes = [concept(source, raw) for raw in source.repetitions(cdm, 7)]
    coded = distinct([code for one in codes if one is not None for code in one.coding])
    yield ChargeItemDefinitionUpdated(
        definition=ChargeItemDefinition(
            identifier=(Identifier(value=key.value, assigner=source.assigner),),
            status=_status(source, cdm, active),
            title=source.first(cdm, 4) or source.first(cdm, 3),
            code=_billed(coded),
            price=money(source, prc, 5) if prc is not None else None,
            effective=period(source.moment(prc, 11), source.moment(prc, 12)) if prc is not None else None,
            department=code_in(source, prc, 3),
            revenue_code=_revenue(source, prc, coded),
            item=_stock_numbers(source, cdm),
        ),
        **shared,
    )


def _billed(coded: tuple[Coding, ...]) -> CodeableConcept | None:
    billed = tuple([one for one in coded if one.system != REVENUE])
    return CodeableConcept(coding=billed) if billed else None


def _status(source: Source, cdm: Fields, active: bool) -> Literal["active", "retired"]:
    return "active" if active and (source.first(cdm, 8) or "").upper() != "I" else "retired"


def _revenue(source: Source, prc: Fields | None, coded: tuple[Coding, ...]) -> str | None:
    """The revenue code: among the codes of CDM-7, else the billing category of PRC-14."""
    found = next((one.code for one in coded if one.system == REVENUE), None)
    category = coding(source, prc[14]) if prc is not None and prc[14] else None
    return found or (category.code if category is not None and category.system == REVENUE else None)


def _stock_numbers(source: Source, cdm: Fields) -> tuple[Identifier, ...]:
    """CDM-9: the numbers of what lies on the shelf for it."""
    found = [source.components(raw, 1)[0] for raw in source.repetitions(cdm, 9)]
    return tuple([Identifier(value=one, type="SKU", assigner=source.assigner) for one in found if one])
