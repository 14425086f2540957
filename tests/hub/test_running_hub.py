"""A running hub: both ways in share one memory, keys work at once, settings that cannot work are told before."""

from __future__ import annotations

import asyncio
import json
import os
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.chaos.processes import Hub, careloom, deployment_folder, gone, postmaster
from tests.hub.hospital import Hospital, Running, adt, line

from careloom.core.errors import ConfigurationError
from careloom.hub.configuration import load
from careloom.hub.node import running_node
from careloom.sim.odoo import SimulatedOdoo


async def http(
    port: int, path: str, key: str = "", body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, Any]]:
    """Call the API; status and JSON."""
    said = {"Content-Type": "application/hl7-v2", **{name.replace("_", "-"): value for name, value in headers.items()}}
    if key:
        said["Authorization"] = f"Bearer {key}"
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body, headers=said)

    def call() -> tuple[int, dict[str, Any]]:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    return await asyncio.to_thread(call)


async def key_of(hospital: Hospital, name: str = "lab") -> str:
    said = await hospital.careloom("key", "create", name)
    assert said.code == 0, said.errors
    return said.output.strip()


async def until_status(hub: Running, key: str, wanted: int) -> None:
    """The gateway's copy of the keys is refreshed every two seconds."""
    async with asyncio.timeout(20):
        while (await http(hub.node.ports["api"], "/v1/status", key))[0] != wanted:
            pass


async def test_http_and_mllp_are_two_doors_to_one_room(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(odoo=erp)
    key = await key_of(hospital)
    first, second = adt("A04", "C1"), adt("A08", "C2", at="20260301090000", pid={5: "Warp^Ottilie"})
    async with hospital.running() as hub:
        port = hub.node.ports["api"]
        status, stored = await http(port, "/v1/systems/ehr/messages", key, first)
        assert (status, stored["acknowledged"]) == (201, True)
        await hub.send(first, second)
        status, repeated = await http(port, "/v1/systems/ehr/messages", key, second)
        assert (status, "position" in repeated) == (200, False)
        assert (await http(port, "/v1/systems/ehr/messages", key, first))[1]["id"] == stored["id"]
        status, problem = await http(port, "/v1/systems/ehr/messages", key, adt("A04", "C1", pid={8: "M"}))
        assert (status, problem["location"]) == (409, "MSH-10")
        numbers = await hub.settled(2)
        await hub.eventually(lambda: hub.rows("select 1 from work_case where kind = 'delivery' and state = 'open'"))
    assert numbers.delivered == 2
    assert [row["name"] for row in erp.records("res.partner") if row["ref"]] == ["Ottilie Warp"]


async def test_a_long_key_of_a_caller_is_refused_and_the_next_call_works(hospital: Hospital) -> None:
    """Keys of 201 to 255 characters passed the door and ended as an internal error."""
    key = await key_of(hospital)
    async with hospital.running() as hub:
        port, path = hub.node.ports["api"], "/v1/systems/ehr/messages"
        statuses = [
            (await http(port, path, key, adt("A04", "C1"), Idempotency_Key="k" * length))[0] for length in (201, 200)
        ]
    assert statuses == [422, 201]


async def test_a_key_made_beside_a_running_hub_works_and_stops_working(hospital: Hospital) -> None:
    async with hospital.running() as hub:
        assert (await http(hub.node.ports["api"], "/v1/status"))[0] == 401
        assert (await http(hub.node.ports["api"], "/healthz"))[0] == 200
        key = await key_of(hospital)
        await until_status(hub, key, 200)
        assert (await hospital.careloom("key", "revoke", "lab")).code == 0
        await until_status(hub, key, 401)


async def test_the_status_of_the_api_counts_in_numbers(hospital: Hospital) -> None:
    """Sums of PostgreSQL are numeric, which JSON showed as text."""
    key = await key_of(hospital)
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1"))
        await hub.settled(1)
        await hub.node.status.refresh()
        _, found = await http(hub.node.ports["api"], "/v1/status", key)
    counts = ("received", "delivered", "filtered", "parked", "in_flight", "refused")
    assert [type(found["messages"][name]) for name in counts] == [int] * 6


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('[deliveries.out]\nsystem = "ehr"\nevents = ["x"]', "takes no events"),
        ('[flows.registration]\nerp = "ehr"', "ehr is no Odoo"),
        ("[flows.registration]", "0 systems are Odoo"),
    ],
)
async def test_flows_that_cannot_be_wired_stop_the_start(hospital: Hospital, settings: str, words: str) -> None:
    hospital.configure(settings)
    with pytest.raises(ConfigurationError, match=words):
        async with running_node(load(hospital.config)):
            pass
    assert (await hospital.careloom("check")).code == 3


async def test_a_port_that_is_taken_stops_the_start(hospital: Hospital) -> None:
    async with hospital.running() as hub:
        text = hospital.config.read_text().replace("port = 0", f"port = {hub.node.ports['ehr']}")
        hospital.config.write_text(text)
        with pytest.raises(ConfigurationError, match="choose another host or port"):
            async with running_node(load(hospital.config)):
                pass


async def test_a_hub_that_only_takes_in_leaves_the_work_to_others(hospital: Hospital) -> None:
    hospital.configure(hub="work = false")
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1"), adt("A04", "C2"))
        numbers = await hub.numbers()
        assert (numbers.received, numbers.in_flight) == (2, 2)
    hospital.configure()
    async with hospital.running() as hub:
        assert (await hub.settled(2)).filtered == 2


@pytest.fixture
async def two_nodes(hospital: Hospital, erp: SimulatedOdoo) -> AsyncIterator[list[Hub]]:
    """Two hubs in processes of their own on one database, which they are told by CARELOOM_DATABASE_URL."""
    hospital.configure(odoo=erp)
    hospital.config.write_text(hospital.config.read_text().replace('url = "file:dsn"', ""))
    async with AsyncExitStack() as stack:
        nodes = []
        for _ in range(2):
            nodes.append(Hub(hospital.folder, {"CARELOOM_DATABASE_URL": hospital.dsn}))
            stack.push_async_callback(nodes[-1].stop)
        await asyncio.gather(*(node.start() for node in nodes))
        yield nodes


async def test_two_nodes_share_the_work_and_one_takes_over(
    hospital: Hospital, two_nodes: list[Hub], erp: SimulatedOdoo, dsn: str
) -> None:
    first, second = two_nodes
    hospital.configure(odoo=erp, hub="work = false")
    async with hospital.running() as observer:
        await observer.eventually(lambda: _shared(observer))
        async with line(first.ports["ehr"]) as one, line(second.ports["ehr"]) as other:
            for number in range(40):
                sender = one if number % 2 else other
                assert (await sender.send(adt("A04", f"C{number}", f"N-{number}"))).code == "AA"
            assert (await other.send(adt("A04", "C1", "N-1"))).code == "AA", "a repeat through the other node"
            await observer.settled(40)
            await first.kill()
            began = asyncio.get_running_loop().time()
            for number in range(40, 80):
                assert (await other.send(adt("A04", f"C{number}", f"N-{number}"))).code == "AA"
            numbers = await observer.settled(80)
        assert asyncio.get_running_loop().time() - began < 20
    assert numbers.delivered == 80
    refs = [row["ref"] for row in erp.records("res.partner") if row["ref"]]
    assert len(refs) == len(set(refs)) == 80


async def test_the_processes_of_a_node_do_the_work_and_end_with_it_when_it_is_killed(hospital: Hospital) -> None:
    hospital.configure(hub="processes = 2")
    hub = Hub(hospital.folder)
    await hub.start()
    try:
        async with line(hub.ports["ehr"]) as sender:
            for number in range(5):
                assert (await sender.send(adt("A04", f"C{number}", f"N-{number}"))).code == "AA"
        hospital.configure(hub="work = false")
        async with hospital.running() as observer:
            assert (await observer.settled(5)).filtered == 5
        [worker] = psutil.Process(hub.pid).children()
    finally:
        await hub.kill()
    assert await asyncio.to_thread(gone, worker.pid, 30)


async def _shared(hub: Running) -> bool:
    """Whether two sessions hold lanes of the translation, about half of them each."""
    rows = await hub.rows(
        "select pid, count(*) as lanes from pg_locks where locktype = 'advisory' and mode = 'ExclusiveLock'"
        " and granted and database = (select oid from pg_database where datname = current_database())"
        " group by pid having count(*) > 8"
    )
    return len(rows) == 2


async def test_one_data_folder_takes_one_hub_and_postgres_goes_with_it() -> None:
    with deployment_folder() as folder:
        (folder / "careloom.toml").write_text(
            '[store]\ndata = "data"\n[api]\nport = 0\n[systems.ehr]\nkind = "mllp"\nport = 0\n'
        )
        environment = {"CARELOOM_DATABASE_URL": ""}
        hub = Hub(folder, environment)
        await hub.start()
        try:
            code, _, errors = await careloom(folder, "run", environment=environment)
            assert code == 3
            assert "is in use by another hub" in errors
            assert str(hub.pid) in errors
            assert "Traceback" not in errors
            async with line(hub.ports["ehr"]) as sender:
                assert (await sender.send(adt("A04", "C1"))).code == "AA"
            beside = await careloom(folder, "status", "--json", environment=environment)
            assert (beside[0], json.loads(beside[1])["messages"]["received"]) == (0, 1)
            server = postmaster(folder / "data")
            assert server is not None
        finally:
            code = await hub.stop()
        assert code == 0
        assert gone(server, 10)
        alone = await careloom(folder, "status", "--json", environment=environment)
        assert json.loads(alone[1])["messages"]["received"] == 1
        assert postmaster(folder / "data") is None
        assert (Path(folder) / "data" / "master.key").stat().st_mode & 0o077 == 0
    assert os.environ.get("CARELOOM_DATA") is None


async def test_what_the_flows_need_in_odoo_is_checked(hospital: Hospital, erp: SimulatedOdoo) -> None:
    modules = '"careloom.flows.registration", "careloom.flows.backoffice"'
    hospital.configure('[flows.backoffice]\nerp = "erp"\n', odoo=erp, hub=f"flows = [{modules}]")
    rights = erp._user(erp.login).rights
    assert rights is not None
    rights["account.payment"] = frozenset({"read"})
    said = await hospital.careloom("check", "--json")
    problems = [one["problem"] for one in said.objects]
    assert "the API user may not write, create account.payment" in problems
    hospital.configure(odoo=erp, hub=f"flows = [{modules}]")
    said = await hospital.careloom("check", "--json")
    assert not [one for one in said.objects if "account.payment" in one["problem"]]
