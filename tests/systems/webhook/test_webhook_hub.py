"""Webhooks through a real hub on PostgreSQL: lost ones are restored, repeated ones do nothing, a kill loses none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from tests.chaos.processes import deployment_folder
from tests.systems.webhook.shelf import Signer, post, running, send, shelf

from careloom.store.database import Database

COUNT = 2_000


@pytest.fixture
def folder() -> Iterator[Path]:
    with deployment_folder() as made:
        yield made


async def rows(database: Database, sql: str, *arguments: object) -> list[dict[str, object]]:
    async with database.acquire() as connection:
        return [dict(row) for row in await connection.fetch(sql, *arguments)]


@pytest.mark.timeout(240)
async def test_lost_webhooks_are_restored_and_repeated_ones_have_one_effect(folder, dsn, database) -> None:
    async with shelf(folder, dsn) as made, running(made) as hub:
        sent = await send(hub.ports["api"], range(1, COUNT + 1), seed=11)
        assert sent.lost > 5 and sent.twice > 100 and sent.refused == 0
        await made.until(COUNT - sent.lost)
        made.happened(COUNT)
        await made.until(COUNT)
        [case] = await until_rows(database, "select reason from work_case where kind = 'webhook-missed'")
        await until_rows(database, "select 1 from work_case where kind = 'webhook-missed' and state = 'resolved'")
    assert set(made.effects) == {f"evt-{number}" for number in range(1, COUNT + 1)}
    assert set(made.effects.values()) == {1}
    assert f"did not bring {sent.lost} events" in str(case["reason"])
    assert await rows(database, "select 1 from work_case where state = 'open'") == []


async def until_rows(database: Database, sql: str) -> list[dict[str, object]]:
    """Ask until there are some; every question is a round trip."""
    async with asyncio.timeout(60):
        while True:
            if found := await rows(database, sql):
                return found


@pytest.mark.timeout(240)
async def test_a_kill_between_storing_and_working_loses_nothing(folder, dsn) -> None:
    """Every webhook that got its 2xx has its effect; those without an answer are sent again, as senders do."""
    signer = Signer()
    async with shelf(folder, dsn) as made, aiohttp.ClientSession() as session:
        async with running(made) as hub:
            await made.sink.open(False)  # what is stored cannot be worked: the kill meets all of it in between
            answers = [await post(session, hub.ports["api"], number, signer) for number in range(1, 41)]
            late = [asyncio.ensure_future(post(session, hub.ports["api"], n, signer)) for n in range(41, 81)]
            await asyncio.wait(late, return_when=asyncio.FIRST_COMPLETED)
            await hub.kill()
            answers += await asyncio.gather(*late)
        assert answers[:40] == [200] * 40
        await made.sink.open(True)
        async with running(made) as hub:
            unheard = [number for number, status in enumerate(answers, 1) if status != 200]
            assert [await post(session, hub.ports["api"], n, signer) for n in unheard] == [200] * len(unheard)
            await made.until(80)
    assert set(made.effects) == {f"evt-{number}" for number in range(1, 81)}


async def test_a_stock_move_of_odoo_starts_the_flow_and_each_refusal_has_its_code(folder, dsn) -> None:
    move = {"_action": "Send Webhook Notification(#412)", "_id": 57, "_model": "stock.move", "id": 57, "product_id": 12}
    async with shelf(folder, dsn) as made, running(made) as hub, aiohttp.ClientSession() as session:
        base = f"http://127.0.0.1:{hub.ports['api']}/v1/systems"

        async def told(path: str, body: bytes) -> tuple[int, str]:
            async with session.post(f"{base}/{path}", data=body) as reply:
                said = json.loads(await reply.read())
                return reply.status, said.get("type", "").removeprefix("urn:careloom:problem:")

        octets = json.dumps(move).encode()
        assert await told("erp/a-long-word-in-the-path", octets) == (200, "")
        assert await told("erp/another-word", octets) == (401, "signature-wrong")
        assert await told("vendor/hook", octets) == (401, "signature-missing")
        assert await told("nobody/hook", octets) == (404, "system-unknown")
        await made.until(1)
    assert made.effects == {"57": 1}
