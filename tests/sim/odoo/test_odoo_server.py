"""Keys, external ids, inspection, the legacy services, and what an error carries."""

import xmlrpc.client
from datetime import timedelta
from typing import Any

import pytest

from careloom.sim.odoo import Call, SimulatedOdoo


async def test_an_unknown_version_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"17\.0.*18\.0 or 19\.0"):
        SimulatedOdoo("17.0")


async def test_a_server_that_is_not_entered_cannot_listen() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await SimulatedOdoo("19.0").listen()


async def test_every_finished_call_is_on_record(client: Any) -> None:
    await client.value("res.partner", "load", fields=["id", "name"], data=[["hip.a", "A"], ["hip.b", "B"]])
    await client.call("res.partner", "write", ids=[99999], vals={"name": "x"})
    assert client.odoo.calls == [
        Call("load", "res.partner", 2, "done"),
        Call("write", "res.partner", 1, "odoo.exceptions.MissingError"),
    ]
    assert client.odoo.outcomes == {"done": 1, "odoo.exceptions.MissingError": 1}


async def test_legacy_calls_count_their_rows_too(client18: Any) -> None:
    data = [["hip.a", "A"], ["hip.b", "B"], ["hip.c", "C"]]
    await client18.rpc("res.partner", "load", ["id", "name"], data)
    assert client18.odoo.calls == [Call("load", "res.partner", 3, "done")]


@pytest.mark.parametrize("name", ["Zora Secretname"])
async def test_the_debug_text_of_an_error_carries_the_values_of_the_call(client: Any, client18: Any, name: str) -> None:
    """So that a connector's test can prove that it never keeps the text."""
    _, body = await client.call("res.partner", "create", vals_list=[{"name": name, "color": "x"}])
    assert name in body["debug"] and name not in body["message"]
    answer = await client18.rpc("res.partner", "create", [{"name": name, "color": "x"}])
    assert name in answer["error"]["data"]["debug"]


async def test_a_second_key_works_beside_the_first_until_one_is_revoked(client: Any) -> None:
    old, new = client.odoo.api_key, client.odoo.new_api_key()
    assert client.odoo.api_key == new
    assert (await client.call("res.users", "context_get", key=old))[0] == 200
    client.odoo.revoke_key(old)
    assert (await client.call("res.users", "context_get", key=old))[0] == 401
    assert (await client.call("res.users", "context_get", key=new))[1]["uid"] == client.odoo.uid


async def test_a_key_expires_by_the_servers_clock(client: Any, clock: Any) -> None:
    key = client.odoo.new_api_key(valid_for=timedelta(days=90))
    assert (await client.call("res.users", "context_get", key=key))[0] == 200
    clock.advance(90 * 86_400)
    assert (await client.call("res.users", "context_get", key=key))[0] == 401


async def test_a_removed_key_works_on_over_jsonrpc_until_the_caches_are_cleared(client: Any) -> None:
    key = client.odoo.new_api_key()
    assert "result" in await client.rpc("res.partner", "search_count", [], key=key)
    client.odoo.revoke_key(key)
    assert "result" in await client.rpc("res.partner", "search_count", [], key=key)
    client.odoo.clear_caches()
    answer = await client.rpc("res.partner", "search_count", [], key=key)
    assert answer["error"]["data"]["name"] == "odoo.exceptions.AccessDenied"


async def loaded(client: Any) -> int:
    answer = await client.value("res.partner", "load", fields=["id", "name"], data=[["hip.p1", "Ida Sample"]])
    return int(answer["ids"][0])


async def test_external_ids_are_looked_up_without_rights_on_them(client: Any) -> None:
    record, other = await loaded(client), await client.partner()
    named = {"module": "hip", "xml_id": "p1"}
    assert await client.value("ir.model.data", "check_object_reference", **named) == ["res.partner", record]
    ids = await client.value("res.partner", "get_external_id", ids=[record, other])
    assert ids == {str(record): "hip.p1", str(other): ""}


async def test_an_external_id_nobody_has_is_a_value_error(client: Any) -> None:
    status, body = await client.call("ir.model.data", "check_object_reference", module="hip", xml_id="none")
    assert (status, body["name"]) == (500, "builtins.ValueError")


async def test_the_reference_of_an_archived_record_has_no_id(client: Any) -> None:
    record = await loaded(client)
    await client.value("res.partner", "write", ids=[record], vals={"active": False})
    named: dict[str, Any] = {"module": "hip", "xml_id": "p1"}
    assert await client.value("ir.model.data", "check_object_reference", **named) == ["res.partner", False]
    status, _ = await client.call("ir.model.data", "check_object_reference", **named, raise_on_access_error=True)
    assert status == 403
    seen = {**named, "context": {"active_test": False}}
    assert await client.value("ir.model.data", "check_object_reference", **seen) == ["res.partner", record]


@pytest.mark.parametrize("operation", ["search_read", "create"])
async def test_external_ids_are_closed_to_the_integration_user(client: Any, operation: str) -> None:
    given = {"search_read": {"domain": [], "fields": ["name"]}, "create": {"vals_list": [{"module": "a", "name": "b"}]}}
    status, body = await client.call("ir.model.data", operation, **given[operation])
    assert (status, body["name"]) == (403, "odoo.exceptions.AccessError")


async def test_with_the_right_external_ids_can_be_moved_to_another_record(session: Any, client: Any) -> None:
    async with SimulatedOdoo("19.0", can_write_ir_model_data=True) as odoo:
        caller = type(client)(odoo, session)
        await loaded(caller)
        other = await caller.partner(name="Ivo Survivor")
        domain = [["module", "=", "hip"], ["name", "=", "p1"]]
        [number] = await caller.value("ir.model.data", "search", domain=domain)
        await caller.value("ir.model.data", "write", ids=[number], vals={"res_id": other})
        assert odoo.external_ids() == {"hip.p1": ("res.partner", other)}
        assert await loaded(caller) == other
        double = {"module": "hip", "name": "p1", "model": "res.partner", "res_id": other}
        status, body = await caller.call("ir.model.data", "create", vals_list=[double])
        assert (status, body["name"]) == (422, "odoo.exceptions.ValidationError")


async def test_what_odoo_brings_along_is_not_counted_as_ours(client: Any) -> None:
    assert client.odoo.external_ids() == {}
    named = {"module": "base", "xml_id": "uk"}
    [model, country] = await client.value("ir.model.data", "check_object_reference", **named)
    assert (model, country) == ("res.country", 77)


async def test_the_health_page_and_the_version(client: Any, client18: Any) -> None:
    for caller, status in ((client, 200), (client18, 404)):
        async with caller.session.get(f"{caller.odoo.url}/web/health") as answer:
            assert await answer.json() == {"status": "pass"}
        async with caller.session.get(f"{caller.odoo.url}/web/version") as answer:
            assert answer.status == status


async def test_18_sends_a_json2_caller_to_a_page_that_looks_like_success(client18: Any) -> None:
    async with client18.session.post(f"{client18.odoo.url}/json/2/res.partner/search", json={}) as answer:
        assert (answer.status, answer.content_type) == (200, "text/html")


async def test_a_result_of_nothing_has_no_result_key_and_an_xml_fault(client: Any, monkeypatch: Any) -> None:
    """Measured [c78]: the work of such a call is committed, and XML-RPC reports a fault."""
    from careloom.sim.odoo import dispatch

    monkeypatch.setattr(dispatch.Dispatcher, "run", lambda *_: None)
    assert "result" not in await client.rpc("res.partner", "search", [])
    params = (client.odoo.database, client.odoo.uid, client.odoo.api_key, "res.partner", "search", [[]])
    body = xmlrpc.client.dumps(params, "execute_kw")
    async with client.session.post(f"{client.odoo.url}/xmlrpc/2/object", data=body) as answer:
        with pytest.raises(xmlrpc.client.Fault) as fault:
            xmlrpc.client.loads(await answer.text())
    assert fault.value.faultCode == 1


async def test_xmlrpc_reads_records(client: Any) -> None:
    record = await client.partner(ref="x")
    params = (client.odoo.database, client.odoo.uid, client.odoo.api_key, "res.partner", "read", [[record]])
    body = xmlrpc.client.dumps((*params, {"fields": ["ref", "country_id"]}), "execute_kw")
    async with client.session.post(f"{client.odoo.url}/xmlrpc/2/object", data=body) as answer:
        [rows], _ = xmlrpc.client.loads(await answer.text())
    assert rows == [{"id": record, "ref": "x", "country_id": False}]


@pytest.mark.parametrize("service", ["common", "nonsense"])
async def test_a_service_method_that_does_not_exist(client: Any, service: str) -> None:
    body = {"id": 1, "params": {"service": service, "method": "about", "args": []}}
    async with client.session.post(f"{client.odoo.url}/jsonrpc", json=body) as answer:
        assert (await answer.json())["error"]["data"]["name"] == "builtins.AttributeError"


async def test_each_answer_closes_its_connection(client: Any) -> None:
    async with client.session.get(f"{client.odoo.url}/web/health") as answer:
        assert answer.headers["Connection"] == "close"


@pytest.mark.parametrize(
    ("method", "named"),
    [("write", {"vals": 5}), ("create", {"vals_list": [5]}), ("load", {"fields": 5, "data": []})],
)
async def test_nonsense_ends_in_the_exception_it_happens_to_meet(client: Any, method: str, named: Any) -> None:
    ids = {"ids": [await client.partner()]} if method == "write" else {}
    status, body = await client.call("res.partner", method, **ids, **named)
    assert status == 500
    assert body["name"] in ("builtins.TypeError", "builtins.AttributeError", "builtins.ValueError")
