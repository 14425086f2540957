"""A catalogue every night. Run: python -m benchmarks master_sync

50,000 rows are brought to a simulated Odoo, then come again with 1% changed, then once more with another 1% changed and
the node killed half way, which another one takes over. The node is a process of its own, and gets a SIGKILL; the
simulated Odoo shares the machine, so its work is in the times too. CARELOOM_BENCH_ROWS sets another number of rows.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from careloom.cases.book import Cases
from careloom.core.clock import SystemClock
from careloom.core.ids import Uuid7
from careloom.flows.binding import StepBinder
from careloom.flows.master_lists import MasterList
from careloom.flows.master_store import Sync, last_syncs
from careloom.flows.master_sync import Due, synchronised
from careloom.flows.stores import LinkLedger, Stores
from careloom.identity.codes.checkdigit import gs1
from careloom.log.node import LogNode
from careloom.security.sealing import MasterKey
from careloom.sim.odoo.server import SimulatedOdoo
from careloom.store.database import Database
from careloom.store.embedded import EmbeddedPostgres
from careloom.store.migrate import migrate
from careloom.systems.folder.place import LocalPlace
from careloom.systems.listing import FileLists
from careloom.systems.odoo import Odoo, Settings
from careloom.workflow.calling import Calls
from careloom.workflow.declaration import Registry
from careloom.workflow.engine import Engine
from careloom.workflow.journal import RunStore
from careloom.workflow.surroundings import Surroundings
from careloom.workflow.telling import Teller
from careloom.workflow.timer import Timer

ROWS = int(os.environ.get("CARELOOM_BENCH_ROWS", "50000"))
CHANGED = ROWS // 100
MASTER = MasterKey(bytes(range(32)))
FLOW = synchronised(
    MasterList(
        name="catalogue", sort="product", listed_as="catalogue.csv", key="item", codes={"gtin": "gtin"},
        columns={"name": "description", "barcode": "gtin", "price": "price"},
    ),
    cron="0 2 * * *",
)  # fmt: skip
Row = dict[str, Any]


def run() -> Iterator[Row]:
    """All figures of the three nights."""
    yield from asyncio.run(_measured())


async def _measured() -> list[Row]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="careloom-benchmark-")))
        cluster = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="careloom-benchmark-")))
        postgres = EmbeddedPostgres(cluster)
        dsn = await postgres.start()
        stack.push_async_callback(postgres.stop)
        server = await stack.enter_async_context(SimulatedOdoo(workers=4))
        database = await Database.open(dsn)
        stack.push_async_callback(database.close)
        async with database.acquire() as connection:
            await migrate(connection)
        found: list[Row] = []
        for name, edition, kill in (("first", 0, False), ("one_percent", 1, False), ("killed_half_way", 2, True)):
            _write(folder / "catalogue.csv", edition)
            sent = _sent(server)
            sync = await _night(database, dsn, server, folder, kill=kill)
            found += _rows(name, sync, _sent(server) - sent, ROWS if not edition else CHANGED)
        return found


def _rows(name: str, sync: Sync, sent: int, changed: int) -> list[Row]:
    prefix = f"master_sync_{name}"
    assert sync.ended is not None, "it is waited for"
    within = (sync.ended - sync.began).total_seconds()
    return [
        {"name": f"{prefix}_seconds", "value": within, "unit": "s"},
        {"name": f"{prefix}_rows_a_second", "value": sync.read / within, "unit": "rows/s"},
        {"name": f"{prefix}_rows_sent", "value": sent, "unit": "rows", "goal": {"op": "<=", "value": changed}},
        {
            "name": f"{prefix}_differing",
            "value": sync.differing,
            "unit": "rows",
            "goal": {"op": "<=", "value": 0},
        },
        {"name": f"{prefix}_totals_agree", "value": float(sync.agrees), "unit": "", "goal": {"op": ">=", "value": 1}},
    ]


def _write(path: Path, edition: int) -> None:
    """Each edition has other prices in 1% of the rows than the one before."""
    with path.open("w", encoding="utf-8") as file:
        file.write("item,description,gtin,price\n")
        for at in range(ROWS):
            digits = f"03{at:010d}"
            price = f"{at % 900}.{50 + (edition if at % 100 < 1 else 0)}"
            file.write(f"I-{at:06d},Item number {at} of the catalogue,{digits}{gs1(digits)},{price}\n")
    os.utime(path, (1_700_000_000 + edition, 1_700_000_000 + edition))


def _sent(server: SimulatedOdoo) -> int:
    return sum(call.rows for call in server.calls if call.method in ("load", "write", "create"))


async def _night(database: Database, dsn: str, server: SimulatedOdoo, folder: Path, *, kill: bool) -> Sync:
    known = {one.id for one in await last_syncs(database, None, 10)}
    async with _process(dsn, server, folder, begin=True):
        begun = await _until(database, known, half=kill)
    if not kill:
        return begun
    assert begun.ended is None, "it was over before it could be killed"
    async with _process(dsn, server, folder, begin=False):
        return await _until(database, known, half=False)


@asynccontextmanager
async def _process(dsn: str, server: SimulatedOdoo, folder: Path, *, begin: bool) -> AsyncIterator[None]:
    """A node that is killed in the end."""
    asked = {"dsn": dsn, "url": server.url, "database": server.database, "login": server.login,
             "key": server.api_key, "folder": str(folder), "begin": begin}  # fmt: skip
    node = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.master_sync", json.dumps(asked))
    try:
        yield
    finally:
        node.kill()
        await node.wait()


async def _until(database: Database, known: set[UUID], *, half: bool) -> Sync:
    """The newest synchronisation, once it is half way, or over."""
    while True:
        for one in await last_syncs(database, None, 10):
            if one.id not in known and (one.ended or (half and one.read >= ROWS // 2)):
                return one
        await asyncio.sleep(0.05)


async def _node(asked: dict[str, Any]) -> None:
    """Drive runs until killed."""
    clock, new_id = SystemClock(), Uuid7()
    database = await Database.open(asked["dsn"])
    book = Cases(clock, new_id)
    log = await LogNode.open(database, MASTER, book, clock, new_id)
    settings = Settings(
        url=asked["url"], database=asked["database"], login=asked["login"], api_key="env:KEY", batch_rows=500,
        timeout_seconds=300,
    )  # fmt: skip
    erp = Odoo("erp", settings, secrets=lambda _: asked["key"], ledger=LinkLedger(database, MASTER))
    files = FileLists(LocalPlace(Path(asked["folder"])), clock, 0, 1 << 28)
    binder = StepBinder({FLOW.name: {}}, {"erp": erp, "files": files}, Stores(database, MASTER))
    store = RunStore(database, log.keyring, Teller(log.writer, log.keyring, book, clock, lambda _: 0), clock)
    around = Surroundings(store, Registry(FLOW.workflows), book.kinds, Calls(binder), clock, new_id)
    log.start([])
    if asked["begin"]:
        await around.begin(new_id(), FLOW.workflows[0], Due(list="catalogue"), "Schedule/catalogue")
    await Engine(around, log.session, Timer(around, [])).run()


if __name__ == "__main__":
    asyncio.run(_node(json.loads(sys.argv[1])))
