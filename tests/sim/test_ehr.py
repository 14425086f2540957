"""What the simulated EHR writes, read back with the product's own parser."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from careloom.formats import hl7v2
from careloom.mapping import adt
from careloom.model import PatientDischarged, PatientMerged, PatientUpdated, RegistrationCreated
from careloom.sim.ehr import Ehr
from careloom.sim.people import Person, people

AT = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)


@pytest.fixture
def crowd() -> list[Person]:
    return list(islice(people(random.Random(5)), 2))


@pytest.fixture
def person(crowd: list[Person]) -> Person:
    return crowd[0]


def test_people_are_invented_and_told_apart() -> None:
    everybody = list(islice(people(random.Random(1)), 1_152))
    assert len({one.mrn for one in everybody}) == len({(one.given, one.family) for one in everybody}) == 1_152
    assert all(")555-01" in one.phone and len(one.phone) == 13 for one in everybody)
    assert all(one.zip.startswith("00") and one.zip != "00000" for one in everybody)
    assert all(one.email.endswith("@example.org") for one in everybody if one.email)
    assert all("19401231" < one.born < "20210101" for one in everybody)


def test_the_same_seed_gives_the_same_people() -> None:
    first, second, other = (list(islice(people(random.Random(seed)), 50)) for seed in (3, 3, 4))
    assert first == second != other


def test_more_people_than_names_keep_their_own_numbers() -> None:
    everybody = list(islice(people(random.Random(1)), 1_500))
    assert len({one.mrn for one in everybody}) == 1_500


@pytest.mark.parametrize(("method", "trigger"), [("register", "A04"), ("admit", "A01")])
def test_an_arrival_says_who_where_and_who_pays(person: Person, method: str, trigger: str) -> None:
    written = getattr(Ehr(), method)(person, AT)
    message = hl7v2.parse(written.body)
    assert message.type == ("ADT", trigger, "ADT_A01")
    assert (message.get("MSH-10"), message.get("MSH-12")) == (written.control_id, "2.5.1")
    assert [message.segment(name) is not None for name in ("EVN", "PID", "PV1", "GT1", "IN1")] == [True] * 5
    (event,) = adt.translate(message).events
    assert isinstance(event, RegistrationCreated)
    assert event.occurred == AT
    assert (event.patient.identifier[0].value, event.patient.identifier[0].type) == (person.mrn, "MR")
    assert event.patient.name[0].family == person.family
    assert event.patient.address[0].line == (person.street,)
    assert event.patient.telecom[0].value == person.phone
    assert event.coverage and event.guarantor is not None and event.encounter is not None
    assert event.encounter.class_ == ("AMB" if trigger == "A04" else "IMP")


def test_nothing_that_the_ehr_writes_is_dropped_by_the_mapping(person: Person) -> None:
    ehr = Ehr()
    written = [ehr.introduce(person, AT), ehr.admit(person, AT), ehr.update(person.mrn, AT, city="Loomford")]
    written += [ehr.correct(person.mrn, AT, given="Anselm"), ehr.discharge(person.mrn, AT)]
    written += [ehr.cancel_discharge(person.mrn, AT), ehr.cancel_visit(person.mrn, AT)]
    triggers = []
    for one in written:
        made = adt.translate(hl7v2.parse(one.body))
        assert made.issues == ()
        triggers.append(made.events[0].trigger)
    assert triggers == ["ADT^A28", "ADT^A01", "ADT^A08", "ADT^A31", "ADT^A03", "ADT^A13", "ADT^A11"]


def test_an_update_changes_what_the_ehr_knows_and_states_the_patient_whole(person: Person) -> None:
    ehr = Ehr()
    ehr.register(person, AT)
    written = ehr.update(person.mrn, AT + timedelta(minutes=5), phone="(202)555-0199")
    assert ehr.records[person.mrn].person == replace(person, phone="(202)555-0199")
    (event,) = adt.translate(hl7v2.parse(written.body)).events
    assert isinstance(event, PatientUpdated)
    assert event.patient.telecom[0].value == "(202)555-0199"
    assert event.patient.name[0].family == person.family


def test_a_discharge_ends_the_visit_and_cancelling_it_takes_it_up_again(person: Person) -> None:
    ehr = Ehr()
    ehr.admit(person, AT)
    (event,) = adt.translate(hl7v2.parse(ehr.discharge(person.mrn, AT + timedelta(hours=1)).body)).events
    assert isinstance(event, PatientDischarged) and event.encounter is not None and event.encounter.period is not None
    assert event.encounter.period.end is not None
    visit = ehr.records[person.mrn].visit
    ehr.cancel_discharge(person.mrn, AT + timedelta(hours=2))
    again = ehr.records[person.mrn].visit
    assert visit is not None and again is not None
    assert again.ended is None and again.number == visit.number


def test_a_merge_names_both_records(crowd: list[Person]) -> None:
    ehr = Ehr()
    for one in crowd:
        ehr.register(one, AT)
    stays, ends = crowd
    (event,) = adt.translate(hl7v2.parse(ehr.merge(stays.mrn, ends.mrn, AT).body)).events
    assert isinstance(event, PatientMerged)
    assert event.survivor.identifier[0].value == stays.mrn
    assert event.retired[0].value == ends.mrn
    assert ehr.records[ends.mrn].merged_into == stays.mrn
    assert ehr.records[stays.mrn].merged_into is None


@pytest.mark.parametrize("method", ["transfer", "report"])
def test_transfers_and_results_are_nothing_for_billing(person: Person, method: str) -> None:
    ehr = Ehr()
    ehr.admit(person, AT)
    made = adt.translate(hl7v2.parse(getattr(ehr, method)(person.mrn, AT).body))
    assert made.filtered and not made.events


def test_control_ids_are_never_used_twice(person: Person) -> None:
    ehr = Ehr()
    ids = [ehr.register(person, AT).control_id for _ in range(100)]
    assert len(set(ids)) == 100


def test_names_beyond_ascii_are_declared_and_survive(person: Person) -> None:
    written = Ehr().register(replace(person, family="Häkelström"), AT)
    message = hl7v2.parse(written.body)
    assert message.get("MSH-18") == "UNICODE UTF-8"
    assert message.get("PID-5.1") == "Häkelström"
