"""How long the pages about persons take on the server. Run: python -m benchmarks console_identity

A hub whose person index has 1,000,000 records and 10,000 open questions, made by SQL; the records that are asked about
are sealed as the index seals them, the others are found by no key and are there to be in the way. Each page is asked 40
times by plain HTTP, one after the other, by a steward. The time is from the request to the last byte.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp

from benchmarks.console_cases import Row, row_of, text_of
from careloom.hub.configuration import load
from careloom.hub.node import Node, running_node
from careloom.identity.index.comparing import lookups
from careloom.identity.index.sealed import Seal
from careloom.identity.index.weighing import Weighing
from careloom.identity.matching.shipped import default_model
from careloom.model import HumanName, Identifier, Patient
from careloom.store.sql import queries

RECORDS, QUESTIONS, SET, DEEP = 1_000_000, 10_000, 200, 20
_SETTINGS = """
[hub]
name = "north"
[store]
data = "data"
[security]
master_key = "file:master"
[api]
port = 0
[identity]
enabled = true
[systems.ehr]
kind = "mllp"
port = 0
"""
_OTHERS = """
insert into person_record (id, number, source, person, digest, compared, keys, known, features, content)
select id, gen_random_uuid(), 'ehr', id, decode(md5(n::text), 'hex'), decode(md5(n::text), 'hex'),
       array(select (hashint8(n * 10 + place)::bigint << 31) + n from generate_series(1, 6) place),
       sha512(n::text::bytea), sha512(n::text::bytea) || sha512(n::text::bytea), repeat('x', 600)::bytea
from (select n, ('01952c00-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as id
      from generate_series($1::bigint, $2::bigint) n) numbered
"""
_ASKED = """
insert into person_record (id, number, source, person, digest, compared, keys, known, features, content)
select id, gen_random_uuid(), case when id::text like '%0' then 'lab' else 'ehr' end, id, decode(md5(id::text), 'hex'),
       decode(md5(id::text), 'hex'), keys::bigint[], known, features, content
from unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::bytea[]) as r (id, keys, known, features, content)
"""
_QUESTIONS = """
insert into person_question (id, older, newer, basis, evidence, system, asked)
select gen_random_uuid(), older, newer, case when n % 10 = 0 then 'identifier' else 'score' end, jsonb_build_object(
           'model', 'm', 'levels', '{"family": "exact", "given": "near", "birth": "digit"}'::jsonb, 'weights',
           '{"family": 9.1, "given": 2.2, "birth": 4.4}'::jsonb, 'weight', n % 200 / 10.0, 'probability', 0.9),
       (array['ehr', 'lab', 'crm'])[1 + n % 3], now() - n * interval '7 seconds'
from unnest($1::uuid[], $2::uuid[]) with ordinality as pair (older, newer, n)
"""
_CASES = """
insert into work_case (id, kind, system, field, reason, run, opened, changed, owner, cause, priority, due, quiet)
select gen_random_uuid(), 'possible-duplicate', system, 'question/' || id, 'two records look like one person',
       'question:' || id, asked, asked, 'health-information', md5(system)::uuid, 3, asked + interval '3 days', true
from person_question
"""
_ACCOUNT = """
insert into person_account (id, name, roles, teams, created)
values ($1, 'Robin', array['steward'], array['health-information'], $2) returning id
"""
_LATER = re.compile(r'href="([^"]*)" rel="next"')
_START = datetime(2026, 3, 1, tzinfo=UTC)


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
            token, question, records, chosen = await _filled(node)
            base = f"http://127.0.0.1:{node.ports['api']}"
            async with aiohttp.ClientSession(headers={"Cookie": f"careloom_session={token}"}) as http:
                paths = {
                    "questions": "/console/persons",
                    "questions, filtered": "/console/persons?system=lab&basis=score&weight=12",
                    "questions, likeliest first": "/console/persons?sort=weight",
                    f"questions, page {DEEP + 1}": await _deep(http, base),
                    "side by side": f"/console/persons/questions/{question}",
                    "found by number": "/console/persons?number=Q-77",
                    "person": f"/console/persons/{records[0]}",
                    "preview of a merge": f"/console/persons/{records[0]}/merge?with={records[1]}",
                    f"preview of {SET} answers": f"/console/persons/sets/{chosen}",
                }
                return [await row_of(http, name, f"{base}{path}") for name, path in paths.items()]


async def _filled(node: Node) -> tuple[str, UUID, list[UUID], UUID]:
    """The token of a session, a question, the records that are asked about, a set of questions."""
    sealed = _sealed(Seal(node.store.master))
    records: list[UUID] = sealed[0]
    token, now, chosen = secrets.token_urlsafe(32), datetime.now(UTC), uuid4()
    async with node.store.database.acquire() as connection:
        await connection.execute("set statement_timeout = 0")
        await connection.execute(_OTHERS, len(records) + 1, RECORDS, timeout=500)
        await connection.execute(_ASKED, *sealed)
        await connection.execute(_QUESTIONS, records[0::2], records[1::2])
        await connection.execute(_CASES)
        for table in ("person_record", "person_question", "work_case"):
            await connection.execute(f"analyze {table}")
        account = await connection.fetchval(_ACCOUNT, uuid4(), now)
        session = (hashlib.sha256(token.encode()).digest(), account, now, now + timedelta(hours=1))
        await connection.execute(queries("people").begin, *session)
        cases = [row["id"] for row in await connection.fetch("select id from work_case order by opened limit $1", SET)]
        await connection.execute(queries("cases").keep_set, chosen, chosen, cases, now, "Robin")
        question = await connection.fetchval("select id from person_question order by asked limit 1")
    return token, question, records, chosen


def _sealed(seal: Seal) -> list[list[Any]]:
    """Columns of records, two for each question."""
    matcher = Weighing(default_model())
    made = []
    for number in range(1, 2 * QUESTIONS + 1):
        id_ = UUID(int=0x01952C00_0000_7000_8000_000000000000 + number)
        mine = Identifier(value=f"Q-{number}", type="MR", assigner="NORTH")
        name = HumanName(family=f"Weaver{number // 2}", given=("Ottilie",))
        patient = Patient(identifier=(mine,), name=(name,), birth_date="1971-04-12")
        features = matcher.features(patient)
        keys = "{" + ",".join(map(str, seal.keys(lookups(features)))) + "}"
        made.append(
            (id_, keys, seal.known(id_, mine), seal.features(id_, features), seal.content(id_, patient, _START))
        )
    return [list(column) for column in zip(*made, strict=True)]


async def _deep(http: aiohttp.ClientSession, base: str) -> str:
    """The address of a page down the list, by way of all before it."""
    path = "/console/persons"
    for _ in range(DEEP):
        found = _LATER.search(await text_of(http, f"{base}{path}"))
        assert found, "there are as many pages"
        path = found[1].replace("&amp;", "&")
    return path
