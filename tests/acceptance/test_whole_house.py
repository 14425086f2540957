"""Every format at once through one hub: what each partner sends becomes events of one model, delivered in one form."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from standardwebhooks import Webhook
from tests.hub.hospital import Hospital, Running

from careloom.gateway.classes import Scope

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
SECRET = "whsec_" + base64.b64encode(b"thirty-two octets of a test key!").decode()
DROPS = {
    "clearinghouse": ("x12", ["835_balanced.edi", "271_active.edi", "277ca_accepted.edi"]),
    "supplier": ("x12", ["855_accepted.edi", "856_shipment.edi", "810_invoice.edi"]),
    "bank": ("bank", ["statement_camt053_v02.xml", "statement_mt940.sta"]),
    "archive": ("fhir", ["Bundle-transaction.json", "Coverage.json"]),
    "prices": ("csv", ["prices.csv"]),
}
FROM_MLLP = [
    "siu_s12_new",
    "oru_r01_panel_and_report",
    "dft_p03_two_charges",
    "rds_o13_dispensed_lot",
    "a04_registration",
]
WANTED = {
    "appointment.booked.v1", "charge.posted.v1", "claim.acknowledged.v1", "claim.adjudicated.v1", "contact.updated.v1",
    "eligibility.answered.v1", "medication.dispensed.v1", "patient.updated.v1", "product.changed.v1",
    "purchase_order.acknowledged.v1", "registration.created.v1", "remittance.received.v1", "service.completed.v1",
    "shipment.announced.v1", "statement.received.v1", "supplier_invoice.received.v1",
}  # fmt: skip
MESSAGES = 19
CRM_RULES = """
[document]
dialect = "crm"
type = "/type"
key = "/id"
subject = "/person/id"
noun = "Contact"

[[rules]]
when = { "/type" = "person.changed" }
event = "contact.updated.v1"
occurred = "/at"

[rules.fields]
"contact.identifier[0].value" = "/person/id"
"contact.identifier[0].assigner" = { constant = "CRM" }
"contact.name" = { from = "/person/name", split = "given family" }
"""
PRICE_RULES = """
[[rules]]
event = "product.changed.v1"

[rules.fields]
"product.identifier[0].value" = "/item"
"product.name" = { from = ["/description", "/item"] }
"product.price" = { from = "/price", currency = "EUR" }
"""


@pytest.fixture
def house(hospital: Hospital) -> Hospital:
    """An EHR, a clearing house, a supplier, a bank, a FHIR archive, price lists and a CRM; events leave as files."""
    (hospital.folder / "crm-secret").write_text(SECRET)
    (hospital.folder / "crm.toml").write_text(CRM_RULES)
    (hospital.folder / "prices.toml").write_text(PRICE_RULES)
    shutil.copy(SAMPLES / "csv" / "prices.toml", hospital.folder / "layout.toml")
    text = "".join(_drop(hospital, name, format) for name, (format, _) in DROPS.items())
    (hospital.folder / "lake").mkdir()
    wanted = json.dumps(sorted(WANTED))
    hospital.configure(
        f'{text}[sources.prices]\nlayout = "layout.toml"\nmapping = "prices.toml"\n'
        '[systems.crm]\nkind = "webhook"\nsecret = "file:crm-secret"\n[sources.crm]\nmapping = "crm.toml"\n'
        '[systems.portal]\nkind = "fhir"\nserve = ["Patient", "Appointment"]\n'
        '[systems.lake]\nkind = "folder"\npath = "lake"\ndirection = "out"\nnaming = "day"\n'
        f'[deliveries.lake]\nsystem = "lake"\nevents = {wanted}\n'
    )
    return hospital


def _drop(hospital: Hospital, name: str, format: str) -> str:
    folder = hospital.folder / "drops" / name
    folder.mkdir(parents=True)
    settings = f'path = "drops/{name}"\nformat = "{format}"\nevery = 0.1\nstable_seconds = 0\n'
    return f'[systems.{name}]\nkind = "folder"\n{settings}'


async def everything_arrives(house: Hospital, hub: Running) -> None:
    """Files are renamed into place, as partners who know how do it; messages come by MLLP, a webhook by HTTP."""
    for name, (format, files) in DROPS.items():
        for file in files:
            hidden = house.folder / "drops" / name / f".{file}"
            shutil.copy(SAMPLES / format / file, hidden)
            hidden.rename(hidden.with_name(file))
    for name in FROM_MLLP:
        answer = await hub.ehr.send((SAMPLES / "hl7v2" / f"{name}.hl7").read_bytes())
        assert answer.code in ("AA", "CA"), answer.text
    person = {"id": "P-9", "name": "Ottilie Weaver"}
    body = json.dumps({"type": "person.changed", "id": "evt-1", "at": "2026-03-01T08:30:00Z", "person": person})
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "evt-1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("evt-1", now, body),
        "content-type": "application/json",
    }
    url = f"http://127.0.0.1:{hub.node.ports['api']}/v1/systems/crm/events"
    async with aiohttp.ClientSession() as http, http.post(url, data=body, headers=headers) as answer:
        assert answer.status < 300, await answer.text()


def delivered(house: Hospital) -> Iterator[dict[str, object]]:
    """The CloudEvents that the folder holds."""
    for file in (house.folder / "lake").glob("*"):
        yield from (json.loads(line) for line in file.read_text().splitlines())


async def test_what_every_partner_sends_becomes_events_of_one_model_and_leaves_in_one_form(house: Hospital) -> None:
    async with house.running() as hub:
        await everything_arrives(house, hub)
        files = sum(len(files) for _, files in DROPS.values())
        await hub.eventually(lambda: _archived(house, hub, files))
        numbers = await hub.eventually(lambda: _handled(hub))
        assert numbers.holds
        made = await hub.rows("select type, count(*) as many from event where kind = 'e' group by 1")
        cases = await hub.rows("select subscription, reason, field from work_case where state = 'open'")
    assert not cases
    assert {row["type"] for row in made} >= WANTED
    ids = [str(event["id"]) for event in delivered(house)]
    assert len(ids) == len(set(ids)) == sum(row["many"] for row in made if row["type"] in WANTED)
    assert {str(event["type"]) for event in delivered(house)} == WANTED


async def test_an_event_is_traced_to_the_line_of_the_file_it_came_from(house: Hospital) -> None:
    async with house.running() as hub:
        await everything_arrives(house, hub)
        await hub.eventually(lambda: _handled(hub))
        row = (await hub.eventually(lambda: _first(hub, "remittance.received.v1")))[0]
        said = await house.careloom("trace", str(row["id"]), "--json")
    assert said.code == 0, said.errors
    assert "clearinghouse" in said.output
    assert "x12:835" in said.output


async def test_what_was_told_in_hl7_is_read_in_fhir(house: Hospital) -> None:
    async with house.running() as hub:
        await everything_arrives(house, hub)
        await hub.eventually(lambda: _handled(hub))
        reader = await hub.node.keys.create("reader", [Scope.READ_PHI])
        sender = await hub.node.keys.create("sender")
        patient = await asked(hub, reader, "Patient?identifier=MRN700301")
        assert patient["total"] == 1
        id_ = patient["entry"][0]["resource"]["id"]
        booked = await asked(hub, reader, f"Appointment?patient=Patient/{id_}")
        assert booked["entry"][0]["resource"]["resourceType"] == "Appointment"
        assert (await asked(hub, reader, f"Patient/{id_}"))["id"] == id_
        assert (await asked(hub, sender, f"Patient/{id_}"))["issue"][0]["code"] == "forbidden"
        said = await house.careloom("erase", "MRN700301", "--reason", "asked for", "--yes")
        assert said.code == 0, said.output + said.errors
        await hub.eventually(lambda: _gone(hub, reader))


async def asked(hub: Running, key: str, path: str) -> dict[str, Any]:
    url = f"http://127.0.0.1:{hub.node.ports['api']}/v1/systems/portal/{path}"
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as http, http.get(url) as answer:
        found: dict[str, Any] = await answer.json(content_type=None)
        return found


async def _gone(hub: Running, key: str) -> bool:
    return (await asked(hub, key, "Patient?identifier=MRN700301"))["total"] == 0


async def _archived(house: Hospital, hub: Running, files: int) -> bool:
    await hub.rows("select 1")  # a round trip, so that the hub gets its turn
    return sum(1 for _ in house.folder.glob("drops/*/archive/*")) == files


async def _handled(hub: Running) -> object:
    numbers = await hub.numbers()
    return numbers if numbers.received == MESSAGES and not numbers.in_flight else None


async def _first(hub: Running, type: str) -> object:
    return await hub.rows("select id from event where kind = 'e' and type = $1 limit 1", type)
