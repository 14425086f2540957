"""Things: supplies, devices, medications and their dispensing."""

from __future__ import annotations

from typing import Any

from msgspec import field

from careloom.formats.fhir.resources.bases import Element, Resource
from careloom.formats.fhir.resources.datatypes import (
    Annotation,
    CodeableConcept,
    ContactPoint,
    Dosage,
    Extension,
    Identifier,
    Meta,
    Period,
    Quantity,
    Range,
    Ratio,
    Reference,
    Timing,
)


class SupplyRequest(Resource, frozen=True, kw_only=True):
    """A request for goods (12.12)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    status: str | None = None
    category: CodeableConcept | None = None
    priority: str | None = None
    item_codeable_concept: CodeableConcept | None = None
    item_reference: Reference | None = None
    quantity: Quantity | None = None
    parameter: tuple[SupplyRequestParameter, ...] = ()
    occurrence_date_time: str | None = None
    occurrence_period: Period | None = None
    occurrence_timing: Timing | None = None
    authored_on: str | None = None
    requester: Reference | None = None
    supplier: tuple[Reference, ...] = ()
    reason_code: tuple[CodeableConcept, ...] = ()
    reason_reference: tuple[Reference, ...] = ()
    deliver_from: Reference | None = None
    deliver_to: Reference | None = None


class SupplyRequestParameter(Element, frozen=True, kw_only=True):
    """`SupplyRequest`: one parameter."""

    code: CodeableConcept | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_quantity: Quantity | None = None
    value_range: Range | None = None
    value_boolean: bool | None = None


class SupplyDelivery(Resource, frozen=True, kw_only=True):
    """Goods that were delivered (12.13)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    based_on: tuple[Reference, ...] = ()
    part_of: tuple[Reference, ...] = ()
    status: str | None = None
    patient: Reference | None = None
    type: CodeableConcept | None = None
    supplied_item: SupplyDeliverySuppliedItem | None = None
    occurrence_date_time: str | None = None
    occurrence_period: Period | None = None
    occurrence_timing: Timing | None = None
    supplier: Reference | None = None
    destination: Reference | None = None
    receiver: tuple[Reference, ...] = ()


class SupplyDeliverySuppliedItem(Element, frozen=True, kw_only=True):
    """`SupplyDelivery`: one supplied item."""

    quantity: Quantity | None = None
    item_codeable_concept: CodeableConcept | None = None
    item_reference: Reference | None = None


class Device(Resource, frozen=True, kw_only=True):
    """A device or an implant (8.9)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    definition: Reference | None = None
    udi_carrier: tuple[DeviceUdiCarrier, ...] = ()
    status: str | None = None
    status_reason: tuple[CodeableConcept, ...] = ()
    distinct_identifier: str | None = None
    manufacturer: str | None = None
    manufacture_date: str | None = None
    expiration_date: str | None = None
    lot_number: str | None = None
    serial_number: str | None = None
    device_name: tuple[DeviceDeviceName, ...] = ()
    model_number: str | None = None
    part_number: str | None = None
    type: CodeableConcept | None = None
    specialization: tuple[DeviceSpecialization, ...] = ()
    version: tuple[DeviceVersion, ...] = ()
    property: tuple[DeviceProperty, ...] = ()
    patient: Reference | None = None
    owner: Reference | None = None
    contact: tuple[ContactPoint, ...] = ()
    location: Reference | None = None
    url: str | None = None
    note: tuple[Annotation, ...] = ()
    safety: tuple[CodeableConcept, ...] = ()
    parent: Reference | None = None


class DeviceUdiCarrier(Element, frozen=True, kw_only=True):
    """`Device`: one udi carrier."""

    device_identifier: str | None = None
    issuer: str | None = None
    jurisdiction: str | None = None
    carrier_aidc: str | None = field(default=None, name="carrierAIDC")
    carrier_hrf: str | None = field(default=None, name="carrierHRF")
    entry_type: str | None = None


class DeviceDeviceName(Element, frozen=True, kw_only=True):
    """`Device`: one device name."""

    name: str | None = None
    type: str | None = None


class DeviceSpecialization(Element, frozen=True, kw_only=True):
    """`Device`: one specialization."""

    system_type: CodeableConcept | None = None
    version: str | None = None


class DeviceVersion(Element, frozen=True, kw_only=True):
    """`Device`: one version."""

    type: CodeableConcept | None = None
    component: Identifier | None = None
    value: str | None = None


class DeviceProperty(Element, frozen=True, kw_only=True):
    """`Device`: one property."""

    type: CodeableConcept | None = None
    value_quantity: tuple[Quantity, ...] = ()
    value_code: tuple[CodeableConcept, ...] = ()


class Medication(Resource, frozen=True, kw_only=True):
    """A medication, a product or a mixture (11.2)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    code: CodeableConcept | None = None
    status: str | None = None
    manufacturer: Reference | None = None
    form: CodeableConcept | None = None
    amount: Ratio | None = None
    ingredient: tuple[MedicationIngredient, ...] = ()
    batch: MedicationBatch | None = None


class MedicationIngredient(Element, frozen=True, kw_only=True):
    """`Medication`: one ingredient."""

    item_codeable_concept: CodeableConcept | None = None
    item_reference: Reference | None = None
    is_active: bool | None = None
    strength: Ratio | None = None


class MedicationBatch(Element, frozen=True, kw_only=True):
    """`Medication`: one batch."""

    lot_number: str | None = None
    expiration_date: str | None = None


class MedicationDispense(Resource, frozen=True, kw_only=True):
    """A medication handed out (11.4)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    part_of: tuple[Reference, ...] = ()
    status: str | None = None
    status_reason_codeable_concept: CodeableConcept | None = None
    status_reason_reference: Reference | None = None
    category: CodeableConcept | None = None
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    subject: Reference | None = None
    context: Reference | None = None
    supporting_information: tuple[Reference, ...] = ()
    performer: tuple[MedicationDispensePerformer, ...] = ()
    location: Reference | None = None
    authorizing_prescription: tuple[Reference, ...] = ()
    type: CodeableConcept | None = None
    quantity: Quantity | None = None
    days_supply: Quantity | None = None
    when_prepared: str | None = None
    when_handed_over: str | None = None
    destination: Reference | None = None
    receiver: tuple[Reference, ...] = ()
    note: tuple[Annotation, ...] = ()
    dosage_instruction: tuple[Dosage, ...] = ()
    substitution: MedicationDispenseSubstitution | None = None
    detected_issue: tuple[Reference, ...] = ()
    event_history: tuple[Reference, ...] = ()


class MedicationDispensePerformer(Element, frozen=True, kw_only=True):
    """`MedicationDispense`: one performer."""

    function: CodeableConcept | None = None
    actor: Reference | None = None


class MedicationDispenseSubstitution(Element, frozen=True, kw_only=True):
    """`MedicationDispense`: one substitution."""

    was_substituted: bool | None = None
    type: CodeableConcept | None = None
    reason: tuple[CodeableConcept, ...] = ()
    responsible_party: tuple[Reference, ...] = ()
