"""`careloom case`: the queue of a running hub, worked from the command line."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.test_case_commands import NOTHING, all_good, audits, reuse_an_id
from tests.hub.hospital import Hospital, Running, Said, adt

from careloom.sim.odoo import SimulatedOdoo

GOOD_NAME = "Weaver^Ottilie^^^^^L"


async def nameless(hub: Running, *numbers: str) -> None:
    """Registrations without a name, each of which is a case."""
    for number in numbers:
        await hub.send(adt("A04", f"M-{number}", number, pid={5: ""}))

    async def parked() -> bool:
        return len(await hub.node.operators.parked()) == len(numbers)

    await hub.eventually(parked)


async def listed(hospital: Hospital, *options: str) -> list[dict[str, Any]]:
    return all_good(await hospital.careloom("case", "list", "--json", *options)).objects


async def test_listed_shown_claimed_and_retried_with_an_edit(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(odoo=erp)
    async with hospital.running() as hub:
        await nameless(hub, "N-1")
        [case] = await listed(hospital)
        id_ = case["id"]
        assert (case["kind"], case["field"], case["state"]) == ("mapping", "PID-5", "open")
        text = all_good(await hospital.careloom("case", "list", "--kind", "mapping", "--owner", case["owner"])).output
        assert id_ in text and "1 cases" in text
        claimed = all_good(await hospital.careloom("case", "claim", id_, "--by", "R. Okafor", "--json")).object
        assert (claimed["state"], claimed["assignee"]) == ("claimed", "R. Okafor")
        taken = await hospital.careloom("case", "claim", id_, "--by", "S. Lindqvist")
        assert (taken.code, "somebody else has this case" in taken.errors) == (1, True)
        all_good(await hospital.careloom("case", "comment", id_, "asked the desk", "--by", "R. Okafor"))
        shown = all_good(await hospital.careloom("case", "show", id_)).output
        assert "asked the desk" in shown and "Payload, masked" in shown and "Loom Lane" not in shown
        await edited(hospital, hub, id_)
        assert await listed(hospital) == []
        assert [one["state"] for one in await listed(hospital, "--state", "resolved")] == ["resolved"]


async def edited(hospital: Hospital, hub: Running, id_: str) -> None:
    """Looked at, corrected in a file, retried: Odoo has the contact."""
    assert (await hospital.careloom("case", "show", id_, "--reveal")).code == 2, "a reason is wanted"
    look = ("case", "show", id_, "--reveal", "--reason", "which field", "--by", "R. Okafor", "--json")
    whole = all_good(await hospital.careloom(*look)).object
    assert [one["what"] for one in whole["history"]] == ["opened", "moved", "commented", "looked"]
    assert "Loom Lane" in whole["payload"] and await audits(hub, "body.revealed.v1") == 1
    file = hospital.folder / "corrected"
    file.write_bytes(correction(whole["payload"]))
    retry = ("case", "retry", id_, "--edited", str(file), "--reason", "name added", "--by", "R. Okafor", "--json")
    assert all_good(await hospital.careloom(*retry)).object["resolution"] == "edited and retried: name added"
    assert (await hub.settled(1)).delivered == 1
    assert await audits(hub, "payload.edited.v1") == 1


def correction(payload: str) -> bytes:
    """The payload with a name: of a message or of an event, whichever was parked."""
    if payload.startswith("{"):
        event = json.loads(payload)
        event["patient"]["name"] = [{"family": "Weaver", "given": ["Ottilie"]}]
        return json.dumps(event).encode()
    lines = payload.splitlines()
    fields = next(line for line in lines if line.startswith("PID|")).split("|")
    fields[5] = GOOD_NAME
    return "\r".join("|".join(fields) if line.startswith("PID|") else line for line in lines).encode() + b"\r"


async def test_a_group_is_shown_and_just_that_set_is_retried(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(odoo=erp)
    async with hospital.running() as hub:
        await nameless(hub, "N-1", "N-2", "N-3")
        [group] = all_good(await hospital.careloom("case", "group", "--json")).objects
        assert (group["cases"], group["kind"]) == (3, "mapping")
        assert "3 of mapping" in all_good(await hospital.careloom("case", "group")).output
        text = all_good(await hospital.careloom("case", "group", group["cause"])).output
        assert "3 cases" in text and "careloom case group --retry" in text
        found = all_good(await hospital.careloom("case", "group", group["cause"], "--json")).object
        first = found["cases"][0]
        discard = await hospital.careloom("case", "discard", first, "--reason", "came again", "--json")
        assert all_good(discard).object["state"] == "discarded"
        again = ("case", "group", "--retry", found["token"], "--reason", "tried", "--json")
        assert all_good(await hospital.careloom(*again)).object == {"retried": 2, "left": 1, "seconds": 0.05}
        second = await hospital.careloom(*again)
        assert (second.code, "acted on before" in second.errors) == (1, True)


async def test_loose_cases_are_resolved_waived_passed_on_and_waited_for(hospital: Hospital) -> None:
    async with hospital.running() as hub:
        await reuse_an_id(hub)
        [case] = await listed(hospital, "--system", "ehr")
        id_ = case["id"]

        async def say(*words: str) -> Said:
            return await hospital.careloom("case", words[0], id_, *words[1:])

        assert (await say("assign")).code == 2
        assert "patient-access" in all_good(await say("assign", "--role", "patient-access")).output
        all_good(await say("assign", "--to", "cli", "--reason", "mine"))
        assert "waiting" in all_good(await say("wait", "--reason", "the sender is asked")).output
        assert "open" in all_good(await say("release")).output
        assert (await say("waive")).code == 2, "a reason is wanted"
        refused = await say("resolve", "--action", "approve", "--reason", "x")
        assert (refused.code, "it offers resolve, waive, discard" in refused.errors) == (1, True)
        assert (await say("resolve", "--data", "nowhere.json", "--reason", "x")).code == 1
        ended = all_good(await say("resolve", "--reason", "numbering mended", "--json")).object
        assert ended["resolution"] == "resolved: numbering mended"
        assert (await say("waive", "--reason", "late")).code == 1
        gone = await hospital.careloom("case", "show", NOTHING)
        assert (gone.code, "there is no case" in gone.errors) == (1, True)


async def test_a_waived_case_and_the_kinds(hospital: Hospital) -> None:
    async with hospital.running() as hub:
        await reuse_an_id(hub)
        [case] = await listed(hospital)
        all_good(await hospital.careloom("case", "waive", case["id"], "--reason", "a test message"))
        [waived] = await listed(hospital, "--state", "waived")
        assert (waived["id"], waived["resolution"]) == (case["id"], "waived: a test message")
    kinds = {one["name"]: one for one in all_good(await hospital.careloom("case", "kinds", "--json")).objects}
    assert kinds["stock-shortage"]["actions"][0] == "supply" and kinds["stock-shortage"]["sla_hours"] == 4
    assert "supply-chain, 4 h" in all_good(await hospital.careloom("case", "kinds")).output
