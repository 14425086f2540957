"""What the addon `careloom_connector` adds to a server: an outbox that is written in the transaction of each change.

It knows no model by itself. The hub says what to watch (fields whose change counts, what to read then, which other
records move it), and a transaction that ends leaves one row for each watched record whose fields really differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from careloom.sim.odoo import web_reading
from careloom.sim.odoo.dispatch import Dispatcher, Invocation, Method
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Row
from careloom.sim.odoo.models import Model, define
from careloom.sim.odoo.store import Transaction
from careloom.sim.odoo.users import User

OUTBOX = "careloom.outbox"
_SEE_ARCHIVED = {"active_test": False}

Watch = Mapping[str, Any]
States = dict[tuple[str, int], Row]


def outbox_model() -> Model:
    """The table of changes; `fields_get` shows that the addon is installed."""
    return define(OUTBOX, "Careloom Outbox", [], label=lambda _, row: f"{OUTBOX},{row['id']}")


class AddonDispatcher(Dispatcher):
    """A dispatcher that writes changes down, and answers for the outbox."""

    def __init__(self, models: Mapping[str, Model], major: int, database_uuid: UUID) -> None:
        super().__init__(models, major)
        self.database_uuid = database_uuid
        self._watches: Sequence[Watch] = ()
        self._generation = 0
        methods: list[Callable[..., Any]] = [self.watch, self.pull, self.acknowledge, self.describe]
        self._special |= {
            (OUTBOX, one.__name__): Method(one.__name__, one, on_records=False, only=OUTBOX) for one in methods
        }

    def run(self, call: Invocation, user: User, tx: Transaction) -> Any:
        """See `Dispatcher.run`; then the changes are written down, in the same transaction."""
        result = super().run(call, user, tx)
        if call.model != OUTBOX and self._watches:
            self._record(user, tx)
        return result

    def watch(self, _: Environment, watches: Sequence[Watch]) -> Row:
        """Replace what is watched; the same list again changes nothing."""
        if list(watches) != list(self._watches):
            self._watches = list(watches)
            self._generation += 1
        return {"generation": self._generation}

    def pull(self, env: Environment, after: int, limit: int) -> Row:
        """Changes by sequence, after that one."""
        rows = env.store.tables[OUTBOX]
        wanted = sorted(seq for seq in rows if seq > after)[:limit]
        return {
            "changes": [{"seq": seq, **rows[seq]["change"]} for seq in wanted],
            "last": wanted[-1] if wanted else after,
        }

    def acknowledge(self, env: Environment, upto: int) -> int:
        """The hub has these; they are kept for some days more. How many were new."""
        rows = env.store.tables[OUTBOX]
        done = [seq for seq, row in rows.items() if seq <= upto and not row["acknowledged"]]
        for seq in done:
            env.tx.update(OUTBOX, seq, {"acknowledged": True})
        return len(done)

    def describe(self, env: Environment) -> Row:
        """Which database this is, and where its outbox stands."""
        rows = env.store.tables[OUTBOX]
        return {
            "version": 1,
            "database_uuid": str(self.database_uuid),
            "generation": self._generation,
            "first": min(rows, default=0),
            "last": max(rows, default=0),
            "unacknowledged": sum(not row["acknowledged"] for row in rows.values()),
            "addon": f"{self.major}.0.1.0.0",
        }

    def _record(self, user: User, tx: Transaction) -> None:
        touched = tx.before()
        if not touched:
            return
        after = self._states(tx, touched)
        with _as_before(tx, touched):
            before = self._states(tx, touched)
            # What a record was before matters for those that are found only now, such as by a new line of it.
            before |= self._states(tx, dict.fromkeys(after))
        after |= self._states(tx, dict.fromkeys(before))
        for key in sorted(before.keys() | after.keys(), key=lambda key: (self._place(key[0]), key[1])):
            if before.get(key) != after.get(key):
                self._write_down(user, tx, key, before.get(key), after.get(key))

    def _everything(self, tx: Transaction) -> Environment:
        """The view of the system itself: of all companies, archived records too."""
        companies = tuple(tx.store.tables["res.company"])
        system = User(uid=1, login="__system__", password="", partner=0, rights=None, companies=companies)
        return Environment(self.models, tx, system, _SEE_ARCHIVED, self.major)

    def _place(self, model: str) -> int:
        return next(place for place, watch in enumerate(self._watches) if watch["model"] == model)

    def _states(self, tx: Transaction, touched: Mapping[tuple[str, int], Any]) -> States:
        """The state fields of the watched records that these touch, as they are now."""
        env = self._everything(tx)
        found: States = {}
        for watch in self._watches:
            model = watch["model"]
            ids = {id_ for name, id_ in touched if name == model}
            for trigger in watch["triggers"]:
                moved = {id_ for name, id_ in touched if name == trigger["model"]}
                ids |= self._walk(env, trigger["model"], moved, trigger["path"])
            there = {row["id"] for row in env.search(model, [*watch["domain"], ["id", "in", sorted(ids)]])}
            for row in web_reading.web_read(env, model, sorted(there), {name: {} for name in watch["state"]}):
                found[model, row.pop("id")] = row
        return found

    def _walk(self, env: Environment, model: str, ids: set[int], path: str) -> set[int]:
        for hop in path.split("."):
            there = sorted(id_ for id_ in ids if id_ in env.store.tables[model])
            rows = web_reading.web_read(env, model, there, {hop: {}})
            ids = {one for row in rows for one in _ids(row[hop])}
            model = self.models[model].fields[hop].relation
        return ids

    def _write_down(
        self, user: User, tx: Transaction, key: tuple[str, int], before: Row | None, after: Row | None
    ) -> None:
        model, id_ = key
        env = self._everything(tx)
        change = {
            "v": 1,
            "model": model,
            "id": id_,
            "operation": "create" if before is None else "unlink" if after is None else "write",
            "at": f"{tx.now.isoformat(timespec='microseconds')}Z",
            "company": self._company(env, tx, key),
            "user": {"id": user.uid, "login": user.login},
            "before": before,
            "after": after,
            "record": None if after is None else self._read(env, key),
            "series": f"{self.major}.0",
        }
        tx.insert(OUTBOX, {"change": change, "acknowledged": False})

    def _read(self, env: Environment, key: tuple[str, int]) -> Row:
        specification = self._watches[self._place(key[0])]["specification"]
        return web_reading.web_read(env, key[0], [key[1]], specification)[0]

    def _company(self, env: Environment, tx: Transaction, key: tuple[str, int]) -> Row | None:
        row = env.row(*key) or tx.before().get(key)
        company = env.row("res.company", row.get("company_id") or 0) if row else None
        return {"id": company["id"], "name": company["name"]} if company else None


@contextmanager
def _as_before(tx: Transaction, touched: Mapping[tuple[str, int], Row | None]) -> Iterator[None]:
    """The tables as they were when the transaction began, for the length of a block."""
    now = {(model, id_): tx.store.put(model, id_, row) for (model, id_), row in touched.items()}
    try:
        yield
    finally:
        for (model, id_), row in now.items():
            tx.store.put(model, id_, row)


def _ids(value: Any) -> list[int]:
    return value if isinstance(value, list) else [value] if value else []
