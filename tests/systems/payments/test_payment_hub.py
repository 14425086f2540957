"""Signed events, a report and a statement through a real hub on PostgreSQL: all legs meet; the one that is missing is a
case."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from time import time
from typing import Any

import aiohttp
import pytest
from tests.chaos.processes import Hub, deployment_folder

from careloom.store.database import Database
from careloom.systems.payments.fake import SECRET, Gateway
from careloom.systems.registry import kinds

SETTINGS = """
[hub]
name = "money"
flows = ["careloom.flows.standards", "careloom.flows.settlement"]
[store]
url = "file:dsn"
[api]
port = 0
[systems.paygate]
kind = "payments"
secret = "file:hook"
[systems.reports]
kind = "folder"
path = "reports"
format = "csv"
every = 0.2
stable_seconds = 0
[sources.reports]
layout = "settlement.toml"
[systems.house-bank]
kind = "bank"
path = "statements"
every = 0.2
stable_seconds = 0
[flows.settlement]
paygate = "paygate"
"""
LOST = "pay_0004"
_LEGS = (
    "select kind, count(*) filter (where answered is null) as open, count(due) as due from expectation group by kind"
)


@pytest.fixture
def folder(dsn: str) -> Iterator[Path]:
    with deployment_folder() as made:
        (made / "careloom.toml").write_text(SETTINGS)
        (made / "settlement.toml").write_bytes((kinds()["payments"].folder / "settlement.toml").read_bytes())
        for name, text in (("dsn", dsn), ("hook", SECRET)):
            (made / name).write_text(text)
            (made / name).chmod(0o600)
        for name in ("reports", "statements"):
            (made / name).mkdir()
        yield made


def drop(folder: Path, name: str, data: bytes) -> None:
    """In one step, as partners should."""
    (folder / f".{name}").write_bytes(data)
    (folder / f".{name}").rename(folder / name)


def statement(net: int) -> bytes:
    written = f"{Decimal(net).scaleb(-2)}".replace(".", ",")
    return (
        f":20:A\n:25:10010010/0930711860\n:28C:61/1\n:60F:C260302USD0,00\n:61:2603030303C{written}NTRFNONREF//B1\n"
        f":86:PAYGATE po_0001\n:62F:C260303USD{written}\n-\n"
    ).encode()


async def bring(port: int, gateway: Gateway, events: Sequence[dict[str, Any]]) -> None:
    async with aiohttp.ClientSession() as session:
        for event in events:
            request = gateway.signed(event, int(time()))
            url = f"http://127.0.0.1:{port}/v1/systems/paygate/hook"
            async with session.post(url, data=request.body, headers=dict(request.headers)) as reply:
                assert reply.status == 200, await reply.text()


async def until(database: Database, sql: str, wanted: list[tuple[Any, ...]]) -> None:
    """Ask until these are the rows; every question is a round trip."""
    found: list[tuple[Any, ...]] = []
    try:
        async with asyncio.timeout(60):
            while found != wanted:
                async with database.acquire() as connection:
                    found = [tuple(row.values()) for row in await connection.fetch(sql)]
    except TimeoutError:
        pytest.fail(f"{found} and not {wanted}")


@pytest.mark.timeout(240)
async def test_a_missing_leg_is_a_case_and_the_others_meet(folder: Path, dsn: str, database: Database) -> None:
    gateway = Gateway()
    for number in range(6):
        gateway.pay(1234 + number, invoice=f"INV/{number}")
    gateway.give_back("pay_0001", 500)
    payout, report = gateway.pay_out()
    events = [one for one in gateway.events if one["data"]["object"]["id"] != LOST]
    hub = Hub(folder)
    try:
        await hub.start()
        await bring(hub.ports["api"], gateway, events)
        drop(folder / "reports", "report.csv", report)
        drop(folder / "statements", "march.sta", statement(payout["data"]["object"]["amount"]))
        legs = [("bank-entry", 0, 1), ("payment-event", 1, 7), ("settlement-line", 0, 6)]
        await until(database, f"select * from ({_LEGS}) as legs where due > 0 order by kind", legs)
        async with database.acquire() as connection:
            await connection.execute("update expectation set due = now() - interval '1 s' where due is not null")
        cases = "select kind, split_part(field, '/', 1), state from work_case"
        await until(database, cases, [("unanswered", "payment-event", "open")])
    finally:
        await hub.kill()
