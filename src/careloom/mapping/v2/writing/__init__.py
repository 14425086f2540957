"""Canonical events as HL7 v2 messages: what the readers of `careloom.mapping` read back as the same event.

to_message(event, Outgoing(control_id="1", time=now, sending_application="CARELOOM"))   # bytes, the same for the same

What the format has no place for stays out: `docs/explanation/hl7v2-mapping.md` lists it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from careloom.core.errors import MappingError
from careloom.formats.hl7v2 import Builder, build
from careloom.mapping.v2.writing import billing, directory, registration, services
from careloom.mapping.v2.writing.parts import moment
from careloom.model import CanonicalEvent, encode


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends to whom, and as what. `time` is MSH-7; without `sending_facility` the event's own facility sends."""

    control_id: str
    time: datetime
    sending_application: str = "CARELOOM"
    sending_facility: str = ""
    receiving_application: str = ""
    receiving_facility: str = ""
    version: str = "2.5.1"
    processing_id: str = "P"


class Form(NamedTuple):
    """The message type of an event, or what tells it, and what fills the message."""

    type: str | Callable[[CanonicalEvent], str]
    write: Callable[[Builder, CanonicalEvent], None]

    def type_of(self, event: CanonicalEvent) -> str:
        """The message type for this event."""
        return self.type if isinstance(self.type, str) else self.type(event)


_REGISTRATION: Final = Form(registration.trigger, registration.write)
_APPOINTMENT: Final = Form(services.scheduled, services.write_appointment)
_ORDER: Final = Form(services.ordered, services.write_order)
_CHARGE: Final = Form("DFT^P03", billing.write_charge)
_DISPENSE: Final = Form("RDS^O13", billing.write_dispense)

FORMS: Final[Mapping[str, Form]] = {
    "registration.created.v1": _REGISTRATION,
    "patient.updated.v1": _REGISTRATION,
    "patient.merged.v1": _REGISTRATION,
    "patient.discharged.v1": _REGISTRATION,
    "registration.cancelled.v1": _REGISTRATION,
    "discharge.cancelled.v1": _REGISTRATION,
    "appointment.booked.v1": _APPOINTMENT,
    "appointment.updated.v1": _APPOINTMENT,
    "appointment.confirmed.v1": _APPOINTMENT,
    "appointment.arrived.v1": _APPOINTMENT,
    "appointment.cancelled.v1": _APPOINTMENT,
    "appointment.no_show.v1": _APPOINTMENT,
    "service.ordered.v1": _ORDER,
    "service.order_changed.v1": _ORDER,
    "service.order_cancelled.v1": _ORDER,
    "charge.posted.v1": _CHARGE,
    "charge.voided.v1": _CHARGE,
    "medication.dispensed.v1": _DISPENSE,
    "medication.returned.v1": _DISPENSE,
    "practitioner.updated.v1": Form("MFN^M02", directory.write_staff),
    "location.updated.v1": Form("MFN^M05", directory.write_place),
    "charge_item_definition.updated.v1": Form("MFN^M04", directory.write_price),
}


def to_message(event: CanonicalEvent, outgoing: Outgoing) -> bytes:
    """The message of an event. Raises MappingError for an event without a form in HL7 v2, FormatError (with its place)
    for a version without such a message."""
    form = FORMS.get(event.type)
    if form is None:
        raise MappingError(f"there is no HL7 v2 message for {event.type}", "type")
    builder = build(
        form.type_of(event),
        time=outgoing.time,
        control_id=outgoing.control_id,
        version=outgoing.version,
        sender=(outgoing.sending_application, outgoing.sending_facility or event.facility or ""),
        receiver=(outgoing.receiving_application, outgoing.receiving_facility),
        processing_id=outgoing.processing_id,
        charset="" if encode(event).isascii() else "UNICODE UTF-8",
    )
    if event.occurred is not None and form in (_REGISTRATION, _CHARGE):
        builder.add("EVN", recorded_time=moment(event.occurred.isoformat()))
    form.write(builder, event)
    return builder.message().encode()
