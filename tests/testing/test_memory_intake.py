"""The intake in memory keeps the promises of the real one, and does as it is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from careloom.core.errors import Unavailable
from careloom.core.receipts import Accepted, Conflicting, Intake, Received, Refusal, Repeated
from careloom.testing.intake import MemoryIntake


def received(key: str = "K1", body: bytes = b"one", system: str = "ehr", answer: bytes = b"ack") -> Received:
    return Received(system, key, "hl7v2:ADT^A04", "Patient/1", body, answer, datetime(2026, 3, 4, tzinfo=UTC))


async def test_a_repeat_has_the_first_id_and_acknowledgement() -> None:
    intake: Intake = MemoryIntake()
    first = await intake.accept(received())
    again = await intake.accept(received(answer=b"another"))
    assert isinstance(first, Accepted)
    assert again == Repeated(first.id, b"ack")


async def test_other_bytes_conflict_and_other_systems_do_not() -> None:
    intake = MemoryIntake()
    first = await intake.accept(received())
    assert await intake.accept(received(body=b"two")) == Conflicting(first.id)
    assert isinstance(await intake.accept(received(system="lab")), Accepted)
    assert [one.system for one in intake.messages] == ["ehr", "lab"]


async def test_a_failure_stores_nothing() -> None:
    intake = MemoryIntake()
    intake.fail()
    with pytest.raises(Unavailable):
        await intake.accept(received())
    assert intake.messages == []
    intake.recover()
    assert isinstance(await intake.accept(received()), Accepted)


async def test_held_receipts_come_in_order_and_a_cancelled_one_is_not_stored() -> None:
    intake = MemoryIntake()
    intake.hold()
    futures = [intake.accept(received(f"K{n}")) for n in range(3)]
    futures[1].cancel()
    intake.release(1)
    assert (futures[0].done(), futures[2].done(), intake.waiting) == (True, False, 2)
    intake.release()
    receipts = [await futures[n] for n in (0, 2)]
    assert [one.position.sequence for one in receipts] == [1, 2]
    assert [one.key for one in intake.messages] == ["K0", "K2"]
    assert intake.accept(received("K9")).done()


async def test_refusals_are_kept() -> None:
    intake = MemoryIntake()
    intake.refuse(Refusal("ehr", "empty", "line 1", b""))
    await intake.until(lambda store: len(store.refusals) == 1)
