"""What both feeds and all of polling need of an Odoo: its fields, its rows, and what was watched fitted to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from careloom.core.errors import AccessRefused, ContractBroken, Rejected
from careloom.systems.odoo.connection import Connection
from careloom.systems.odoo.feed.pages import Row
from careloom.systems.odoo.feed.specifications import Specification, models_below
from careloom.systems.odoo.feed.watches import Watch, fitted, models_of
from careloom.systems.odoo.records import Records
from careloom.systems.odoo.schema import Schema

_ORIGIN: Specification = {
    "write_date": {},
    "write_uid": {"fields": {"login": {}}},
    "company_id": {"fields": {"name": {}}},
}
"""Read of every record: when it was written, by whom, and whose it is."""


class Reading:
    """Reads one Odoo for a feed."""

    def __init__(self, connection: Connection, schema: Schema, records: Records) -> None:
        self.connection = connection
        self.records = records
        self._schema = schema
        self._fields: dict[str, dict[str, str]] = {}
        self._absent: set[str] = set()

    async def series(self) -> str:
        """`19.0`."""
        return str(await self.connection.version())

    async def has(self, model: str) -> bool:
        """Whether there is such a model, as far as the API user can know."""
        return bool(await self._known(model))

    async def fitted(self, watches: Iterable[Watch]) -> list[Watch]:
        """The watches with what this Odoo has; those of models that it does not have are left out."""
        found = []
        for watch in watches:
            for model in models_of(watch):
                await self._learn(model, {})
            for trigger in watch.triggers:
                await self._learn_path(trigger.model, trigger.path)
            await self._learn(watch.model, watch.specification)
            if (made := fitted(watch, self._fields)) is not None:
                found.append(made)
        return found

    async def details(self, watch: Watch, ids: Sequence[int]) -> list[Row]:
        """The records of a watch by `web_read`, with their origin, in the order of `ids`; deleted ones are left out."""
        origin = {name: one for name, one in _ORIGIN.items() if name in self._fields[watch.model]}
        specification = {**{field: {} for field in watch.state}, **watch.specification, **origin}
        rows = await self.connection.call(
            watch.model,
            "web_read",
            {"specification": specification},
            ids=tuple(ids),
            context={"active_test": False},
            repeatable=True,
        )
        found = {row["id"]: row for row in rows}
        return [found[id] for id in ids if id in found]

    async def walk(self, model: str, ids: set[int], path: str) -> set[int]:
        """The records that `path` leads to from these."""
        for hop in path.split("."):
            rows = await self.records.read(model, sorted(ids), [hop])
            ids = {one for row in rows for one in _ids(row[hop])}
            model = self._fields[model][hop]
        return ids

    async def _learn_path(self, model: str, path: str) -> None:
        for hop in path.split("."):
            model = (await self._known(model)).get(hop, "")

    async def _learn(self, model: str, specification: Specification) -> None:
        relations = await self._known(model)
        for target, below in models_below(specification, relations):
            await self._learn(target, below)

    async def _known(self, model: str) -> dict[str, str]:
        if not model or model in self._absent:
            return {}
        if model not in self._fields:
            try:
                fields = await self._schema.fields(model)
            except (ContractBroken, Rejected, AccessRefused) as error:
                if getattr(error, "stops", False):
                    raise
                self._absent.add(model)
                return {}
            self._fields[model] = {name: info.relation for name, info in fields.items()}
        return self._fields[model]


def _ids(value: Any) -> list[int]:
    """The ids in a relational value of `read`."""
    if not value:
        return []
    if isinstance(value, list):
        if len(value) == 2 and isinstance(value[1], str):
            return [value[0]]
        return [one for one in value if isinstance(one, int)]
    return [value] if isinstance(value, int) else []
