"""Canonical events as HL7 v2: the same for the same, read back as the same event, and accepted by other readers."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import hl7kit
import hl7types
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom import model
from careloom.core.errors import FormatError, MappingError
from careloom.formats import hl7v2
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.source import Settings
from careloom.mapping.v2.writing import FORMS, Outgoing, to_message

FOLDER = Path(__file__).resolve().parents[2] / "samples" / "hl7v2"
NOW = datetime(2026, 4, 1, 8, 30, tzinfo=UTC)
# What the examples hold and HL7 v2 has no place for; everything else comes back as it was.
LOST = {
    "trigger", "facility",  # a merge is always A40; the sender names itself where the event names no facility
    "encounter.status",  # implied by the trigger event
    "encounter.account", "patient.account",  # PID-18 is read as the account of patient and visit alike
    "coverage.payor.type", "appointment.created", "coverage",  # SIU has no insurances
    "order.authoredOn", "occurred",  # both are ORC-9
    "order.category",  # an OML is for the laboratory unless it says otherwise
    "charge.costCentre", "charge.reverses", "charge.encounter", "dispense.daysSupply", "dispense.item",
    "role.location", "role.organization.identifier.type", "location.identifier.value",
}  # fmt: skip


def read(data: bytes) -> model.CanonicalEvent:
    found = mapping_for("hl7v2", hl7v2.peek(data).type)
    assert found is not None
    (event,) = found.translate(hl7v2.parse(data), Settings()).events
    return event


def outgoing(event: model.CanonicalEvent) -> Outgoing:
    return Outgoing(control_id="CL1", time=event.occurred or NOW, receiving_application="LAB")


def of_samples() -> Iterator[tuple[str, model.CanonicalEvent]]:
    for path in sorted(FOLDER.glob("*.hl7")):
        data = path.read_bytes()
        found = mapping_for("hl7v2", hl7v2.peek(data).type)
        assert found is not None
        for number, event in enumerate(found.translate(hl7v2.parse(data), Settings()).events):
            if event.type in FORMS:
                yield f"{path.stem}-{number}", event


SAMPLES = dict(of_samples())
EXAMPLES = {type: model.examples()[type] for type in FORMS}
EVENTS = {**SAMPLES, **EXAMPLES}


def differences(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in ours.keys() | theirs.keys():
            yield from differences(ours.get(name), theirs.get(name), f"{path}.{name}".lstrip("."))
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for one, other in zip(ours, theirs, strict=True):
            yield from differences(one, other, path)
    elif ours != theirs:
        yield path


def plain(event: model.CanonicalEvent) -> Any:
    return json.loads(model.encode(event))


@pytest.mark.parametrize("name", SAMPLES)
def test_an_event_of_a_sample_comes_back_as_it_was(name: str) -> None:
    event = SAMPLES[name]
    assert set(differences(plain(event), plain(read(to_message(event, outgoing(event)))))) <= {"trigger"}


@pytest.mark.parametrize("type", EXAMPLES)
def test_an_example_loses_only_what_has_no_place(type: str) -> None:
    event = EXAMPLES[type]
    back = read(to_message(event, outgoing(event)))
    assert back.type == type
    assert set(differences(plain(event), plain(back))) <= LOST


@pytest.mark.parametrize("name", EVENTS)
def test_other_readers_accept_it(name: str) -> None:
    event = EVENTS[name]
    data = to_message(event, outgoing(event))
    hl7kit.parse(data.decode())
    assert [one for one in hl7v2.validate(hl7v2.parse(data)) if one.severity == "error"] == []
    assert not hl7v2.view(hl7v2.parse(data)).strays
    if isinstance(event, model.PatientEvent) and "patient.birthDate" in event.cleared:
        return  # hl7types knows no null in a date
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        hl7types.decode_er7(data.decode())


@pytest.mark.parametrize("version", ["2.4", "2.5", "2.6", "2.7", "2.8.2"])
def test_other_versions_carry_the_same(version: str) -> None:
    for name, event in EVENTS.items():
        names = outgoing(event)
        data = to_message(event, msgspec.structs.replace(names, version=version))
        assert hl7v2.parse(data).version == version
        assert read(data) == read(to_message(event, names)), name


def test_the_same_event_is_the_same_message() -> None:
    for event in EVENTS.values():
        assert to_message(event, outgoing(event)) == to_message(event, outgoing(event))


def test_the_header_says_who_sends_to_whom() -> None:
    event = EXAMPLES["charge.posted.v1"]
    names = Outgoing(
        control_id="77", time=NOW, sending_application="HUB", sending_facility="SOUTH", receiving_application="ERP",
        receiving_facility="NORTH", version="2.6", processing_id="T",
    )  # fmt: skip
    header = hl7v2.peek(to_message(event, names))
    assert (header.sending_application, header.sending_facility) == ("HUB", "SOUTH")
    assert (header.receiving_application, header.receiving_facility) == ("ERP", "NORTH")
    assert (header.control_id, header.version, header.processing_id) == ("77", "2.6", "T")
    assert header.time == "20260401083000+0000"


TYPES = {
    "registration.created.v1": "ADT^A04", "patient.updated.v1": "ADT^A08", "patient.discharged.v1": "ADT^A03",
    "patient.merged.v1": "ADT^A40", "appointment.booked.v1": "SIU^S12", "appointment.updated.v1": "SIU^S13",
    "appointment.confirmed.v1": "SIU^S14", "appointment.arrived.v1": "SIU^S14", "appointment.cancelled.v1": "SIU^S15",
    "appointment.no_show.v1": "SIU^S26", "service.order_cancelled.v1": "OML^O21", "charge.posted.v1": "DFT^P03",
    "medication.dispensed.v1": "RDS^O13", "practitioner.updated.v1": "MFN^M02", "location.updated.v1": "MFN^M05",
    "charge_item_definition.updated.v1": "MFN^M04",
}  # fmt: skip


@pytest.mark.parametrize(("type", "expected"), TYPES.items())
def test_each_event_has_its_message(type: str, expected: str) -> None:
    event = EXAMPLES[type]
    assert hl7v2.peek(to_message(event, outgoing(event))).type == expected


def test_registrations_from_elsewhere_get_the_trigger_of_their_visit() -> None:
    told = EXAMPLES["registration.created.v1"]
    assert isinstance(told, model.RegistrationCreated)
    for visit, expected in [
        (None, "A28"),
        (model.Encounter(status="planned", class_="PRENC"), "A05"),
        (model.Encounter(status="in-progress", class_="IMP"), "A01"),
        (model.Encounter(status="in-progress", class_="AMB"), "A04"),
    ]:
        event = msgspec.structs.replace(told, trigger="Patient", encounter=visit)
        assert hl7v2.peek(to_message(event, outgoing(event))).event == expected


def test_an_event_without_a_form_is_refused() -> None:
    with pytest.raises(MappingError, match=r"no HL7 v2 message for invoice\.issued\.v1"):
        to_message(model.examples()["invoice.issued.v1"], Outgoing(control_id="1", time=NOW))


def test_a_version_without_the_message_is_refused_with_its_place() -> None:
    with pytest.raises(FormatError) as refused:
        to_message(EXAMPLES["appointment.booked.v1"], Outgoing(control_id="1", time=NOW, version="2.1"))
    assert refused.value.location


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1, max_size=12)
WORD = TEXT.map(lambda text: f"a{text}z")
AMOUNT = st.decimals(min_value=Decimal("0"), max_value=Decimal("999999.99"), places=2)


@given(family=WORD, line=WORD, code=WORD, text=WORD, amount=AMOUNT)
def test_whatever_stands_in_a_value_comes_back(family: str, line: str, code: str, text: str, amount: Decimal) -> None:
    event = model.ChargePosted(
        trigger="DFT^P03",
        occurred=NOW,
        facility="LAKESIDE",
        patient=model.Patient(
            identifier=(model.Identifier(value=code, type="MR", assigner=line),),
            name=(model.HumanName(use="official", family=family, given=(text,)),),
            address=(model.Address(use="home", line=(line,), city=text),),
        ),
        charge=model.ChargeItem(
            code=model.CodeableConcept(coding=(model.Coding(code=code),), text=text),
            quantity=model.Quantity(value=Decimal(1)),
            total=model.Money(value=amount, currency="EUR"),
            batch=line,
        ),
    )
    assert read(to_message(event, outgoing(event))) == event
