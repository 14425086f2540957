"""ORU and OUL messages: that a service was done, and what it used up; never what came of it (HL7 v2.5.1 chapter 7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from careloom.formats.hl7v2 import Message
from careloom.mapping.catalogue import Mapping as Mapped
from careloom.mapping.identifiers import usable
from careloom.mapping.names import practitioner
from careloom.mapping.result import Translation
from careloom.mapping.source import Fields, Settings, Source
from careloom.mapping.v2.about import DEFAULTS, About, Events, all_of, sections, translated
from careloom.mapping.v2.charges import posted
from careloom.mapping.v2.codes import DONE, UNFINISHED, ReportStatus
from careloom.mapping.v2.dropped import ORDER
from careloom.mapping.v2.groups import Order, orders
from careloom.mapping.v2.request import category, numbered
from careloom.mapping.v2.values import concept_in, number, period, quantity
from careloom.model import (
    Consumption,
    HumanName,
    Identifier,
    Lot,
    Organization,
    PerformedService,
    Practitioner,
    Quantity,
    ServiceCompleted,
    ServiceReport,
)

DROPPED: Final[Mapping[str, str]] = {
    **ORDER,
    "OBX-5": "results are clinical and never leave the message",
    "OBX": "results are clinical and never leave the message; OBX-11 and OBX-23 alone are read",
    "OBR-9": "how much was collected is clinical",
    "OBR-14": "when the laboratory took the sample in is its own",
    "OBR-26": "what a result follows from is clinical",
    "OBR-28": "who gets a copy is no part of the bill",
    "OBR-29": "as OBR-26",
    "OBR-33": "further people of the laboratory are not needed for billing",
    "OBR-34": "as OBR-33",
    "OBR-35": "as OBR-33",
    "ORC": "the numbers of the order alone are read",
    "INV-8": "what is left of a reagent is told by the laboratory's stock",
}


def translate(message: Message, settings: Settings = DEFAULTS) -> Translation:
    """A `service.completed` for each OBR whose results are final, corrected or cancelled (OBR-25), and the charges that
    stand beside it.

    Raises MappingError without a patient (`PID`, `PID-3`) or any number of the order or report (`OBR-3`).
    """
    code = message.type.code
    return translated(message, settings, lambda source: _events(source, code), "tells of no finished service (OBR-25)")


def _events(source: Source, code: str) -> Events:
    parts = sections(all_of(source))
    for section in parts:
        found = [order for order in orders(section) if "OBR" in order]
        if not found and len(parts) > 1:
            continue
        about = About(source, section, alone=len(parts) == 1)
        for order in found:
            yield from _completed(source, about, order, code)
            yield from posted(source, about, order.every("FT1"), order)


def _completed(source: Source, about: About, order: Order, code: str) -> Iterator[ServiceCompleted]:
    obr = order["OBR"][0]
    status = _status(source, order, obr)
    if status is None:
        source.drop(f"{obr.place}-25", "is not final yet; a later message tells of the finished service")
        return
    yield ServiceCompleted(report=_report(source, about, order, status, code), occurred=about.occurred(), **about.parts)


def _status(source: Source, order: Order, obr: Fields) -> ReportStatus | None:
    """OBR-25; where it is empty, what the results say (OBX-11). None when not finished."""
    code = (source.first(obr, 25) or "").upper()
    if code in UNFINISHED:
        return None
    if code:
        return DONE.get(code, "unknown")
    stated = {(source.first(obx, 11) or "").upper() for obx in order.every("OBX")} - {""}
    if stated & {"P", "I", "R", "S", "O"}:
        return None
    if "C" in stated:
        return "corrected"
    return "final" if "F" in stated else "unknown"


def _report(source: Source, about: About, order: Order, status: ReportStatus, code: str) -> ServiceReport:
    obr = order["OBR"][0]
    found = numbered(source, order)
    what, period_ = concept_in(source, obr, 4), period(source.moment(obr, 7), source.moment(obr, 8))
    done = concept_in(source, obr, 44) or what
    return ServiceReport(
        identifier=tuple([one for one in found if one.type == "FILL"]),
        order=found,
        status=status,
        category=category(source, obr, code),
        code=what,
        effective=period_,
        issued=source.moment(obr, 22),
        performer=_interpreter(source, obr),
        performing_organization=_laboratory(source, order),
        service=(PerformedService(code=done, modifier=_modifiers(source, obr), performed=period_),) if done else (),
        consumed=tuple(_consumed(source, order)),
        account=next(iter(about.parts["patient"].account), None),
    )


def _modifiers(source: Source, obr: Fields) -> tuple[str, ...]:
    """OBR-45."""
    return tuple([one for raw in source.repetitions(obr, 45) if (one := source.components(raw, 1)[0])])


def _interpreter(source: Source, obr: Fields) -> Practitioner | None:
    """OBR-32, an NDL whose first component is a CNN (`id&family&given&...`); or an XCN, as many write."""
    raw = obr[32]
    if not raw:
        return None
    first = raw.partition(source.repetition)[0].partition(source.component)[0]
    if source.subcomponent not in first:
        return practitioner(source, obr, 32)
    parts = [source.text(one) for one in (*first.split(source.subcomponent), "", "", "")]
    family, given = parts[1], parts[2]
    number = (Identifier(value=parts[0]),) if parts[0] and usable(parts[0]) else ()
    name = HumanName(family=family or None, given=(given,) if given else ()) if family or given else None
    return Practitioner(identifier=number, name=name) if number or name else None


def _laboratory(source: Source, order: Order) -> Organization | None:
    """OBX-23 of the first result that names who did it: an XON, `name^...^id` in components 1 and 10."""
    for obx in order.every("OBX"):
        if obx[23]:
            parts = source.components(obx[23].partition(source.repetition)[0], 10)
            number = parts[9] or parts[2]
            if parts[0] or number:
                return Organization(
                    identifier=(Identifier(value=number),) if usable(number) else (), name=parts[0] or None
                )
    return None


def _consumed(source: Source, order: Order) -> Iterator[Consumption]:
    """INV: what was used up of a reagent or a supply (chapter 13.4.4); INV-10 says how much."""
    for inv in order.every("INV"):
        substance = concept_in(source, inv, 1)
        used = number(source, inv, 10)
        if substance is None or not substance.coding or used is None:
            continue
        amount = quantity(source, used, inv, 11) or Quantity(value=used)
        lot, expires = source.first(inv, 16), source.day(inv, 12)
        yield Consumption(
            item=(Identifier(value=substance.coding[0].code, type="SKU", assigner=source.assigner),),
            description=substance.text,
            quantity=amount,
            lot=Lot(number=lot, expiration_date=expires) if lot or expires else None,
        )


MAPPINGS: Sequence[Mapped] = (Mapped("hl7v2", ("ORU", "OUL"), translate),)
