"""Data keys of subjects: made on first sight, kept in the database wrapped, cached opened."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from careloom.core.errors import PermanentError
from careloom.log.ports import Connection
from careloom.security.sealing import DataKey, MasterKey, new_data_key
from careloom.store.sql import queries

_SQL = queries("log")
_CACHED = 20_000

K = TypeVar("K")


class SubjectErased(PermanentError):
    """The subject's key was deleted on purpose; its bodies can never be read again."""


class Keyring:
    """Opens and makes data keys. One per process; safe for the event loop, not for threads."""

    def __init__(self, master: MasterKey) -> None:
        self.master = master
        self._by_subject: OrderedDict[str, DataKey] = OrderedDict()
        self._by_token: OrderedDict[UUID, DataKey] = OrderedDict()
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
            await self._create(connection, missing)
            for key in await self._read(connection, list(missing)):
                found[missing[key.token]] = key
                self._remember(missing[key.token], key)
        return found

    async def open(self, connection: Connection, tokens: Iterable[UUID]) -> dict[UUID, DataKey]:
        """Keys by token, for reading; erased subjects are absent from the answer."""
        wanted = set(tokens)
        found = {token: self._by_token[token] for token in wanted if token in self._by_token}
        missing = [token for token in wanted if token not in found]
        if missing:
            for key in await self._read(connection, missing):
                found[key.token] = key
                _put(self._by_token, key.token, key)
        return found

    async def _create(self, connection: Connection, missing: dict[UUID, str]) -> None:
        tokens = sorted(missing)
        wrapped = [self.master.wrap(new_data_key(), token) for token in tokens]
        await connection.execute(_SQL.create_subject_keys, tokens, wrapped)
        spaces = {subject.rpartition("/")[0] for subject in missing.values()} - self._spaces
        if spaces:
            await connection.execute(_SQL.remember_spaces, sorted(spaces))
            self._spaces |= spaces

    async def _read(self, connection: Connection, tokens: list[UUID]) -> list[DataKey]:
        rows = await connection.fetch(_SQL.subject_keys, tokens)
        keys = []
        for row in rows:
            if row["wrapped"] is None:
                continue
            opened = self.master.unwrap(row["wrapped"], row["token"])
            keys.append(DataKey(row["id"], row["token"], AESGCM(opened)))
        return keys

    def _remember(self, subject: str, key: DataKey) -> None:
        _put(self._by_subject, subject, key)
        _put(self._by_token, key.token, key)


def _put(cache: OrderedDict[K, DataKey], name: K, value: DataKey) -> None:
    cache[name] = value
    if len(cache) > _CACHED:
        cache.popitem(last=False)
