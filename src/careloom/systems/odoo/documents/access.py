"""What a document module works with."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from careloom.core.clock import Clock
from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.connection import Connection
from careloom.systems.odoo.documents.submission import Submissions
from careloom.systems.odoo.load import Upserted
from careloom.systems.odoo.readback import ReadBack
from careloom.systems.odoo.records import Records
from careloom.systems.odoo.schema import Schema


class Upsert(Protocol):
    """`Odoo.upsert`."""

    def __call__(self, model: str, external_id: str, values: Mapping[str, Value], /) -> Awaitable[Upserted]: ...


@dataclass(frozen=True, slots=True)
class Access:
    """One Odoo, as the modules of documents see it."""

    connection: Connection
    schema: Schema
    records: Records
    readback: ReadBack
    submissions: Submissions
    upsert: Upsert

    @property
    def clock(self) -> Clock:
        return self.connection.clock

    async def major(self) -> int:
        """18 or 19."""
        return (await self.connection.version()).major

    async def call(
        self,
        model: str,
        method: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        ids: Sequence[int] | None = None,
        company: int | None = None,
        context: Mapping[str, Any] | None = None,
        repeatable: bool = False,
    ) -> Any:
        """Call a method, seeing the records of `company` alone where one is given."""
        narrowed = {} if company is None else {"allowed_company_ids": [company]}
        return await self.connection.call(
            model,
            method,
            dict(arguments or {}),
            ids=None if ids is None else tuple(ids),
            context=narrowed | dict(context or {}),
            repeatable=repeatable,
        )

    async def record(self, external_id: str, model: str) -> int | None:
        """The record of this model with this external id; None when there is none."""
        found = await self.readback.find(external_id)
        return found.record_id if found and found.model == model else None
