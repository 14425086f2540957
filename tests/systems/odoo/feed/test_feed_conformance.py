"""The one suite of inbound kinds, with the addon's outbox as the sender."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from careloom.core.errors import Unavailable
from careloom.sim.odoo.outbox import OUTBOX
from careloom.sim.odoo.server import SimulatedOdoo
from careloom.systems.odoo.feed.followed import FollowedOdoo
from careloom.systems.seam import Connection
from careloom.systems.trial import SURNAME, Answer
from careloom.testing.conformance import Check, checks
from careloom.testing.surroundings import World


class OutboxTrial:
    """People change partners; the hub takes what the outbox says of it."""

    direction: ClassVar[str] = "in"
    foreign: ClassVar[Mapping[str, str]] = {
        "other": "the outbox numbers its changes: the same number with other content is another database, a case",
        "stranger": "nobody brings anything: the hub asks, and the Odoo is the one of its settings",
    }
    source: ClassVar[Mapping[str, Any]] = {}

    def __init__(self) -> None:
        self._sim = SimulatedOdoo("19.0", addon=True)
        self._world: World | None = None
        self._connection: FollowedOdoo | None = None

    def surround(self, world: World) -> None:
        self._world = world

    @property
    def secrets(self) -> Mapping[str, str]:
        return {"ODOO_KEY": self._sim.api_key}

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "url": self._sim.url,
            "database": self._sim.database,
            "login": self._sim.login,
            "api_key": "env:ODOO_KEY",
            "feed": "outbox",
            "feed_models": ["res.partner"],
        }

    async def __aenter__(self) -> OutboxTrial:
        await self._sim.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._sim.__aexit__(None, None, None)

    async def meet(self, connection: Connection) -> None:
        assert isinstance(connection, FollowedOdoo)
        self._connection = connection
        await connection.poll()

    async def send(self, number: int, *, other: bool = False, spoiled: bool = False, stranger: bool = False) -> Answer:
        assert self._connection is not None
        assert self._world is not None
        assert not (other or stranger)
        odoo, refused = self._connection, len(self._world.intake.refusals)
        subject, values = f"careloom.p{(number - 1) // 3}", {"name": f"{SURNAME} {number}"}
        known = await odoo.find(subject)
        if known is None or (await odoo.read("res.partner", [known.record_id], ["name"]))[0]["name"] != values["name"]:
            await odoo.upsert("res.partner", subject, values)
        if spoiled:
            self._sim._store.tables[OUTBOX][max(self._sim._store.tables[OUTBOX])]["change"]["operation"] = SURNAME
        try:
            await odoo.poll()
        except Unavailable:
            return Answer.LATER
        return Answer.REFUSED if len(self._world.intake.refusals) > refused else Answer.TAKEN


@pytest.mark.parametrize("check", checks("odoo", trials={"outbox": OutboxTrial}), ids=str)
async def test_the_outbox_keeps_the_promises_of_every_sender(check: Check, tmp_path: Path) -> None:
    await check.run(tmp_path)
