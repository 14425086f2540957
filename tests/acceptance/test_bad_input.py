"""What a hub does with input that no hub should get: it says clearly no, and nobody else notices."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.chaos.processes import Hub, careloom
from tests.hub.hospital import END, START, Ack, Hospital, Running, Sender, adt, line
from tests.hub.mutation import mutated

from careloom.log.conservation import conservation
from careloom.sim.odoo import SimulatedOdoo
from careloom.store.database import Database

SAMPLES = sorted((Path(__file__).resolve().parents[1] / "samples" / "hl7v2").glob("*.hl7"))
LIMIT = 65_536
GROWTH = 64 * 1024 * 1024
EHR = f"max_message = {LIMIT}\nframe_timeout = 2.0\n"


@pytest.fixture
async def hub(hospital: Hospital) -> AsyncIterator[Hub]:
    """A hub in a process of its own."""
    hospital.configure(ehr=EHR)
    started = Hub(hospital.folder)
    await started.start()
    yield started
    await started.stop()


def bad_blocks() -> dict[str, tuple[bytes, str, str]]:
    """What is sent, the code and the words of the answer."""
    good = adt("A04", "BAD-1")
    header, _, rest = good.partition(b"\r")
    return {
        "too large": (START + good + b"NTE|1||" + b"x" * LIMIT + END, "AR", "larger than"),
        "cut short by another block": (START + good[:120] + START + b"MSH" + END, "AR", "another one begins"),
        "FS without CR": (START + good + b"\x1cX", "AR", "not followed by CR"),
        "no MLLP at all": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 80, "AR", "no MLLP"),
        "empty": (START + END, "AE", "empty"),
        "no header": (START + b"PID|1||N-1\r" + END, "AE", "no MSH segment"),
        "no control id": (START + good.replace(b"BAD-1", b"") + END, "AE", "control id is missing"),
        "an endless control id": (START + good.replace(b"BAD-1", b"B" * 300) + END, "AE", "longer than"),
        "a NUL in the control id": (START + good.replace(b"BAD-1", b"BAD\x00") + END, "AE", "MSH^1"),
        "an unknown processing id": (START + good.replace(b"|P|2.5.1", b"|Z|2.5.1") + END, "AR", "processing id"),
        "two header segments": (START + header + b"\r" + good.replace(b"BAD-1", b"BAD-2") + END, "AA", "BAD-1"),
        "an unknown character set": (
            START + header.replace(b"BAD-1", b"BAD-3") + b"||||||KLINGON\r" + rest + END, "AA", "BAD-3",
        ),
        "octets that its character set has not": (
            START + header.replace(b"BAD-1", b"BAD-4") + b"||||||UNICODE UTF-8\r" + rest.replace(b"Loom", b"\xff\xfe")
            + END, "AA", "BAD-4",
        ),
    }  # fmt: skip


async def steady(port: int, stop: asyncio.Event, name: str = "GOOD") -> int:
    """A sender that does everything right, until told to stop; how many messages it got acknowledged."""
    async with line(port) as sender:
        count = 0
        while not stop.is_set():
            count += 1
            answer = await sender.send(adt("A04", f"{name}-{count}", f"{name}-{count}"))
            assert answer.code == "AA", answer.text
        return count


@asynccontextmanager
async def beside_a_steady_sender(port: int) -> AsyncIterator[list[int]]:
    """Someone else's traffic for the length of the block; then how much of it there was."""
    stop, sent = asyncio.Event(), list[int]()
    sending = asyncio.create_task(steady(port, stop))
    yield sent
    stop.set()
    sent.append(await sending)


async def status(hub: Hub) -> dict[str, Any]:
    code, output, errors = await careloom(hub.folder, "status", "--json")
    assert code == 0, errors
    found: dict[str, Any] = json.loads(output)["messages"]
    return found


async def nothing_in_flight(hub: Hub, hospital: Hospital, received: int) -> None:
    """Wait until so many messages are dealt with, and see that the command says so."""
    database = await Database.open(hospital.dsn, size=1)
    try:
        async with asyncio.timeout(60):
            while True:
                numbers = await conservation(database)
                assert numbers.holds
                if numbers.received == received and not numbers.in_flight:
                    break
    finally:
        await database.close()
    found = await status(hub)
    assert (found["holds"], found["received"], found["in_flight"]) == (True, received, 0)


async def told(port: int, octets: bytes) -> Ack:
    """What a sender of these octets is told on a line of its own."""
    async with line(port) as sender:
        sender.write(octets)
        return await sender.answer()


async def test_each_bad_block_is_answered_clearly_and_others_are_unharmed(hub: Hub, hospital: Hospital) -> None:
    port = hub.ports["ehr"]
    async with beside_a_steady_sender(port) as sent:
        for kind, (octets, code, words) in bad_blocks().items():
            answer = await told(port, octets)
            assert (answer.code, words in answer.text) == (code, True), f"{kind}: {answer.text}"
            if code != "AA":
                assert "\rERR|" in answer.text, kind
        async with line(port) as sender:
            sender.write(START + adt("A04", "TRUNCATED")[:150])
            sender.writer.write_eof()
            answer = await sender.answer()
            assert (answer.code, answer.about) == ("AR", "TRUNCATED")
            assert await sender.rest() == b""
    await nothing_in_flight(hub, hospital, sent[0] + 3)
    _, output, _ = await careloom(hub.folder, "parked", "list", "--json")
    assert [json.loads(line)["field"] for line in output.splitlines()] == ["MSH-18"]


async def test_slow_senders_are_cut_off_and_others_do_not_wait_for_them(hub: Hub, hospital: Hospital) -> None:
    port = hub.ports["ehr"]
    async with beside_a_steady_sender(port) as sent, AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(line(port)) for _ in range(50)]
        answers = await asyncio.gather(*(drip(sender, number) for number, sender in enumerate(slow)))
    assert [answer.code for answer in answers] == ["AR"] * 50
    assert all("did not end within 2 s" in answer.text for answer in answers)
    assert sent[0] > 50
    await nothing_in_flight(hub, hospital, sent[0])


async def drip(sender: Sender, number: int) -> Ack:
    """Send an octet at a time and never come to an end; the answer comes anyway."""
    answer = asyncio.create_task(sender.answer())
    for octet in START + adt("A04", f"SLOW-{number}"):
        if answer.done():
            break
        sender.write(bytes([octet]))
        await asyncio.wait([answer], timeout=0.1)
    return await answer


async def test_a_thousand_damaged_messages_lose_nothing_and_cost_no_memory(hub: Hub, hospital: Hospital) -> None:
    port = hub.ports["ehr"]
    process = psutil.Process(hub.pid)
    triggers = ("A01", "A04", "A08", "A03", "A31")
    originals = [adt(triggers[number % 5], f"WHOLE-{number}", f"W-{number}") for number in range(500)]
    damaged = list(mutated([*originals, *(file.read_bytes() for file in SAMPLES)], 1000, seed=11))
    async with beside_a_steady_sender(port) as sent:
        await told(port, START + adt("A04", "FIRST") + END)
        before = process.memory_info().rss
        shares = await asyncio.gather(*(answered(port, damaged[number::4]) for number in range(4)))
    codes = Counter(answer.code for share in shares for answer in share)
    assert set(codes) <= {"AA", "AE", "AR", "CA", "CE", "CR", ""}
    assert codes["AA"] > 100 and codes["AE"] > 100
    assert process.memory_info().rss - before < GROWTH
    found = await status(hub)
    assert found["received"] <= codes["AA"] + codes["CA"] + codes[""] + len(damaged) + sent[0] + 1
    await nothing_in_flight(hub, hospital, found["received"])
    assert "Traceback" not in hub.output


async def answered(port: int, bodies: Sequence[bytes]) -> list[Ack]:
    """One answer for each; a message that damage has made ask for none is followed by one that is answered."""
    answers = []
    async with line(port) as sender:
        for number, body in enumerate(bodies):
            probe = f"PROBE-{id(bodies)}-{number}"
            sender.write(START + body + END + START + adt("A04", probe, "PROBE") + END)
            first = await sender.answer()
            if first.about == probe:
                answers.append(Ack("", "", ""))
            else:
                answers.append(first)
                assert (await sender.answer()).about == probe
    return answers


async def test_a_full_disk_is_answered_with_send_again_and_loses_nothing(
    hospital: Hospital, erp: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("careloom.log.append.PATIENCE_SECONDS", 0.2)
    hospital.configure(odoo=erp)
    bodies = [adt("A04", f"C{number}", f"N-{number}") for number in range(20)]
    release = asyncio.Event()
    async with hospital.running() as hub:
        erp.faults.hang(until=release, model="res.partner", method="load", times=None)
        await hub.send(*bodies[:10])
        await full(hub)
        refused = [await hub.ehr.send(body) for body in bodies[10:]]
        assert {(answer.code, "not stored, send again" in answer.text) for answer in refused} == {("AR", True)}
        repeated = await hub.ehr.send(bodies[0])
        release.set()
        await hub.rows("drop trigger full_disk on event")
        again = [await hub.ehr.send(body) for body in bodies[10:]]
        assert {answer.code for answer in again} == {"AA"}
        numbers = await hub.settled(20)
    assert repeated.code == "AA", "what is stored needs no room to be acknowledged again"
    assert numbers.delivered == 20
    assert len([row for row in erp.records("res.partner") if row["ref"]]) == 20


async def full(hub: Running) -> None:
    """From now on the store says that its disk is full (SQLSTATE 53100, disk_full)."""
    await hub.rows(
        "create function no_room() returns trigger language plpgsql as $$ begin"
        " raise exception 'could not extend file' using errcode = '53100'; end $$"
    )
    await hub.rows("create trigger full_disk before insert on event for each row execute function no_room()")
