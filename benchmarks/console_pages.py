"""The console over a long past. Run: python -m benchmarks console_pages

A hub in a process of its own, on a log of 1,000,000 entries with 10,000 open exceptions and 20,000 runs, made by SQL
(CARELOOM_BENCH_EVENTS and CARELOOM_BENCH_CASES make it smaller or larger). Measured are every page that the registry
has: from the request to the last byte, one operator alone, and twenty at once who each open another page every 1 to 3
seconds from a process of theirs, which is what twenty open pages ask by themselves; the first paint of each in
Chromium; and how many messages the hub acknowledges without and with the twenty, who take part of the same cores, as
the load generator does.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

import aiohttp
import asyncpg
import psutil
from tests.hub.hospital import adt, line
from tests.screenshots.finding import OUTSIDE, example, links, name_of, pictured

from benchmarks.hub import PROCESSES, TOOLS, Hub, _folder, _free_port
from careloom.store.embedded import EmbeddedPostgres

EVENTS: Final = int(os.environ.get("CARELOOM_BENCH_EVENTS", "1000000"))
CASES: Final = int(os.environ.get("CARELOOM_BENCH_CASES", "10000"))
TIMES, OPERATORS, SECONDS, LOAD_SECONDS, TURNS = 30, 20, 40.0, 8.0, 3
PAGE_GOAL, PAINT_GOAL, HARM_GOAL = 200.0, 1.5, 10.0
"""Milliseconds that 95 of 100 pages may take; seconds until something is seen; percent of intake that may be lost."""
_LANES: Final = 128
_FURTHER: Final = 60
_CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome")
_ALSO: Final = {
    "journeys-newest": "/journeys?show=newest",
    "journeys-parked": "/journeys?show=parked",
    "journeys-filtered": "/journeys?show=filtered",
    "journeys-by-number": "/journeys?q=N-77",
    "cases-filtered": "/cases?kind=mapping&owner=integration&system=erp",
    "dashboards-operations-week": "/dashboards/operations?period=week",
    "dashboards-finance-week": "/dashboards/finance?period=week",
    "dashboards-operations-completion": "/dashboards/operations/completion?period=week",
}
"""Pages as people ask them, beside the plain ones."""
_CONTROL: Final = "BENCH-1"
Row = dict[str, Any]

_PAST = """
insert into subscription (name, bank) values ('translate', 'm') on conflict do nothing;
insert into event select l.lane, l.head + n, md5(l.lane || '/' || n)::uuid, l.bank,
    case l.bank when 'm' then 'hl7v2:ADT^A04' else 'registration.created.v1' end, 'ehr',
    md5('about' || n % 999)::uuid, -1,
    now() - (1 - n::float8 / {each}) * interval '30 days', now() - (1 - n::float8 / {each}) * interval '30 days', '',
    md5(l.lane % 64 || '/' || n)::uuid, null, 0, decode(repeat('ab', 300), 'hex'), '\\x00'
    from lane l, generate_series(1, {each}) n;
insert into receipt select 'ehr', 'P' || l.lane || '-' || n, md5(l.lane || '/' || n)::uuid, '\\x00',
    decode(repeat('cd', 120), 'hex') from lane l, generate_series(1, {each}) n where l.bank = 'm';
insert into delivery select 'translate', l.lane, l.head + n, md5(l.lane || '/' || n)::uuid, 'done', null, null, 1, 0,
    now() - (1 - n::float8 / {each}) * interval '30 days'
    from lane l, generate_series({held} + 1, {each}) n where l.bank = 'm';
insert into parked (subscription, lane, seq, token, event, message, state, due, since, reason)
    select 'translate', l.lane, l.head + n, md5('held' || l.lane || '/' || n)::uuid, md5(l.lane || '/' || n)::uuid,
    md5(l.lane || '/' || n)::uuid, 'case', null, now() - n * interval '3 minutes', 'PID-7: no date'
    from lane l, generate_series(1, {held}) n where l.bank = 'm';
insert into tally select 'translate', l.lane, {each} - {held}, 0 from lane l where l.bank = 'm'
    on conflict (subscription, lane) do update set delivered = tally.delivered + excluded.delivered;
insert into feed_hour select 'ehr', date_trunc('hour', now()) - n * interval '1 hour', {each} / 10, 60,
    date_trunc('hour', now()) - n * interval '1 hour' + interval '59 minutes' from generate_series(1, 720) n;
update lane set head = head + {each}, messages = messages + case bank when 'm' then {each} else 0 end;
insert into feed_fold select lane, head from lane where bank = 'm'
    on conflict (lane) do update set seq = excluded.seq;
insert into cursor select 'translate', lane, head from lane where bank = 'm'
    on conflict (subscription, lane) do update set seq = excluded.seq;
"""
_CASES = """
insert into work_case (id, kind, system, subscription, lane, seq, message, field, reason, opened, changed, owner, type,
                       cause, priority, asked_by, due, quiet)
select gen_random_uuid(), (array['mapping', 'delivery', 'rejected-posting', 'unmatched-record', 'silence'])[1 + n % 5],
       (array['ehr', 'erp', 'lab'])[1 + n % 3], 'translate', (n % 64)::smallint, 1 + n / 64, gen_random_uuid(),
       'PID-' || n % 30, 'PID-' || n % 30 || ': reason number ' || n % 200, now() - n * interval '7 seconds', now(),
       (array['integration', 'patient-access'])[1 + n % 2], 'hl7v2:ADT^A04', md5((n % 200)::text)::uuid,
       (1 + n % 4)::smallint, '', now() + interval '1 day' - n * interval '13 seconds', true
from generate_series(0, $1 - 1) n
"""
_ENDED = """
insert into work_case (id, kind, system, message, reason, opened, due, run)
select gen_random_uuid(), 'mapping', 'ehr', gen_random_uuid(), 'r', now() - n * interval '3 minutes',
       now() - n * interval '3 minutes' + interval '1 day', md5('run' || n)::uuid || '/1' from generate_series(1, $1) n
"""
_RESOLVED = """
update work_case set state = 'resolved', resolved = opened + interval '20 minutes', resolved_by = 'Robin'
where run is not null and opened < now() - interval '20 minutes'
"""
_RUNS = """
insert into run (id, lane, workflow, version, code, key, token, input, correlation, since, begun, changed)
select md5('run' || n)::uuid, (n % 64)::smallint,
       (array['service-completed.bill', 'payment-confirmation.confirm', 'intake.admit', 'claim-posting.post'])
           [1 + n % 4],
       1, 'c', 1, md5('t' || n)::uuid, '\\x00', md5(n % 64 || '/' || 1 + n / 64)::uuid,
       now() - n * interval '90 seconds', now() - n * interval '90 seconds', now() - n * interval '90 seconds'
from generate_series(1, $1) n
"""
_RUNS_END = (
    "update run set state = 'running', due = null",
    """update run set state = 'completed', ended = begun + interval '80 seconds' where right(id::text, 1) < 'f'""",
    """insert into run_step (run, path, name, sort, state, began, ended)
       select id, '1', (array['issue', 'post', 'ask', 'settle'])[1 + get_byte(decode(md5(id::text), 'hex'), 0) % 4],
              'step', 'done', begun, begun + interval '50 seconds' from run""",
)
_ACCOUNT = """
with made as (
    insert into person_account (id, name, roles, teams, created)
    values (gen_random_uuid(), $1, array['admin'], array['integration', 'patient-access'], now()) returning id)
insert into person_session (digest, account, created, seen, ends)
select $2, id, now(), now(), now() + interval '6 hours' from made
"""


def run() -> Iterator[Row]:
    """Yield a row per figure."""
    with _folder() as folder:
        with _hub(folder):
            pass  # it makes the schema, its lanes and its subscriptions
        tokens = asyncio.run(_filled(folder / "data"))
        with _hub(folder) as hub:
            asyncio.run(_sent(hub.port))
            paths = {**asyncio.run(_found(hub.api, tokens[0])), **_ALSO}
            began = _cpu(hub)
            took = asyncio.run(_alone(hub.api, tokens[0], paths))
            yield _row("console_page_cpu_of_the_hub", (_cpu(hub) - began) / (TIMES * len(took)) * 1000, "ms/page")
            yield from _by_page("console_page", took)
            yield from _by_page("console_page_of_20", _clicked(hub.api, tokens, paths, SECONDS))
            yield from _paints(hub.api, tokens[0], paths)
            yield from _harm(hub, tokens, paths)


class _Hub(Hub):
    """With an API."""

    api = 0


@contextmanager
def _hub(folder: Path) -> Iterator[_Hub]:
    port, api = _free_port(), _free_port()
    text = f'[hub]\nname = "north"\nprocesses = {PROCESSES}\n[store]\ndata = "data"\n[api]\nport = {api}\n'
    (folder / "careloom.toml").write_text(f'{text}[systems.ehr]\nkind = "mllp"\nport = {port}\n')
    command = [sys.executable, "-m", "careloom", "run", "--log-level", "warning"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith(b"ready"):
                    break
            made = _Hub(process, port, folder)
            made.api = api
            yield made
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


async def _filled(data: Path) -> Sequence[str]:
    """A past, and the sessions of twenty operators."""
    server = EmbeddedPostgres(data)
    try:
        connection = await asyncpg.connect(await server.start())
        each = EVENTS // _LANES
        held = min(CASES // 2 // 64, each // 2)
        await connection.execute(_PAST.format(each=each, held=held), timeout=1200)
        await connection.execute(_CASES, CASES, timeout=600)
        await connection.execute(_RUNS, max(EVENTS // 50, 100), timeout=600)
        for statement in _RUNS_END:
            await connection.execute(statement, timeout=600)
        await connection.execute(_ENDED, CASES, timeout=600)
        await connection.execute(_RESOLVED, timeout=600)
        tokens = [secrets.token_urlsafe(32) for _ in range(OPERATORS)]
        for number, token in enumerate(tokens):
            await connection.execute(_ACCOUNT, f"Operator {number}", hashlib.sha256(token.encode()).digest())
        await connection.execute("vacuum analyze", timeout=600)
        await connection.close()
        return tokens
    finally:
        await server.stop()


async def _sent(port: int) -> None:
    """A message whose journey can be looked at."""
    async with line(port) as sender:
        answer = await sender.send(adt("A04", _CONTROL, "N-77"))
        assert answer.code == "AA", answer.text


def _session(token: str) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(headers={"Cookie": f"careloom_session={token}"})


async def _found(api: int, token: str) -> Mapping[str, str]:
    """Where each page is that something leads to; those that nothing does are said."""
    wanted = [one for one in pictured() if one != OUTSIDE]
    found = {one: one for one in wanted if "{" not in one}
    queue, looked = [*found.values()], 0
    async with _session(token) as http:
        known = [*links(await _text(http, api, f"/journeys?q={_CONTROL}"))]
        while queue and looked < _FURTHER:
            text, looked = await _text(http, api, queue.pop(0)), looked + 1
            known += [one for one in links(text) if one not in known]
            for path in wanted:
                if path not in found and (where := example(path, known, wanted)) is not None:
                    found[path] = where
                    queue.append(where)
    missing = [path for path in wanted if path not in found]
    if missing:
        print(f"   not measured, since nothing leads there without a form: {', '.join(missing)}")
    return {name_of(path): found[path] for path in wanted if path in found}


async def _alone(api: int, token: str, paths: Mapping[str, str]) -> Mapping[str, Sequence[float]]:
    async with _session(token) as http:
        return {name: [await _took(http, api, path) for _ in range(TIMES)] for name, path in paths.items()}


async def _took(http: aiohttp.ClientSession, api: int, path: str) -> float:
    """Milliseconds from the request to the last byte."""
    began = time.perf_counter()
    await _text(http, api, path)
    return (time.perf_counter() - began) * 1000


async def _text(http: aiohttp.ClientSession, api: int, path: str) -> str:
    async with http.get(f"http://127.0.0.1:{api}/console{path}", allow_redirects=False) as answer:
        assert answer.status == 200, f"{path}: {answer.status}"
        return await answer.text()


def _clicked(api: int, tokens: Sequence[str], paths: Mapping[str, str], seconds: float) -> dict[str, list[float]]:
    """What twenty operators saw, by page."""
    with _operators(api, tokens, paths, seconds) as process:
        text, _ = process.communicate()
    found: dict[str, list[float]] = json.loads(text)
    return found


@contextmanager
def _operators(
    api: int, tokens: Sequence[str], paths: Mapping[str, str], seconds: float
) -> Iterator[subprocess.Popen[bytes]]:
    """Twenty of them, in a process of theirs."""
    asked = json.dumps({"api": api, "tokens": tokens, "paths": paths, "seconds": seconds}).encode()
    command = [sys.executable, "-m", "benchmarks.console_pages"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(asked)
        process.stdin.close()
        process.stdin = None
        yield process


async def _click(api: int, tokens: Sequence[str], paths: Mapping[str, str], seconds: float) -> dict[str, list[float]]:
    """Each begins somewhere else, and opens every page in turn."""
    found: dict[str, list[float]] = {name: [] for name in paths}
    names, end = list(paths), time.monotonic() + seconds

    async def operator(number: int, token: str) -> None:
        chance = random.Random(number)
        at = number * len(names) // OPERATORS
        async with _session(token) as http:
            while time.monotonic() < end:
                await asyncio.sleep(chance.uniform(1, 3))
                name = names[at % len(names)]
                found[name].append(await _took(http, api, paths[name]))
                at += 1

    await asyncio.gather(*(operator(number, token) for number, token in enumerate(tokens)))
    return found


def _cpu(hub: Hub) -> float:
    """Seconds that its own process worked so far; PostgreSQL's are not in it."""
    found = psutil.Process(hub.process.pid).cpu_times()
    return found.user + found.system


def _by_page(prefix: str, took: Mapping[str, Sequence[float]]) -> Iterator[Row]:
    every = [one for many in took.values() for one in many]
    for name, many in took.items():
        if len(many) > 1:
            yield _row(f"{prefix}_{name.replace('-', '_')}_p95", _p95(many), "ms", "<=", PAGE_GOAL)
    yield _row(f"{prefix}_all_p95", _p95(every), "ms", "<=", PAGE_GOAL)


def _paints(api: int, token: str, paths: Mapping[str, str]) -> Iterator[Row]:
    chromium = next((path for name in _CHROMIUM if (path := shutil.which(name))), None)
    if chromium is None:
        print("   no Chromium: first paint not measured")
        return
    took = asyncio.run(_painted(chromium, api, token, paths))
    slowest = max(took, key=lambda name: took[name])
    yield _row("console_first_paint_median", median(took.values()), "s", "<=", PAINT_GOAL)
    yield _row(f"console_first_paint_slowest_{slowest.replace('-', '_')}", took[slowest], "s", "<=", PAINT_GOAL)


async def _painted(chromium: str, api: int, token: str, paths: Mapping[str, str]) -> dict[str, float]:
    """The slowest of three first paints of each page, in seconds, each in a window with nothing kept."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        found = {}
        for name, path in paths.items():
            found[name] = max([await _paint(browser, api, token, path) for _ in range(3)])
        await browser.close()
        return found


async def _paint(browser: Any, api: int, token: str, path: str) -> float:
    context = await browser.new_context()
    base = f"http://127.0.0.1:{api}"
    await context.add_cookies([{"name": "careloom_session", "value": token, "url": f"{base}/console"}])
    page = await context.new_page()
    await page.goto(f"{base}/console{path}")
    painted = await page.evaluate(
        """() => new Promise((done) => new PerformanceObserver((list, observer) => {
             const found = list.getEntriesByName("first-contentful-paint")[0];
             if (found) { observer.disconnect(); done(found.startTime); }
           }).observe({ type: "paint", buffered: true }))"""
    )
    await context.close()
    return float(painted) / 1000


def _harm(hub: _Hub, tokens: Sequence[str], paths: Mapping[str, str]) -> Iterator[Row]:
    """By turns without and with the twenty."""
    if not TOOLS.is_dir():
        print("   no load generator beside the project: intake not measured")
        return
    without, beside = [], []
    for _ in range(TURNS):
        without.append(hub.load(32, LOAD_SECONDS)["acked_per_s"])
        with _operators(hub.api, tokens, paths, LOAD_SECONDS + 4) as process:
            beside.append(hub.load(32, LOAD_SECONDS)["acked_per_s"])
            process.communicate()
    yield _row("console_intake_without_operators", median(without), "acks/s")
    yield _row("console_intake_with_20_operators", median(beside), "acks/s")
    yield _row("console_intake_lost", (1 - median(beside) / median(without)) * 100, "%", "<=", HARM_GOAL)


def _p95(many: Sequence[float]) -> float:
    return quantiles(many, n=20, method="inclusive")[-1]


def _row(name: str, value: float, unit: str, op: str | None = None, goal: float | None = None) -> Row:
    return {"name": name, "value": round(value, 2), "unit": unit, "goal": {"op": op, "value": goal} if op else None}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_click(**json.loads(sys.stdin.read())))))
