"""The demo's day on a hub that stays for its pictures, and what is left for people in the evening."""

from __future__ import annotations

import hashlib
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from tests.hub.hospital import adt, line
from tests.screenshots import stewardship

from careloom.cases.rights import Actor
from careloom.console.people import SESSION_LASTS
from careloom.console.rights import Role
from careloom.core.clock import SystemClock
from careloom.hub.configuration import load
from careloom.hub.node import Node, running_node
from careloom.sim.afternoon import Afternoon
from careloom.sim.cast import cast
from careloom.sim.morning import morning
from careloom.sim.performance import Performance
from careloom.sim.staff import Staff
from careloom.sim.stage import open_stage, own_database
from careloom.sim.town import town
from careloom.store.sql import queries

PATIENTS, SEED, SECONDS = 40, 19, 4.0
NAME, TEAMS = "Robin Okafor", ("integration", "patient-access", "purchasing", *stewardship.TEAMS)
WRONG: Final = {"DATE-1": {7: "garbage"}, "DATE-2": {7: "1971-04"}, "DATE-3": {7: "unknown"}}
_MORE: Final = f'\n{stewardship.SETTINGS}[feeds.ehr]\nexpects_every = "2m"\n'


@asynccontextmanager
async def evening() -> AsyncIterator[tuple[Node, str, list[str]]]:
    """The hub when the day is over, the session of somebody who may do everything, and pages that nothing leads to."""
    with tempfile.TemporaryDirectory(prefix="careloom-pictures-", dir="/var/tmp", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        stage, clock = open_stage(Path(name) / "here"), SystemClock()
        script, people = morning(PATIENTS, SEED), cast(SEED, clock.now())
        with own_database():
            async with town(stage, people, clock) as around:
                stage.config.write_text(stage.config.read_text("utf-8") + _MORE, "utf-8")
                async with running_node(load(stage.config), clock=clock) as node:
                    await Performance(script, node, around.odoo, clock, SECONDS, clock.monotonic()).run(lambda _: None)
                    async with await Staff.hired(node) as staff:
                        day = Afternoon(people, around, node, staff, clock, lambda _, __: None)
                        await day.insurer_returns()
                        await day.play()
                    await _late_mistakes(node)
                    asked = await stewardship.to_be_decided(node, Actor(NAME, frozenset(TEAMS)), clock)
                    yield node, await _session(node), [await _set(node), *asked]


async def _late_mistakes(node: Node) -> None:
    """Messages with a date of birth that is none: they wait for a person."""
    async with line(node.ports["ehr"]) as sender:
        for number, pid in WRONG.items():
            answer = await sender.send(adt("A04", number, f"N-{number}", pid=pid))
            assert answer.code == "AA", answer.text
    waiting = 0
    while waiting < len(WRONG):
        async with node.store.database.acquire() as connection:
            waiting = await connection.fetchval(
                "select count(*) from work_case where kind = 'mapping' and resolved is null and system = 'ehr'"
            )


async def _session(node: Node) -> str:
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    async with node.store.database.acquire() as connection:
        account = await connection.fetchval(
            "insert into person_account (id, name, roles, teams, created) values ($1, $2, $3, $4, $5) returning id",
            uuid4(), NAME, [Role.ADMIN.value], list(TEAMS), now,
        )  # fmt: skip
        session = (hashlib.sha256(token.encode()).digest(), account, now, now + SESSION_LASTS)
        await connection.execute(queries("people").begin, *session)
    return token


async def _set(node: Node) -> str:
    """A set of cases to be retried together, which only a form makes."""
    async with node.store.database.acquire() as connection:
        cause = await connection.fetchval(
            "select cause from work_case where kind = 'mapping' and resolved is null and system = 'ehr' limit 1"
        )
    made = await node.work.groups.preview(cause, Actor(NAME, frozenset(TEAMS)))
    return f"/case-sets/{made.token}"
