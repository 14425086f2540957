"""What is known of a person: by authority, then by recency, whatever the order in which it came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careloom.core.errors import ConfigurationError
from careloom.identity.index.sealed import Held
from careloom.identity.index.survivorship import FIELDS, Authority, Survivorship
from careloom.model import Address, HumanName, Identifier, Patient

START = datetime(2026, 1, 1, tzinfo=UTC)
SOURCES, ASSIGNERS = ("ehr", "lab", "crm"), ("NORTH", "SOUTH")


@st.composite
def helds(draw: st.DrawFn) -> Held:
    number = Identifier(value=str(draw(st.integers(1, 5))), type="MR", assigner=draw(st.sampled_from(ASSIGNERS)))
    patient = Patient(
        identifier=(number,),
        name=draw(st.sampled_from([(), (HumanName(family="Reyes"),), (HumanName(family="Cole"),)])),
        birth_date=draw(st.sampled_from([None, "1980-02-03", "1980-03-02"])),
        gender=draw(st.sampled_from([None, "female", "unknown"])),
        deceased_boolean=draw(st.sampled_from([None, True, False])),
        address=draw(st.sampled_from([(), (Address(city="Fairhaven"),)])),
        language=draw(st.sampled_from([None, "en"])),
        active=draw(st.booleans()),
    )
    occurred = START + timedelta(days=draw(st.integers(0, 3)))
    id_ = UUID(int=draw(st.integers(1, 2**64)))
    return Held(id_, id_, draw(st.sampled_from(SOURCES)), number, patient, occurred, draw(st.booleans()))


PERSONS = st.lists(helds(), min_size=1, max_size=6, unique_by=lambda one: one.id)
RULES = st.lists(
    st.builds(
        Authority,
        field=st.sampled_from(FIELDS),
        sources=st.permutations(SOURCES).flatmap(lambda all_: st.integers(1, 3).map(lambda n: tuple(all_[:n]))),
        facility=st.sampled_from([None, *ASSIGNERS]),
        only=st.booleans(),
    ),
    max_size=5,
    unique_by=lambda rule: (rule.field, rule.facility),
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(PERSONS, RULES, st.randoms())
def test_the_order_in_which_records_came_says_nothing(records: list[Held], rules: list[Authority], by: Random) -> None:
    survivorship = Survivorship(rules)
    golden = survivorship.golden(records)
    by.shuffle(records)
    assert survivorship.golden(records) == golden


@given(PERSONS, RULES)
def test_every_value_is_one_that_its_record_says(records: list[Held], rules: list[Authority]) -> None:
    golden = Survivorship(rules).golden(records)
    by_id = {one.id: one.patient for one in records}
    for field in FIELDS:
        member = "deceased_boolean" if field == "deceased" else field
        value = getattr(golden.patient, member)
        if field in golden.origins:
            assert value == getattr(by_id[golden.origins[field]], member)
        else:
            assert value in (None, ())


@given(PERSONS)
def test_without_rules_nothing_that_somebody_says_is_lost(records: list[Held]) -> None:
    golden = Survivorship().golden(records)
    for member in ("name", "birth_date", "gender", "address", "language"):
        said = [getattr(one.patient, member) for one in records if getattr(one.patient, member) not in (None, ())]
        assert (getattr(golden.patient, member) not in (None, ())) == bool(said)
    known = {(one.value, one.assigner) for one in golden.patient.identifier}
    assert known == {(one.first.value, one.first.assigner) for one in records}


@given(PERSONS)
def test_the_newest_that_its_source_did_not_end_wins(records: list[Held]) -> None:
    golden = Survivorship().golden(records)
    saying = [one for one in records if one.patient.birth_date]
    if saying:
        standing = [one for one in saying if not one.retired] or saying
        newest = max(one.occurred for one in standing)
        assert golden.origins["birth_date"] in {one.id for one in standing if one.occurred == newest}


@given(PERSONS, st.sampled_from(SOURCES), st.booleans())
def test_the_source_with_authority_says_it(records: list[Held], source: str, only: bool) -> None:
    golden = Survivorship([Authority(field="name", sources=(source,), only=only)]).golden(records)
    saying = {one.id for one in records if one.patient.name}
    trusted = {one.id for one in records if one.patient.name and one.source == source}
    if trusted or only:
        assert golden.origins.get("name") in trusted or not trusted
    elif saying:
        assert golden.origins["name"] in saying


@given(PERSONS)
def test_a_person_goes_by_its_oldest_record_and_the_number_of_the_oldest_that_stands(records: list[Held]) -> None:
    patient = Survivorship().golden(records).patient
    oldest = min(records, key=lambda one: one.id)
    lead = min(records, key=lambda one: (one.retired, one.id))
    assert patient.person is not None
    assert (patient.person.id, patient.person.number) == (str(oldest.id), lead.first)
    assert patient.identifier[0] == lead.first


def test_a_facility_has_its_own_authority() -> None:
    def held(place: int, source: str, assigner: str, language: str) -> Held:
        number = Identifier(value="1", assigner=assigner)
        patient = Patient(identifier=(number,), language=language)
        return Held(UUID(int=place), UUID(int=1), source, number, patient, START, False)

    records = [held(1, "ehr", "NORTH", "en"), held(2, "lab", "NORTH", "es"), held(3, "crm", "SOUTH", "fr")]
    general = Authority(field="language", sources=("ehr",))
    south = Authority(field="language", sources=("crm",), facility="SOUTH")
    assert Survivorship([general]).golden(records).patient.language == "en"
    assert (
        Survivorship([south, msgspec.structs.replace(general, only=True)]).golden(records[1:]).patient.language == "fr"
    )


def test_authority_that_means_nothing_is_refused() -> None:
    rule = Authority(field="name", sources=("ehr",))
    with pytest.raises(ConfigurationError, match="twice"):
        Survivorship([rule, msgspec.structs.replace(rule, sources=("lab",))])
    with pytest.raises(ConfigurationError, match="no such field"):
        Survivorship([Authority(field="shoe_size", sources=("ehr",))])
    with pytest.raises(ValueError, match="at least one"):
        Survivorship().golden([])
