"""`careloom deliveries` and `careloom webhook`: the delivery log, and endpoints that are switched off and on."""

from __future__ import annotations

from uuid import UUID

import pytest
from tests.hub.hospital import Hospital, Said, adt

from careloom.systems.http.fake import answering
from careloom.systems.webhook_out.fake import SECRET, Endpoint

EVENTS = '["registration.created.v1", "patient.updated.v1"]'
NOTHING = "00000000-0000-7000-8000-000000000000"


def all_good(said: Said) -> Said:
    assert said.code == 0, said.errors
    return said


def configure(hospital: Hospital, endpoint: Endpoint) -> None:
    port = endpoint.target.port
    (hospital.folder / "hook").write_text(SECRET)
    common = f'secret = "file:hook"\nallow = ["127.0.0.0/8"]\nports = [{port}]\n'
    hospital.configure(
        f'[systems.billing]\nkind = "webhook_out"\nurl = "http://127.0.0.1:{port}/hooks"\n{common}'
        f'[systems.spare]\nkind = "webhook_out"\nurl = "http://127.0.0.1:{port}/spare"\n{common}'
        f'[deliveries.billing]\nsystem = "billing"\nevents = {EVENTS}\n'
    )


@pytest.mark.timeout(120)
async def test_the_delivery_log_of_a_system_and_of_an_event(hospital: Hospital) -> None:
    async with Endpoint() as endpoint:
        configure(hospital, endpoint)
        async with hospital.running() as hub:
            await hub.send(adt("A04", "C1", "N-1"), adt("A04", "C2", "N-2"))
            await hub.settled(2)
            rows = all_good(await hospital.careloom("deliveries", "billing", "--json")).objects
            [one] = all_good(await hospital.careloom("deliveries", "billing", "--json", "--limit", "1")).objects
            of_event = all_good(await hospital.careloom("deliveries", "--event", rows[1]["event"], "--json")).objects
            shown = all_good(await hospital.careloom("deliveries", "billing")).output
            quiet = all_good(await hospital.careloom("deliveries", "spare"))
    assert one == rows[0] and rows[0]["at"] >= rows[1]["at"], "newest first"
    assert set(one) == {"system", "event", "at", "result", "status", "seconds", "detail"}
    assert {(row["system"], row["result"], row["status"]) for row in rows} == {("billing", "delivered", "204")}
    assert of_event == [rows[1]]
    assert "2 attempts, 2 delivered" in shown
    for row in rows:
        assert f"event {UUID(row['event'])} to billing HTTP 204 in {row['seconds']:.3f} s" in shown
    assert quiet.output == "0 attempts, 0 delivered\n"
    assert "Weaver" not in shown


@pytest.mark.timeout(120)
async def test_an_attempt_that_failed_says_why(hospital: Hospital) -> None:
    async with Endpoint() as endpoint:
        configure(hospital, endpoint)
        endpoint.target.reply = answering(503)
        async with hospital.running() as hub:
            await hub.send(adt("A04", "C1"))
            await hub.eventually(lambda: hub.rows("select 1 from delivery_attempt"))
            [row] = all_good(await hospital.careloom("deliveries", "billing", "--json")).objects
            shown = all_good(await hospital.careloom("deliveries", "--event", row["event"])).output
    assert (row["result"], row["status"]) == ("failed", "503")
    assert "failed\n" in shown and "HTTP 503" in shown and "1 attempts, 0 delivered" in shown


async def test_deliveries_are_of_a_system_or_of_an_event(hospital: Hospital) -> None:
    async with Endpoint() as endpoint:
        configure(hospital, endpoint)
    unknown = await hospital.careloom("deliveries", "fax")
    assert (unknown.code, "'fax'" in unknown.errors, "billing" in unknown.errors) == (3, True, True)
    neither, both = (
        await hospital.careloom("deliveries"),
        await hospital.careloom("deliveries", "x", "--event", NOTHING),
    )
    assert [neither.code, both.code] == [2, 2]
    assert (await hospital.careloom("deliveries", "--event", "no-id")).code == 2
    assert (await hospital.careloom("deliveries", "billing", "--limit", "0")).code == 2
    assert all_good(await hospital.careloom("deliveries", "--event", NOTHING, "--json")).output == ""


@pytest.mark.timeout(120)
async def test_an_endpoint_that_is_gone_is_listed_and_enabled_again(hospital: Hospital) -> None:
    async with Endpoint() as endpoint:
        configure(hospital, endpoint)
        endpoint.target.reply = answering(410)
        async with hospital.running() as hub:
            await hub.send(adt("A04", "C1"))
            case = "select state, resolution from work_case where kind = 'endpoint-disabled'"
            await hub.eventually(lambda: hub.rows(case))
        rows = all_good(await hospital.careloom("webhook", "list", "--json")).objects
        shown = all_good(await hospital.careloom("webhook", "list")).output
        act = ("webhook", "enable", "billing", "--reason", "they have moved", "--by", "R. Okafor")
        enabled = all_good(await hospital.careloom(*act)).output
        again = all_good(await hospital.careloom(*act)).output
        after = all_good(await hospital.careloom("webhook", "list", "--json")).objects
        endpoint.target.reply = endpoint._answer
        async with hospital.running() as hub:
            [found] = await hub.rows(case)
            await hub.settled(1)
    billing, spare = rows
    assert (billing["system"], billing["state"], bool(billing["disabled"])) == ("billing", "disabled", True)
    assert billing["reason"]
    assert spare == {"system": "spare", "state": "enabled", "failures": 0, "disabled": None, "reason": ""}
    assert "disabled since 20" in shown and billing["reason"] in shown and "spare\n     enabled\n" in shown
    assert "billing is sent to again" in enabled and "was not disabled; nothing was changed" in again
    assert [one["state"] for one in after] == ["enabled", "enabled"]
    assert tuple(found) == ("resolved", "enabled by R. Okafor: they have moved")
    assert len(endpoint.target.requests) >= 2, "what waited is delivered"


async def test_only_endpoints_of_webhooks_are_enabled(hospital: Hospital) -> None:
    said = await hospital.careloom("webhook", "enable", "ehr")
    assert (said.code, "'ehr' is no endpoint" in said.errors, "there are none" in said.errors) == (3, True, True)
    assert all_good(await hospital.careloom("webhook", "list", "--json")).output == ""
    assert (await hospital.careloom("webhook", "enable")).code == 2
