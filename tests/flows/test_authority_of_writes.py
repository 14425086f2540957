"""A write of a patient by a system that has no authority: refused with a reason, or put to a steward side by side."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec import structs
from tests.conftest import PostgresServer
from tests.flows.house import House, house_of
from tests.flows.test_registration_flow import contacts
from tests.hub.hospital import Hospital, adt

from careloom.cases.kinds import Action
from careloom.core.errors import ConfigurationError
from careloom.flows.registration import account_of, contact_values
from careloom.flows.steps.authority import allowed_to
from careloom.flows.stewardship import stewardship
from careloom.flows.stores import Stores
from careloom.hub.configuration import check
from careloom.identity.crosswalk.authority import Authority, Decision, Rule
from careloom.model import Address, HumanName, PatientUpdated
from careloom.model.examples import examples
from careloom.sim.odoo import SimulatedOdoo

UPDATED: Any = examples()[PatientUpdated.type]
CRM = '[authority.address]\nentity = "patient"\nfields = ["address"]\nsystems = ["crm"]\n'
ELSEWHERE = {11: "7 Heddle Road^^Albany^NY^12207^USA^H", 5: "Weaver-Reed^Ottilie"}


def _authority(otherwise: Decision, **changes: Any) -> Authority:
    fields = {"name": "address", "entity": "patient", "fields": ("address",), "systems": ("crm",)}
    return Authority([Rule(**fields | {"otherwise": otherwise} | changes)])


def test_a_patient_is_split_by_what_its_sender_may_set() -> None:
    patient = structs.replace(UPDATED.patient, address=(Address(city="Albany"),), name=(HumanName(family="Reed"),))
    cleared = ("patient.address", "patient.telecom.home", "coverage")
    kept = allowed_to("ehr", patient, cleared, "NORTH", _authority(Decision.REFUSE))
    assert (kept.patient.address, kept.patient.name) == ((), patient.name)
    assert kept.cleared == ("patient.telecom.home", "coverage")
    assert (list(kept.refused), kept.proposed, kept.says) == (["address"], {}, True)
    assert kept.kept_back == "ehr may not set patient.address: crm may, by the rule 'address' of authority"
    assert "Albany" not in kept.kept_back
    proposed = allowed_to("ehr", patient, cleared, None, _authority(Decision.PROPOSE, fields=("*",)))
    assert (list(proposed.proposed), proposed.says) == (["name", "address", "telecom"], False)
    assert allowed_to("crm", patient, cleared, None, _authority(Decision.REFUSE)).kept_back == ""
    south = _authority(Decision.REFUSE, facilities=("SOUTH",))
    assert allowed_to("ehr", patient, cleared, "NORTH", south).kept_back == ""
    assert allowed_to("ehr", patient, cleared, "SOUTH", south).refused
    assert allowed_to("ehr", patient, cleared, None, Authority()).patient == patient


async def test_a_refused_field_stays_and_the_trace_says_why(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(odoo=erp)
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1"))
        await hub.settled(1)
    hospital.configure(CRM, odoo=erp)
    async with hospital.running() as hub:
        await hub.send(adt("A08", "C2", at="20260301090000", pid=ELSEWHERE))
        await hub.settled(2)
        rows = await hub.rows("select * from delivery")
    contact = contacts(erp)["N-1"]
    assert (contact["city"], contact["name"]) == ("Springfield", "Ottilie Weaver-Reed")
    told = " ".join(str(dict(row)) for row in rows)
    assert "ehr may not set patient.address: crm may" in told and "Albany" not in told


async def test_what_may_not_even_be_named_is_skipped_with_the_reason(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure('[authority.all]\nentity = "patient"\nsystems = ["crm"]\n', odoo=erp)
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1"))
        numbers = await hub.settled(1)
        [row] = await hub.rows("select reason from delivery where outcome = 'skipped'")
    assert (numbers.delivered, numbers.filtered, contacts(erp)) == (0, 1, {})
    assert "ehr may not set patient.name: crm may, by the rule 'all' of authority" in row["reason"]


async def furnish(house: House) -> None:
    patient = structs.replace(UPDATED.patient, address=(Address(city="Springfield", use="home"),))
    values = await contact_values(house.erp, patient)
    await house.erp.upsert("res.partner", account_of(house.erp, patient.identifier), values)


@pytest.fixture
async def house(postgres_server: PostgresServer) -> AsyncIterator[House]:
    async with house_of(postgres_server, [stewardship], furnish) as found:
        binder: Any = found.world.node.around.call._binder  # type: ignore[attr-defined]
        stores = binder("stewardship.decide", "stores", Stores)
        stores.authority = _authority(Decision.PROPOSE)
        yield found


async def _moved(house: House) -> None:
    patient = structs.replace(UPDATED.patient, address=(Address(city="Albany", use="home"),))
    await house.world.tell(structs.replace(UPDATED, patient=patient))
    await house.world.settle()


async def _city(house: House) -> str:
    known = await house.erp.find(account_of(house.erp, UPDATED.patient.identifier))
    assert known is not None
    [row] = await house.erp.read("res.partner", [known.record_id], ["city"])
    return str(row["city"])


@pytest.mark.parametrize(("action", "city"), [(Action.APPROVE, "Albany"), (Action.REJECT, "Springfield")])
async def test_a_steward_sees_both_values_and_decides(house: House, action: Action, city: str) -> None:
    await _moved(house)
    [case] = await house.world.rows("select kind, owner, field, reason from work_case where resolved is null")
    assert (case["kind"], case["owner"], case["field"]) == ("proposed-write", "master-data", "patient.address")
    assert "may not set patient.address" in case["reason"] and "Albany" not in case["reason"]
    assert await _city(house) == "Springfield"
    [run] = await house.world.rows("select id from run")
    journal = await house.world.node.around.store.load(run["id"])
    [beside] = [step.body for step in journal.steps.values() if step.name == "side_by_side"]
    assert beside is not None and b"Springfield" in beside and b"Albany" in beside
    await house.world.decide("proposed-write", action)
    assert (await _city(house), await house.world.runs()) == (city, [("stewardship.decide", "completed")])


async def test_what_may_be_set_is_no_question(house: House) -> None:
    patient = structs.replace(UPDATED.patient, address=())
    await house.world.tell(structs.replace(UPDATED, patient=patient))
    await house.world.settle()
    assert (await house.world.cases(), await house.world.runs()) == ([], [("stewardship.decide", "completed")])


def test_proposals_that_no_steward_would_see_are_refused_at_the_start(tmp_path: Any) -> None:
    rule = {"entity": "patient", "systems": ["crm"], "otherwise": "propose"}
    with pytest.raises(ConfigurationError, match="no steward would see them"):
        check({"authority": {"all": rule}}, tmp_path)
    flows = {"stewardship": {}}
    assert check({"authority": {"all": rule}, "flows": flows}, tmp_path).settings.authority["all"].proposes
    with pytest.raises(ConfigurationError, match="both say who sets"):
        check({"authority": {"a": {**rule, "otherwise": "refuse"}, "b": {**rule, "otherwise": "refuse"}}}, tmp_path)


async def test_a_refused_write_is_a_case_once_for_a_system_and_a_field(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(CRM, odoo=erp)
    async with hospital.running() as hub:
        await hub.send(adt("A08", "C2", at="20260301090000", pid=ELSEWHERE))
        await hub.send(adt("A08", "C3", at="20260301100000", pid=ELSEWHERE))
        await hub.settled(2)
        [case] = await hub.rows("select * from work_case where kind = 'refused-write'")
    assert (case["system"], case["field"], case["owner"]) == ("ehr", "patient.address", "master-data")
    assert "crm may, by the rule" in case["reason"] and "Albany" not in case["reason"]
