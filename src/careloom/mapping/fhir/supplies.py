"""SupplyRequest, SupplyDelivery, Device and Medication (FHIR R4 12.12, 12.13, 8.9, 11.2)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, cast

from careloom.mapping.fhir.codes import NDC
from careloom.mapping.fhir.datatypes import codings, concept, day, moment, when_of
from careloom.mapping.fhir.elements import Node, child, first, text
from careloom.mapping.fhir.family import Made, Reader, mappings
from careloom.mapping.fhir.parties import organization, place, practitioner
from careloom.mapping.fhir.source import Source
from careloom.model import (
    CodeableConcept,
    GoodsReceived,
    Identifier,
    Lot,
    Organization,
    Product,
    ProductChanged,
    Quantity,
    SupplyDelivery,
    SupplyDeliveryItem,
    SupplyRequest,
    SupplyRequested,
    SupplyRequestLine,
)

DROPPED: Mapping[str, str] = {
    "SupplyRequest.reasonCode": "why it is needed may be clinical",
    "SupplyRequest.reasonReference": "why it is needed may be clinical",
    "SupplyRequest.parameter": "details of the item stand in the catalogue",
    "SupplyDelivery.patient": "whom it was for is told by what was dispensed and charged",
    "SupplyDelivery.partOf": "the delivery around it tells of itself",
    "Device.patient": "a device in a patient is clinical",
    "Device.note": "free text may be clinical",
    "Device.safety": "clinical",
    "Device.property": "technical",
    "Medication.ingredient": "what it is made of is the catalogue's matter",
    "Medication.form": "the catalogue's matter",
}
_REQUEST: Final = {"draft": "draft", "active": "active", "suspended": "active", "cancelled": "cancelled",
                   "completed": "completed"}  # fmt: skip
_PRIORITY: Final = frozenset(("routine", "urgent", "asap", "stat"))
_ONE: Final = Quantity(value=Decimal(1))


def item(source: Source, prefix: str) -> tuple[tuple[Identifier, ...], CodeableConcept | None]:
    """The numbers of what `itemCodeableConcept` or `itemReference` names, and how it is called."""
    reference = child(source.resource, f"{prefix}Reference")
    return item_in(source, child(source.resource, f"{prefix}CodeableConcept"), reference)


def item_in(source: Source, named: Node, reference: Node) -> tuple[tuple[Identifier, ...], CodeableConcept | None]:
    """The same of a concept and a Reference at hand."""
    there = source.at(reference)
    what = concept(named) or (concept(there.child("code")) if there is not None else None)
    if what is None and (shown := text(reference, "display")):
        what = CodeableConcept(text=shown)
    numbers = source.numbers_at(reference)
    if what is not None:
        numbers += tuple([_number(one.code, one.system) for one in what.coding])
    return tuple(dict.fromkeys(numbers)), what


def _number(code: str, system: str | None) -> Identifier:
    return Identifier(value=code, type="NDC") if system == NDC else Identifier(value=code, type="SKU", system=system)


def _requested(source: Source) -> Made:
    status, priority = source.text("status"), source.text("priority")
    if status in ("draft", "entered-in-error", "unknown"):
        return "a request that is a draft, or was never one"
    numbers = source.numbers()
    if not numbers:
        raise source.error("identifier", "a request for supplies needs a number")
    items, what = item(source, "item")
    if not items:
        raise source.error("item", "does not say by any number what is asked for")
    amount = source.quantity(source.child("quantity"))
    if amount is None:
        raise source.error("quantity", "does not say how much is asked for")
    supplier = first(source.resource, "supplier")
    line = SupplyRequestLine(identifier="1", item=items, description=_words(what), quantity=amount)
    requisition = SupplyRequest(
        identifier=numbers,
        kind="requisition",
        status=cast(Any, _REQUEST.get(status or "", "active")),
        priority=cast(Any, priority if priority in _PRIORITY else None),
        date=moment(source.text("authoredOn")),
        requested=_requested_for(source),
        supplier=organization(source, supplier, "supplier") if supplier else None,
        deliver_to=place(source, source.child("deliverTo")),
        requester=practitioner(source, source.child("requester")),
        line=(line,),
    )
    return [source.event(SupplyRequested, requisition=requisition)]


def _requested_for(source: Source) -> str | None:
    when = when_of(source.resource, "occurrence")
    return day(when.end or when.start) if when is not None else None


def _words(what: CodeableConcept | None) -> str | None:
    if what is None:
        return None
    return what.text or next((one.display for one in what.coding if one.display), None)


def _delivered(source: Source) -> Made:
    if source.text("status") != "completed":
        return "goods that have not come in"
    numbers, supplied = source.numbers(), source.child("suppliedItem")
    if not numbers:
        raise source.error("identifier", "a delivery needs a number, so that it is counted once")
    items, what = item_in(source, child(supplied, "itemCodeableConcept"), child(supplied, "itemReference"))
    if not items:
        raise source.error("suppliedItem.item", "does not say by any number what was delivered")
    orders = tuple(
        [one for reference in source.children("basedOn") if (one := source.number_at(reference)) is not None]
    )
    when = when_of(source.resource, "occurrence")
    line = SupplyDeliveryItem(
        item=items,
        description=_words(what),
        quantity=source.quantity(child(supplied, "quantity")) or _ONE,
        order=orders[0] if orders else None,
        lot=lot_at(source, child(supplied, "itemReference")),
    )
    delivery = SupplyDelivery(
        identifier=numbers,
        status="received",
        order=orders,
        received=when.end or when.start if when is not None else None,
        supplier=organization(source, source.child("supplier"), "supplier"),
        ship_to=place(source, source.child("destination")),
        item=(line,),
        receiver=practitioner(source, first(source.resource, "receiver")),
    )
    return [source.event(GoodsReceived, delivery=delivery)]


def lot_at(source: Source, reference: Node) -> Lot | None:
    """The lot of what a Reference leads to: of a Device, or of a Medication."""
    there = source.at(reference)
    if there is None:
        return None
    batch = there.child("batch") if there.type == "Medication" else there.resource
    made = Lot(
        number=text(batch, "lotNumber"),
        serial=text(batch, "serialNumber"),
        expiration_date=day(text(batch, "expirationDate")),
        manufacture_date=day(text(batch, "manufactureDate")),
        udi_carrier=text(first(there.resource, "udiCarrier"), "carrierHRF"),
    )
    return made if made != Lot() else None


def _device(source: Source) -> Made:
    if source.child("patient"):
        return "a device of a patient is clinical; a catalogue's has none"
    udi = [text(one, "deviceIdentifier") for one in source.children("udiCarrier")]
    numbers = (*[Identifier(value=one, type="UDI") for one in udi if one], *source.numbers())
    if not numbers:
        raise source.error("identifier", "a device needs a number")
    maker = source.text("manufacturer")
    status = source.text("status")
    product = Product(
        identifier=numbers,
        name=text(first(source.resource, "deviceName"), "name") or source.text("modelNumber"),
        type="device",
        status="inactive" if status in ("inactive", "entered-in-error") else "active",
        code=concept(source.child("type")),
        manufacturer=Organization(name=maker) if maker else None,
    )
    return [source.event(ProductChanged, product=product)]


def _medication(source: Source) -> Made:
    what = concept(source.child("code"))
    named = [_number(one.code, one.system) for one in codings([source.child("code")]) if one.system == NDC]
    numbers = (*named, *source.numbers())
    if not numbers:
        raise source.error("identifier", "a medication needs a number")
    product = Product(
        identifier=tuple(dict.fromkeys(numbers)),
        name=_words(what),
        type="medication",
        status="inactive" if source.text("status") in ("inactive", "entered-in-error") else "active",
        code=what,
        manufacturer=organization(source, source.child("manufacturer")),
    )
    return [source.event(ProductChanged, product=product)]


READERS: Final[Mapping[str, Reader]] = {
    "SupplyRequest": _requested,
    "SupplyDelivery": _delivered,
    "Device": _device,
    "Medication": _medication,
}
MAPPINGS = mappings(READERS)
