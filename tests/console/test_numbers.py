"""Twenty times in a run under load: each number on the first page and the dashboards is the one that SQL gives.

Pages and statements see one snapshot of the database, and nothing waits for them: messages come in, exceptions open and
end and runs go on all the while. Pages are those of the hub, with its readers, asked as a server would ask them.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.types import Message
from tests.console.conftest import Answer, Console, console_of
from tests.hub.hospital import Hospital, Running, adt

from careloom.console.rights import Role
from careloom.hub.configuration import load
from careloom.hub.pages import console_of as pages_of
from careloom.sim.odoo import SimulatedOdoo
from careloom.store.database import Database
from careloom.workflow.work import runwork

LOOKS = 20
FROZEN: ContextVar[Any] = ContextVar("frozen", default=None)
FLOWS = 'flows = ["careloom.flows.registration", "careloom.flows.service_completed"]'
NUMBER = r'<data value="([^"]*)">'

# What was written for the pages is not used here: each number once more, from the tables, as an auditor would ask.
OVERVIEW = {
    "received": "select count(*) from event where kind = 'm'",
    "delivered": "select sum(delivered) from tally",
    "filtered": "select sum(filtered) from tally",
    "parked": """select count(distinct w.message) from parked w join parked s using (subscription, token)
                 where s.state = 'case' and w.state in ('case', 'behind', 'waiting')""",
}
WITHIN = "> $1::timestamptz and {} <= $2::timestamptz"
CASES = "select kind, count(*), count(*) filter (where due > $2) from work_case"
BILL, VOID = "'service-completed.bill'", "'service-completed.void'"
OF_CASES = "and ($3::text[] is null or kind = any($3))"
OF_RUNS = "and ($3::text[] is null or workflow <> all($3))"
MONEY = ["unmatched-record", "rejected-posting"]
"""The kinds of cases that finance is shown, of those that come here."""
FIGURES = {
    "completion": f"""select workflow, count(*), count(*) filter (where state = 'completed') from run
                      where ended {WITHIN.format("ended")} {OF_RUNS} group by rollup (workflow)""",
    "adherence": f"""select workflow, count(*), count(*) - count(late) from run
                     where ended {WITHIN.format("ended")} {OF_RUNS} group by rollup (workflow)""",
    "late": f"""select workflow, count(*), null from run where ended is null and late is not null and begun <= $2
               and $1 < $2 {OF_RUNS} group by rollup (workflow)""",
    "unaided": f"""select workflow, count(*), count(*) - count(distinct c.run) from run r
                   left join work_case c on c.run = r.id || '/1' and c.resolved_by = 'Robin'
                   where ended {WITHIN.format("ended")} {OF_RUNS} group by rollup (workflow)""",
    "waiting": f"{CASES} where resolved is null and $1 < $2 {OF_CASES} group by rollup (kind)",
    "opened": f"""select kind, count(*), null from work_case where opened {WITHIN.format("opened")}
                  {OF_CASES} group by rollup (kind)""",
    "resolved": f"""select kind, count(*), count(*) filter (where resolved <= due) from work_case
                    where resolved {WITHIN.format("resolved")} {OF_CASES} group by rollup (kind)""",
    "rejected": f"""{CASES} where kind = 'rejected-posting' and resolved is null and $1 < $2 {OF_CASES}
                    group by rollup (kind)""",
    "unmatched": f"""{CASES} where kind = 'unmatched-record' and resolved is null and $1 < $2 {OF_CASES}
                     group by rollup (kind)""",
}
LENGTHS = {
    "resolution": f"""select extract(epoch from resolved - opened)::float8 from work_case
                      where resolved {WITHIN.format("resolved")} {OF_CASES} order by 1""",
    "invoicing": f"""select extract(epoch from s.ended - r.since)::float8 from run r join run_step s on s.run = r.id
                     where r.workflow = {BILL} and s.name = 'issue' and s.state = 'done'
                     and s.ended {WITHIN.format("s.ended")} {OF_RUNS} order by 1""",
}
A_RUN = f"""
with made as (
    insert into run (id, lane, workflow, version, code, key, token, input, correlation, since, begun, changed)
    select $1, 0, case when ($2::int) % 3 = 0 then {VOID} else {BILL} end, 1, 'c', 1, $1, '', $1,
           now() - $2::int * interval '7 seconds', now() - interval '5 seconds', now()
    returning id)
insert into run_step (run, path, name, sort, state, began, ended)
select id, '1', 'issue', 'step', 'done', now() - interval '1 second', now() from made
"""
RUNS_GO_ON = (
    """update run set state = 'running', due = null
       where state = 'pending' and starts_with(workflow, 'service-completed')""",
    """update run set late = now() where ended is null and right(id::text, 1) < '3' and late is null""",
    """update run set ended = now(), state = case right(id::text, 1) when '4' then 'failed' else 'completed' end
       where state = 'running' and right(id::text, 1) between '2' and 'd'""",
    """insert into work_case (id, message, kind, system, run, reason, opened, due)
       select gen_random_uuid(), gen_random_uuid(),
              case when right(id::text, 1) < '6' then 'unmatched-record' else 'rejected-posting' end, 'x',
              id || '/1', 'r',
              now() - interval '9 minutes',
              now() + (get_byte(decode(md5(id::text), 'hex'), 0) - 128) * interval '3 seconds'
       from run where right(id::text, 1) in ('0', '5', 'a', 'b', 'e') and id::text || '/1' not in (
           select run from work_case where run is not null)""",
    """update work_case set state = 'resolved', resolved = now(), resolved_by = 'Robin' where resolved is null
       and run is not null and left(run, 1) < '8'""",
)  # fmt: skip


@asynccontextmanager
async def _acquire(database: Database) -> AsyncIterator[Any]:
    frozen = FROZEN.get()
    if frozen is not None:
        yield frozen
    else:
        async with ACQUIRE(database) as connection:
            yield connection


ACQUIRE = Database.acquire


async def asked(console: Console, configuration: Any, token: str, *paths: str) -> list[Answer]:
    """These pages, of a console of this hub that has kept nothing from before."""
    node = console.hub.node
    await node.status.refresh()
    told = node.status.as_dict()
    runs = runwork(node.runs.around, node.runs.desk)
    app = pages_of(
        configuration, node.store.database, node.log.keyring, console.people, node.work, runs, node.operators,
        node.subscriptions, lambda: told, node.telemetry.clock, feeds=node.silences.standings,
    )  # fmt: skip
    return [await _answer(app, token, path) for path in paths]


async def _answer(app: Any, token: str, path: str) -> Answer:
    name, _, query = path.partition("?")
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "path": f"/console{name}", "root_path": "/console",
        "query_string": query.encode(), "headers": [(b"cookie", f"careloom_session={token}".encode())],
        "scheme": "http", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    body = b"".join(one.get("body", b"") for one in sent)
    return Answer(sent[0]["status"], path, body.decode())


async def _messages(hub: Running) -> None:
    for number in itertools.count():
        wrong = {7: "garbage"} if number % 5 == 0 else None
        await hub.send(adt(("A04", "A08", "Q99")[number % 3], f"L{number}", f"N-{number % 40}", pid=wrong))


async def _processes(hub: Running) -> None:
    for number in itertools.count():
        async with hub.database.acquire() as connection:
            id_ = await connection.fetchval("select gen_random_uuid()")
            await connection.execute(A_RUN, id_, number % 90)
            for statement in RUNS_GO_ON:
                await connection.execute(statement)


@asynccontextmanager
async def _load(hub: Running) -> AsyncIterator[None]:
    """For the length of the block; neither may have stopped before its end."""
    tasks = [asyncio.ensure_future(one) for one in (_messages(hub), _processes(hub))]
    try:
        yield
        assert not any(one.done() for one in tasks), [one.exception() for one in tasks if one.done()]
    finally:
        for one in tasks:
            one.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_twenty_times_under_load_each_number_is_that_of_sql(
    hospital: Hospital, erp: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    hospital.configure(odoo=erp, hub=FLOWS)
    configuration = load(hospital.config)
    monkeypatch.setattr(Database, "acquire", _acquire)
    seen: list[tuple[int, ...]] = []
    async with console_of(hospital) as console:
        token = await console.account("Robin", Role.ADMIN)
        async with _load(console.hub):
            for _ in range(LOOKS):
                seen.append(await _look(console, configuration, token))
                await console.hub.eventually(lambda: _moved(console, seen[-1]))
    for kind in zip(*seen, strict=True):
        assert len(set(kind)) > LOOKS / 2, f"nothing moved: {kind}"


async def _moved(console: Console, before: tuple[int, ...]) -> bool:
    [row] = await console.hub.rows("select (select count(*) from event where kind = 'm'), (select count(*) from run)")
    return row[0] > before[0] and row[1] > before[-1]


async def _look(console: Console, configuration: Any, token: str) -> tuple[int, ...]:
    async with (
        ACQUIRE(console.hub.database) as connection,
        connection.transaction(isolation="repeatable_read"),
    ):
        frozen = FROZEN.set(connection)
        try:
            paths = ("/", "/dashboards/operations", "/dashboards/finance?period=hour")
            overview, operations, finance = await asked(console, configuration, token, *paths)
        finally:
            FROZEN.reset(frozen)
        numbers = await _same_overview(connection, overview)
        await _same_figures(connection, operations, None)
        await _same_figures(connection, finance, MONEY)
        return *numbers, await connection.fetchval("select count(*) from run")


async def _same_overview(connection: Any, page: Answer) -> tuple[int, ...]:
    assert page.status == 200, page.text
    found = []
    for name, sql in OVERVIEW.items():
        expected = await connection.fetchval(sql) or 0
        assert _tile(page, name) == expected, name
        found.append(int(expected))
    assert _tile(page, "in flight") == found[0] - sum(found[1:])
    for row in await connection.fetch("select state, count(*) as runs from run group by state"):
        assert _tile(page, f"runs {row['state']}") == row["runs"]
    table = re.findall(r'<tr><th scope="row"><a [^>]*>([\w-]+)</a></th><td class="number">([\d,]+)</td>', page.html)
    rows = await connection.fetch("select kind, count(*) from work_case where resolved is null group by kind")
    assert {kind: _int(many) for kind, many in table} == {row[0]: row[1] for row in rows}
    for words, column in (("exceptions came", "opened"), ("ended", "resolved")):
        told = re.search(rf">([\d,]+) {words}<", page.html)
        hour = f"select count(*) from work_case where {column} >= now() - interval '1 hour'"
        assert told is not None and _int(told[1]) == await connection.fetchval(hour)
    return tuple(found)


async def _same_figures(connection: Any, page: Answer, kinds: Sequence[str] | None) -> None:
    """Of all their parts, and in all."""
    assert page.status == 200, page.text
    for name, sql in FIGURES.items():
        tile = re.search(rf'data-figure="{name}">(.*?)</div>', page.html, re.S)
        if tile is not None:
            window = _window(tile[1])
            lines = {row[0]: (row[1], row[2]) for row in await connection.fetch(sql, *window, kinds)}
            _is(name, tile[1], *lines.pop(None, (0, None if name in ("late", "opened") else 0)))
            parts = _parts(page, name)
            for part, html in parts.items():
                _is(name, html, *lines.pop(part))
            assert not lines or (len(lines) == 1 and not parts), f"{name} leaves out {lines}: one part is all of it"
    for name, sql in LENGTHS.items():
        tile = re.search(rf'data-figure="{name}">(.*?)</div>', page.html, re.S)
        if tile is not None:
            lengths = [row[0] for row in await connection.fetch(sql, *_window(tile[1]), kinds)]
            said = [float(one) for one in re.findall(NUMBER, tile[1]) if one]
            expected = [_percentile(lengths, 0.5), _percentile(lengths, 0.95), lengths[-1]] if lengths else []
            assert said == pytest.approx(expected), name


def _is(name: str, html: str, rows: int, good: int | None) -> None:
    number, *more = [float(one or -1) for one in re.findall(NUMBER, html)]
    if name in ("completion", "adherence", "unaided", "resolved"):
        assert number == (pytest.approx((good or 0) / rows) if rows else -1), name
        told = re.search(r"([\d,]+) of ([\d,]+)", html)
        assert (told is None) == (rows == 0)
        assert told is None or (_int(told[1]), _int(told[2])) == (good, rows), name
    else:
        assert number == rows, name
        if good is not None:
            assert more == ([rows - good] if rows - good else []), f"{name} past their time"


def _parts(page: Answer, name: str) -> Mapping[str, str]:
    """The rows of a figure's table, by their part."""
    rows = re.findall(r'<tr data-part="([^"]*)">(.*?)</tr>', page.html, re.S)
    return {part: html for part, html in rows if re.search(rf"/dashboards/\w+/{name}\?", html)}


def _window(html: str) -> Sequence[datetime]:
    """That of the rows to which it leads."""
    [path] = re.findall(r'<dd><a href="([^"]*)"', html)
    given = parse_qs(urlsplit(unescape(path)).query)
    begin, end = (datetime.fromisoformat(given[name][0]) for name in ("from", "to"))
    assert end - begin in (timedelta(days=1), timedelta(hours=1))
    return begin, end


def _tile(page: Answer, name: str) -> int:
    found = re.search(rf"<dt>{name}</dt><dd><a [^>]*>([\d,]+)</a>", page.html)
    assert found is not None, name
    return _int(found[1])


def _int(text: str) -> int:
    return int(text.replace(",", ""))


def _percentile(ordered: Sequence[float], share: float) -> float:
    """Between its neighbours, as PostgreSQL's percentile_cont."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
