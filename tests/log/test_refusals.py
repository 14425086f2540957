"""Refused bodies are kept for the operators: sealed, and bounded in size and number."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from careloom.core.receipts import Refusal
from careloom.log import refusals
from careloom.log.refusals import KEPT_BYTES, WAITING
from careloom.store.sql import queries

CANARY = b"Quillfeather"


def _refusal(body: bytes = CANARY, **changed: Any) -> Refusal:
    fields = {"system": "ehr", "reason": "MSH-9 is empty", "location": "MSH-9", "peer": "127.0.0.1"}
    return Refusal(body=body, **(fields | changed))


async def _opened(log: Any, node: Any) -> list[bytes]:
    rows = await log.rows("select id, key, body from refusal order by id")
    async with log.database.acquire() as connection:
        keys = await node.keyring.open(connection, {row["key"] for row in rows})
    return [keys[row["key"]].open(row["body"], row["id"])[1] for row in rows]


async def test_a_refused_body_is_kept_sealed_with_its_reason(log: Any) -> None:
    node = await log.node()
    node.intake.refuse(_refusal())
    await node.intake.close()
    (row,) = await log.rows("select * from refusal")
    assert (row["system"], row["reason"], row["location"], row["peer"]) == (
        "ehr",
        "MSH-9 is empty",
        "MSH-9",
        "127.0.0.1",
    )
    assert CANARY not in row["body"]
    assert await _opened(log, node) == [CANARY]
    (shown,) = await log.rows(queries("operator").refusals, 10)
    assert shown["id"] == row["id"]
    assert (await log.numbers()).refused == 1


async def test_a_large_body_is_cut(log: Any) -> None:
    node = await log.node()
    node.intake.refuse(_refusal(b"x" * (KEPT_BYTES + 1)))
    await node.intake.close()
    assert await _opened(log, node) == [b"x" * KEPT_BYTES]


async def test_of_a_flood_only_so_many_wait_and_the_others_are_counted(log: Any) -> None:
    node = await log.node()
    for number in range(WAITING + 50):
        node.intake.refuse(_refusal(str(number).encode()))
    assert node.intake._shelf.dropped == 50
    await node.intake.close()
    assert await _opened(log, node) == [str(number).encode() for number in range(WAITING)]


async def test_on_disk_the_newest_of_each_system_stay(log: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "KEPT", 5)
    monkeypatch.setattr(refusals, "TRIM_EVERY", 10)
    node = await log.node()
    node.intake.refuse(_refusal(b"quiet", system="lab"))
    await node.intake.close()
    for number in range(19):
        node.intake.refuse(_refusal(str(number).encode()))
        await node.intake.close()
    assert await _opened(log, node) == [b"quiet", *(str(number).encode() for number in range(14, 19))]


async def test_what_cannot_be_kept_is_counted_without_its_content_and_the_next_is_kept(
    log: Any, caplog: pytest.LogCaptureFixture
) -> None:
    node = await log.node()
    with caplog.at_level(logging.DEBUG):
        node.intake.refuse(_refusal(reason="\0"))
        node.intake.refuse(_refusal(system="\ud800"))
        node.intake.refuse(_refusal(b"good"))
        await node.intake.close()
    assert await _opened(log, node) == [b"good"]
    assert node.intake._shelf.dropped == 2
    assert CANARY.decode() not in caplog.text
