"""How long the pages of people's work take on the server. Run: python -m benchmarks console_cases

A hub with 10,000 open exceptions, made by SQL; each page is asked 40 times by plain HTTP, one after the other, by an
operator of two of the teams. The time is from the request to the last byte.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any
from uuid import uuid4

import aiohttp

from careloom.hub.configuration import load
from careloom.hub.node import Node, running_node
from careloom.store.sql import queries

CASES, TIMES, DEEP = 10_000, 40, 100
GOAL = 200.0
"""Milliseconds that 95 of 100 pages may take."""
_SETTINGS = """
[hub]
name = "north"
[store]
data = "data"
[security]
master_key = "file:master"
[api]
port = 0
[systems.ehr]
kind = "mllp"
port = 0
"""
_FILL = """
insert into work_case (id, kind, system, subscription, lane, seq, message, field, reason, opened, changed, owner, type,
                       cause, priority, asked_by, due, quiet)
select gen_random_uuid(), (array['mapping', 'delivery', 'rejected-posting', 'unroutable', 'silence'])[1 + n % 5],
       (array['ehr', 'erp', 'lab'])[1 + n % 3], 'translate', (n % 32)::smallint, n + 1000000, gen_random_uuid(),
       'PID-' || n % 30, 'PID-' || n % 30 || ': reason number ' || n % 200, now() - n * interval '7 seconds', now(),
       (array['integration', 'patient-access'])[1 + n % 2], 'hl7v2:ADT^A04', md5((n % 200)::text)::uuid,
       (1 + n % 4)::smallint, '', now() + interval '1 day' - n * interval '13 seconds', true
from generate_series(1, $1) n
"""
_LATER = re.compile(r'href="([^"]*)" rel="next"')
Row = dict[str, Any]


def run() -> Iterator[Row]:
    """Yield a row per page."""
    yield from asyncio.run(_measured())


async def _measured() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="careloom-bench-", dir="/var/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "master").write_text("5a" * 32)
        (folder / "careloom.toml").write_text(_SETTINGS)
        async with running_node(load(folder / "careloom.toml")) as node:
            token, case = await _filled(node)
            base = f"http://127.0.0.1:{node.ports['api']}"
            async with aiohttp.ClientSession(headers={"Cookie": f"careloom_session={token}"}) as http:
                paths = {
                    "queue": "/console/cases",
                    "filtered": "/console/cases?kind=mapping&owner=integration&system=erp",
                    f"page {DEEP + 1}": await _deep(http, base),
                    "causes": "/console/case-groups",
                    "one": f"/console/cases/{case}",
                    "runs": "/console/runs",
                    "approvals": "/console/approvals",
                }
                return [await row_of(http, name, f"{base}{path}") for name, path in paths.items()]


async def _filled(node: Node) -> tuple[str, Any]:
    """The token of a session, and a case."""
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    async with node.store.database.acquire() as connection:
        await connection.execute(_FILL, CASES)
        await connection.execute("analyze work_case")
        account = await connection.fetchval(
            "insert into person_account (id, name, roles, teams, created)"
            " values ($1, 'Robin', array['operator'], array['integration', 'patient-access'], $2) returning id",
            uuid4(), now,
        )  # fmt: skip
        session = (hashlib.sha256(token.encode()).digest(), account, now, now + timedelta(hours=1))
        await connection.execute(queries("people").begin, *session)
        return token, await connection.fetchval("select id from work_case limit 1")


async def _deep(http: aiohttp.ClientSession, base: str) -> str:
    """The address of a page far down the queue, by way of all before it."""
    path = "/console/cases"
    for _ in range(DEEP):
        found = _LATER.search(await text_of(http, f"{base}{path}"))
        assert found, "there are as many pages"
        path = found[1].replace("&amp;", "&")
    return path


async def row_of(http: aiohttp.ClientSession, name: str, url: str) -> Row:
    """Of one page: what 95 of 100 take."""
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        await text_of(http, url)
        took.append((time.perf_counter() - began) * 1000)
    value = quantiles(took, n=20)[-1]
    goal = {"op": "<=", "value": GOAL}
    return {"name": f"console {name}, p95", "value": value, "unit": "ms", "goal": goal}


async def text_of(http: aiohttp.ClientSession, url: str) -> str:
    """A page, which must be there."""
    async with http.get(url, allow_redirects=False) as answer:
        assert answer.status == 200, answer.status
        return await answer.text()
