"""One invented instance of each event, for documentation, contract tests and trials.

Those of registration are made here; all others stand as JSON beside the events, in `catalogue/examples`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from careloom.model.datatypes import Address, ContactPoint, HumanName, Identifier, Period
from careloom.model.entities import (
    Coverage,
    CoverageClass,
    Encounter,
    Location,
    Organization,
    Patient,
    Practitioner,
    RelatedPerson,
)
from careloom.model.events import (
    CanonicalEvent,
    DischargeCancelled,
    PatientDischarged,
    PatientMerged,
    PatientUpdated,
    RegistrationCancelled,
    RegistrationCreated,
)
from careloom.model.registry import decode

_FOLDER = Path(__file__).with_name("catalogue") / "examples"
_OCCURRED = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
_MRN = Identifier(value="MRN700123", type="MR", assigner="LAKESIDE", system="urn:oid:2.999.7.1")
_HOME = Address(use="home", line=("18 Juniper Row", "Unit 4"), city="Fairhaven", state="WA", postal_code="98225")
_NAME = HumanName(use="official", family="Okonjo", given=("Maribel", "T"), prefix=("Ms",))


def _patient() -> Patient:
    return Patient(
        identifier=(_MRN,),
        name=(_NAME,),
        birth_date="1984-06-11",
        gender="female",
        address=(_HOME,),
        telecom=(
            ContactPoint(system="phone", value="(360)555-0148", use="home"),
            ContactPoint(system="email", value="maribel.okonjo@example.org", use="home"),
        ),
        marital_status="M",
        language="en",
        account=(Identifier(value="ACC55012", type="AN", assigner="LAKESIDE"),),
    )


def _coverage() -> Coverage:
    return Coverage(
        order=1,
        payor=Organization(identifier=(Identifier(value="60054"),), name="Northwind Health Plan"),
        subscriber_id="NHP884213",
        policy_number="PL-20771",
        type="HMO",
        plan=CoverageClass(value="GOLD", name="Gold HMO"),
        group=CoverageClass(value="G-4410", name="Fairhaven Ferries"),
        period=Period(start="2026-01-01", end="2026-12-31"),
        relationship="self",
        policy_holder=RelatedPerson(name=(_NAME,), birth_date="1984-06-11"),
    )


def _encounter() -> Encounter:
    doctor = Practitioner(
        identifier=(Identifier(value="1999999992", type="NPI"),), name=HumanName(family="Brandt", given=("Ivo",))
    )
    return Encounter(
        class_="AMB",
        status="in-progress",
        identifier=(Identifier(value="V900871", type="VN", assigner="LAKESIDE"),),
        location=Location(facility="LAKESIDE", point_of_care="CARDIO", room="3"),
        attending=doctor,
        service_type="CAR",
        period=Period(start="2026-03-02T08:15:00+00:00"),
    )


def examples() -> Mapping[str, CanonicalEvent]:
    """An example of every event, by its versioned name. Each call makes them anew; they are equal between calls."""
    return {event.type: event for event in (*_registration(), *_kept())}


def _kept() -> Iterator[CanonicalEvent]:
    for file in sorted(_FOLDER.iterdir()):
        for name, data in msgspec.json.decode(file.read_bytes(), type=dict[str, msgspec.Raw]).items():
            yield decode(name, bytes(data))


def _registration() -> tuple[CanonicalEvent, ...]:
    patient, coverage, encounter = _patient(), (_coverage(),), _encounter()
    guarantor = RelatedPerson(name=(_NAME,), address=(_HOME,), relationship="self")
    bare = Patient(identifier=(_MRN,), name=(_NAME,))
    ended = Encounter(status="finished", identifier=encounter.identifier, period=Period(end="2026-03-02"))
    return (
        RegistrationCreated(
            patient=patient,
            coverage=coverage,
            encounter=encounter,
            guarantor=guarantor,
            trigger="ADT^A04",
            occurred=_OCCURRED,
            facility="LAKESIDE",
        ),
        PatientUpdated(patient=bare, cleared=("patient.telecom.work",), trigger="ADT^A08", occurred=_OCCURRED),
        PatientMerged(
            survivor=bare,
            retired=(Identifier(value="MRN700988", type="MR", assigner="LAKESIDE"),),
            trigger="ADT^A40",
            occurred=_OCCURRED,
        ),
        RegistrationCancelled(patient=bare, trigger="ADT^A11", occurred=_OCCURRED, facility="LAKESIDE"),
        PatientDischarged(patient=bare, encounter=ended, trigger="ADT^A03", occurred=_OCCURRED),
        DischargeCancelled(patient=bare, encounter=encounter, trigger="ADT^A13", occurred=_OCCURRED),
    )
