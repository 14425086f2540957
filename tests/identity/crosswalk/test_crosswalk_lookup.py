"""Codes and what they stand for: on a day, as was known at an instant, from memory, and back."""

from __future__ import annotations

import asyncio
from datetime import date

import asyncpg
import pytest
from tests.identity.crosswalk.house import House

from careloom.core.errors import CareloomError
from careloom.identity.crosswalk.codes import Canonical, Code, Entity, Key, Unknown
from careloom.identity.crosswalk.ledger import Told
from careloom.store.database import Database, connect

DAY = date(2026, 3, 1)
PAYER = Entity.PAYER
KEY = Key("payer", "*", "payer", "P100")


async def _id(house: House, value: str, at: date = DAY) -> str | None:
    found = await house.codes.lookup("*", "payer", value, at, entity=PAYER)
    return found.id if isinstance(found, Canonical) else None


async def test_a_code_stands_for_a_thing_on_a_day(house: House) -> None:
    await house.load(
        "payer,*,payer,P100,ACME,,2026-01-01,Acme of old",
        "payer,*,payer,P100,BRAVO,2026-01-01,,Bravo took it over",
        "provider,*,payer,P100,DR-7,,,",
    )
    assert await house.codes.lookup("*", "payer", "P100", DAY, entity=PAYER) == Canonical(
        "payer", "BRAVO", "Bravo took it over", 1
    )
    assert [await _id(house, "P100", day) for day in (date(2025, 12, 31), date(2026, 1, 1))] == ["ACME", "BRAVO"]
    found = await house.codes.lookup("*", "payer", "P100", DAY, entity=Entity.PROVIDER)
    assert isinstance(found, Canonical) and found.id == "DR-7"


async def test_an_unknown_code_comes_with_the_nearest_that_hold_on_that_day(house: House) -> None:
    await house.load(
        "payer,*,payer,87726,UNITED,,,United of Lakeside",
        "payer,*,payer,87762,GONE,,2026-01-01,",
        "payer,*,payer,60054,AET,,,",
    )
    found = await house.codes.lookup("*", "payer", "87276", DAY, entity=PAYER)
    assert isinstance(found, Unknown) and found.mapped
    assert [(near.value, near.canonical) for near in found.nearest] == [("87726", "UNITED")]
    nobody = await house.codes.lookup("*", "NPI", "1999999992", DAY, entity=Entity.PROVIDER)
    assert nobody == Unknown((), False)


async def test_few_are_proposed_however_many_look_alike(house: House) -> None:
    await house.load(*(f"product,*,SKU,GAUZE-{number:03},P{number},,," for number in range(50)))
    found = await house.codes.lookup("*", "SKU", "GAUZE-0", DAY, entity=Entity.PRODUCT)
    assert isinstance(found, Unknown) and len(found.nearest) == 5


async def test_codes_of_a_thing_in_a_system(house: House) -> None:
    await house.load(
        "department,ehr,department,ED-1,ED,,,Emergency",
        "department,ehr,department,ED-2,ED,,,",
        "department,ehr,ward,E,ED,2026-06-01,,",
        "department,odoo,analytic,D-100,ED,,,",
    )
    thing = await house.codes.lookup("ehr", "department", "ED-1", DAY, entity=Entity.DEPARTMENT)
    assert isinstance(thing, Canonical)
    assert await house.codes.codes_of(thing, "odoo", DAY) == (Code("odoo", "analytic", "D-100"),)
    assert [code.value for code in await house.codes.codes_of(thing, "ehr", DAY)] == ["ED-1", "ED-2"]
    assert [code.value for code in await house.codes.codes_of(thing, "ehr", date(2026, 6, 1))] == ["ED-1", "ED-2", "E"]


async def test_what_was_known_at_an_instant_is_kept(house: House) -> None:
    await house.load("payer,*,payer,P100,ACME,,,")
    first = house.clock.now()
    await house.clock.advance(3600)
    await house.load("payer,*,payer,P100,BRAVO,,,", told=Told("Sam Lindqvist", "it was wrong", "a call"))
    now = house.clock.now()
    ledger = house.desk.ledger
    known = [await ledger.known_at(KEY, DAY, at) for at in (first, now)]
    assert [one.id if one else None for one in known] == ["ACME", "BRAVO"]
    history = await ledger.history(KEY)
    assert [(one["canonical"], one["said_by"], one["said_why"], one["said_in"]) for one in history] == [
        ("BRAVO", "Sam Lindqvist", "it was wrong", "a call"),
        ("ACME", "Noor Haddad", "the yearly list", "payers.csv"),
    ]
    assert [one.canonical for one in await ledger.export(as_known=first)] == ["ACME"]
    assert [one.canonical for one in await ledger.export()] == ["BRAVO"]
    assert [(one["number"], one["added"], one["ended"]) for one in await ledger.versions()] == [(2, 1, 1), (1, 1, 0)]


async def test_answers_come_from_memory_until_it_is_told_or_a_second_is_over(house: House) -> None:
    await house.load("payer,*,payer,P100,ACME,,,")
    assert await _id(house, "P100") == "ACME"
    await house.load("payer,*,payer,P100,BRAVO,,,")
    assert await _id(house, "P100") == "ACME"
    house.codes.forget()
    assert await _id(house, "P100") == "BRAVO"
    await house.load("payer,*,payer,P100,CEDAR,,,")
    house.seconds[0] += 1.5
    assert await _id(house, "P100") == "CEDAR"


async def test_nothing_is_called_unknown_by_what_was_kept(house: House) -> None:
    await house.load("payer,*,payer,P100,ACME,,,")
    assert await _id(house, "P200") is None
    await house.load("payer,*,payer,P200,BRAVO,,,")
    assert await _id(house, "P200") == "BRAVO"


async def test_the_nodes_are_told(house: House, dsn: str) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    connection = await connect(dsn)
    await connection.add_listener("careloom", lambda *said: heard.put_nowait(str(said[3])))
    await house.load("payer,*,payer,P100,ACME,,,")
    while await heard.get() != "crosswalk":
        pass
    await connection.close()


async def test_a_reader_that_was_overtaken_keeps_nothing_old(house: House) -> None:
    await house.load("payer,*,payer,P100,ACME,,,")
    codes = house.codes
    reading = codes._read

    async def overtaken(name: tuple[str, str, str]) -> object:
        section = await reading(name)
        await house.load("payer,*,payer,P100,BRAVO,,,")
        return section

    codes._read = overtaken  # type: ignore[method-assign,assignment]
    assert await _id(house, "P100") == "ACME"  # it was, when this was asked
    codes._read = reading  # type: ignore[method-assign]
    house.seconds[0] += 2
    assert await _id(house, "P100") == "BRAVO"


_ROW = (
    "insert into crosswalk_code (id, entity, system, type, value, canonical, valid_from, valid_to, since)"
    " values (gen_random_uuid(), $1, '*', 'payer', $2, 'X', $3, $4, 1)"
)


@pytest.mark.parametrize(
    ("entity", "value", "start", "end", "stands"),
    [
        ("payer", "P100", None, date(2026, 1, 1), True),
        ("payer", "P100", None, date(2026, 1, 2), False),
        ("payer", "P100", date(2026, 1, 31), None, False),
        ("payer", "P100", date(2026, 2, 1), None, True),
        ("payer", "P1000", date(2026, 1, 1), None, True),
        ("provider", "P100", None, None, True),
        ("person", "P100", None, None, False),
        ("payer", "P300", date(2026, 1, 1), date(2026, 1, 1), False),
    ],
)
async def test_the_database_refuses_two_meanings_on_one_day(
    house: House, dsn: str, entity: str, value: str, start: date | None, end: date | None, stands: bool
) -> None:
    await house.load("payer,*,payer,P100,ACME,2026-01-01,2026-02-01,")
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(_ROW, entity, value, start, end)
        made = True
    except asyncpg.IntegrityConstraintViolationError:
        made = False
    await connection.close()
    assert made is stands


@pytest.mark.parametrize("act", ["update crosswalk_code set canonical = 'X'", "delete from crosswalk_code"])
async def test_what_was_said_stays(house: House, database: Database, act: str) -> None:
    await house.load("payer,*,payer,P100,ACME,,,")
    with pytest.raises(CareloomError):
        async with database.acquire() as connection:
            await connection.execute(act)
