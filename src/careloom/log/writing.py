"""Puts entries into lanes: sealed, numbered, chained. Callers bring the transaction."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from careloom.core.envelope import Event, Kind, Position
from careloom.core.errors import Contention
from careloom.core.ids import IdFactory
from careloom.log.chain import Row, digest, link
from careloom.log.lanes import Bank, Lanes
from careloom.log.ports import Connection
from careloom.security.sealing import DataKey
from careloom.store.sql import queries

_SQL = queries("log")
_LONGEST_SUBJECT = 1_000
_COLUMNS = ("lane", "seq", *Row._fields, "hash")


class Prepared(NamedTuple):
    """An entry ready to be written: everything that costs CPU is done before any lock is taken."""

    lane: int
    row: Row
    digest: bytes

    def belongs_to(self, events: Container[UUID]) -> bool:
        """Whether this is the entry of one of these events, or a join of one."""
        return self.row.id in events or (self.row.kind == "j" and self.row.causation in events)


class Writer:
    """Prepares and writes entries of one log."""

    def __init__(self, lanes: Lanes, new_id: IdFactory, *, erased: Callable[[], None] = lambda: None) -> None:
        """`erased` is called when keys that were used here turn out to be deleted; see `Keyring.forget`."""
        self._lanes = lanes
        self._new_id = new_id
        self._erased = erased

    def prepare(self, events: Iterable[Event], keys: Mapping[str, DataKey], recorded: datetime) -> list[Prepared]:
        """Seal and digest. An event of several subjects gets a join entry in the lane of each of the others."""
        prepared: list[Prepared] = []
        for event in events:
            others = other_subjects(event)
            prepared.extend(self._prepare_join(event, other, keys[other], recorded) for other in others)
            prepared.append(self._prepare(event, keys[event.subject], len(others), recorded))
        return prepared

    async def write(self, connection: Connection, entries: Sequence[Prepared]) -> dict[UUID, Position]:
        """Write in the given order, inside the caller's transaction; the lanes stay locked until it ends.

        Raises Contention when a subject was erased since its key was read: what is sealed must be sealed again.
        """
        if not entries:
            return {}
        touched = sorted({entry.lane for entry in entries})
        locked = await connection.fetch(_SQL.lock_lanes, touched, list({entry.row.key for entry in entries}))
        if locked[0]["erased"]:
            self._erased()
            raise Contention("a subject was erased while an entry of it was on its way; try again")
        heads = {row["lane"]: (row["head"], row["hash"]) for row in locked}
        messages = dict.fromkeys(touched, 0)
        records = []
        places: dict[UUID, Position] = {}
        for lane, row, entry_digest in entries:
            head, previous = heads[lane]
            sequence = head + 1
            chained = link(previous, lane, sequence, entry_digest)
            heads[lane] = (sequence, chained)
            messages[lane] += row.kind == "m"
            places[row.id] = Position(lane, sequence)
            records.append((lane, sequence, *row, chained))
        await connection.copy_records_to_table("event", records=records, columns=_COLUMNS)
        await connection.execute(
            _SQL.advance_lanes,
            touched,
            [heads[lane][0] for lane in touched],
            [heads[lane][1] for lane in touched],
            [messages[lane] for lane in touched],
        )
        return places

    def _prepare(self, event: Event, key: DataKey, joins: int, recorded: datetime) -> Prepared:
        row = Row(
            event.id,
            event.kind,
            event.type,
            event.source,
            key.token,
            key.id,
            event.time,
            recorded,
            event.datacontenttype,
            event.correlation,
            event.causation,
            joins,
            key.seal(event.subject, event.data, event.id),
        )
        bank = Bank.MESSAGES if event.kind is Kind.MESSAGE else Bank.EVENTS
        return Prepared(self._lanes.of(bank, key.token), row, digest(row))

    def _prepare_join(self, event: Event, other: str, key: DataKey, recorded: datetime) -> Prepared:
        id_ = self._new_id()
        row = Row(
            id_,
            Kind.JOIN.value,
            event.type,
            event.source,
            key.token,
            key.id,
            event.time,
            recorded,
            "",
            event.correlation,
            event.id,
            0,
            key.seal(other, b"", id_),
        )
        bank = Bank.MESSAGES if event.kind is Kind.MESSAGE else Bank.EVENTS
        return Prepared(self._lanes.of(bank, key.token), row, digest(row))


def other_subjects(event: Event) -> tuple[str, ...]:
    """Each other subject once, and never the event's own: it would wait for itself."""
    if not event.others:
        return ()
    return tuple(other for other in dict.fromkeys(event.others) if other != event.subject)


def unstorable(event: Event) -> str | None:
    """Why the database could not take this event, without quoting it; None when it can."""
    texts = (event.type, event.source, event.datacontenttype, event.subject, *event.others)
    if not storable("".join(texts)):
        return "its type, source or subject holds a NUL or half a surrogate pair"
    if any(len(subject) > _LONGEST_SUBJECT for subject in (event.subject, *event.others)):
        return f"its subject has more than {_LONGEST_SUBJECT} characters"
    if event.time.tzinfo is None:
        return "its time has no time zone"
    return None


def storable(text: str) -> bool:
    """Whether PostgreSQL takes this text: no NUL, and nothing that UTF-8 cannot say."""
    if text.isascii():
        return "\0" not in text
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
