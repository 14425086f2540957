"""Dashboards: seven of each are seven, each number leads to just its rows, and nobody sees another's view."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from playwright.async_api import Browser, expect
from tests.console.conftest import Answer, Console, Window, accessible, console_of, signed_in, window
from tests.hub.hospital import Hospital

from careloom.cases.catalogue import shipped
from careloom.console.boards import BOARDS, exact, parts_of
from careloom.console.charts import HEIGHT, Counted, chart
from careloom.console.rights import Right, Role, rights_of
from careloom.telemetry.figures import FIGURES, ONLY

FROM, TO = datetime.fromisoformat("2026-03-01T00:00:00+00:00"), datetime.fromisoformat("2026-03-08T00:00:00+00:00")
BETWEEN = "from=2026-03-01&to=2026-03-07"
SEVEN = """
insert into lane values (900, 'e', 0, 0, '\\x00');
insert into subscription (name, bank, paused) values ('old.sync', 'e', true);
insert into event select 900, n, md5('seven' || n)::uuid, 'e', 'appointment.booked.v1', 'ehr',
       md5('token' || n % 7)::uuid, 1, now(), now(), '', md5('seven' || n)::uuid, null, 0,
       '\\x00', '\\x00' from generate_series(1, 9) n;
insert into parked (subscription, lane, seq, token, event, message, state, due, since)
select 'old.sync', 900, seq, token, id, id, 'case', null, now() from event where lane = 900;
insert into work_case (id, message, kind, system, reason, opened, due)
select md5(kind || n)::uuid, md5('of' || kind || n)::uuid, kind, 'erp', 'reason ' || n,
       now() - n * interval '50 minutes', now() - n * interval '50 minutes' + interval '4 hours'
from generate_series(1, 7) n, unnest(array['unmatched-record', 'rejected-posting']) kind;
"""
RUNS = """
insert into run (id, lane, workflow, version, code, key, token, input, correlation, since, begun, changed, late_at)
select md5('run' || n)::uuid, 0, $1, 1, 'c', 1, md5('t' || n)::uuid, '\\x00', md5('c' || n)::uuid,
       $2::timestamptz, $2, $2, null
from generate_series($3::int, $4::int) n
"""
DATA = re.compile(r'<data value="([^"]*)">')
ROW = re.compile(r'data-row="([^"]*)"')


def figures(page: Answer) -> Mapping[str, tuple[float, str]]:
    """The number of each tile, and where it leads."""
    tiles = re.findall(r'data-figure="(\w+)">.*?<dd><a href="/console([^"]*)"><data value="([^"]*)">', page.html, re.S)
    return {name: (float(value or -1), unescape(path)) for name, path, value in tiles}


async def behind(who: Window, path: str) -> list[str]:
    """The rows that a link leads to, on all its pages."""
    found: list[str] = []
    while path:
        page = await who.get(path)
        assert page.status == 200, page.text
        found += ROW.findall(page.html)
        later = re.search(r'href="/console([^"]*)" rel="next"', page.html)
        path = unescape(later[1]) if later else ""
    return found


async def test_seven_of_each_are_seven_and_lead_to_just_those(console: Console, browser: Browser) -> None:
    async with console.hub.database.acquire() as connection:
        await connection.execute(SEVEN)
    async with window(console, "Vera", Role.VIEWER) as vera, window(console, "Fay", Role.FINANCE) as fay:
        for who, board, names in (
            (vera, "operations", ("unsynchronised", "unmatched", "rejected")),
            (fay, "finance", ("unmatched", "rejected")),
        ):
            shown = figures(await who.get(f"/dashboards/{board}"))
            assert set(shown) == {one.name for one in next(one for one in BOARDS if one.name == board).figures}
            for name in names:
                number, path = shown[name]
                assert number == 7, name
                assert len(await behind(who, path)) == 7, name
        page = await vera.get("/dashboards/operations")
        shown = figures(page)
        number, path = shown["unmatched"]
        wanted = await console.hub.rows("select id from work_case where kind = 'unmatched-record'")
        assert set(await behind(vera, path)) == {str(row["id"]) for row in wanted}
        newest = await console.hub.rows("select distinct on (token) id from event where lane = 900 order by token, id")
        assert len(newest) == 7 and (await vera.get(shown["unsynchronised"][1])).html.count("/console/journeys/") >= 7
        assert shown["waiting"][0] == 14 and len(await behind(vera, shown["waiting"][1])) == 14
        late = re.search(r'href="/console([^"]*)"><data value="6">6</data> past their time', page.html)
        assert late is not None and len(await behind(vera, unescape(late[1]))) == 6, "those opened before 4 hours ago"
        await _bars_lead_to_their_rows(vera, page)
        await _whoever_may_not_is_refused(vera, fay)
    token = await console.account("Robin", Role.ADMIN)
    async with signed_in(browser, console, token) as sheet:
        await sheet.goto(console.url("/dashboards/operations?period=week"))
        await expect(sheet.get_by_role("img", name="Exceptions that wait")).to_be_visible()
        await accessible(sheet)
        await sheet.locator("[data-figure=rejected] a").first.click()
        await expect(sheet.get_by_role("heading", name="Rejected postings")).to_be_visible()
        await expect(sheet.locator("tbody tr")).to_have_count(7)
        await accessible(sheet)
        await sheet.locator("tbody a").first.click()
        await expect(sheet.get_by_role("heading", level=1)).to_have_text("Rejected posting")
        await sheet.goto(console.url("/dashboards/finance"))
        await accessible(sheet)


async def _bars_lead_to_their_rows(who: Window, page: Answer) -> None:
    bars = re.findall(r'<tr><td>[^<]*</td><td class="number"><a href="/console([^"]*)">([\d,]+)</a>', page.html)
    assert len(bars) > 20
    high = [(unescape(path), int(number)) for path, number in bars if number != "0"]
    assert sum(number for _, number in high) == 14 + 14, "by age, and by when they came"
    for path, number in high:
        assert len(await behind(who, path)) == number, path


async def _whoever_may_not_is_refused(viewer: Window, finance: Window) -> None:
    menu = (await viewer.get("/")).html, (await finance.get("/")).html
    assert "/dashboards/operations" in menu[0] and "/dashboards/finance" not in menu[0]
    assert "/dashboards/finance" in menu[1] and "/dashboards/operations" not in menu[1]
    for who, board in ((viewer, "finance"), (finance, "operations")):
        for path in (f"/dashboards/{board}", f"/dashboards/{board}/rejected"):
            assert (await who.get(path)).status == 403, path
    assert (await finance.get("/dashboards/finance/unsynchronised")).status == 404
    assert (await finance.get("/dashboards/finance/feeds")).status == 404
    for wrong in ("period=year", "from=x", "to=2026-13-01", "from=2026-03-02&to=2026-03-01", "from=2026-03-01T00:00"):
        assert (await viewer.get(f"/dashboards/operations?{wrong}")).status == 400, wrong
    for wrong in ("least=x", "most=-1", "good=maybe", "after=x", "least=nan"):
        assert (await viewer.get(f"/dashboards/operations/waiting?{wrong}")).status == 400, wrong


async def test_lags_are_exact_and_finance_sees_what_moves_money_alone(hospital: Hospital) -> None:
    hospital.configure(hub='flows = ["careloom.flows.registration", "careloom.flows.service_completed"]')
    async with console_of(hospital) as console:
        await _runs(console, FROM + timedelta(days=2))
        async with window(console, "Ada", Role.AUDITOR) as ada:
            await _lags(ada)


async def _runs(console: Console, begun: datetime) -> None:
    async with console.hub.database.acquire() as connection:
        for workflow, span in (("service-completed.bill", (1, 10)), ("intake.admit", (11, 13))):
            await connection.execute(RUNS, workflow, begun, *span)
        await connection.execute("update run set state = 'running', due = null")
        await connection.execute(
            "insert into run_step (run, path, name, sort, state, began, ended)"
            " select md5('run' || n)::uuid, '1', 'issue', 'step', 'done', $1::timestamptz,"
            " $1 + n * interval '61 seconds'"
            " from generate_series(1, 13) n",
            begun,
        )
        await connection.execute(
            "update run set state = case when id = md5('run3')::uuid then 'failed' else 'completed' end, ended = $1",
            begun + timedelta(hours=1),
        )


async def _lags(ada: Window) -> None:
    finance = await ada.get(f"/dashboards/finance?{BETWEEN}")
    shown = figures(finance)
    assert shown["invoicing"][0] == 5.5 * 61, "the median, to the second"
    tile = re.search(r'data-figure="invoicing">(.*?)</div>', finance.html, re.S)
    assert tile is not None
    assert [float(one) for one in DATA.findall(tile[1])] == pytest.approx([335.5, 9.55 * 61, 610.0])
    assert "5 min 36 s" in tile[1] and "10 min 10 s" in tile[1]
    assert len(await behind(ada, shown["invoicing"][1])) == 10
    assert shown["completion"][0] == 0.9 and "9 of 10" in finance.text
    assert len(await behind(ada, shown["completion"][1])) == 10, "no run of intake is among them"
    assert await behind(ada, f"/dashboards/finance/completion?{BETWEEN}&part=intake.admit") == []
    operations = await ada.get(f"/dashboards/operations?{BETWEEN}")
    assert figures(operations)["completion"][0] == 12 / 13
    assert len(await behind(ada, f"/dashboards/operations/completion?{BETWEEN}&part=intake.admit")) == 3
    unwell = f"/dashboards/operations/completion?{BETWEEN}&good=no"
    assert len(await behind(ada, unwell)) == 1
    assert figures(await ada.get("/dashboards/operations?from=2026-03-03&to=2026-03-03"))["completion"][0] == 12 / 13
    empty = figures(await ada.get("/dashboards/operations?from=2026-03-04&to=2026-03-07"))
    assert empty["completion"][0] == -1, "no share of nothing"


def test_each_figure_is_on_a_dashboard_and_what_it_keeps_to_exists() -> None:
    shown = {one.name for board in BOARDS for one in board.figures} | {"feeds"}
    assert shown == set(FIGURES)
    kinds = {one.name for one in shipped()}
    assert {"unmatched-record", "rejected-posting"} <= kinds and set(ONLY) <= set(FIGURES)


def test_who_sees_which_dashboard() -> None:
    seen = {role: {one.name for one in BOARDS if one.right in rights_of([role])} for role in Role}
    both, operations = {"operations", "finance"}, {"operations"}
    assert seen == {
        Role.VIEWER: operations, Role.OPERATOR: operations, Role.STEWARD: operations, Role.FINANCE: {"finance"},
        Role.AUDITOR: both, Role.ADMIN: both,
    }  # fmt: skip
    assert Right.SEE_OPERATIONS not in rights_of([Role.FINANCE])


class _House:
    """Of what runs, only what a dashboard asks about."""

    def __init__(self, flows: Any, kinds: Any) -> None:
        self.flows = flows
        self.work = self
        self.reader = self
        self.kinds = kinds


def test_money_is_counted_by_what_runs_here() -> None:
    from careloom.flows.intake import intake
    from careloom.flows.payment_confirmation import payment_confirmation

    house: Any = _House([intake, payment_confirmation], shipped())
    operations, finance = BOARDS
    assert parts_of(operations, FIGURES["completion"], house) is None
    assert parts_of(finance, FIGURES["completion"], house) == ["payment-confirmation.confirm"]
    assert parts_of(finance, FIGURES["rejected"], house) is None
    kinds = parts_of(finance, FIGURES["waiting"], house)
    assert kinds is not None and {"delayed-payment", "rejected-posting"} <= set(kinds) and "silence" not in kinds


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "none"), (0.0, "0.0 s"), (59.94, "59.9 s"), (60.0, "1 min"), (330.0, "5 min 30 s"), (3600.0, "1 h"),
     (7261.0, "2 h 1 min 1 s"), (86400.0 * 3 + 3600, "3 d 1 h")],
)  # fmt: skip
def test_lengths_are_said_to_the_second(seconds: float | None, said: str) -> None:
    assert exact(seconds) == said


def test_bars_are_as_high_as_they_count() -> None:
    made = chart([Counted(str(number), "", number, "/x") for number in (0, 1, 50, 100)])
    heights = [one.height for one in made.bars]
    assert heights[0] == 0 and heights[3] == 2 * heights[2] > 0 and heights[1] > 0
    assert all(one.y + one.height == HEIGHT for one in made.bars) and made.rows == 151
    assert chart([]).bars == [] and chart([Counted("a", "", 0, "/x")]).bars[0].height == 0
