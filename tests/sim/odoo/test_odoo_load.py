"""`load`: upsert by external id, all or nothing, with one message per bad row."""

import asyncio
from typing import Any

import pytest

FIELDS = ["id", "name", "ref", "city", "country_id/id"]


def row(number: int, name: str = "Ida Sample", country: str = "base.us") -> list[str]:
    return [f"hip.p{number}", name, f"MRN-{number}", "Springfield", country]


async def load(client: Any, fields: list[str], *data: list[Any]) -> Any:
    return await client.value("res.partner", "load", fields=fields, data=list(data))


async def only(client: Any, record: int, *fields: str) -> dict[str, Any]:
    [found] = await client.value("res.partner", "read", ids=[record], fields=list(fields))
    return found


async def test_creates_then_updates_the_same_record(client: Any) -> None:
    first = await load(client, FIELDS, row(1))
    again = await load(client, FIELDS, row(1, name="Ida Changed"))
    assert first["ids"] == again["ids"]
    assert client.odoo.external_ids() == {"hip.p1": ("res.partner", first["ids"][0])}
    assert (await only(client, first["ids"][0], "name"))["name"] == "Ida Changed"


async def test_one_bad_row_rolls_everything_back(client: Any) -> None:
    before = len(client.odoo.records("res.partner"))
    answer = await load(client, FIELDS, row(1), row(2, name=""), row(3, country="base.nowhere"))
    assert answer["ids"] is False
    assert [message["record"] for message in answer["messages"]] == [2, 1]
    assert len(client.odoo.records("res.partner")) == before
    assert client.odoo.external_ids() == {}
    assert client.odoo.calls[-1].outcome == "refused"


async def test_ids_of_a_rolled_back_call_are_not_given_out_again(client: Any) -> None:
    [kept] = (await load(client, FIELDS, row(1)))["ids"]
    await load(client, FIELDS, row(2), row(3, name=""))
    [later] = (await load(client, FIELDS, row(4)))["ids"]
    assert later > kept + 1


async def test_an_update_of_a_failed_call_is_undone_too(client: Any) -> None:
    [record] = (await load(client, FIELDS, row(1)))["ids"]
    await load(client, FIELDS, row(1, name="Ida Changed"), row(2, name=""))
    assert (await only(client, record, "name"))["name"] == "Ida Sample"
    found = await client.value("res.partner", "search", domain=[["ref", "=", "MRN-1"]])
    assert found == [record]


async def test_absent_columns_stay_and_empty_cells_clear(client: Any) -> None:
    [record] = (await load(client, FIELDS, row(1)))["ids"]
    await load(client, ["id", "city"], ["hip.p1", ""])
    shown = await only(client, record, "city", "ref")
    assert (shown["city"], shown["ref"]) == (False, "MRN-1")


async def test_an_archived_record_is_updated_and_stays_archived(client: Any) -> None:
    [record] = (await load(client, FIELDS, row(1)))["ids"]
    await client.value("res.partner", "write", ids=[record], vals={"active": False})
    await load(client, FIELDS, row(1, name="Ida Changed"))
    shown = await only(client, record, "active", "name")
    assert (shown["active"], shown["name"]) == (False, "Ida Changed")


async def test_a_deleted_record_is_created_anew(client: Any) -> None:
    [record] = (await load(client, FIELDS, row(1)))["ids"]
    await client.value("res.partner", "unlink", ids=[record])
    assert client.odoo.external_ids() == {}
    [anew] = (await load(client, FIELDS, row(1)))["ids"]
    assert anew > record


async def test_of_the_same_id_twice_the_last_row_wins(client: Any) -> None:
    answer = await load(client, FIELDS, row(1, name="First"), row(1, name="Last"))
    assert answer["ids"][0] == answer["ids"][1]
    assert (await only(client, answer["ids"][0], "name"))["name"] == "Last"


@pytest.mark.parametrize(
    ("given", "kept"),
    [("plain", "__import__.plain"), ("hip.a.b.c", "hip.a.b.c"), ("hip.MRN|1^^^H&1.2&ISO", "hip.MRN|1^^^H&1.2&ISO")],
)
async def test_external_ids_keep_their_odd_characters(client: Any, given: str, kept: str) -> None:
    await load(client, ["id", "name"], [given, "Ida Sample"])
    assert list(client.odoo.external_ids()) == [kept]


@pytest.mark.parametrize(
    ("column", "cell"),
    [("country_id/id", "base.us"), ("country_id/.id", "233"), ("country_id", "United States"), ("country_id", "US")],
)
async def test_a_link_is_found_by_external_id_by_database_id_and_by_name(client: Any, column: str, cell: str) -> None:
    [record] = (await load(client, ["id", "name", column], ["hip.p1", "Ida Sample", cell]))["ids"]
    assert (await only(client, record, "country_id"))["country_id"] == [233, "United States"]


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("country_id/id", "base.xx", "No matching record found for external id 'base.xx' in field 'Country'"),
        ("country_id/id", "base.state_us_14", "No matching record found for external id 'base.state_us_14'"),
        ("country_id/.id", "99999", "No matching record found for database id '99999' in field 'Country'"),
        ("country_id", "Nowhere", "No matching record found for name 'Nowhere' in field 'Country'"),
        ("color", "many", "'many' does not seem to be an integer"),
        ("date", "2026-13-45", "'2026-13-45' does not seem to be a valid date"),
        ("type", "elsewhere", "Value 'elsewhere' not found in selection"),
        (".id", "99999", "Unknown database identifier '99999'"),
    ],
)
async def test_a_cell_that_does_not_fit_is_named(client: Any, column: str, cell: str, said: str) -> None:
    answer = await load(client, ["name", column], ["Ida Sample", cell])
    [message] = answer["messages"]
    assert answer["ids"] is False
    assert message["message"].startswith(said)
    assert message["field"] == column.partition("/")[0] or column == ".id"
    assert (message["type"], message["rows"]) == ("error", {"from": 0, "to": 0})


async def test_a_doubtful_boolean_is_only_a_warning(client: Any) -> None:
    answer = await load(client, ["id", "name", "is_company"], ["hip.p1", "Ida Sample", "perhaps"])
    assert answer["ids"] and answer["messages"][0]["type"] == "warning"
    assert (await only(client, answer["ids"][0], "is_company"))["is_company"] is True


async def test_rows_can_be_addressed_by_database_id(client: Any) -> None:
    record = await client.partner(city="Springfield")
    answer = await load(client, [".id", "city"], [str(record), "Riverton"])
    assert answer["ids"] == [record]
    assert (await only(client, record, "city"))["city"] == "Riverton"


async def test_without_an_id_column_every_row_is_a_new_record(client: Any) -> None:
    first = await load(client, ["name"], ["Ida Sample"])
    second = await load(client, ["name"], ["Ida Sample"])
    assert first["ids"] != second["ids"]
    assert client.odoo.external_ids() == {}


async def test_a_row_may_point_at_an_earlier_row_of_the_call(client: Any) -> None:
    data = [["hip.org", "Sample Clinic", "1", ""], ["hip.p1", "Ida Sample", "0", "hip.org"]]
    answer = await load(client, ["id", "name", "is_company", "parent_id/id"], *data)
    shown = await only(client, answer["ids"][1], "parent_id", "display_name", "commercial_partner_id")
    assert shown["parent_id"] == [answer["ids"][0], "Sample Clinic"]
    assert shown["display_name"] == "Sample Clinic, Ida Sample"
    assert shown["commercial_partner_id"] == [answer["ids"][0], "Sample Clinic"]


async def test_tags_are_given_as_a_list_of_external_ids(client: Any) -> None:
    tags = {"fields": ["id", "name"], "data": [["hip.t1", "Patient"], ["hip.t2", "Payer"]]}
    made = (await client.value("res.partner.category", "load", **tags))["ids"]
    answer = await load(client, ["id", "name", "category_id/id"], ["hip.p1", "Ida Sample", "hip.t1,hip.t2"])
    assert (await only(client, answer["ids"][0], "category_id"))["category_id"] == made


async def test_an_unknown_column_is_an_error_not_a_message(client: Any) -> None:
    status, body = await client.call("res.partner", "load", fields=["id", "no_such"], data=[["hip.x", "y"]])
    assert (status, body["name"]) == (500, "builtins.ValueError")
    assert body["message"] == "Invalid field name 'no_such'"


@pytest.mark.parametrize("column", ["ref/id", "country_id/name", "child_ids/no_such", "child_ids"])
async def test_a_column_path_that_leads_nowhere_is_an_error(client: Any, column: str) -> None:
    status, body = await client.call("res.partner", "load", fields=["name", column], data=[["Ida Sample", "x"]])
    assert (status, body["name"]) == (500, "builtins.ValueError")


async def test_a_duplicate_barcode_is_a_message_of_the_second_row(client: Any) -> None:
    answer = await load(client, ["id", "name", "barcode"], ["hip.p1", "Ida", "B-1"], ["hip.p2", "Ivo", "B-1"])
    assert [message["record"] for message in answer["messages"]] == [1]


async def test_after_ten_bad_rows_the_rest_is_not_tried(client: Any) -> None:
    answer = await load(client, FIELDS, *[row(number, name="") for number in range(40)])
    kinds = [message["type"] for message in answer["messages"]]
    assert kinds == ["error"] * 10 + ["warning"]


async def test_a_user_without_rights_gets_messages(client: Any) -> None:
    answer = await client.value("res.country", "load", fields=["id", "name"], data=[["hip.c1", "Sample Land"]])
    assert answer["ids"] is False
    assert answer["messages"][0]["message"].startswith("You are not allowed to create 'Country'")


async def race(client: Any, rows: int) -> list[Any]:
    client.odoo.faults.collide(2)
    data = [row(number) for number in range(rows)]
    calls = [load(client, FIELDS, *data) for _ in range(2)]
    return list(await asyncio.gather(*calls))


async def test_of_two_racing_loads_one_wins_and_the_other_is_told_to_come_again(client: Any) -> None:
    answers = await race(client, 1)
    [won] = [answer for answer in answers if answer["ids"]]
    [lost] = [answer for answer in answers if not answer["ids"]]
    assert lost["messages"][0]["message"] == "could not serialize access due to concurrent update\n"
    assert await load(client, FIELDS, row(0)) == won
    assert len(client.odoo.external_ids()) == 1


async def test_a_race_for_fifty_rows_makes_fifty_records(client: Any) -> None:
    answers = await race(client, 50)
    assert sorted(bool(answer["ids"]) for answer in answers) == [False, True]
    assert len(client.odoo.external_ids()) == 50
    again = await load(client, FIELDS, *[row(number) for number in range(50)])
    assert again["ids"] == next(answer["ids"] for answer in answers if answer["ids"])


async def test_a_race_on_an_existing_record_has_one_loser(client: Any) -> None:
    await load(client, FIELDS, row(0))
    answers = await race(client, 1)
    assert sorted(bool(answer["ids"]) for answer in answers) == [False, True]


async def test_loads_of_different_records_never_meet(client: Any) -> None:
    client.odoo.faults.collide(2)
    answers = await asyncio.gather(load(client, FIELDS, row(1)), load(client, FIELDS, row(2)))
    assert all(answer["ids"] for answer in answers)


async def test_search_then_create_doubles_what_load_does_not(client: Any) -> None:
    """The race that makes `load` necessary: both look, both see nothing, both create."""
    looks = [client.value("res.partner", "search", domain=[["ref", "=", "MRN-1"]]) for _ in range(2)]
    assert await asyncio.gather(*looks) == [[], []]
    await asyncio.gather(client.partner(ref="MRN-1"), client.partner(ref="MRN-1"))
    assert len(await client.value("res.partner", "search", domain=[["ref", "=", "MRN-1"]])) == 2


async def test_18_quotes_the_name_of_a_failed_check(client18: Any) -> None:
    answer = await client18.rpc("res.partner", "load", fields=["id", "name"], data=[["hip.p1", ""]])
    assert answer["result"]["messages"][0]["message"] == "'Contacts require a name'"
