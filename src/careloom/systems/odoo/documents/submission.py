"""Documents in, once: drafted by external id, acted on (posted, confirmed) if nobody did yet, and read back.

Each step may be repeated after a crash anywhere: `load()` makes one record of one external id, an action is taken only
on documents whose state, just read, says that it was not taken, and what is returned is what Odoo holds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from careloom.core.errors import AmbiguousError, CareloomError, Rejected
from careloom.systems.ledger import Entry, Ledger
from careloom.systems.odoo.batch import Batch
from careloom.systems.odoo.connection import Connection
from careloom.systems.odoo.documents.drafts import Draft, Prepared, prepare
from careloom.systems.odoo.faults import Fault, OdooRejected, make
from careloom.systems.odoo.gathering import Gathering
from careloom.systems.odoo.readback import ReadBack
from careloom.systems.odoo.schema import Schema

_LOST_ANSWERS = 3
_GUARDED: Final = frozenset({"account.move"})
"""Models on which Odoo itself refuses to load a document that is no draft any more (payments and orders it takes)."""


class Action(NamedTuple):
    """A method that takes documents out of these states. `name` is what the addon calls it."""

    name: str
    method: str
    undone: frozenset[str]


POST: Final = Action("post", "action_post", frozenset({"draft"}))
CONFIRM_PURCHASE: Final = Action("confirm", "button_confirm", frozenset({"draft", "sent"}))
CONFIRM_SALE: Final = Action("confirm", "action_confirm", frozenset({"draft", "sent"}))


@dataclass(frozen=True, slots=True)
class Held:
    """What Odoo holds now. `created` and `acted` say whether this call did it: both are false for a repeat."""

    record_id: int
    created: bool
    acted: bool
    values: Mapping[str, Any]


class Lane(NamedTuple):
    """Documents that may share a call."""

    model: str
    columns: tuple[str, ...]
    company: int | None
    action: Action | None
    read: tuple[str, ...]

    @property
    def context(self) -> dict[str, Any]:
        return {} if self.company is None else {"allowed_company_ids": [self.company]}


Submit: TypeAlias = Callable[[Lane, Sequence[Prepared]], Awaitable[Sequence[Held | CareloomError]]]
"""One way to bring a batch into Odoo."""


class Submissions:
    """Takes documents one by one and brings them in many at a time."""

    def __init__(self, connection: Connection, schema: Schema, submit: Submit) -> None:
        self._schema = schema
        settings = connection.settings
        self._batches: Gathering[Lane, Prepared, Held] = Gathering(
            submit, workers=settings.concurrency, most=settings.batch_rows
        )

    async def submit(self, model: str, draft: Draft, action: Action | None, read: Sequence[str]) -> Held:
        """Have this document in Odoo, acted on; may be repeated at any time. `read` are the fields to give back.

        Raises MappingError for a value of the wrong type, Rejected for this document alone, AmbiguousError when the
        answer and the reading back were both lost: then repeat the call.
        """
        prepared = await prepare(self._schema, model, draft)
        lane = Lane(model, prepared.columns, draft.company, action, tuple(read))
        return await self._batches.ask(lane, (model, draft.key), prepared)

    async def close(self) -> None:
        """Stop; what waits is cancelled."""
        await self._batches.close()


class StockSubmission:
    """With the calls that every Odoo has: load, read, the action on what is not done, read again."""

    def __init__(self, connection: Connection, readback: ReadBack, ledger: Ledger) -> None:
        self._connection = connection
        self._readback = readback
        self._ledger = ledger

    async def __call__(self, lane: Lane, batch: Sequence[Prepared]) -> list[Held | CareloomError]:
        results: dict[int, Held | CareloomError] = {}
        ids, created = await self._drafted(lane, batch, results)
        held = await self._read(lane, list(ids.values()))
        errors: dict[int, CareloomError] = {}
        acted: set[int] = set()
        if lane.action is not None:
            undone = [one for one in ids.values() if _undone(lane.action, held.get(one))]
            errors = await self._act(lane, lane.action, undone)
            acted = set(undone) - errors.keys()
            held |= await self._read(lane, sorted(acted))
        for index, record in ids.items():
            found: Held | CareloomError = errors.get(record) or _gone(lane)
            if record not in errors and record in held:
                found = Held(record, index in created, record in acted, held[record])
            results[index] = found
        return [results[index] for index in range(len(batch))]

    async def _drafted(
        self, lane: Lane, batch: Sequence[Prepared], results: dict[int, Held | CareloomError]
    ) -> tuple[dict[int, int], set[int]]:
        """The record of each document, and which of them were not known before; errors go into `results`."""
        ids = await self._known(lane, batch)
        if lane.model not in _GUARDED:
            ids |= await self._found(lane, batch, ids)
        fresh = [index for index in range(len(batch)) if index not in ids]
        if not fresh:
            return ids, set()
        load = Batch(self._connection, self._readback, lane.model, lane.columns, lane.context)
        for index, result in zip(fresh, await load.run([batch[index].row for index in fresh]), strict=True):
            if isinstance(result, int):
                ids[index] = result
                continue
            existing = await self._existing(lane, batch[index].draft.key) if isinstance(result, Rejected) else None
            if existing is None:
                results[index] = result
            else:
                ids[index] = existing
                fresh = [other for other in fresh if other != index]
        await self._note(lane, {batch[index].draft.key: record for index, record in ids.items()})
        return ids, {index for index in fresh if index in ids}

    async def _known(self, lane: Lane, batch: Sequence[Prepared]) -> dict[int, int]:
        """The documents that we brought in before and that are still there."""
        keys = [prepared.draft.key for prepared in batch]
        entries = await self._ledger.get_many(self._connection.system, lane.model, keys)
        known = {index: entries[key].record_id for index, key in enumerate(keys) if key in entries}
        there = await self._read(lane, list(known.values()))
        return {index: record for index, record in known.items() if record in there}

    async def _found(self, lane: Lane, batch: Sequence[Prepared], known: Mapping[int, int]) -> dict[int, int]:
        """The documents that are there without our knowing; loading them again would write on what is confirmed."""
        asked = [index for index in range(len(batch)) if index not in known]
        found = {index: await self._existing(lane, batch[index].draft.key) for index in asked}
        return {index: record for index, record in found.items() if record is not None}

    async def _existing(self, lane: Lane, key: str) -> int | None:
        """The record of a document with this key."""
        found = await self._readback.find(key)
        return found.record_id if found and found.model == lane.model else None

    async def _note(self, lane: Lane, records: Mapping[str, int]) -> None:
        now = self._connection.clock.now()
        entries = {key: Entry(record, b"", now) for key, record in records.items()}
        await self._ledger.put_many(self._connection.system, lane.model, entries)

    async def _read(self, lane: Lane, ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
        if not ids:
            return {}
        fields = list(dict.fromkeys((*lane.read, "state"))) if lane.action else list(lane.read)
        rows = await self._connection.call(
            lane.model, "read", {"fields": fields}, ids=tuple(ids), context=lane.context, repeatable=True
        )
        return {row["id"]: row for row in rows}

    async def _act(self, lane: Lane, action: Action, ids: Sequence[int]) -> dict[int, CareloomError]:
        """Take the action on these; the errors by record. What fails together is halved until it fails alone."""
        errors: dict[int, CareloomError] = {}
        pending = [list(ids)] if ids else []
        while pending:
            part = pending.pop()
            error = await self._act_once(lane, action, part)
            # Somebody may have been faster with one of them, which refuses them all: look before anything else.
            rest = await self._undone(lane, action, part) if error else []
            if error and len(rest) == len(part) == 1:
                errors[rest[0]] = error
            elif len(rest) == len(part):
                middle = len(part) // 2
                pending += [half for half in (part[middle:], part[:middle]) if half]
            elif rest:
                pending.append(rest)
        return errors

    async def _act_once(self, lane: Lane, action: Action, ids: Sequence[int]) -> CareloomError | None:
        """One call, in doubt repeated: the actions are refused, or do nothing, where they were taken already."""
        left = list(ids)
        for attempt in range(1, _LOST_ANSWERS + 1):
            try:
                await self._connection.call(lane.model, action.method, {}, ids=tuple(left), context=lane.context)
            except Rejected as error:
                return error
            except AmbiguousError:
                left = await self._undone(lane, action, left)
                if left and attempt == _LOST_ANSWERS:
                    raise
                await self._connection.pause(attempt)
            else:
                return None
            if not left:
                return None
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _undone(self, lane: Lane, action: Action, ids: Sequence[int]) -> list[int]:
        held = await self._read(lane, ids)
        return [one for one in ids if _undone(action, held.get(one))]


def _undone(action: Action, values: Mapping[str, Any] | None) -> bool:
    return values is not None and values["state"] in action.undone


def _gone(lane: Lane) -> CareloomError:
    fault = Fault("record gone", lane.model, "read")
    return make(OdooRejected, fault, "it was there a moment ago and is not readable now: was it deleted by hand?")
