"""What every Odoo must do for us: the simulated 18.0 and 19.0, and a real one when CARELOOM_TEST_ODOO_URL is set.

Set CARELOOM_TEST_ODOO_URL, _DB, _LOGIN and _KEY to run the same cases against a database of yours (it gains contacts).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from careloom.core.errors import AccessRefused, Rejected
from careloom.sim.odoo.server import SimulatedOdoo
from careloom.systems.odoo import Odoo, PartnerRow, Upserted

PARTNER = "res.partner"
REAL_URL = os.environ.get("CARELOOM_TEST_ODOO_URL")
TARGETS = ["18.0", "19.0", *(["real"] if REAL_URL else [])]
Connect = Callable[..., Odoo]


@pytest.fixture(params=TARGETS)
async def target(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    if request.param == "real":
        names = {"database": "DB", "login": "LOGIN", "api_key": "KEY"}
        given = {name: os.environ[f"CARELOOM_TEST_ODOO_{variable}"] for name, variable in names.items()}
        yield SimpleNamespace(url=REAL_URL, **given)
        return
    async with SimulatedOdoo(version=request.param, workers=8) as server:
        yield server


@pytest.fixture
def fresh() -> Callable[[str], str]:
    """Identifiers that no earlier run has used."""
    run = uuid4().hex[:12]
    return lambda name: f"{run}-{name}"


async def test_it_is_a_version_we_support(target: Any, connect: Connect) -> None:
    assert (await connect(target).version()).major in (18, 19)


async def test_the_check_finds_only_what_is_missing(target: Any, connect: Connect) -> None:
    odoo = connect(target)
    findings = await odoo.check({PARTNER: ["name", "ref", "country_id/.id", "is_company", "no_such_field"]})
    problems = [finding.problem for finding in findings]
    assert [problem for problem in problems if "no_such_field" in problem]
    assert not [problem for problem in problems if "may not" in problem or "connection" in problem]


async def test_an_upsert_creates_once_and_then_updates(target: Any, connect: Connect, fresh: Any) -> None:
    odoo = connect(target)
    key = odoo.external_id("patient", "GENHOSP", fresh("1"))
    first = await odoo.upsert(PARTNER, key, {"name": "Ada Moss", "city": "Springfield"})
    second = await odoo.upsert(PARTNER, key, {"name": "Ada Moss", "city": "Riverton"})
    third = await odoo.upsert(PARTNER, key, {"name": "Ada Moss", "city": "Riverton"})
    assert (first.changed, second.changed, third.changed) == (True, True, False)
    assert first.record_id == second.record_id == third.record_id
    (record,) = await odoo.read(PARTNER, [first.record_id], ["city"])
    assert record["city"] == "Riverton"


async def test_every_type_of_cell_arrives(target: Any, connect: Connect, fresh: Any) -> None:
    odoo = connect(target)
    values = {"name": "Cora Bell", "is_company": True, "color": 3, "country_id/id": "base.us", "email": ""}
    made = await odoo.upsert(PARTNER, odoo.external_id("patient", "GENHOSP", fresh("2")), values)
    (record,) = await odoo.read(PARTNER, [made.record_id], ["is_company", "color", "country_id", "email"])
    assert (record["is_company"], record["color"], record["email"]) == (True, 3, False)
    assert record["country_id"][1] == "United States"


async def test_a_person_is_found_by_number_with_country_and_state(target: Any, connect: Connect, fresh: Any) -> None:
    odoo = connect(target)
    row = PartnerRow(given="Ada", family="Moss", ref=fresh("mrn"), country="USA", state="IL", zip="62701")
    made = await odoo.partner_values(row)
    assert made.issues == ()
    await odoo.upsert(PARTNER, odoo.external_id("patient", "GENHOSP", fresh("3")), made.values)
    (record,) = await odoo.search_read(PARTNER, [["ref", "=", row.ref]], ["name", "country_id", "state_id"])
    (state,) = await odoo.read("res.country.state", [record["state_id"][0]], ["code", "country_id"])
    assert (record["name"], state["code"]) == ("Ada Moss", "IL")
    assert state["country_id"] == record["country_id"]


@pytest.mark.parametrize(
    ("country", "state", "left_out"),
    [
        ("US", "il", ()),
        ("United States", "Illinois", ()),
        ("GBR", None, ()),
        ("CAN", "IL", ("state",)),
        ("Atlantis", "IL", ("country", "state")),
        (None, "IL", ("state",)),
        (None, None, ()),
    ],
)
async def test_places(target: Any, connect: Connect, country: Any, state: Any, left_out: Any) -> None:
    made = await connect(target).partner_values(PartnerRow(family="Moss", country=country, state=state))
    assert tuple(issue.field for issue in made.issues) == left_out


async def test_odd_characters_in_identifiers(target: Any, connect: Connect, fresh: Any) -> None:
    odoo = connect(target)
    keys = [odoo.external_id("patient", "A&B^C", fresh(tail)) for tail in ("a b", "a_b", "a%b", "a.b", "é", "x" * 200)]
    made = await asyncio.gather(*(odoo.upsert(PARTNER, key, {"name": "Odd"}) for key in keys))
    assert len({result.record_id for result in made}) == len(keys)
    found = [await odoo.find(key) for key in keys]
    assert [reference and reference.record_id for reference in found] == [result.record_id for result in made]


async def test_a_bad_row_fails_alone_and_names_its_field(target: Any, connect: Connect, fresh: Any) -> None:
    odoo = connect(target)
    countries = ["base.us", "base.nowhere", "base.ca"]
    keys = [odoo.external_id("patient", "GENHOSP", fresh(f"row{n}")) for n in range(3)]
    calls = (
        odoo.upsert(PARTNER, key, {"name": "Row", "country_id/id": country})
        for key, country in zip(keys, countries, strict=True)
    )
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(result) for result in results if isinstance(result, Upserted)] == [Upserted, Upserted]
    assert isinstance(results[1], Rejected)
    assert results[1].field == "country_id"
    assert await odoo.find(keys[1]) is None


async def test_eight_writers_of_one_key_make_one_record(target: Any, connect: Connect, fresh: Any) -> None:
    key = f"careloom.race_{fresh('8')}"
    writers = [connect(target) for _ in range(8)]
    results = await asyncio.gather(*(odoo.upsert(PARTNER, key, {"name": "One"}) for odoo in writers))
    assert len({result.record_id for result in results}) == 1


async def test_archived_records_are_found_updated_and_stay_archived(target: Any, connect: Connect, fresh: Any) -> None:
    odoo = connect(target)
    key = odoo.external_id("patient", "GENHOSP", fresh("4"))
    made = await odoo.upsert(PARTNER, key, {"name": "Dora"})
    assert await odoo.archive(PARTNER, [made.record_id]) == [made.record_id]
    assert await odoo.archive(PARTNER, [made.record_id]) == []
    reference = await odoo.find(key)
    assert reference is not None
    assert reference.record_id == made.record_id
    await odoo.upsert(PARTNER, key, {"name": "Dora Vale"})
    (record,) = await odoo.read(PARTNER, [made.record_id], ["name", "active"])
    assert (record["name"], record["active"]) == ("Dora Vale", False)


async def test_a_note_is_posted_once_for_a_reference(target: Any, connect: Connect, fresh: Any) -> None:
    odoo = connect(target)
    made = await odoo.upsert(PARTNER, odoo.external_id("patient", "GENHOSP", fresh("5")), {"name": "Eve"})
    assert await odoo.message_post(PARTNER, made.record_id, "a < b & c", "ref-1")
    assert not await odoo.message_post(PARTNER, made.record_id, "a < b & c", "ref-1")
    assert await odoo.message_post(PARTNER, made.record_id, "again", "ref-11")
    domain = [["model", "=", PARTNER], ["res_id", "=", made.record_id], ["body", "like", "[Careloom ref-1]"]]
    assert len(await odoo.search_read("mail.message", domain, ["body"])) == 1


async def test_a_merge_archives_notes_and_may_be_repeated(target: Any, connect: Connect, fresh: Any) -> None:
    odoo = connect(target)
    survivor, retired = (odoo.external_id("patient", "GENHOSP", fresh(name)) for name in ("stay", "go"))
    old = await odoo.upsert(PARTNER, retired, {"name": "Fay Old"})
    first = await odoo.merge_partners(survivor, retired, {"name": "Fay New"}, "merge-1")
    assert (first.retired_id, first.archived, first.notes) == (old.record_id, True, 2)
    again = await odoo.merge_partners(survivor, retired, {"name": "Fay New"}, "merge-1")
    assert (again.survivor_id, again.archived, again.notes) == (first.survivor_id, False, 0)
    (record,) = await odoo.read(PARTNER, [old.record_id], ["active"])
    assert not record["active"]


async def test_writing_by_id_and_reading_what_is_gone(target: Any, connect: Connect, fresh: Any) -> None:
    odoo = connect(target)
    made = await odoo.upsert(PARTNER, odoo.external_id("patient", "GENHOSP", fresh("6")), {"name": "Gil"})
    await odoo.write(PARTNER, [made.record_id], {"city": "Riverton", "is_company": False})
    (record,) = await odoo.read(PARTNER, [made.record_id, 99_999_999], ["city"])
    assert record["city"] == "Riverton"
    with pytest.raises(Rejected):
        await odoo.write(PARTNER, [99_999_999], {"city": "Nowhere"})


async def test_a_wrong_key_is_refused(target: Any, connect: Connect) -> None:
    odoo = connect(target, secrets=lambda _: "0123456789abcdef")
    with pytest.raises(AccessRefused):
        await odoo.search_read(PARTNER, [], ["name"], limit=1)
