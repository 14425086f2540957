"""Rows in memory, with transactions that see other transactions' commits as PostgreSQL does under repeatable read.

A transaction remembers the number of the last commit when it began. A row that somebody else committed after that is
a conflict for it (`odoo/CONTRACT.md` section 3, concurrency). A rollback does not return ids to their sequence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from careloom.sim.odoo.fields import Row

Key = tuple[Hashable, ...]

INDEXES: MappingProxyType[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "ir.model.data": (("module", "name"), ("model", "res_id")),
        "res.partner": (("ref",), ("barcode",), ("email",), ("parent_id",)),
        "res.country": (("code",), ("name",)),
        "res.country.state": (("code",), ("name",)),
        "res.users": (("login",), ("partner_id",)),
        "mail.message": (("model", "res_id"),),
        "ir.attachment": (("res_model", "res_id"),),
    }
)
"""Columns of the base whose equal values are found without looking at every row; areas add theirs."""

Indexes = Mapping[str, tuple[tuple[str, ...], ...]]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a store held at one time."""

    tables: Mapping[str, Mapping[int, Row]]
    index: Mapping[tuple[str, tuple[str, ...]], Mapping[Key, frozenset[int]]]
    next_ids: Mapping[str, int]


class Store:
    """All tables of one database. Change it through a `Transaction` only."""

    def __init__(self, models: Iterable[str], indexes: Indexes = INDEXES) -> None:
        self.tables: dict[str, dict[int, Row]] = {model: {} for model in models}
        self.indexes = indexes
        self.watched = {model: {one for columns in every for one in columns} for model, every in indexes.items()}
        self.commits = 0
        self.committed: dict[Key, int] = {}
        self._next_ids: defaultdict[str, int] = defaultdict(lambda: 1)
        self._index: defaultdict[tuple[str, tuple[str, ...]], dict[Key, set[int]]] = defaultdict(dict)

    def keep(self) -> Kept:
        """What it holds now. Rows are replaced, never changed, so they are shared."""
        index = {name: {key: frozenset(ids) for key, ids in found.items()} for name, found in self._index.items()}
        return Kept({model: dict(rows) for model, rows in self.tables.items()}, index, dict(self._next_ids))

    def restore(self, kept: Kept) -> None:
        """Hold again what was kept, of this store or another of the same models; what was written since is a conflict
        for nobody, so nothing may be going on."""
        for model, rows in self.tables.items():
            rows.clear()
            rows.update(kept.tables[model])
        self._index.clear()
        self._index.update({name: {key: set(ids) for key, ids in found.items()} for name, found in kept.index.items()})
        self._next_ids.clear()
        self._next_ids.update(kept.next_ids)
        self.committed.clear()

    def next_id(self, model: str) -> int:
        """A new id of `model`; a rollback leaves a hole."""
        taken = self._next_ids[model]
        self._next_ids[model] = taken + 1
        return taken

    def peek(self, model: str) -> int:
        """The id that the next record of `model` gets."""
        return self._next_ids[model]

    def reserve(self, model: str, first: int) -> None:
        """Let the ids of `model` go on from `first`, if they are not beyond it already."""
        self._next_ids[model] = max(self._next_ids[model], first)

    def find(self, model: str, columns: tuple[str, ...], values: tuple[Hashable, ...]) -> list[int]:
        """The ids of the rows whose indexed `columns` hold `values`, archived ones included."""
        return sorted(self._index[model, columns].get(values, ()))

    def indexed(self, model: str, column: str) -> bool:
        return (column,) in self.indexes.get(model, ())

    def put(self, model: str, record: int, row: Row | None, moved: bool = True) -> Row | None:
        """Replace one row (None removes it) and give the row that was there; the indexes follow if it `moved`."""
        before = self.tables[model].get(record)
        if moved:
            self._reindex(model, record, before, row)
        if row is None:
            self.tables[model].pop(record, None)
        else:
            self.tables[model][record] = row
        return before

    def _reindex(self, model: str, record: int, before: Row | None, after: Row | None) -> None:
        for columns in self.indexes.get(model, ()):
            old, new = _entry(before, columns), _entry(after, columns)
            if old == new:
                continue
            index = self._index[model, columns]
            if old is not None:
                index[old].discard(record)
                if not index[old]:
                    del index[old]
            if new is not None:
                index.setdefault(new, set()).add(record)


def _entry(row: Row | None, columns: tuple[str, ...]) -> Key | None:
    """What an index files the row under; unset columns are not filed."""
    if row is None:
        return None
    if len(columns) == 1:
        value = row.get(columns[0], False)
        return None if value is False else (value,)
    return tuple([row.get(column, False) for column in columns])


class Transaction:
    """One call's work. `now` is its start, which becomes the write_date of every row it touches."""

    def __init__(self, store: Store, now: datetime) -> None:
        self.store = store
        self.now = now
        self._snapshot = store.commits
        self._undo: list[tuple[str, int, Row | None]] = []
        self._written: list[Key] = []
        self.doomed = False

    def insert(self, model: str, row: Row) -> int:
        record = self.store.next_id(model)
        self._put(model, record, {"id": record, **row})
        return record

    def update(self, model: str, record: int, changes: Row) -> None:
        before = self.store.tables[model][record]
        moved = any(one in changes and changes[one] != before[one] for one in self.store.watched.get(model, ()))
        self._put(model, record, {**before, **changes}, moved)

    def delete(self, model: str, record: int) -> None:
        self._put(model, record, None)

    def _put(self, model: str, record: int, row: Row | None, moved: bool = True) -> None:
        self._undo.append((model, record, self.store.put(model, record, row, moved)))
        self._written.append((model, record))

    def writes(self, key: Key) -> None:
        """Note a thing that is not a row, such as the name of a new external id, as written here."""
        self._written.append(key)

    def conflicts(self, *keys: Key) -> bool:
        """Whether another transaction has committed one of `keys` since this one began."""
        return self.doomed or any(self.store.committed.get(key, 0) > self._snapshot for key in keys)

    def before(self) -> dict[tuple[str, int], Row | None]:
        """Each row that was touched, as it was when the transaction began; None where there was none."""
        first: dict[tuple[str, int], Row | None] = {}
        for model, record, row in self._undo:
            first.setdefault((model, record), row)
        return first

    def mark(self) -> int:
        """A place to roll back to."""
        return len(self._undo)

    def rollback(self, mark: int = 0) -> None:
        """Undo everything since `mark`."""
        while len(self._undo) > mark:
            model, record, before = self._undo.pop()
            self.store.put(model, record, before)

    def commit(self) -> bool:
        """Make the work seen; whether another transaction had written one of its rows meanwhile."""
        if not self._undo:
            return False
        met = self.conflicts(*self._written)
        self.store.commits += 1
        self.store.committed |= dict.fromkeys(self._written, self.store.commits)
        return met
