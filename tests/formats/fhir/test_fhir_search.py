"""Searches: read from a URL, written for one, and matched in memory as the standard says."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.core.errors import FormatError
from careloom.formats import fhir
from careloom.formats.fhir.definitions import PRIMITIVES, definition
from careloom.formats.fhir.parameters import searchable_types
from careloom.formats.fhir.query import MOST_VALUES

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "fhir"
NPI = "http://hl7.org/fhir/sid/us-npi"


def sample(name: str) -> dict[str, Any]:
    return fhir.parse((SAMPLES / f"{name}.json").read_bytes())


def hits(resource: dict[str, Any], query: str) -> bool:
    return fhir.matches(resource, fhir.parse_query(resource["resourceType"], query))


def reached(kind: str, path: str) -> bool:
    """Whether a path of the table leads somewhere in the table of definitions."""
    for step in path.split("."):
        defined = definition(kind)
        name = step.partition("[")[0]
        if defined is None or name not in defined.by_name:
            return False
        kind = defined.by_name[name].use.type
    return kind in PRIMITIVES or definition(kind) is not None


@pytest.mark.parametrize("kind", sorted(searchable_types()))
def test_every_parameter_looks_at_an_element_there_is(kind: str) -> None:
    for parameter in fhir.parameters(kind).values():
        assert all(reached(kind, path) for path in parameter.paths), parameter.name


PATIENT = sample("Patient")
FOUND = [
    "identifier=NS55012", "identifier=urn:oid:2.999.1.1|NS55012", "identifier=urn:oid:2.999.1.1|",
    "identifier=x,NS55012", "identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|NS55012",
    "family=quill", "family=QUI", "family:exact=Quill", "family:contains=uil", "family=OKONJO", "given=tam",
    "name=quill", "name=rae", "birthdate=1984-02-17", "birthdate=1984", "birthdate=ge1984-02-17",
    "birthdate=le1984-02-17", "birthdate=lt1984-02-18", "birthdate=gt1984-02-16", "birthdate=sa1984-02-16",
    "birthdate=eb1984-02-18", "birthdate=ne1985", "birthdate=ap1984-02", "_id=tamsin-quill",
    "_lastUpdated=ge2026-03-01T10:15:00Z", "_lastUpdated=2026-03-01", "gender=female", "gender:not=male",
    "active=true", "deceased=false", "death-date:missing=true", "birthdate:missing=false", "address-city=port",
    "address=55999", "address=12 harbour", "phone=%2B1-555-0147", "email=tamsin.quill@example.org",
    "organization=Organization/northshore", "organization=northshore", "organization:Organization=northshore",
    "general-practitioner=Practitioner/ben-okafor", "_profile=http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient",
    "language=en-US", "family=quill&given=tamsin&birthdate=1984-02-17", "",
]  # fmt: skip
NOT_FOUND = [
    "identifier=NS5501", "identifier=urn:oid:2.999.1.2|NS55012", "identifier=|NS55012", "family=uill",
    "identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|SS|NS55012", "family:exact=quill",
    "birthdate=1984-02-18", "birthdate=gt1984-02-17", "birthdate=ge1984-02-18", "birthdate=sa1984-02",
    "birthdate=ne1984", "birthdate=lt1984-02-17", "birthdate=eb1984", "_id=tamsin", "gender=male",
    "gender:not=female", "active=false", "death-date:missing=false", "address-city=ellery", "email=+1-555-0147",
    "organization=Organization/north", "organization:Practitioner=northshore", "family=quill&given=rowan",
    "general-practitioner=https://other.example.org/fhir/Practitioner/ben-okafor", "_lastUpdated=lt2026-03-01",
]  # fmt: skip


@pytest.mark.parametrize("query", FOUND)
def test_a_patient_is_found(query: str) -> None:
    assert hits(PATIENT, query)


@pytest.mark.parametrize("query", NOT_FOUND)
def test_a_patient_is_not_found(query: str) -> None:
    assert not hits(PATIENT, query)


@pytest.mark.parametrize(
    ("name", "query", "expected"),
    [
        ("Appointment", "date=ge2026-03-09&date=lt2026-03-10&status=booked,arrived", True),
        ("Appointment", "date=2026-03-09T09:30:00-06:00", True),
        ("Appointment", "date=2026-03-09T15:30Z", True),
        ("Appointment", "date=gt2026-03-09T15:30:00Z", False),
        ("Appointment", "patient=tamsin-quill", True),
        ("Appointment", "patient=ben-okafor", False),
        ("Appointment", "practitioner=Practitioner/ben-okafor&location=northshore-clinic", True),
        ("Appointment", "actor=Location/northshore-clinic", True),
        ("Encounter", "date=2026-03-09", True),
        ("Encounter", "date=2026-03-09T09:40:00-06:00", False),
        ("Encounter", "date=ap2026-03-09T09:40:00-06:00", True),
        ("Encounter", "date=gt2026-03-09T09:40:00-06:00", True),
        ("Encounter", "class=AMB&subject=Patient/tamsin-quill", True),
        ("Coverage", "class-value=gold&payor=Organization/northern-health-plan", True),
        ("Invoice", "totalgross=53.75", True),
        ("Invoice", "totalgross=53.8", True),
        ("Invoice", "totalgross=53.750", True),
        ("Invoice", "totalgross=gt53.75", False),
        ("Invoice", "totalgross=ge50||USD", True),
        ("Invoice", "totalgross=ge50||EUR", False),
        ("Invoice", "totalgross=ap50", True),
        ("Observation", "code:text=blood", False),
        ("Observation", "code=http://loinc.org|85354-9&category=vital-signs", True),
        ("ServiceRequest", "code:text=mri&occurrence=2026-03", True),
        ("Organization", "name=northshore&address-state=MN", True),
        ("Practitioner", f"identifier={NPI}|1999999992", True),
        ("Schedule", "actor=Practitioner/ben-okafor&date=2026-03", True),
        ("Slot", "start=ge2026-03-09&schedule=Schedule/okafor-clinic&status=busy", True),
        ("Subscription", "url:below=https://hub.example.org/hooks", True),
        ("Subscription", "url=https://hub.example.org/hooks", False),
        ("Claim", "created=2026-03-10&use=claim", True),
        ("AuditEvent", "patient=tamsin-quill", True),
        ("DocumentReference", "encounter=Encounter/v881&type=http://loinc.org|34133-9", True),
    ],
)
def test_other_types(name: str, query: str, expected: bool) -> None:
    assert hits(sample(name), query) is expected


def test_accents_and_case_are_the_same_for_strings() -> None:
    resource = {"resourceType": "Patient", "name": [{"family": "Núñez"}]}
    assert hits(resource, "family=nunez")
    assert not hits(resource, "family:exact=Nunez")


def test_a_reference_by_identifier() -> None:
    resource = {"resourceType": "Encounter", "subject": {"identifier": {"system": "s", "value": "7"}}}
    assert hits(resource, "subject:identifier=s|7")
    assert not hits(resource, "subject:identifier=s|8")


def test_an_open_period_reaches_into_the_future() -> None:
    resource = {"resourceType": "Encounter", "period": {"start": "2026-03-09"}}
    assert hits(resource, "date=gt2030")
    assert not hits(resource, "date=eb2030")


def test_a_timing_covers_its_events() -> None:
    resource = {"resourceType": "ServiceRequest", "occurrenceTiming": {"event": ["2026-03-09", "2026-03-11"]}}
    assert hits(resource, "occurrence=2026-03")
    assert not hits(resource, "occurrence=2026-03-09")


def test_another_type_never_matches() -> None:
    assert not fhir.matches(PATIENT, fhir.parse_query("Practitioner", "family=quill"))


def test_malformed_values_of_a_resource_match_nothing_and_harm_nothing() -> None:
    resource = {"resourceType": "Patient", "birthDate": "17.2.84", "name": ["x", 7], "identifier": {"value": 7}}
    for query in ("birthdate=1984", "family=x", "identifier=8", "name=x", "gender=x"):
        hits(resource, query)
    assert not hits(resource, "birthdate=1984")


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("subject.name=quill", "subject.name"),
        ("subject:Patient.name=quill", "subject:Patient.name"),
        ("_has:Observation:patient:code=1", "_has:Observation:patient:code"),
        ("status:in=http://example.org/set", "status:in"),
        ("date=yesterday", "date"),
        ("date=2026-02-30", "date"),
        ("date=ge", "date"),
        ("date:missing=perhaps", "date:missing"),
        ("identifier=a|b|c", "identifier"),
        ("identifier:of-type=a|b", "identifier:of-type"),
        ("_count=-1", "_count"),
        ("_count=ten", "_count"),
        ("_sort=nothing", "_sort"),
        ("_include=Encounter", "_include"),
        ("_include=Encounter:status", "_include"),
        ("_include:iterate=Encounter:subject", "_include:iterate"),
        ("status=" + "a," * MOST_VALUES + "a", "status"),
    ],
)
def test_what_would_change_the_meaning_is_refused_by_name(query: str, place: str) -> None:
    with pytest.raises(FormatError) as caught:
        fhir.parse_query("Encounter", query)
    assert caught.value.location == place


def test_a_quantity_that_is_none_is_refused() -> None:
    for value in ("gt1x", "1e9999", "1e99999999999999", "--1"):
        with pytest.raises(FormatError):
            fhir.parse_query("Invoice", f"totalgross={value}")


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(FormatError):
        fhir.parse_query("Meeting", "")


def test_unknown_parameters_are_told() -> None:
    query = fhir.parse_query("Patient", "family=quill&colour=red&Tamsin%20Quill=1")
    assert query.ignored == ("colour", "search")
    assert fhir.matches(PATIENT, query)


def test_what_shapes_the_answer() -> None:
    text = "?_count=20&_sort=-date,status&_include=Appointment:patient&_revinclude=Encounter:appointment&_summary=count"
    query = fhir.parse_query("Appointment", text)
    assert query.count == 20
    assert [(parameter.name, descending) for parameter, descending in query.sort] == [("date", True), ("status", False)]
    assert [(one.type, one.parameter, one.reverse) for one in query.includes] == [
        ("Appointment", "patient", False),
        ("Encounter", "appointment", True),
    ]
    assert query.result == {"_summary": "count"}


def test_inclusions_lead_to_references() -> None:
    appointment = sample("Appointment")
    patient, slot, actor, none = fhir.parse_query(
        "Appointment",
        "_include=Appointment:patient&_include=Appointment:slot&_include=Appointment:actor:Location&_include=Slot:schedule",
    ).includes
    assert list(fhir.included(appointment, patient)) == ["Patient/tamsin-quill"]
    assert list(fhir.included(appointment, slot)) == ["Slot/okafor-0930"]
    assert list(fhir.included(appointment, actor)) == ["Location/northshore-clinic"]
    assert list(fhir.included(appointment, none)) == []


def test_sorting_is_stable_and_puts_what_has_no_value_last() -> None:
    births = {"a": "1984", "b": "", "c": "1971-03-30", "d": "1984", "e": "2003"}
    made = [
        {"resourceType": "Patient", "id": key, **({"birthDate": day} if day else {})} for key, day in births.items()
    ]
    up, down = (fhir.in_order(made, fhir.parse_query("Patient", f"_sort={sign}birthdate")) for sign in ("", "-"))
    assert "".join(one["id"] for one in up) == "cadeb"
    assert "".join(one["id"] for one in down) == "eadcb"
    both = fhir.in_order(made, fhir.parse_query("Patient", "_sort=birthdate,-_id"))
    assert "".join(one["id"] for one in both) == "cdaeb"


def test_numbers_and_references_sort() -> None:
    made = [{"resourceType": "Invoice", "id": key, "totalGross": {"value": value}} for key, value in
            (("a", Decimal("100")), ("b", Decimal("9.5")), ("c", 20))]  # fmt: skip
    assert "".join(one["id"] for one in fhir.in_order(made, fhir.parse_query("Invoice", "_sort=totalgross"))) == "bca"


def test_a_query_is_written_for_a_url() -> None:
    text = fhir.query_text(
        [
            ("identifier", fhir.token(NPI, "1999999992")),
            ("family:exact", "O'Brien & Co"),
            ("date", "ge2026-03-01T00:00:00+01:00"),
        ]
    )
    assert text == (
        "identifier=http://hl7.org/fhir/sid/us-npi|1999999992&family:exact=O%27Brien%20%26%20Co"
        "&date=ge2026-03-01T00:00:00%2B01:00"
    )
    assert fhir.parse_query("Patient", "birthdate=ge2026-03-01T00:00:00 01:00").criteria[0].values[0].when


def test_an_escaped_mark_stands_for_itself() -> None:
    resource = {"resourceType": "Patient", "identifier": [{"system": "a|b", "value": "c,d$\\"}]}
    query = fhir.query_text([("identifier", fhir.token("a|b", "c,d$\\"))])
    assert hits(resource, query)
    assert not hits(resource, "identifier=a|b")


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_any_identifier_finds_itself(system: str, value: str) -> None:
    resource = {"resourceType": "Patient", "identifier": [{"system": system, "value": value}]}
    text = fhir.query_text([("identifier", fhir.token(system, value))])
    assert hits(resource, text)


@given(st.text(max_size=60), st.sampled_from(["Patient", "Appointment", "Invoice"]))
def test_any_text_is_a_query_or_refused(text: str, kind: str) -> None:
    try:
        query = fhir.parse_query(kind, text)
    except FormatError as error:
        assert error.location
    else:
        fhir.matches(PATIENT, query)
