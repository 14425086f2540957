"""The listener over real sockets: what it answers, in which order, and what it never claims."""

from __future__ import annotations

import asyncio
import random
from ipaddress import ip_network

import pytest

from careloom.core.errors import ConfigurationError
from careloom.formats import hl7v2
from careloom.systems.mllp.fake import FakeSender
from careloom.systems.mllp.framing import frame
from careloom.systems.mllp.listener import Endpoint, MllpListener
from careloom.systems.mllp.recognise import Accepts, Recogniser
from careloom.testing.intake import MemoryIntake


def code_of(raw: bytes | None) -> tuple[str, str, str]:
    """MSA-1, MSA-2 and the table 0357 code: in ERR-3, or in ERR-1 before v2.5 and where no version is known."""
    assert raw is not None
    answer = hl7v2.parse(raw, charset="8859/1")
    return answer.get("MSA-1"), answer.get("MSA-2"), answer.get("ERR-3.1") or answer.get("ERR-1.4.1")


async def test_a_message_is_stored_then_acknowledged(listen, connect, intake: MemoryIntake, message) -> None:
    ehr = await connect(await listen())
    assert code_of(await raw_answer(ehr, message("A1"))) == ("AA", "A1", "")
    (stored,) = intake.messages
    assert (stored.system, stored.key, stored.type) == ("ehr", "A1", "hl7v2:ADT^A04")
    assert stored.body == message("A1")
    assert "MRN7001" in stored.subject


async def raw_answer(ehr: FakeSender, body: bytes) -> bytes | None:
    await ehr.write(frame(body))
    return await ehr.read_raw()


async def test_nothing_is_answered_before_the_store_has_committed(listen, connect, intake, message) -> None:
    intake.hold()
    ehr = await connect(await listen())
    await ehr.write(frame(message("A1")))
    await intake.until(lambda store: store.waiting == 1)
    reading = asyncio.ensure_future(ehr.read())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not reading.done()
    intake.release()
    answer = await reading
    assert answer is not None
    assert answer.code == "AA"


async def test_answers_keep_the_order_of_messages_when_the_store_does_not(listen, connect, intake, message) -> None:
    intake.hold()
    ehr = await connect(await listen())
    await ehr.write(b"".join(frame(message(f"A{n}")) for n in range(5)) + frame(b"rubbish"))
    await intake.until(lambda store: store.waiting == 5)
    intake._waiting.rotate(2)
    intake.release()
    codes = [code_of(await ehr.read_raw())[:2] for _ in range(6)]
    assert codes == [("AA", f"A{n}") for n in range(5)] + [("AE", "")]


async def test_a_repeat_gets_the_stored_acknowledgement_to_the_byte(listen, connect, intake, message) -> None:
    ehr = await connect(await listen())
    first = await raw_answer(ehr, message("A1"))
    assert await raw_answer(ehr, message("A1")) == first
    assert len(intake.messages) == 1


@pytest.mark.parametrize(("acks", "code"), [("|", "AE"), ("AL|NE", "CE")])
async def test_other_bytes_under_a_known_key_conflict(listen, connect, message, acks: str, code: str) -> None:
    listener = await listen()
    ehr = await connect(listener)
    await raw_answer(ehr, message("A1", acks=acks))
    answer = await raw_answer(ehr, message("A1", acks=acks, tail="NTE|1||more\r"))
    assert code_of(answer) == (code, "A1", "205")
    assert listener.counts.conflicting == 1


@pytest.mark.parametrize(("acks", "code"), [("|", "AR"), ("AL|NE", "CR")])
async def test_a_failing_store_is_told_and_nothing_claimed(listen, connect, intake, message, acks, code) -> None:
    listener = await listen()
    ehr = await connect(listener)
    intake.fail()
    assert code_of(await raw_answer(ehr, message("A1", acks=acks))) == (code, "A1", "207")
    assert intake.messages == []
    assert (listener.counts.accepted, listener.counts.unavailable) == (0, 1)
    intake.recover()
    assert code_of(await raw_answer(ehr, message("A1", acks=acks)))[0] == code[0] + "A"


async def test_a_bug_in_the_store_claims_nothing_either(clock, message, caplog) -> None:
    class Broken(MemoryIntake):
        def accept(self, received):
            future = asyncio.get_running_loop().create_future()
            future.set_exception(KeyError("QUILLFEATHER"))
            return future

    listener = MllpListener(Endpoint(), Recogniser("ehr", clock=clock), Broken(), clock=clock)
    await listener.start()
    async with FakeSender(listener.port) as ehr:
        assert code_of(await raw_answer(ehr, message()))[::2] == ("AR", "207")
    await listener.close()
    assert "KeyError" in caplog.text
    assert "QUILLFEATHER" not in caplog.text


@pytest.mark.parametrize(
    ("acks", "good", "bad"),
    [("AL|NE", "CA", "CE"), ("NE|AL", "AA", "AE"), ("SU|", "CA", None), ("ER|", None, "CE"), ("NE|NE", None, None)],
)
async def test_enhanced_mode_answers_what_is_wanted(listen, connect, message, acks, good, bad) -> None:
    ehr = await connect(await listen())
    await ehr.write(frame(message("A1", acks=acks)))
    await ehr.write(frame(message("A1", acks=acks, tail="NTE|1||other\r")))
    await ehr.write(frame(message("END")))
    codes = [code_of(await ehr.read_raw())[0] for _ in range(1 + bool(good) + bool(bad))]
    assert codes == [code for code in (good, bad, "AA") if code]


@pytest.mark.parametrize(
    ("change", "code", "error", "place"),
    [
        ({"processing": "T"}, "AR", "202", "MSH-11"),
        ({"version": "2.2"}, "AR", "203", "MSH-12"),
        ({"kind": ""}, "AE", "101", "MSH-9"),
        ({"control_id": ""}, "AE", "101", "MSH-10"),
    ],
)
async def test_headers_that_are_not_served_are_refused(listen, connect, intake, message, change, code, error, place):
    accepts = Accepts(frozenset({"P"}), frozenset({"2.5.1"}))
    ehr = await connect(await listen(accepts))
    answer = code_of(await raw_answer(ehr, message(**change)))
    assert (answer[0], answer[2]) == (code, error)
    (refusal,) = intake.refusals
    assert refusal.location == place
    assert "QUILLFEATHER" not in refusal.reason
    assert intake.messages == []


async def test_bytes_outside_the_declared_character_set_do_not_stop_the_line(listen, connect, message) -> None:
    ehr = await connect(await listen())
    bad = message("A1").replace(b"ODALYS", b"OD\xff\xfeLYS").replace(b"|||||\r", b"||||||||UNICODE UTF-8\r", 1)
    assert code_of(await raw_answer(ehr, bad))[0] in {"AA", "AE"}
    assert code_of(await raw_answer(ehr, message("A2")))[:2] == ("AA", "A2")


async def test_an_oversized_message_is_refused_and_the_line_closed(listen, connect, intake, message) -> None:
    listener = await listen(message=2000)
    ehr = await connect(listener)
    await ehr.write(b"\x0b" + message("BIG"))
    await ehr.write(b"X" * 3000)
    code, control_id, error = code_of(await ehr.read_raw())
    assert (code, control_id, error) == ("AR", "BIG", "100")
    assert await ehr.read_raw() is None
    assert "2000 octets" in intake.refusals[0].reason


async def test_memory_stays_bounded_while_an_endless_block_streams_in(listen, connect) -> None:
    listener = await listen(message=100_000)
    ehr = await connect(listener)
    await ehr.write(b"\x0bMSH|")
    (connection,) = listener._connections
    largest = 0
    for _ in range(64):
        await ehr.write(b"x" * 65_536)
        largest = max(largest, len(connection))
    await ehr.read_raw()
    assert largest <= 100_000 + 300_000
    assert len(connection) == 0


async def test_a_truncated_block_is_refused_and_the_next_taken(listen, connect, intake, message) -> None:
    ehr = await connect(await listen())
    await ehr.write(b"\x0b" + message("CUT")[:150] + frame(message("A2")))
    assert code_of(await ehr.read_raw()) == ("AR", "CUT", "100")
    assert code_of(await ehr.read_raw())[:2] == ("AA", "A2")
    assert intake.refusals[0].body == message("CUT")[:150]


async def test_a_block_cut_by_the_end_of_the_connection_is_refused(listen, connect, intake, message) -> None:
    ehr = await connect(await listen())
    await ehr.write(b"\x0b" + message("CUT")[:150])
    await ehr.finish()
    assert code_of(await ehr.read_raw())[:2] == ("AR", "CUT")
    assert await ehr.read_raw() is None
    assert "ended inside" in intake.refusals[0].reason


async def test_a_sender_that_half_closes_still_gets_its_answers(listen, connect, intake, message) -> None:
    intake.hold()
    ehr = await connect(await listen())
    await ehr.write(frame(message("A1")))
    await ehr.finish()
    await intake.until(lambda store: store.waiting == 1)
    intake.release()
    assert code_of(await ehr.read_raw())[:2] == ("AA", "A1")
    assert await ehr.read_raw() is None


async def test_what_is_no_mllp_is_closed(listen, connect, intake) -> None:
    listener = await listen(junk=16)
    ehr = await connect(listener)
    await ehr.write(b"GET /index.html HTTP/1.1\r\nHost: hub\r\n\r\n")
    assert code_of(await ehr.read_raw())[::2] == ("AR", "100")
    assert await ehr.read_raw() is None
    assert listener.counts.junk == 33


async def test_a_slow_loris_is_answered_and_closed_and_others_work_on(listen, connect, clock, message) -> None:
    listener = await listen(frame_timeout=30.0)
    slow, good = await connect(listener), await connect(listener)
    await slow.write(b"\x0b" + message("SLOW")[:100])
    await raw_answer(good, message("A1"))
    clock.seconds += 20
    await slow.write(b"x")
    await raw_answer(good, message("A2"))
    listener.sweep()
    assert listener.counts.timed_out == 0
    clock.seconds += 11
    listener.sweep()
    assert code_of(await slow.read_raw())[:2] == ("AR", "SLOW")
    assert await slow.read_raw() is None
    assert code_of(await raw_answer(good, message("A3")))[:2] == ("AA", "A3")


async def test_a_silent_connection_is_closed_after_the_idle_timeout(listen, connect, clock, message) -> None:
    listener = await listen(idle_timeout=60.0)
    ehr = await connect(listener)
    await raw_answer(ehr, message())
    clock.seconds += 61
    listener.sweep()
    assert await ehr.read_raw() is None


async def test_a_sender_that_does_not_read_its_answers_is_cut_after_the_frame_timeout(listen, connect, clock, message):
    listener = await listen(frame_timeout=30.0, in_flight=4)
    ehr = await connect(listener)
    await raw_answer(ehr, message("A1"))
    (connection,) = listener._connections
    connection.pause_writing()  # what the transport calls once its buffer is full
    await ehr.write(frame(message("A2")))
    clock.seconds += 29
    listener.sweep()
    assert listener.connections == 1
    clock.seconds += 2
    listener.sweep()
    assert await ehr.read_raw() is None
    assert listener.counts.timed_out == 1


async def test_reading_goes_on_once_the_sender_reads_its_answers(listen, connect, intake, message) -> None:
    listener = await listen()
    ehr = await connect(listener)
    await raw_answer(ehr, message("A1"))
    (connection,) = listener._connections
    connection.pause_writing()
    await ehr.write(frame(message("A2")))
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(intake.messages) == 1
    connection.resume_writing()
    assert code_of(await ehr.read_raw())[:2] == ("AA", "A2")


async def test_a_slow_store_is_not_the_sender_s_fault(listen, connect, intake, clock, message) -> None:
    intake.hold()
    listener = await listen(in_flight=1, frame_timeout=5.0, idle_timeout=5.0)
    ehr = await connect(listener)
    await ehr.write(frame(message("A1")) + frame(message("A2"))[:50])
    await intake.until(lambda store: store.waiting == 1)
    clock.seconds += 100
    listener.sweep()
    intake.release()
    await ehr.write(frame(message("A2"))[50:])
    assert [code_of(await ehr.read_raw())[1] for _ in range(2)] == ["A1", "A2"]


async def test_a_sender_that_waits_after_our_close_is_cut(listen, connect, clock) -> None:
    listener = await listen(junk=0)
    ehr = await connect(listener)
    await ehr.write(b"junk")
    await ehr.read_raw()
    assert listener.connections == 1
    clock.seconds += 6
    listener.sweep()
    await listener._empty.wait()


async def test_what_is_in_flight_is_bounded_and_reading_goes_on(listen, connect, intake, message) -> None:
    intake.hold()
    ehr = await connect(await listen(in_flight=4))
    await ehr.write(b"".join(frame(message(f"A{n}")) for n in range(20)))
    await intake.until(lambda store: store.waiting == 4)
    for _ in range(20):
        await asyncio.sleep(0)
    assert intake.waiting == 4
    intake.release(2)
    await intake.until(lambda store: store.waiting == 4)
    intake.release()
    assert [code_of(await ehr.read_raw())[1] for _ in range(20)] == [f"A{n}" for n in range(20)]


async def test_connections_are_bounded(listen, connect, message) -> None:
    listener = await listen(connections=1)
    first = await connect(listener)
    await raw_answer(first, message())
    second = await connect(listener)
    assert await second.read_raw() is None
    assert listener.counts.turned_away == 1
    assert code_of(await raw_answer(first, message("A2")))[0] == "AA"


@pytest.mark.parametrize(("network", "taken"), [("127.0.0.0/8", True), ("10.0.0.0/8", False), ("::1/128", False)])
async def test_only_allowed_networks_are_served(listen, connect, message, network: str, taken: bool) -> None:
    ehr = await connect(await listen(networks=(ip_network(network),)))
    await ehr.write(frame(message()))
    assert (await ehr.read_raw() is not None) is taken


async def test_shutdown_answers_what_is_in_flight_and_takes_nothing_more(listen, connect, intake, message) -> None:
    intake.hold()
    listener = await listen()
    ehr = await connect(listener)
    await ehr.write(frame(message("A1")) + b"\x0bhalf")
    await intake.until(lambda store: store.waiting == 1)
    port = listener.port
    closing = asyncio.ensure_future(listener.close(30))
    await asyncio.sleep(0)
    intake.release()
    assert code_of(await ehr.read_raw())[:2] == ("AA", "A1")
    assert await ehr.read_raw() is None
    ehr._writer.close()
    await closing
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_shutdown_cuts_what_does_not_finish(listen, connect, intake, message) -> None:
    intake.hold()
    listener = await listen()
    ehr = await connect(listener)
    await ehr.write(frame(message("A1")))
    await intake.until(lambda store: store.waiting == 1)
    await listener.close(0.01)
    assert await ehr.read_raw() is None
    intake.release()


async def test_a_port_that_is_taken_is_a_configuration_error(listen, intake, clock) -> None:
    taken = await listen()
    second = MllpListener(Endpoint(port=taken.port), Recogniser("ehr"), intake, clock=clock)
    with pytest.raises(ConfigurationError, match=f"127.0.0.1:{taken.port}"):
        await second.start()


def mutated(chance: random.Random, octets: bytes) -> bytes:
    """Some octets changed, dropped, doubled or framed wrongly."""
    block = bytearray(frame(octets))
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(block))
        match chance.randrange(4):
            case 0:
                block[place] = chance.randrange(256)
            case 1:
                del block[place : place + chance.randint(1, 20)]
            case 2:
                block[place:place] = block[place : place + chance.randint(1, 40)]
            case _:
                block[place:place] = chance.choice([b"\x0b", b"\x1c", b"\x1c\r", b"\r", b"|", b"\x00", b"\xff"])
        block = block or bytearray(b"\x0b")
    return bytes(block)


async def test_a_thousand_mutations_disturb_nobody_else(listen, connect, intake, message) -> None:
    chance = random.Random(20260304)
    listener = await listen()
    good = await connect(listener)
    for n in range(1000):
        async with FakeSender(listener.port) as bad:
            await bad.write(mutated(chance, message(f"BAD{n}", patient=f"MRN{n}")))
            await bad.finish()
            while (raw := await bad.read_raw()) is not None:
                assert code_of(raw)[0] in {"AA", "AE", "AR", "CA", "CE", "CR"}
        if n % 10 == 0:
            assert code_of(await raw_answer(good, message(f"GOOD{n}")))[:2] == ("AA", f"GOOD{n}")
    assert {f"GOOD{n}" for n in range(0, 1000, 10)} <= {one.key for one in intake.messages}
    assert listener.counts.accepted == len(intake.messages)
    assert listener.counts.refused == len(intake.refusals) > 300
    assert all("QUILLFEATHER" not in one.reason + one.location for one in intake.refusals)
