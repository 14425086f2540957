"""Intake: acknowledged means committed, once, in order."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from careloom.core.errors import FormatError
from careloom.core.receipts import Accepted, Conflicting, Received, Repeated
from careloom.log.append import MAX_KEY
from careloom.log.verification import verify

Message = Callable[..., Received]


async def test_a_message_is_committed_when_it_is_acknowledged(log: Any, message: Message) -> None:
    node = await log.node()
    receipt = await node.intake.accept(message("M1"))
    row = (await log.rows("select id, lane, seq, type, source, kind from event"))[0]
    assert isinstance(receipt, Accepted)
    assert (row["id"], row["lane"], row["seq"]) == (receipt.id, *receipt.position)
    assert (row["type"], row["source"], row["kind"]) == ("hl7v2:ADT^A04", "ehr", "m")
    assert receipt.acknowledgement == b"AA|M1"


async def test_overlapping_appenders_with_repeats_store_each_message_once_without_gaps(
    log: Any, message: Message
) -> None:
    nodes = [await log.node() for _ in range(3)]
    chance = random.Random(7)
    keys = [f"M{number}" for number in range(600)]
    calls = keys + chance.choices(keys, k=150)
    chance.shuffle(calls)
    receipts = await asyncio.gather(
        *(chance.choice(nodes).intake.accept(message(key, f"Patient/G/{hash(key) % 40}")) for key in calls)
    )
    accepted = {key for key, receipt in zip(calls, receipts, strict=True) if isinstance(receipt, Accepted)}
    repeats = [receipt for receipt in receipts if isinstance(receipt, Repeated)]
    assert accepted == set(keys)
    assert len(repeats) == 150
    stored = {row["id"] for row in await log.rows("select id from event")}
    assert stored == {receipt.id for receipt in receipts if isinstance(receipt, Accepted)}
    assert {receipt.id for receipt in repeats} <= stored
    await _assert_gapless(log, len(keys))


async def _assert_gapless(log: Any, entries: int) -> None:
    verdict = await verify(log.database)
    assert (verdict.broken_at, verdict.entries) == (None, entries)
    lanes: dict[int, list[int]] = {}
    for row in await log.rows("select lane, seq from event order by lane, seq"):
        lanes.setdefault(row["lane"], []).append(row["seq"])
    assert all(sequences == list(range(1, len(sequences) + 1)) for sequences in lanes.values())
    counted = await log.rows("select lane, head, messages from lane where head > 0")
    assert {row["lane"]: (row["head"], row["messages"]) for row in counted} == {
        lane: (len(sequences), len(sequences)) for lane, sequences in lanes.items()
    }


async def test_a_tailing_reader_never_skips_a_late_commit(log: Any, message: Message) -> None:
    nodes = [await log.node(lanes=2) for _ in range(3)]
    seen: list[Any] = []
    appending = True

    async def read(cursors: dict[int, int]) -> int:
        new = 0
        for lane in cursors:
            for row in await log.rows(
                "select seq, id from event where lane = $1 and seq > $2 order by seq", lane, cursors[lane]
            ):
                cursors[lane], new = row["seq"], new + 1
                seen.append(row["id"])
        return new

    async def tail() -> None:
        cursors = {0: 0, 1: 0}
        while appending or await read(cursors):
            await read(cursors)

    async def send(number: int) -> list[Any]:
        intake = nodes[number % 3].intake
        return [(await intake.accept(message(f"M{number}-{turn}", f"Patient/G/{turn}"))).id for turn in range(25)]

    tailing = asyncio.create_task(tail())
    sent = await asyncio.gather(*(send(number) for number in range(24)))
    appending = False
    await tailing
    assert Counter(seen) == Counter(id_ for ids in sent for id_ in ids)


async def test_a_repeat_in_the_same_batch_gets_the_first_acknowledgement(log: Any, message: Message) -> None:
    node = await log.node()
    first = node.intake.accept(message("M1", acknowledgement=b"first"))
    again = node.intake.accept(message("M1", acknowledgement=b"second"))
    assert isinstance(await first, Accepted)
    assert await again == Repeated((await first).id, b"first")


async def test_a_repeat_of_an_earlier_batch_gets_the_stored_acknowledgement_from_any_node(
    log: Any, message: Message
) -> None:
    first = await (await log.node()).intake.accept(message("M1", acknowledgement=b"first"))
    again = await (await log.node()).intake.accept(message("M1", acknowledgement=b"second"))
    assert again == Repeated(first.id, b"first")


async def test_the_same_key_from_another_system_is_another_message(log: Any, message: Message) -> None:
    node = await log.node()
    receipts = await asyncio.gather(*(node.intake.accept(message("M1", system=system)) for system in ("ehr", "lab")))
    assert all(isinstance(receipt, Accepted) for receipt in receipts)


async def test_other_content_under_a_used_key_is_refused_and_is_one_case_however_often_repeated(
    log: Any, message: Message
) -> None:
    nodes = [await log.node(), await log.node()]
    first = await nodes[0].intake.accept(message("M1", body="first"))
    for _ in range(3):
        answers = await asyncio.gather(
            *(node.intake.accept(message("M1", body=f"other {number}")) for number, node in enumerate(nodes * 4))
        )
        assert set(answers) == {Conflicting(first.id)}
    cases = await log.rows("select kind, system, field, message, state from work_case")
    assert [tuple(case) for case in cases] == [("delivery", "ehr", "message id", first.id, "open")]
    assert await log.value("select count(*) from event where kind = 'm'") == 1
    assert await log.value("select array_agg(type) from event where kind = 'e'") == ["exception.raised.v1"]


async def test_a_conflict_within_one_batch_does_not_take_the_place_of_the_first(log: Any, message: Message) -> None:
    node = await log.node()
    first, other, repeat = (node.intake.accept(message("M1", body=body)) for body in ("first", "other", "first"))
    assert isinstance(await first, Accepted)
    assert await other == Conflicting((await first).id)
    assert isinstance(await repeat, Repeated)


async def test_answers_come_in_the_order_of_calls(log: Any, message: Message) -> None:
    node = await log.node()
    answered: list[int] = []
    calls = [node.intake.accept(message(f"M{number % 70}", f"Patient/G/{number}")) for number in range(100)]
    for number, call in enumerate(calls):
        call.add_done_callback(lambda _, number=number: answered.append(number))
    await asyncio.gather(*calls)
    assert answered == list(range(100))


async def test_messages_of_a_subject_stand_in_the_order_of_calls_also_beside_repeats(
    log: Any, message: Message
) -> None:
    node = await log.node()
    calls = [node.intake.accept(message(key)) for key in ("M1", "M2", "M3", "M1", "M2", "M4")]
    receipts = await asyncio.gather(*calls)
    places = [receipt.position.sequence for receipt in receipts if isinstance(receipt, Accepted)]
    assert places == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "changed",
    [
        {"key": ""},
        {"key": "K" * (MAX_KEY + 1)},
        {"key": "M\0"},
        {"system": "e\0"},
        {"type": "t\0"},
        {"subject": "Patient/\0"},
        {"others": ("Patient/\0",)},
        {"subject": "Patient/\udcff"},
    ],
)
async def test_what_cannot_be_stored_is_refused_at_once(log: Any, message: Message, changed: dict[str, Any]) -> None:
    node = await log.node()
    with pytest.raises(FormatError, match="message id"):
        node.intake.accept(message(**({"key": "M1"} | changed)))
    assert isinstance(await node.intake.accept(message("K" * MAX_KEY)), Accepted)
    assert await log.value("select count(*) from receipt") == 1


async def test_a_sender_that_gave_up_waiting_does_not_stop_the_others(log: Any, message: Message) -> None:
    node = await log.node()
    gone, stays = node.intake.accept(message("M1")), node.intake.accept(message("M2"))
    gone.cancel()
    assert isinstance(await stays, Accepted)
    assert isinstance(await node.intake.accept(message("M1")), Repeated)


async def test_close_answers_everything_that_was_handed_in(log: Any, message: Message) -> None:
    node = await log.node()
    calls = [node.intake.accept(message(f"M{number}")) for number in range(50)]
    await log.close_node(node)
    assert all(call.done() and isinstance(call.result(), Accepted) for call in calls)
