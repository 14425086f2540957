"""Order messages and the answers to them: services ordered, changed, cancelled (HL7 v2.5.1 chapter 4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from careloom.formats.hl7v2 import Message
from careloom.mapping.catalogue import Mapping as Mapped
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings, Source
from careloom.mapping.v2.about import DEFAULTS, About, Events, all_of, sections, translated
from careloom.mapping.v2.charges import posted
from careloom.mapping.v2.control import Act, control
from careloom.mapping.v2.dropped import ORDER
from careloom.mapping.v2.groups import Order, orders
from careloom.mapping.v2.prescription import prescribed
from careloom.mapping.v2.request import request
from careloom.model import CanonicalEvent, ServiceOrderCancelled, ServiceOrderChanged, ServiceOrdered, ServiceOrderEvent

_EVENTS: Final[Mapping[Act, type[ServiceOrderEvent]]] = {
    "new": ServiceOrdered,
    "changed": ServiceOrderChanged,
    "cancelled": ServiceOrderCancelled,
}
_ORDERS: Final = ("ORM", "OML", "OMG", "OMI", "OMB", "OMS", "OMN", "OMP", "OPL")
_ANSWERS: Final = ("ORR", "ORL", "ORG", "ORI", "ORB", "ORS", "ORN", "ORP")

DROPPED: Final[Mapping[str, str]] = {
    **ORDER,
    "OBR-7": "when a sample was taken is told by the result",
    "OBR-17": "telephone numbers of the requester are not needed for billing",
    "DG1-4": "a diagnosis is carried as its code alone",
    "ODS": "diets are not billed by the order",
    "ODT": "as ODS",
}


def translate(message: Message, settings: Settings = DEFAULTS) -> Translation:
    """One event for each order of the message; of an answer, for each that was refused, changed or cancelled.

    Raises MappingError without a patient (`PID`, `PID-3`) or a number of the order (`ORC-2`).
    """
    code = message.type.code
    return translated(message, settings, lambda source: _events(source, code), "places, changes or cancels no order")


def _events(source: Source, code: str) -> Events:
    parts = sections(all_of(source))
    about = About(source, parts[0])
    for prior, part in enumerate(parts):
        for order in orders(part):
            # A PID within an order leads in earlier results; only an order that says so is one of this message.
            if _tells(source, order, code, prior > 0):
                yield from _of(source, about, order, code)


def _tells(source: Source, order: Order, code: str, prior: bool) -> bool:
    orc = order.first("ORC")
    stated = (source.first(orc, 1) or "").upper() if orc is not None else ""
    if code in _ANSWERS:
        return stated not in ("", "OK", "NA", "NW")  # an accepted order stays as it was placed
    return bool(stated) or not prior


def _of(source: Source, about: About, order: Order, code: str) -> Iterator[CanonicalEvent]:
    if "RXO" in order or "RXE" in order:
        yield from prescribed(source, about, order)
        return
    if "OBR" not in order and "RQD" not in order and "ORC" not in order:
        return
    told = control(source, order)
    if told is not None:
        yield _EVENTS[told.act](
            order=request(source, order, told, about.parts["patient"], code),
            occurred=about.occurred(order.first("ORC"), 9),
            **about.parts,
        )
    yield from posted(source, about, order.every("FT1"), order)


MAPPINGS: Sequence[Mapped] = (Mapped("hl7v2", (*_ORDERS, *_ANSWERS), translate),)
