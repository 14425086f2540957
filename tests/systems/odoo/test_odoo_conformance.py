"""The Odoo connector passes the one suite, against the simulated 18.0 and 19.0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self, cast

import pytest

from careloom.core.errors import CareloomError
from careloom.core.outcomes import Done, Outcome
from careloom.sim.odoo.server import SimulatedOdoo
from careloom.systems.odoo import Odoo
from careloom.systems.seam import Connection
from careloom.systems.trial import SURNAME, Behaviour
from careloom.testing.conformance import Check, checks

_UNKNOWN_COUNTRY = "base.no_such_country"


class Erp:
    """A simulated Odoo; a contact counts as an effect, however often it was written."""

    direction: ClassVar[str] = "out"
    foreign: ClassVar[Mapping[str, str]] = {}
    source: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, version: str) -> None:
        self._odoo = SimulatedOdoo(version=version, workers=8)
        self._behaviour = Behaviour.WILLING

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "url": self._odoo.url,
            "database": self._odoo.database,
            "login": self._odoo.login,
            "api_key": "env:ODOO_KEY",
            "timeout_seconds": 0.3,
        }

    @property
    def secrets(self) -> Mapping[str, str]:
        return {"ODOO_KEY": self._odoo.api_key}

    async def __aenter__(self) -> Self:
        await self._odoo.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._odoo.__aexit__(None, None, None)

    async def behave(self, behaviour: Behaviour) -> None:
        faults = self._odoo.faults
        if self._behaviour is Behaviour.DOWN:
            await self._odoo.listen()
        faults.clear()
        self._behaviour = behaviour
        match behaviour:
            case Behaviour.DOWN:
                await self._odoo.refuse()
            case Behaviour.DEAF:
                faults.drop(times=None)
            case Behaviour.MUTE:
                faults.commit_then_drop(times=None, method="load")
            case Behaviour.BUSY:
                faults.throttle(times=None)
            case Behaviour.FAILING:
                faults.outage(times=None)
            case Behaviour.CLOSED:
                faults.auth_revoked()

    async def deliver(self, connection: Connection, number: int) -> Outcome:
        erp = cast(Odoo, connection)
        values = {"name": f"{SURNAME} {number}", "is_company": False}
        if self._behaviour is Behaviour.STRICT:
            values["country_id/id"] = _UNKNOWN_COUNTRY
        try:
            done = await erp.upsert("res.partner", erp.external_id("patient", "LAKESIDE", str(number)), values)
        except CareloomError as error:
            return error.outcome()
        return Done(f"res.partner/{done.record_id}")

    async def effects(self) -> Sequence[int]:
        return self._taken()

    async def until(self, count: int) -> None:
        await self._odoo.wait_until(lambda: len(self._taken()) >= count)

    def _taken(self) -> list[int]:
        names = [str(row["name"]) for row in self._odoo.records("res.partner")]
        return [int(name.split()[-1]) for name in names if name.startswith(SURNAME)]


_TRIALS = {"v18": partial(Erp, "18.0"), "v19": partial(Erp, "19.0")}


@pytest.mark.parametrize("check", checks("odoo", trials=_TRIALS), ids=str)
async def test_odoo_keeps_its_promises(check: Check, tmp_path: Path) -> None:
    await check.run(tmp_path)
