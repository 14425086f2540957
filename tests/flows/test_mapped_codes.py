"""Codes that the crosswalk maps, on their way into Odoo: aliases resolve, what is unknown blocks, and the books of a
month agree with the source by every dimension."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs
from tests.conftest import PostgresServer
from tests.flows.house import House, house_of
from tests.flows.services import COMPLETED, PAYER, RUN, done
from tests.flows.services import panel as whole_panel

from careloom.cases.kinds import Action
from careloom.cases.rights import Actor
from careloom.flows.service_completed import service
from careloom.flows.stores import Stores
from careloom.identity.crosswalk.changes import Row
from careloom.identity.crosswalk.codes import Said
from careloom.identity.crosswalk.ledger import Ledger, Told
from careloom.model import Coverage, Identifier, Location, Organization, Period, Practitioner
from careloom.systems.odoo.documents.analytics import Dimension

NPI = "1999999992"


def panel(**changes: Any) -> Any:
    """One that used nothing up."""
    return whole_panel(**changes | {"report": {"consumed": (), **changes.pop("report", {})}})


_FIELDS = ("entity", "system", "type", "value", "canonical")


async def furnish(house: House) -> None:
    await house.facility("LAKESIDE")
    await house.product("80053", "40.00", kind="service", storable=False)
    await house.product("80061", "25.50", kind="service", storable=False)
    for plan, codes in (("Facility", ("F-NORTH", "F-SOUTH")), ("Department", ("D-LAB", "D-ED"))):
        analytics = house.erp.documents.analytics
        at = await analytics.plan(house.erp.external_id("plan", "TEST", plan), plan)
        for code in codes:
            key = house.erp.external_id("dimension", "TEST", code)
            await analytics.keep(Dimension(key=key, name=code, code=code, plan=at))


@pytest.fixture
async def house(postgres_server: PostgresServer) -> AsyncIterator[House]:
    async with house_of(postgres_server, [service], furnish) as found:
        yield found


async def say(house: House, *rows: str) -> None:
    """Put rows of `entity system type value canonical` into the crosswalk."""
    said = [Said(**dict(zip(_FIELDS, row.split(), strict=True))) for row in rows]
    world = house.world
    async with world.database.acquire() as connection, connection.transaction():
        ledger = Ledger(world.database, world.clock, world.new_id)
        await ledger.say(connection, [Row(at, one) for at, one in enumerate(said, 1)], Told("Noor", "set up", "a test"))


async def lines(house: House) -> list[dict[str, Any]]:
    """The lines of posted invoices and credit notes that are of a service."""
    fields = ["account_id", "balance", "analytic_distribution", "partner_id", "name"]
    domain = [["display_type", "=", "product"], ["parent_state", "=", "posted"]]
    return list(await house.erp.search_read("account.move.line", domain, fields))


def covered_by(number: str) -> Any:
    payor = Organization(identifier=(Identifier(value=number, type="PI"),), name="Northwind")
    return structs.replace(panel(), coverage=(Coverage(order=1, payor=payor),))


async def test_an_alias_resolves_and_both_are_kept(house: House) -> None:
    await say(house, "payer * payer 60054-OLD 60054", "payer * payer 60054 60054")
    await house.world.tell(covered_by("60054-OLD"))
    await house.world.settle()
    assert await house.world.runs() == [(RUN, "completed")]
    [payer] = await house.erp.search_read("res.partner", [["ref", "like", "60054"]], ["ref"])
    assert payer["ref"] == "60054"
    [run] = await house.world.rows("select id from run")
    journal = await house.world.node.around.store.load(run["id"])
    bodies = [step.body for step in journal.steps.values() if step.name == "look_up" and step.body]
    assert any(b'"60054-OLD"' in body and b'"code":"60054"' in body for body in bodies)


@pytest.mark.parametrize(
    ("mapped", "event", "field"),
    [
        ("payer * payer 60055 P", panel(), "coverage.payor"),
        (
            "provider * NPI 1999999984 DR-1",
            panel(report={"performer": Practitioner(identifier=(Identifier(value=NPI, type="NPI"),))}),
            "report.performer",
        ),
        ("product * charge-code 80063 X", panel(), "report.service[0].code"),
        ("account * charge-code 80063 400000", panel(), "report.service[0].code"),
        ("dimension * facility LAKESIDE-2 F-NORTH", panel(), "facility"),
        (
            "dimension * department LABS D-LAB",
            panel(report={"location": Location(identifier=(Identifier(value="LAB"),))}),
            "report.location",
        ),
    ],
)
async def test_an_unknown_code_blocks_the_posting_and_proposes_the_nearest(
    house: House, mapped: str, event: Any, field: str
) -> None:
    await say(house, mapped)
    await house.world.tell(event)
    await house.world.settle()
    [case] = await house.world.rows("select kind, field, reason, owner from work_case where resolved is null")
    assert (case["kind"], case["field"], case["owner"]) == ("unknown-code", field, "master-data")
    assert "the nearest known" in case["reason"] and mapped.split()[3] in case["reason"]
    assert await house.moves() == []


async def test_what_a_person_says_is_learnt_and_what_waited_goes_on(house: House) -> None:
    await say(house, "payer * payer 70000 70000")
    await house.world.tell(panel())
    await house.world.settle()
    assert await house.world.cases() == ["unknown-code"]
    await house.world.decide("unknown-code", Action.SUPPLY, {"canonical": "60054"})
    assert await house.world.runs() == [(RUN, "completed")]
    [row] = await house.world.rows("select c.*, v.by, v.why from crosswalk_code c join crosswalk_version v"
                                   " on v.number = c.since where value = '60054'")  # fmt: skip
    assert (row["canonical"], row["by"], row["why"]) == ("60054", "Robin Okafor", "it was looked into")
    again = structs.replace(panel(minutes=9), report=structs.replace(
        COMPLETED.report, identifier=(Identifier(value="RPT-2", assigner="LAB"),), order=(), consumed=(),
        service=(done("80061"),),
    ))  # fmt: skip
    await house.world.tell(again)
    await house.world.settle()
    assert await house.world.cases() == []
    assert len(await house.moves()) == 2


async def test_where_answers_are_approved_four_eyes_see_it(house: House) -> None:
    _stores(house).answers_approved_by = "master-data"
    await say(house, "payer * payer 70000 70000")
    await house.world.tell(panel())
    await house.world.settle()
    await house.world.decide("unknown-code", Action.SUPPLY, {"canonical": "60054"})
    assert await house.world.cases() == ["approval"]
    assert await house.moves() == []
    await house.world.decide("approval", Action.APPROVE, by=Actor("Sam Lindqvist"))
    assert await house.world.runs() == [(RUN, "completed")]
    [row] = await house.world.rows("select v.by from crosswalk_code c join crosswalk_version v on v.number = c.since"
                                   " where value = '60054'")  # fmt: skip
    assert row["by"] == "Sam Lindqvist"


def _stores(house: House) -> Stores:
    """The tables that the steps of the node are given."""
    binder: Any = house.world.node.around.call._binder  # type: ignore[attr-defined]
    found = binder("service-completed.bill", "stores", Stores)
    assert isinstance(found, Stores)
    return found


@pytest.mark.parametrize(("action", "moves"), [(Action.WAIVE, 1), (Action.DISCARD, 0)])
async def test_an_unknown_code_may_be_waived_or_given_up(house: House, action: Action, moves: int) -> None:
    await say(house, "payer * payer 70000 70000")
    await house.world.tell(panel())
    await house.world.settle()
    await house.world.decide("unknown-code", action)
    assert len(await house.moves()) == moves
    assert await house.world.runs() == [(RUN, "completed")]


_FACILITIES = {"NORTH": "F-NORTH", "SOUTH": "F-SOUTH"}
_DEPARTMENTS = {"LAB-1": "D-LAB", "LAB-2": "D-LAB", "ED": "D-ED"}


async def test_the_trial_balance_of_a_month_equals_the_source_by_every_dimension(house: House) -> None:
    accounts = await house.erp.search_read("account.account", [["account_type", "=", "income"]], ["code"], limit=1)
    income = accounts[0]["code"]
    others = await house.erp.search_read("account.account", [["code", "!=", income]], ["code"])
    other = next(row["code"] for row in others if row["code"] and row["code"].startswith("4")) if any(
        row["code"] and row["code"].startswith("4") for row in others) else others[0]["code"]  # fmt: skip
    account_of = {"80053": income, "80061": other}
    await say(
        house,
        *(f"facility * facility {code} LAKESIDE" for code in _FACILITIES),
        *(f"dimension * facility {code} {ours}" for code, ours in _FACILITIES.items()),
        *(f"dimension * department {code} {ours}" for code, ours in _DEPARTMENTS.items()),
        *(f"account * charge-code {code} {ours}" for code, ours in account_of.items()),
    )
    source: Counter[str] = Counter()
    prices = {"80053": 4000, "80061": 2550}
    for day in range(14):
        facility = ("NORTH", "SOUTH")[day % 2]
        department = tuple(_DEPARTMENTS)[day % 3]
        code, quantity = ("80053", "80061", "80061")[day % 3], 1 + day % 4
        numbers = (Identifier(value=f"RPT-{day}", assigner="LAB"),)
        when = COMPLETED.occurred + timedelta(days=2 * day)
        report = structs.replace(
            COMPLETED.report, identifier=numbers, order=(), consumed=(), effective=Period(start=f"{when:%Y-%m-%d}"),
            service=(done(code, str(quantity)),),
            location=Location(identifier=(Identifier(value=department, assigner="LAB"),)),
        )  # fmt: skip
        event = structs.replace(COMPLETED, facility=facility, coverage=(PAYER,), report=report, occurred=when)
        await house.world.tell(event)
        cancelled = day == 5
        if cancelled:
            gone = structs.replace(report, status="cancelled")
            await house.world.settle()
            await house.world.tell(structs.replace(event, report=gone, occurred=when + timedelta(hours=1)))
        cents = 0 if cancelled else prices[code] * quantity
        for dimension in (_FACILITIES[facility], _DEPARTMENTS[department], account_of[code]):
            source[dimension] += cents
        await house.world.settle()
    assert await house.world.cases() == []
    found: Counter[str] = Counter()
    codes = {str(row["id"]): row["code"] for row in await house.erp.search_read(
        "account.analytic.account", [], ["code"])}  # fmt: skip
    chart = {row["id"]: row["code"] for row in await house.erp.search_read("account.account", [], ["code"])}
    for line in await lines(house):
        cents = -round(line["balance"] * 100)
        found[chart[line["account_id"][0]]] += cents
        for ids, share in line["analytic_distribution"].items():
            for one in ids.split(","):
                found[codes[one]] += round(cents * share / 100)
    wanted = [*_FACILITIES.values(), *set(_DEPARTMENTS.values()), income, other]
    assert {code: Decimal(found[code]) / 100 for code in wanted} == {
        code: Decimal(source[code]) / 100 for code in wanted
    }
    assert all(source[code] for code in wanted)
