"""RDE, RDS, RAS and VXU: drugs prescribed, handed out, given (HL7 v2.5.1 chapters 4.13 and 4.17)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from careloom.core.errors import MappingError
from careloom.formats.hl7v2 import Message
from careloom.mapping.catalogue import Mapping as Mapped
from careloom.mapping.names import practitioner
from careloom.mapping.places import location
from careloom.mapping.result import Translation
from careloom.mapping.source import Fields, Settings, Source
from careloom.mapping.v2.about import DEFAULTS, About, Events, all_of, sections, translated
from careloom.mapping.v2.charges import posted
from careloom.mapping.v2.codes import NDC, SUBSTITUTED
from careloom.mapping.v2.control import ACTS
from careloom.mapping.v2.dropped import ORDER
from careloom.mapping.v2.groups import Order, led_by, orders
from careloom.mapping.v2.prescription import drug, prescribed
from careloom.mapping.v2.request import numbers
from careloom.mapping.v2.values import code_in, count, number, period, quantity, stated
from careloom.model import (
    CanonicalEvent,
    CodeableConcept,
    Identifier,
    Lot,
    MedicationAdministered,
    MedicationAdministration,
    MedicationDispense,
    MedicationDispensed,
    MedicationReturned,
    Quantity,
)

_State: TypeAlias = Literal["completed", "not-done", "entered-in-error"]
_PRESCRIBED: Final = ("RDE",)
_DISPENSED: Final = ("RDS",)
_GIVEN: Final = ("RAS", "VXU")
_HISTORICAL: Final = frozenset({"01", "02", "03", "04", "05", "06", "07", "08"})  # NIP001: told, not given here
_UNKNOWN_AMOUNT: Final = Decimal(999)  # what immunization registries write for "not known"

DROPPED: Final[Mapping[str, str]] = {
    **ORDER,
    "RXE-7": "how to take a drug is clinical",
    "RXE-21": "as RXE-7",
    "RXE-27": "why a drug is given is clinical",
    "RXO-6": "as RXE-7",
    "RXO-7": "as RXE-7",
    "RXO-20": "as RXE-27",
    "RXD-9": "notes are free text and may hold anything",
    "RXD-15": "as RXE-7",
    "RXD-21": "as RXE-27",
    "RXA-9": "notes; a code of who reports it (NIP001) is read",
    "RXA-19": "as RXE-27",
    "RXR": "how a drug gets into the body is clinical",
    "RXC": "what a drug is mixed of is the pharmacy's own",
    "RXG": "an instruction to give is not a drug given",
    "OBX": "clinical values never leave the message",
}


def translate(message: Message, settings: Settings = DEFAULTS) -> Translation:
    """Prescriptions of an RDE, dispenses of an RDS, what an RAS or VXU says was given.

    Raises MappingError without a patient (`PID`, `PID-3`), a drug (`RXD-2`), a number of it, or for an amount that is
    none (`RXD-4`): stock goes by it.
    """
    code = message.type.code
    nothing = "prescribes, hands out or gives no drug"
    return translated(message, settings, lambda source: _events(source, code), nothing)


def _events(source: Source, code: str) -> Events:
    parts = sections(all_of(source))
    for section in parts:
        about = About(source, section, alone=len(parts) == 1)
        found = orders(section)
        if code in _GIVEN and not any("RXA" in order for order in found):
            found = led_by(section, "RXA")
        for order in found:
            yield from _of(source, about, order, code)
            yield from posted(source, about, order.every("FT1"), order)


def _of(source: Source, about: About, order: Order, code: str) -> Iterator[CanonicalEvent]:
    if code in _PRESCRIBED and ("RXE" in order or "RXO" in order):
        yield from prescribed(source, about, order)
    elif code in _DISPENSED:
        for rxd in order.every("RXD"):
            yield _dispensed(source, about, order, rxd)
    elif code in _GIVEN:
        for rxa in order.every("RXA"):
            yield from _given(source, about, order, rxa)


def _dispensed(source: Source, about: About, order: Order, rxd: Fields) -> MedicationDispensed | MedicationReturned:
    amount = stated(source, rxd, 4)
    if amount is None:
        raise MappingError("nothing says how much was handed out; the sender must", f"{rxd.place}-4")
    back = _withdrawn(source, order) or amount < 0
    taken = _dispense(source, order, rxd, abs(amount), back)
    event = MedicationReturned if back else MedicationDispensed
    return event(dispense=taken, occurred=about.occurred(), **about.parts)


def _withdrawn(source: Source, order: Order) -> bool:
    """Whether the order says that what was handed out comes back, or never was (ORC-1, ORC-5)."""
    orc = order.first("ORC")
    act = ACTS.get((source.first(orc, 1) or "").upper()) if orc is not None else None
    status = (source.first(orc, 5) or "").upper() if orc is not None else ""
    return (act is not None and act[0] == "cancelled") or status in ("CA", "DC", "ER")


def _dispense(source: Source, order: Order, rxd: Fields, amount: Decimal, back: bool) -> MedicationDispense:
    what = drug(source, rxd, 2)
    orders_ = numbers(source, order)
    fill = count(source, rxd, 1)
    return MedicationDispense(
        identifier=(_numbered(source, orders_, code_in(source, rxd, 7), fill, f"{rxd.place}-7"),),
        status="entered-in-error" if back else "completed",
        prescription=orders_,
        medication=what,
        item=_items(source, what),
        quantity=quantity(source, amount, rxd, 5) or Quantity(value=amount),
        lot=_lot(source, rxd, 18),
        fill_number=fill - 1 if fill else None,
        substituted=SUBSTITUTED.get((code_in(source, rxd, 11) or "").upper()),
        when_handed_over=source.moment(rxd, 3),
        dispenser=practitioner(source, rxd, 10),
        location=location(source, rxd, 13),
    )


def _numbered(
    source: Source, orders_: Sequence[Identifier], own: str | None, counter: int | None, place: str
) -> Identifier:
    """The number of one dispense: that of the prescription (RXD-7, else the filler's), and from the second on the
    counter (RXD-1), which alone tells the dispenses of a prescription apart."""
    base = next((one for one in reversed(orders_)), None)
    value = own or (base.value if base is not None else None)
    if value is None:
        raise MappingError("no number of the prescription or its order; the sender must give one", place)
    known = base.assigner if base is not None and base.type == "FILL" else source.assigner
    text = f"{value}.{counter}" if counter is not None and counter > 1 else value
    return Identifier(value=text, type="FILL", assigner=known)


def _items(source: Source, what: CodeableConcept) -> tuple[Identifier, ...]:
    """The numbers of the product on the shelf: its NDC, and the sender's own code."""
    found = [
        Identifier(value=one.code, type="NDC") if one.system == NDC
        else Identifier(value=one.code, type="SKU", assigner=source.assigner)
        for one in what.coding
        if one.system in (NDC, None)
    ]  # fmt: skip
    return tuple(found)


def _lot(source: Source, fields: Fields, field: int) -> Lot | None:
    """The lot and, in the field behind it, its expiry. Of several lots the first: a dispense takes one."""
    if len(source.repetitions(fields, field)) > 1:
        source.drop(f"{fields.place}-{field}", "names several lots; only the first is carried")
    lot, expires = source.first(fields, field), source.day(fields, field + 1)
    return Lot(number=lot, expiration_date=expires) if lot or expires else None


def _given(source: Source, about: About, order: Order, rxa: Fields) -> Iterator[MedicationAdministered]:
    if source.first(rxa, 9) in _HISTORICAL:
        source.drop(f"{rxa.place}-9", "tells of what was given elsewhere; nothing was used up here")
        return
    amount = number(source, rxa, 6)
    what = drug(source, rxa, 5)
    orders_ = numbers(source, order)
    yield MedicationAdministered(
        administration=MedicationAdministration(
            identifier=(_numbered(source, orders_, None, count(source, rxa, 2), f"{rxa.place}-2"),) if orders_ else (),
            status=_state(source, rxa),
            prescription=orders_,
            medication=what,
            item=_items(source, what),
            quantity=quantity(source, None if amount == _UNKNOWN_AMOUNT else amount, rxa, 7),
            lot=_lot(source, rxa, 15),
            effective=period(source.moment(rxa, 3), source.moment(rxa, 4)),
            performer=practitioner(source, rxa, 10),
            location=location(source, rxa, 11),
        ),
        occurred=about.occurred(),
        **about.parts,
    )


def _state(source: Source, rxa: Fields) -> _State:
    """RXA-20 (table 0322), or that the record of it is taken back (RXA-21)."""
    if (source.first(rxa, 21) or "").upper() == "D":
        return "entered-in-error"
    return "not-done" if (source.first(rxa, 20) or "").upper() in ("RE", "NA") else "completed"


MAPPINGS: Sequence[Mapped] = (Mapped("hl7v2", (*_PRESCRIBED, *_DISPENSED, *_GIVEN), translate),)
