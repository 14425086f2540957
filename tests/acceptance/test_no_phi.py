"""Planted names, numbers and addresses: none of them is found in anything that a hub writes, whatever goes wrong."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.gossip import Gossip, gossiping
from tests.chaos.processes import Hub, careloom, deployment_folder
from tests.chaos.watch import connected
from tests.hub.hospital import START, adt, command, line

from careloom.sim.odoo import SimulatedOdoo

HATED = "Refuseniksen"
CANARIES = {
    "family name": "Quillfeather", "given name": "Zyxwina", "refused name": HATED, "name that breaks": "Bugaboosky",
    "record number": "KANARI77", "phone": "7391846", "street": "Popinjay Mews", "policy": "POLKANARI9",
    "birth": "19370723", "mother": "Wrenhilda",
}  # fmt: skip
FLOW = """
from careloom.core.outcomes import Done, Outcome
from careloom.flows import Flow
from careloom.model import RegistrationCreated

fragile = Flow(
    "fragile",
    owner="x",
    business_owner="y",
    sla="1h",
    latency="real-time",
    bound="1m",
    recovery_time="4h",
    recovery_point="0s",
    pattern="event",
    system_of_record="z",
    runbook="flow-fragile",
)

@fragile.on(RegistrationCreated)
async def stumble(event: RegistrationCreated) -> Outcome:
    if event.patient.name[0].family == "Bugaboosky":
        raise ValueError(f"cannot handle {event.patient}")
    return Done()
"""


def about(control_id: str, family: str = "Quillfeather", event: str = "A04", number: int = 1, **more: Any) -> bytes:
    """A message full of canaries."""
    pid = {
        5: f"{family}^Zyxwina^^^^^L", 6: "Wrenhilda^^^^^^M", 7: "19370723",
        11: "9 Popinjay Mews^^Springfield^IL^62701^USA^H", 13: "^PRN^PH^^1^555^7391846",
    } | more.pop("pid", {})  # fmt: skip
    body = adt(event, control_id, f"KANARI77{number}", pid=pid, **more)
    return body + b"IN1|1|PPO|60054|Example Health" + b"|" * 32 + b"POLKANARI9\r"


@pytest.fixture
async def gossip(erp: SimulatedOdoo) -> AsyncIterator[Gossip]:
    async with gossiping(erp, HATED) as made:
        yield made


@pytest.fixture
def folder(erp: SimulatedOdoo, gossip: Gossip) -> Iterator[Path]:
    with deployment_folder() as made:
        (made / "fragile_flow.py").write_text(FLOW)
        (made / "key").write_text(erp.api_key)
        (made / "careloom.toml").write_text(
            f"""
[hub]
flows = ["careloom.flows.registration", "careloom.flows.standards", "fragile_flow"]
[store]
data = "data"
[api]
port = 0
[systems.ehr]
kind = "mllp"
port = 0
frame_timeout = 1.0
[systems.erp]
kind = "odoo"
url = "{gossip.url}"
database = "{erp.database}"
login = "{erp.login}"
api_key = "file:key"
[systems.sink]
kind = "http"
url = "{gossip.url}/sink"
[deliveries.sink]
system = "sink"
events = ["registration.created.v1", "patient.updated.v1"]
[flows.registration]
erp = "erp"
[flows.fragile]
"""
        )
        yield made


@pytest.mark.timeout(180)
async def test_no_canary_is_found_outside_the_patients_own_records(
    folder: Path, gossip: Gossip, erp: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CARELOOM_DATABASE_URL", raising=False)
    hub = Hub(folder, level="debug")
    await hub.start()
    said: dict[str, str] = {}
    try:
        _, key, _ = await careloom(folder, "key", "create", "lab")
        said |= await over_mllp(hub.ports["ehr"])
        await until(folder, "select count(*) = 5 from parked where state = 'case'")
        said |= await over_http(hub.ports["api"], key.strip())
        said |= await commands(folder)
        said |= await in_the_database(folder)
    finally:
        await hub.stop()
    said["hub output"] = hub.output
    said |= {str(file): file.read_bytes().decode("latin-1") for file in folder.rglob("*") if written(file)}
    assert gossip.quoted >= 2 and len(gossip.taken) >= 2, "nothing was refused with a quotation, so nothing was tried"
    assert any(row["name"] == "Zyxwina Quillfeather" for row in erp.records("res.partner"))
    assert any(name.endswith("postgres.log") for name in said) and "DEBUG" in said["hub output"]
    assert found_in(said) == []


def written(file: Path) -> bool:
    """Whether the hub or its PostgreSQL wrote it: everything but what this test made."""
    return file.is_file() and file.name not in ("fragile_flow.py", "careloom.toml", "key") and file.suffix != ".pyc"


def found_in(said: dict[str, str]) -> list[str]:
    """Where which canary was found, as it stands, or as the hexadecimal digits of its octets."""
    forms = {name: (value.lower(), value.encode().hex()) for name, value in CANARIES.items()}
    lowered = {place: text.lower() for place, text in said.items()}
    return [
        f"{name} in {place}" for place, text in lowered.items() for name, some in forms.items() for form in some
        if form in text
    ]  # fmt: skip


async def over_mllp(port: int) -> dict[str, str]:
    """Success, refusals by receivers, a bug, mapping errors, a conflict, and garbage; what the sender was told."""
    bodies = [
        about("C1"),
        about("C2", event="A08", at="20260301090000"),
        about("C1", pid={8: "M"}),
        about("C3", HATED, number=2),
        about("C4", "Bugaboosky", number=3),
        about("C5", pid={7: "Zyxwina"}, number=4),
        about("C6", pid={3: ""}),
        about("C7")[4:],
        about("C8").replace(b"|P|2.5.1", b"|Z|2.5.1"),
        about("C9").replace(b"MSH|^~\\&|", b"MSH|^~\\&KANARI77|"),
        about("C10").replace(b"|C10|", b"||"),
        about("C11").replace(b"ADT^A04^ADT_A01", b"Quillfeather^Zyxwina").replace(b"C11", b""),
        about("C12").replace(b"KANARI774", b"KANARI77\x00"),
    ]
    told = {}
    async with line(port) as sender:
        for number, body in enumerate(bodies):
            told[f"answer to message {number}"] = (await sender.send(body)).text
    for number, octets in enumerate((START + about("C13")[:-40], START + about("C14") + START, b"Quillfeather" * 200)):
        async with line(port) as sender:
            sender.write(octets)
            told[f"answer to octets {number}"] = (await sender.answer()).text
    assert sum("|AA|" in text for text in told.values()) >= 5
    assert sum("|AE|" in text or "|AR|" in text for text in told.values()) >= 8
    return told


async def until(folder: Path, condition: str) -> None:
    """Ask the database until it is so."""
    async with asyncio.timeout(60), connected(folder / "data") as connection:
        while not await connection.fetchval(condition):
            pass


async def over_http(port: int, key: str) -> dict[str, str]:
    """Whatever the API says."""
    base = f"http://127.0.0.1:{port}"
    calls: list[tuple[str, bytes | None]] = [
        ("/v1/status", None),
        ("/v1/systems/ehr/messages", about("H1")[9:]),
        ("/v1/systems/ehr/messages", about("C1", pid={8: "O"})),
        ("/v1/systems/Quillfeather/messages", about("H2")),
        ("/v1/patients/KANARI77?name=Zyxwina", None),
    ]
    return {
        f"HTTP call {number}": await asyncio.to_thread(called, base + path, key, body)
        for number, (path, body) in enumerate(calls)
    }


def called(url: str, key: str, body: bytes | None) -> str:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/hl7-v2"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=20) as answer:
            return str(answer.headers) + answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return str(error.headers) + error.read().decode()


async def commands(folder: Path) -> dict[str, str]:
    """Everything that the command line shows without --reveal."""
    told = {}
    for asked in (
        "status", "status --json", "parked list", "parked list --json", "trace C1", "trace C1 --json", "trace C3",
        "trace KANARI771", "trace KANARI771 --json", "replay translate --outcome done --json", "audit verify",
    ):  # fmt: skip
        said = await asyncio.to_thread(command, [*asked.split(), "--config", str(folder / "careloom.toml")])
        assert said.code == 0, said.errors
        told[f"careloom {asked}"] = said.output + said.errors
    for row in told["careloom parked list --json"].splitlines():
        asked = f"parked show {json.loads(row)['case_id']}"
        said = await asyncio.to_thread(command, [*asked.split(), "--config", str(folder / "careloom.toml")])
        told[f"careloom {asked}"] = said.output
    told["careloom check"] = "".join((await careloom(folder, "check"))[1:])
    return told


async def in_the_database(folder: Path) -> dict[str, str]:
    """Every column of every table, in clear."""
    told = {}
    async with connected(folder / "data") as connection:
        tables = await connection.fetch(
            "select format('%I.%I', schemaname, tablename) as name from pg_tables"
            " where schemaname not in ('pg_catalog', 'information_schema')"
        )
        for table in tables:
            rows = await connection.fetch(f"select t::text from {table['name']} t")
            told[f"table {table['name']}"] = "\n".join(row[0] for row in rows)
    assert told["table public.event"].count("\n") > 5
    assert told["table public.refusal"]
    return told


def test_a_canary_would_be_found() -> None:
    assert found_in({"clear": "xx quillfeather xx", "bytes": "\\x" + b"KANARI77".hex(), "clean": "Weaver"}) == [
        "family name in clear", "record number in bytes",
    ]  # fmt: skip
