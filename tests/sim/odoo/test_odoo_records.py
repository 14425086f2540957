"""Creating, reading, searching, changing and deleting records, in the caller's context."""

from typing import Any

import pytest


async def found(client: Any, *domain: Any, **options: Any) -> list[int]:
    return await client.value("res.partner", "search", domain=list(domain), **options)


async def shown(client: Any, record: int, *fields: str, **options: Any) -> dict[str, Any]:
    [row] = await client.value("res.partner", "read", ids=[record], fields=list(fields), **options)
    return row


async def test_values_come_back_as_odoo_shows_them(client: Any) -> None:
    record = await client.partner(country_id=233, state_id=14, city="Springfield", date="2026-03-01")
    row = await shown(client, record, "country_id", "state_id", "street", "date", "category_id", "write_date", "color")
    assert row == {
        "id": record,
        "country_id": [233, "United States"],
        "state_id": [14, "Illinois (US)"],
        "street": False,
        "date": "2026-03-01",
        "category_id": [],
        "write_date": "2026-11-20 10:30:00",
        "color": 0,
    }


async def test_links_as_bare_ids_when_asked(client: Any) -> None:
    record = await client.partner(country_id=233)
    assert (await shown(client, record, "country_id", load=None))["country_id"] == 233


async def test_every_write_moves_the_write_date_even_one_that_changes_nothing(client: Any, clock: Any) -> None:
    record = await client.partner(city="Springfield")
    clock.advance(5)
    await client.value("res.partner", "write", ids=[record], vals={"city": "Springfield"})
    row = await shown(client, record, "create_date", "write_date")
    assert (row["create_date"], row["write_date"]) == ("2026-11-20 10:30:00", "2026-11-20 10:30:05")


async def test_the_servers_own_columns_cannot_be_written(client: Any) -> None:
    record = await client.partner(write_date="1999-01-01 00:00:00", id=77)
    assert record != 77
    assert (await shown(client, record, "write_date"))["write_date"] == "2026-11-20 10:30:00"


@pytest.mark.parametrize(
    ("values", "name", "message"),
    [
        ({"barcode": "B-1"}, "odoo.exceptions.ValidationError", "Another partner already has this barcode"),
        ({"name": False}, "odoo.exceptions.ValidationError", "Contacts require a name"),
        ({"country_id": 99999}, "odoo.exceptions.ValidationError", "'Country' (country_id)"),
        ({"country_id": "US"}, "psycopg2.errors.InvalidTextRepresentation", '"US"'),
        ({"color": "many"}, "builtins.ValueError", "invalid literal for int()"),
        ({"credit_limit": "much"}, "builtins.ValueError", "could not convert string to float"),
        ({"date": "2026-13-45"}, "builtins.ValueError", "does not match format"),
        ({"type": "bogus"}, "builtins.ValueError", "Wrong value for res.partner.type: 'bogus'"),
        ({"lang": "xx_XX"}, "builtins.ValueError", "Wrong value for res.partner.lang: 'xx_XX'"),
        ({"mobile": "555"}, "builtins.ValueError", "Invalid field 'mobile' in 'res.partner'"),
    ],
)
async def test_a_value_that_is_refused(client: Any, values: dict[str, Any], name: str, message: str) -> None:
    await client.partner(barcode="B-1")
    before = len(client.odoo.records("res.partner"))
    status, body = await client.call("res.partner", "create", vals_list=[{"name": "Ivo Sample", **values}])
    assert status in (422, 500)
    assert body["name"] == name
    assert message in body["message"]
    assert len(client.odoo.records("res.partner")) == before


@pytest.mark.parametrize(
    ("field", "given", "kept"),
    [("name", 12345, "12345"), ("name", ["a", "b"], "['a', 'b']"), ("active", "no", True), ("color", "3", 3)],
)
async def test_odd_values_are_taken_without_a_word(client: Any, field: str, given: Any, kept: Any) -> None:
    record = await client.partner(**{field: given})
    assert (await shown(client, record, field))[field] == kept


async def test_the_company_type_is_another_face_of_is_company(client: Any) -> None:
    record = await client.partner(company_type="company")
    assert await shown(client, record, "is_company", "company_type") == {
        "id": record,
        "is_company": True,
        "company_type": "company",
    }


async def test_children_are_made_changed_and_deleted_by_commands(client: Any) -> None:
    clinic = await client.partner(is_company=True, child_ids=[[0, 0, {"name": "Ida Child"}]])
    [child] = (await shown(client, clinic, "child_ids"))["child_ids"]
    await client.value("res.partner", "write", ids=[clinic], vals={"child_ids": [[1, child, {"city": "Riverton"}]]})
    assert (await shown(client, child, "city", "commercial_partner_id"))["commercial_partner_id"][0] == clinic
    await client.value("res.partner", "write", ids=[clinic], vals={"child_ids": [[2, child, 0]]})
    assert (await shown(client, clinic, "child_ids"))["child_ids"] == []


async def test_tags_are_set_added_removed_and_cleared(client: Any) -> None:
    tags = await client.value("res.partner.category", "create", vals_list=[{"name": "A"}, {"name": "B"}])
    record = await client.partner(category_id=[[6, 0, tags[:1]]])
    for command, expected in ([4, tags[1]], tags), ([3, tags[0]], tags[1:]), ([5], []):
        await client.value("res.partner", "write", ids=[record], vals={"category_id": [command]})
        assert (await shown(client, record, "category_id"))["category_id"] == expected


async def test_a_partner_is_not_its_own_ancestor(client: Any) -> None:
    top = await client.partner()
    below = await client.partner(parent_id=top)
    status, body = await client.call("res.partner", "write", ids=[top], vals={"parent_id": below})
    assert (status, body["name"]) == (422, "odoo.exceptions.ValidationError")


async def test_deleting_takes_the_external_id_the_chatter_and_the_attachments_along(client: Any) -> None:
    loaded = await client.value("res.partner", "load", fields=["id", "name"], data=[["hip.p1", "Ida Sample"]])
    [record] = loaded["ids"]
    await client.value("res.partner", "message_post", ids=[record], body="hello")
    file = {"name": "note.txt", "res_model": "res.partner", "res_id": record, "type": "binary", "datas": "aGk="}
    await client.value("ir.attachment", "create", vals_list=[file])
    child = await client.partner(parent_id=record)
    await client.value("res.partner", "unlink", ids=[record])
    assert client.odoo.external_ids() == {}
    assert client.odoo.messages("res.partner", record) == []
    assert client.odoo.records("ir.attachment") == []
    assert (await shown(client, child, "parent_id"))["parent_id"] is False


async def test_a_users_contact_cannot_be_deleted(client: Any) -> None:
    own = next(row["id"] for row in client.odoo.records("res.partner") if row["name"] == "Connector Service")
    status, body = await client.call("res.partner", "unlink", ids=[own])
    assert (status, body["name"]) == (422, "odoo.exceptions.ValidationError")


@pytest.mark.parametrize(
    ("condition", "hits"),
    [
        (["ref", "=", "MRN-1"], 1),
        (["ref", "!=", "MRN-1"], 2),
        (["ref", "in", ["MRN-1", "MRN-2"]], 2),
        (["ref", "not in", ["MRN-1"]], 2),
        (["ref", "=", False], 1),
        (["ref", "=like", "MRN-%"], 2),
        (["ref", "like", "RN-1"], 1),
        (["ref", "ilike", "mrn"], 2),
        (["ref", "not ilike", "mrn"], 1),
        (["name", "=ilike", "ida SAMPLE"], 3),
        (["color", ">", 1], 1),
        (["color", "<=", 1], 2),
        (["country_id", "=", 233], 1),
        (["country_id", "=", "United States"], 1),
        (["country_id.code", "in", ["US"]], 1),
        (["country_id", "=", False], 2),
        (["city", "=?", False], 3),
        (["write_date", ">=", "2026-11-20 10:30:00"], 3),
        (["write_date", "<", "2026-11-20 10:30:00"], 0),
    ],
)
async def test_conditions(client: Any, condition: list[Any], hits: int) -> None:
    await client.partner(ref="MRN-1", color=1, country_id=233)
    await client.partner(ref="MRN-2", color=2)
    await client.partner()
    assert len(await found(client, ["name", "=", "Ida Sample"], condition)) == hits


async def test_conditions_are_joined_in_prefix_notation(client: Any) -> None:
    one, two = await client.partner(ref="a"), await client.partner(ref="b")
    both = await found(client, "|", ["ref", "=", "a"], ["ref", "=", "b"], order="id")
    assert both == [one, two]
    assert await found(client, "&", ["ref", "=", "a"], ["name", "=", "nobody"]) == []
    assert await found(client, "!", ["ref", "!=", "b"]) == [two]


async def test_a_family_is_found_by_child_of(client: Any) -> None:
    top = await client.partner(is_company=True)
    below = await client.partner(parent_id=top)
    await client.partner()
    assert sorted(await found(client, ["id", "child_of", top])) == [top, below]


async def test_order_offset_and_limit(client: Any) -> None:
    ids = [await client.partner(ref="x", city=city) for city in ("B", "a", "C")]
    assert await found(client, ["ref", "=", "x"], order="city") == [ids[1], ids[0], ids[2]]
    assert await found(client, ["ref", "=", "x"], order="city desc, id") == [ids[2], ids[0], ids[1]]
    assert await found(client, ["ref", "=", "x"], order="id", offset=1, limit=1) == [ids[1]]
    assert await client.value("res.partner", "search_count", domain=[["ref", "=", "x"]], limit=2) == 2


@pytest.mark.parametrize("bad", [["ref", "like"], ["no_such", "=", 1], ["ref", "resembles", "x"], "ref"])
async def test_a_condition_that_makes_no_sense(client: Any, bad: Any) -> None:
    status, body = await client.call("res.partner", "search", domain=[bad])
    assert (status, body["name"]) == (500, "builtins.ValueError")


async def test_what_cannot_be_searched_is_ignored_by_18_and_refused_by_19(client: Any, client18: Any) -> None:
    condition = [["total_invoiced", "=", 5]]
    status, body = await client.call("res.partner", "search_count", domain=condition)
    assert (status, body["name"]) == (500, "builtins.ValueError")
    everything = await client18.rpc("res.partner", "search_count", [])
    assert (await client18.rpc("res.partner", "search_count", condition))["result"] == everything["result"]


async def test_after_a_second_means_the_next_second_only_in_19(client: Any, client18: Any) -> None:
    """The clock stands at .25 of a second, which the API does not show."""
    domain = [["name", "=", "Ida Sample"], ["write_date", ">", "2026-11-20 10:30:00"]]
    await client.partner()
    await client18.rpc("res.partner", "create", {"name": "Ida Sample"})
    assert await client.value("res.partner", "search_count", domain=domain) == 0
    assert (await client18.rpc("res.partner", "search_count", domain))["result"] == 1


async def test_archived_records_hide_unless_asked_for(client: Any) -> None:
    record = await client.partner(ref="x", active=False)
    assert await found(client, ["ref", "=", "x"]) == []
    assert await found(client, ["ref", "=", "x"], ["active", "=", False]) == [record]
    assert await found(client, ["ref", "=", "x"], context={"active_test": False}) == [record]
    assert [row["id"] for row in client.odoo.records("res.partner") if row["ref"] == "x"] == [record]


async def test_records_of_other_companies_hide(client: Any) -> None:
    admin = client.odoo.admin_api_key
    made = {"vals_list": [{"name": "Elsewhere", "ref": "x", "company_id": 2}]}
    status, ids = await client.call("res.partner", "create", key=admin, **made)
    assert status == 200
    assert await found(client, ["ref", "=", "x"]) == []
    assert (await client.call("res.partner", "search", key=admin, domain=[["ref", "=", "x"]]))[1] == ids


async def test_defaults_may_come_from_the_context(client: Any) -> None:
    context = {"default_city": "Springfield", "default_no_such_field": 1}
    [record] = await client.value("res.partner", "create", vals_list=[{"name": "Ida"}], context=context)
    assert (await shown(client, record, "city"))["city"] == "Springfield"


async def test_names_are_searched_in_several_columns(client: Any) -> None:
    record = await client.partner(ref="MRN-7", email="ida@example.test")
    for text in ("Ida Sam", "MRN-7", "ida@example"):
        assert await client.value("res.partner", "name_search", name=text) == [[record, "Ida Sample"]]
    assert (await client.value("res.country", "name_search", name="US", operator="="))[0][0] == 233


async def test_a_message_is_escaped_and_found_in_the_chatter(client: Any) -> None:
    record = await client.partner()
    [message] = await client.value("res.partner", "message_post", ids=[record], body="a < b", subject="Note")
    [kept] = client.odoo.messages("res.partner", record)
    assert (kept["id"], kept["body"], kept["subject"]) == (message, "<p>a &lt; b</p>", "Note")
    domain = [["model", "=", "res.partner"], ["res_id", "=", record]]
    [read] = await client.value("mail.message", "search_read", domain=domain, fields=["body", "author_id", "date"])
    assert read["author_id"][1] == "Connector Service"
    assert read["date"] == "2026-11-20 10:30:00"


async def test_a_message_needs_exactly_one_record(client: Any) -> None:
    status, body = await client.call("res.partner", "message_post", ids=[], body="x")
    assert (status, body["name"]) == (500, "builtins.ValueError")


async def test_fields_get_tells_what_a_start_up_check_needs(client: Any, client18: Any) -> None:
    fields = await client.value("res.partner", "fields_get")
    assert fields["country_id"]["relation"] == "res.country"
    assert fields["child_ids"]["relation_field"] == "parent_id"
    assert fields["company_type"]["selection"] == [["person", "Person"], ["company", "Company"]]
    assert (fields["total_invoiced"]["searchable"], fields["ref"]["searchable"]) == (False, True)
    assert "mobile" not in fields and "title" not in fields
    of_18 = (await client18.rpc("res.partner", "fields_get"))["result"]
    assert {"mobile", "title"} <= set(of_18) and "rtc_session_ids" not in of_18


async def test_rights_can_be_asked_for(client: Any) -> None:
    assert await client.value("res.partner", "has_access", operation="write") is True
    assert await client.value("res.country", "has_access", operation="write") is False
    status, body = await client.call("res.country", "check_access_rights", operation="write")
    assert (status, body["name"]) == (403, "odoo.exceptions.AccessError")
