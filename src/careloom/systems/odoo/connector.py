"""`Odoo`: what flows use. One instance stands for one database and API user."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any

from careloom.core.clock import Clock, SystemClock
from careloom.core.errors import ConfigurationError
from careloom.core.secrets import Resolver
from careloom.systems.ledger import Entry, Ledger, MemoryLedger
from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.check import Check, Finding
from careloom.systems.odoo.connection import Connection
from careloom.systems.odoo.documents import Documents
from careloom.systems.odoo.documents.access import Access
from careloom.systems.odoo.documents.addon import AddonSubmission, Chosen
from careloom.systems.odoo.documents.submission import StockSubmission, Submissions
from careloom.systems.odoo.external_ids import external_id
from careloom.systems.odoo.keylife import KeyNotes, KeyWatch
from careloom.systems.odoo.load import Loader, Upserted
from careloom.systems.odoo.lookup import LOOKUPS
from careloom.systems.odoo.merge import Merge, Merged
from careloom.systems.odoo.partner import PartnerRow, PartnerValues, partner_values
from careloom.systems.odoo.places import Places
from careloom.systems.odoo.readback import ReadBack, Reference
from careloom.systems.odoo.records import Records
from careloom.systems.odoo.schema import Schema
from careloom.systems.odoo.settings import Settings
from careloom.systems.odoo.standing import Standing
from careloom.systems.odoo.transport import Version
from careloom.systems.resilience import Backoff, BreakerState
from careloom.systems.seam import Surroundings

__all__ = ["Odoo", "Settings"]


def connect(settings: Settings, around: Surroundings) -> Odoo:
    """The database that flows write to."""
    key = around.digest("odoo ledger")
    secrets, clock = around.secrets, around.clock
    # The feed needs the class above it, so it can only be imported here.
    from careloom.systems.odoo.feed.followed import FollowedOdoo, following

    kind = following(settings)
    odoo = kind(around.system, settings, secrets=secrets, clock=clock, ledger=around.ledger, digest_key=key)
    odoo.watch_key(around)
    if isinstance(odoo, FollowedOdoo):
        odoo.follow(around)
    return odoo


class Odoo:
    """Reads and writes one Odoo database, 18.0 or 19.0, over its stock external API.

    `ledger` remembers what was sent, `digest_key` keeps its digests from being guessed. Use it with `async with`.
    """

    def __init__(
        self,
        system: str,
        settings: Settings,
        *,
        secrets: Resolver,
        clock: Clock | None = None,
        ledger: Ledger | None = None,
        backoff: Backoff | None = None,
        digest_key: bytes = b"",
    ) -> None:
        self.system = system
        self.settings = settings
        self._clock = clock or SystemClock()
        self._ledger = ledger or MemoryLedger()
        self._secrets = secrets
        self._connection = Connection(system, settings, secrets, self._clock, backoff)
        self.standing = Standing(self._connection, self._clock)
        self._schema = Schema(self._connection)
        self._readback = ReadBack(self._connection, self._schema)
        self._records = Records(self._connection, self._schema)
        self._places = Places(self._records)
        self._loader = Loader(self._connection, self._schema, self._readback, self._ledger, digest_key)
        stock = StockSubmission(self._connection, self._readback, self._ledger)
        submit = Chosen(self._connection, self._schema, stock, AddonSubmission(self._connection))
        self._submissions = Submissions(self._connection, self._schema, submit)
        self._merge = Merge(self._loader.upsert, self._readback, self._records)
        access = Access(
            self._connection, self._schema, self._records, self._readback, self._submissions, self._loader.upsert
        )
        self.documents = Documents(access)

    async def __aenter__(self) -> Odoo:
        return self

    async def __aexit__(
        self, type_: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Cancel what waits and close the connections."""
        await self._submissions.close()
        await self._loader.close()
        await self._connection.close()

    @property
    def state(self) -> BreakerState:
        """Where the circuit breaker stands."""
        return self._connection.state

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""
        return self._connection.retry_after

    @property
    def maintenance(self) -> datetime | None:
        """Until when maintenance is under way, in UTC; calls wait for its end."""
        return self._connection.maintenance

    def card(self) -> Mapping[str, Any]:
        """See `Shown.card`: series, modules, latency, the life of the key, and what was added to `standing`."""
        return self.standing.card()

    def watch_key(self, around: Surroundings) -> None:
        """Have `standing` look how long the API key holds, and open cases before it ends."""
        notes = KeyNotes(around.memory, around.digest, around.clock)
        key = partial(self._secrets, self.settings.api_key)
        watch = KeyWatch(self._connection, key, notes, around.troubles, around.clock)
        self.standing.key_watch = watch

    @property
    def every(self) -> float:
        """Seconds between two looks."""
        return 60.0

    async def poll(self) -> None:
        """Look how the connection stands."""
        await self.standing.look()

    async def version(self) -> Version:
        """The series, (19, 0)."""
        return await self._connection.version()

    def external_id(self, kind: str, assigner: str, value: str) -> str:
        """Our external id for an identifier of a source, in the settings' module."""
        return external_id(kind, assigner, value, module=self.settings.external_id_module)

    async def upsert(self, model: str, external_id: str, values: Mapping[str, Value]) -> Upserted:
        """Create or update the record with this external id; may be repeated at any time.

        Columns are those of `load()`: `name`, `country_id/id` (external id), `country_id/.id` (database id). A column
        that is not given stays as it is; None and "" clear. Concurrent calls travel together; calls for one external
        id keep their order. Raises MappingError for a value of the wrong type, Rejected for this row alone,
        AmbiguousError when the answer and the reading back were both lost.
        """
        return await self._loader.upsert(model, external_id, values)

    async def find(self, external_id: str) -> Reference | None:
        """The record with this external id, archived or not; None when there is none."""
        return await self._readback.find(external_id)

    async def search_read(
        self,
        model: str,
        domain: Sequence[Any],
        fields: Sequence[str],
        *,
        limit: int | None = None,
        order: str | None = None,
        archived: bool = False,
    ) -> list[dict[str, Any]]:
        """The records that `domain` selects, with these fields. Empty values are False, many2one is [id, name]."""
        return await self._records.search_read(model, domain, fields, limit=limit, order=order, archived=archived)

    async def totals(self, model: str, domain: Sequence[Any], field: str, by: str) -> dict[int, float]:
        """The sum of `field` over the records that `domain` selects, by the id of the many2one `by`."""
        return await self._records.totals(model, domain, field, by)

    async def read(self, model: str, ids: Sequence[int], fields: Sequence[str]) -> list[dict[str, Any]]:
        """These records, archived ones too; a record that does not exist is left out without an error."""
        return await self._records.read(model, ids, fields)

    async def write(self, model: str, ids: Sequence[int], values: Mapping[str, Any]) -> None:
        """Give the fields of these records the same values. Raises MappingError for a value of the wrong type."""
        await self._records.write(model, ids, values)

    async def archive(self, model: str, ids: Sequence[int]) -> list[int]:
        """Archive those of these records that are active; returns their ids."""
        return await self._records.archive(model, ids)

    async def message_post(self, model: str, record_id: int, text: str, reference: str) -> bool:
        """Put a note into the record's history, once for each `reference`; False when it is there already."""
        return await self._records.message_post(model, record_id, text, reference)

    async def move_external_id(self, external_id: str, to_record: int) -> bool:
        """Let the external id stand for another record; False when the user has no right, or there is no such id."""
        return await self._records.move_external_id(external_id, to_record)

    async def merge_partners(
        self,
        survivor_external_id: str,
        retired_external_id: str,
        values: Mapping[str, Value],
        reference: str,
        *,
        moves: bool = True,
    ) -> Merged:
        """Update the survivor with `values`, archive the retired partner, note it on both, move its external id; with
        `moves` False the retired partner keeps it, so that the merge can be taken back.

        After a crash or an error at any step, call it again with the same arguments.
        """
        # What was sent for the retired id says nothing any more: it may soon stand for the survivor.
        stale = {retired_external_id: Entry(0, b"", self._clock.now())}
        await self._ledger.put_many(self.system, "res.partner", stale)
        return await self._merge.run(survivor_external_id, retired_external_id, values, reference, moves=moves)

    async def partner_values(self, row: PartnerRow) -> PartnerValues:
        """The columns for a person, with country and state looked up, and what had to be left out."""
        place = await self._places.find(row.country, row.state)
        return partner_values(row, place, major=(await self.version()).major)

    async def check(self, needs: Mapping[str, Collection[str]], reads: Collection[str] = ()) -> list[Finding]:
        """What stands in the way of writing these columns of these models, and of reading the others; empty when
        nothing does."""
        return await Check(self._connection, self._schema, self._readback, self._records).run(needs, reads)

    @property
    def answers(self) -> Collection[str]:
        """The shapes of look-ups that it answers."""
        return LOOKUPS.keys()

    async def look_up(
        self,
        shape: str,
        parameters: Any,
        budget_seconds: float,  # noqa: ARG002 - an answer that comes later is fetched
    ) -> Mapping[str, Any] | None:
        """See `Answers.look_up`."""
        if shape not in LOOKUPS:
            raise ConfigurationError(f"{self.system} answers no {shape} look-ups")
        return await LOOKUPS[shape](self, parameters)
