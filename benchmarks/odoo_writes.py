"""Writing Odoo: what the hub adds to each record, and how near its batches come to the best that an Odoo does itself.

The added work is CPU time of this process while a simulated Odoo in another takes the calls. With
CARELOOM_TEST_ODOO_URL, _DB, _LOGIN and _KEY the rates are measured on that Odoo (it gains contacts and invoices), each
beside its own best batch call and beside one record a call, in turns, in the same run.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import uuid4

from careloom.systems.odoo import Odoo, Settings
from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.documents.drafts import Draft
from careloom.systems.odoo.documents.submission import POST

ROWS, DOCUMENTS, ROUNDS, ALONE = 2_000, 300, 3, 15
BATCH = 100
LINES = (("consultation", 1.0, 120.0), ("blood count", 2.0, 15.5))
PARTNER, MOVE = "res.partner", "account.move"
Work = Callable[[], Awaitable[float]]


def run() -> list[dict[str, Any]]:
    """All figures; those of a real Odoo only where one is named."""
    with _simulated() as settings:
        rows = asyncio.run(_added(settings))
    real = os.environ.get("CARELOOM_TEST_ODOO_URL")
    if real:
        names = {"database": "DB", "login": "LOGIN", "key": "KEY"}
        given = {name: os.environ[f"CARELOOM_TEST_ODOO_{variable}"] for name, variable in names.items()}
        rows += asyncio.run(_rates({"url": real, **given}))
    return rows


@contextmanager
def _simulated() -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "careloom.sim.odoo", "--port", "0", "--version", "19.0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            facts = {}
            for line in process.stdout:
                name, _, value = line.strip().partition(": ")
                facts[name] = value
                if name == "API key":
                    break
            yield {"url": facts["url"], "database": facts["database"], "login": facts["login"], "key": facts["API key"]}
        finally:
            process.terminate()


def _odoo(target: Mapping[str, str], **others: Any) -> Odoo:
    key = target["key"]
    settings = Settings(
        url=target["url"], database=target["database"], login=target["login"], api_key="env:KEY",
        batch_rows=BATCH, timeout_seconds=300, **others,
    )  # fmt: skip
    return Odoo("bench", settings, secrets=lambda _: key)


def _person(number: int) -> dict[str, Value]:
    return {
        "name": f"Sample Person {number}", "ref": f"N-{number}", "street": "12 Loom Lane", "city": "Springfield",
        "zip": "62701", "phone": "+1 555 010 0101", "email": f"p{number}@example.org",
    }  # fmt: skip


def _invoice(key: str, partner: int) -> Draft:
    lines: list[dict[str, Value]] = [
        {"name": name, "quantity": quantity, "price_unit": price, "tax_ids/.id": ""} for name, quantity, price in LINES
    ]
    values: dict[str, Value] = {
        "move_type": "out_invoice", "partner_id/.id": partner, "ref": key[-12:], "invoice_date": date(2026, 11, 2),
    }  # fmt: skip
    return Draft(key, values, lines, "invoice_line_ids", company=1)


async def _people(odoo: Odoo, count: int) -> None:
    tag = uuid4().hex
    await asyncio.gather(*(odoo.upsert(PARTNER, f"careloom.bench_{tag}_{n}", _person(n)) for n in range(count)))


async def _invoices(odoo: Odoo, partner: int, count: int) -> None:
    tag = uuid4().hex
    submit = odoo.documents.access.submissions.submit
    drafts = [_invoice(f"careloom.bench_{tag}_{n}", partner) for n in range(count)]
    await asyncio.gather(*(submit(MOVE, draft, POST, ("name", "state", "amount_total")) for draft in drafts))


async def _added(target: Mapping[str, str]) -> list[dict[str, Any]]:
    async with _odoo(target) as odoo:
        partner = (await odoo.upsert(PARTNER, "careloom.bench_payer", {"name": "Sample Payer"})).record_id
        row = await _cpu(lambda: _people(odoo, ROWS), ROWS)
        document = await _cpu(lambda: _invoices(odoo, partner, DOCUMENTS), DOCUMENTS)
    goal = {"op": "<=", "value": 1_000}
    return [
        {"name": "Odoo: the hub's work on a contact", "value": row, "unit": "us CPU", "goal": goal},
        {"name": "Odoo: the hub's work on an invoice of two lines", "value": document, "unit": "us CPU", "goal": goal},
    ]


async def _cpu(work: Callable[[], Awaitable[None]], count: int) -> float:
    """CPU microseconds of one record, the least of three rounds: the others were disturbed."""
    found = []
    await work()
    for _ in range(ROUNDS):
        start = time.process_time()
        await work()
        found.append((time.process_time() - start) / count * 1e6)
    return min(found)


async def _rates(target: Mapping[str, str]) -> list[dict[str, Any]]:
    async with _odoo(target) as odoo:
        version = str(await odoo.version())
        partner = (await odoo.upsert(PARTNER, "careloom.bench_payer", {"name": "Sample Payer"})).record_id
        contacts: dict[str, Work] = {
            "own": lambda: _timed(lambda: _own_people(odoo, 3 * BATCH), 3 * BATCH),
            "hub": lambda: _timed(lambda: _people(odoo, 3 * BATCH), 3 * BATCH),
            "one": lambda: _timed(lambda: _alone(lambda: _people(odoo, 1)), ALONE),
        }  # fmt: skip
        invoices: dict[str, Work] = {
            "own": lambda: _timed(lambda: _own_invoices(odoo, partner, BATCH), BATCH),
            "hub": lambda: _timed(lambda: _invoices(odoo, partner, BATCH), BATCH),
            "one": lambda: _timed(lambda: _alone(lambda: _invoices(odoo, partner, 1)), ALONE),
        }
        return _told(version, "contacts", await _rounds(contacts)) + _told(version, "invoices", await _rounds(invoices))


async def _rounds(works: Mapping[str, Work]) -> dict[str, float]:
    """The median rate of each, taken in turns so that what disturbs one disturbs all."""
    for work in works.values():
        await work()
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            found[name].append(await work())
    return {name: statistics.median(rates) for name, rates in found.items()}


async def _timed(work: Callable[[], Awaitable[None]], count: int) -> float:
    start = time.perf_counter()
    await work()
    return count / (time.perf_counter() - start)


async def _alone(work: Callable[[], Awaitable[None]]) -> None:
    for _ in range(ALONE):
        await work()


async def _own_people(odoo: Odoo, count: int) -> None:
    """The same rows by the bare call, so many at a time: what this Odoo does with its own best batch."""
    tag = uuid4().hex
    columns = ["id", *_person(0)]
    for at in range(0, count, BATCH):
        rows = [[f"careloom.own_{tag}_{n}", *map(str, _person(n).values())] for n in range(at, min(at + BATCH, count))]
        answer = await odoo.documents.access.call(PARTNER, "load", {"fields": columns, "data": rows})
        assert answer["ids"], answer["messages"][:1]


async def _own_invoices(odoo: Odoo, partner: int, count: int) -> None:
    call = odoo.documents.access.call
    lines = [
        [0, 0, {"name": name, "quantity": quantity, "price_unit": price, "tax_ids": [[6, 0, []]]}]
        for name, quantity, price in LINES
    ]
    values = {"move_type": "out_invoice", "partner_id": partner, "invoice_date": "2026-11-02"}
    ids = await call(MOVE, "create", {"vals_list": [values | {"invoice_line_ids": lines}] * count})
    await call(MOVE, "action_post", ids=ids)


def _told(version: str, what: str, rates: Mapping[str, float]) -> list[dict[str, Any]]:
    name = f"Odoo {version}: {what}"
    return [
        {"name": f"{name}, its own best batch", "value": rates["own"], "unit": "/s"},
        {"name": f"{name}, through the hub", "value": rates["hub"], "unit": "/s"},
        {"name": f"{name}, one a call", "value": rates["one"], "unit": "/s"},
        {"name": f"{name}, hub against its own best", "value": rates["hub"] / rates["own"], "unit": "x",
         "goal": {"op": ">=", "value": 0.9}},
        {"name": f"{name}, hub against one a call", "value": rates["hub"] / rates["one"], "unit": "x",
         "goal": {"op": ">=", "value": 8}},
    ]  # fmt: skip
