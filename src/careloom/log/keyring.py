"""Data keys of subjects: made on first sight, kept in the database wrapped, cached opened."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from careloom.log.ports import Connection
from careloom.security.sealing import DataKey, MasterKey, new_data_key
from careloom.store.sql import queries

_SQL = queries("log")
_CACHED = 20_000

K = TypeVar("K")


class Keyring:
    """Opens and makes data keys. One per process; safe for the event loop, not for threads."""

    def __init__(self, master: MasterKey) -> None:
        self.master = master
        self._by_subject: OrderedDict[str, DataKey] = OrderedDict()
        self._by_id: OrderedDict[int, DataKey] = OrderedDict()
        self._spaces: set[str] = set()

    def cached(self, subject: str) -> DataKey | None:
        """The key of a subject seen lately."""
        return self._by_subject.get(subject)

    async def ensure(self, connection: Connection, subjects: Iterable[str]) -> dict[str, DataKey]:
        """Keys for all of these, made where missing. Commits on its own: an unused key harms nothing."""
        found: dict[str, DataKey] = {}
        missing: dict[UUID, str] = {}
        for subject in subjects:
            known = self._by_subject.get(subject)
            if known is None:
                missing[self.master.token(subject)] = subject
            else:
                found[subject] = known
        if missing:
            for key in await self._find(connection, missing):
                found[missing[key.token]] = key
                self._remember(missing[key.token], key)
        return found

    async def within(self, connection: Connection, subjects: Iterable[str]) -> dict[str, DataKey]:
        """As `ensure`, inside the caller's transaction: nothing is remembered here, for it may be rolled back."""
        tokens = {self.master.token(subject): subject for subject in subjects}
        return {tokens[key.token]: key for key in await self._make(connection, list(tokens))} if tokens else {}

    async def open(self, connection: Connection, ids: Iterable[int]) -> dict[int, DataKey]:
        """Keys by their own id, for reading; those of erased subjects are absent from the answer."""
        wanted = set(ids)
        found = {id_: self._by_id[id_] for id_ in wanted if id_ in self._by_id}
        missing = [id_ for id_ in wanted if id_ not in found]
        if missing:
            for key in await self._read(connection, _SQL.data_keys, missing):
                found[key.id] = key
                _put(self._by_id, key.id, key)
        return found

    async def check(self, connection: Connection) -> None:
        """Raises SealBroken when this is not the master key that the database was created with."""
        for row in await connection.fetch(_SQL.any_data_key):
            self.master.unwrap(row["wrapped"], row["token"])

    def forget(self) -> None:
        """A subject was erased: no key that was opened before may be used again."""
        self._by_subject.clear()
        self._by_id.clear()

    async def _find(self, connection: Connection, missing: dict[UUID, str]) -> list[DataKey]:
        found = await self._make(connection, missing)
        await self._remember_spaces(connection, missing)
        return found

    async def _make(self, connection: Connection, tokens: Iterable[UUID]) -> list[DataKey]:
        """Make keys for all, and read those that had one: most subjects not seen lately are new."""
        fresh = {token: new_data_key() for token in sorted(tokens)}
        wrapped = [self.master.wrap(key, token) for token, key in fresh.items()]
        rows = await connection.fetch(_SQL.create_subject_keys, list(fresh), wrapped)
        found = [DataKey(row["id"], row["token"], AESGCM(fresh[row["token"]])) for row in rows]
        made = {key.token for key in found}
        known = [token for token in fresh if token not in made]
        if known:
            found += await self._read(connection, _SQL.subject_keys, known)
        return found

    async def _remember_spaces(self, connection: Connection, missing: dict[UUID, str]) -> None:
        spaces = {space_of(subject) for subject in missing.values()} - self._spaces
        if spaces:
            await connection.execute(_SQL.remember_spaces, sorted(spaces))
            self._spaces |= spaces

    async def _read(self, connection: Connection, sql: str, wanted: list[UUID] | list[int]) -> list[DataKey]:
        rows = await connection.fetch(sql, wanted)
        return [
            DataKey(row["id"], row["token"], AESGCM(self.master.unwrap(row["wrapped"], row["token"]))) for row in rows
        ]

    def _remember(self, subject: str, key: DataKey) -> None:
        _put(self._by_subject, subject, key)
        _put(self._by_id, key.id, key)


def space_of(subject: str) -> str:
    """What assigned the subject's id: `Patient/GENHOSP` of `Patient/GENHOSP/MRN00042`. Never any part of the id."""
    return "/".join(subject.split("/", 2)[:2]) if subject.count("/") > 1 else subject.rpartition("/")[0]


def _put(cache: OrderedDict[K, DataKey], name: K, value: DataKey) -> None:
    cache[name] = value
    if len(cache) > _CACHED:
        cache.popitem(last=False)
