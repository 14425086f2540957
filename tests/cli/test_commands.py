"""Each command beside a running hub: what it prints for programs, and its exit code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.hub.hospital import Hospital, Running, Said, adt, command

from careloom.sim.odoo import SimulatedOdoo

PARK = adt("A08", "PARKED", "N-2", pid={5: ""})


async def audits(hub: Running, type_: str) -> int:
    [row] = await hub.rows("select count(*) from event where kind = 'a' and type = $1", type_)
    return int(row[0])


def all_good(said: Said) -> Said:
    assert said.code == 0, said.errors
    return said


async def test_status_adds_up_and_says_who_is_behind(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(odoo=erp)
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1"), adt("A02", "C2"), PARK)
        await hub.eventually(lambda: hub.node.operators.parked())
        await hub.settled(3)
        found = all_good(await hospital.careloom("status", "--json")).object
        shown = all_good(await hospital.careloom("status")).output
    assert found["messages"] == {
        "received": 3, "delivered": 1, "filtered": 1, "parked": 1, "in_flight": 0, "refused": 0, "holds": True,
    }  # fmt: skip
    assert {one["name"] for one in found["subscriptions"]} == {"translate", "registration.keep_account"}
    assert "A02" in found["filtered"][0]["reason"]
    assert "received 3 = delivered 1 + filtered 1 + parked 1 + in flight 0" in shown


async def test_trace_finds_a_message_by_any_of_its_names(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(odoo=erp)
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1", "N-77"), adt("A04", "C2", "N-78"))
        await hub.settled(2)
        [row] = await hub.rows("select id from receipt where key = 'C1'")
        by_name = [
            all_good(await hospital.careloom("trace", name, "--json")) for name in (str(row["id"]), "C1", "N-77")
        ]
        shown = all_good(await hospital.careloom("trace", "C1"))
        nothing = await hospital.careloom("trace", "N-79", "--json")
    found = by_name[0].object
    assert [said.object for said in by_name] == [found] * 3
    assert found["message"] == str(row["id"])
    assert [event["type"] for event in found["events"]] == ["hl7v2:ADT^A04", "registration.created.v1"]
    reached = {one["subscription"]: one["reference"] for one in found["deliveries"]}
    assert reached["registration.keep_account"].startswith("res.partner/")
    for said in (*by_name, shown):
        assert "Weaver" not in said.output and "Loom Lane" not in said.output
    assert (nothing.code, nothing.output) == (1, "")
    assert "nothing here has that id" in nothing.errors


async def test_a_look_at_a_body_wants_a_reason_and_is_put_on_record(hospital: Hospital) -> None:
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1"))
        await hub.settled(1)
        refused = await hospital.careloom("trace", "C1", "--reveal")
        assert (refused.code, await audits(hub, "body.revealed.v1")) == (2, 0)
        shown = all_good(await hospital.careloom("trace", "C1", "--reveal", "--reason", "asked", "--by", "R. Okafor"))
        assert "Weaver^Ottilie" in shown.output
        assert await audits(hub, "body.revealed.v1") == 1


async def test_parked_events_are_listed_shown_retried_and_discarded(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(odoo=erp)
    async with hospital.running() as hub:
        await hub.send(PARK, adt("A04", "BEHIND", "N-2", at="20260301090000"))
        await hub.eventually(lambda: hub.rows("select 1 from parked where state = 'behind'"))
        found = all_good(await hospital.careloom("parked", "list", "--json")).object
        assert (found["kind"], found["field"], found["behind"]) == ("mapping", "PID-5", 1)
        assert all_good(await hospital.careloom("parked", "show", found["case_id"], "--json")).object == found
        assert "PID-5" in all_good(await hospital.careloom("parked", "show", found["message"])).output

        all_good(await hospital.careloom("parked", "retry", found["case_id"], "--by", "R. Okafor"))
        again = await hub.eventually(lambda: hub.node.operators.parked())
        assert again[0]["case_id"] != found["case_id"], "another attempt is another case"
        assert await audits(hub, "parked.retried.v1") == 1

        without_reason = await hospital.careloom("parked", "discard", str(again[0]["case_id"]))
        assert without_reason.code == 2
        all_good(await hospital.careloom("parked", "discard", str(again[0]["case_id"]), "--reason", "sent in error"))
        await hub.settled(2)
        assert await audits(hub, "parked.discarded.v1") == 1
        gone = await hospital.careloom("parked", "show", found["case_id"])
        empty = all_good(await hospital.careloom("parked", "list", "--json"))
    assert gone.code == 1
    assert "nothing with that id" in gone.errors
    assert empty.output == ""


async def test_replay_shows_the_set_first_and_replays_exactly_that(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(odoo=erp)
    name = "registration.keep_account"
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1", "N-1"), adt("A04", "C2", "N-2"))
        await hub.settled(2)
        everything = all_good(await hospital.careloom("replay", name, "--outcome", "done", "--json")).object
        one = everything["events"][0]
        assert (len(everything["events"]), everything["replayed"]) == (2, 0)
        done = all_good(await hospital.careloom("replay", name, "--event", one, "--yes", "--json")).object
        assert done == {"subscription": name, "events": [one], "replayed": 1}
        await hub.eventually(lambda: hub.rows("select 1 from delivery where replays = 1"))
        [rest] = await hub.rows("select sum(replays) from delivery")
        assert rest[0] == 1
        assert await audits(hub, "events.replayed.v1") == 1
        numbers = await hub.settled(2)
        nothing = await hospital.careloom("replay", name)
    assert numbers.delivered == 2
    assert nothing.code == 2


async def test_the_audit_is_verified_and_an_altered_entry_is_found(hospital: Hospital) -> None:
    async with hospital.running() as hub:
        await hub.send(*(adt("A04", f"C{number}", f"N-{number}") for number in range(5)))
        await hub.settled(5)
        good = all_good(await hospital.careloom("audit", "verify", "--json")).object
        assert good == {"holds": True, "entries": 10, "broken_at": None, "problem": good["problem"]}
        [row] = await hub.rows(
            "update event set body = body || '\\x00'::bytea where id = (select min(id::text)::uuid from event)"
            " returning lane, seq"
        )
        bad = await hospital.careloom("audit", "verify", "--json")
        assert "broken at" in (await hospital.careloom("audit", "verify")).output
    assert bad.code == 1
    assert (bad.object["holds"], bad.object["broken_at"]) == (False, f"{row['lane']}:{row['seq']}")


async def test_check_is_silent_when_all_is_well(hospital: Hospital, any_erp: SimulatedOdoo) -> None:
    hospital.configure(odoo=any_erp)
    said = all_good(await hospital.careloom("check", "--json"))
    assert said.output == ""
    assert "in order" in all_good(await hospital.careloom("check")).output


async def test_check_says_what_stands_in_the_way_and_what_to_do(hospital: Hospital, any_erp: SimulatedOdoo) -> None:
    hospital.configure(odoo=any_erp)
    any_erp.faults.auth_revoked()
    said = await hospital.careloom("check", "--json")
    assert said.code == 1
    [finding] = said.objects
    assert finding["system"] == "erp"
    assert "no connection" in finding["problem"]
    assert finding["remedy"]


async def test_api_keys_are_shown_once_listed_and_withdrawn(hospital: Hospital) -> None:
    key = all_good(await hospital.careloom("key", "create", "north-lab")).output.strip()
    taken = await hospital.careloom("key", "create", "north-lab")
    listed = all_good(await hospital.careloom("key", "list", "--json"))
    all_good(await hospital.careloom("key", "revoke", "north-lab"))
    unknown = await hospital.careloom("key", "revoke", "north-lab")
    assert len(key) > 30
    assert key not in listed.output
    assert (listed.object["name"], listed.object["revoked"]) == ("north-lab", None)
    assert [taken.code, unknown.code] == [3, 3]


def test_wrong_calls_and_wrong_settings_have_their_exit_codes(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text('[hub]\nlane = 3\n[systems.ehr]\nkind = "mllp"\n[systems.x]\nkind = "fax"\n')
    said = command(["status", "--config", str(broken)])
    assert said.code == 3
    assert "hub.lane" in said.errors
    assert command(["status", "--config", str(tmp_path / "absent.toml")]).code == 3
    assert command(["status", "--no-such-option"]).code == 2
    away = tmp_path / "away.toml"
    (tmp_path / "dsn").write_text("postgresql://nobody@127.0.0.1:1/none")
    away.write_text('[store]\nurl = "file:dsn"\n')
    assert command(["status", "--config", str(away)]).code == 4


def test_every_problem_of_the_settings_is_told_at_once(tmp_path: Path) -> None:
    broken = tmp_path / "careloom.toml"
    broken.write_text(
        '[systems.ehr]\nkind = "mllp"\nport = 99999\n[systems.x]\nkind = "fax"\n'
        '[flows.registration]\nerp = "nowhere"\n[deliveries.out]\nsystem = "gone"\nevents = ["a"]\n'
    )
    said = command(["check", "--config", str(broken)])
    assert said.code == 3
    for word in ("systems.ehr.port", "systems.x.kind", "nowhere", "gone"):
        assert word in said.errors
    assert "Traceback" not in said.errors


def test_a_new_project_passes_its_own_test_and_translates_its_sample(tmp_path: Path) -> None:
    folder = tmp_path / "my-hospital"
    made = subprocess.run([sys.executable, "-m", "careloom", "new", "my-hospital"], cwd=tmp_path, capture_output=True)
    assert made.returncode == 0, made.stderr
    tested = subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=folder, capture_output=True, text=True)
    assert tested.returncode == 0, tested.stdout
    assert "1 passed" in tested.stdout
    inspected = command(["inspect", str(folder / "samples" / "admission.hl7"), "--json", "--strict"]).object
    assert (inspected["errors"], inspected["warnings"]) == ([], [])
    said = command(["translate", str(folder / "samples" / "admission.hl7"), "--json"])
    assert said.code == 0
    event = said.object
    assert (event["outcome"], event["name"], event["issues"]) == ("translated", "RegistrationCreated", [])
    assert command(["new", str(folder)]).code == 3


async def test_a_new_project_can_be_checked(tmp_path: Path, dsn: str) -> None:
    assert command(["new", str(tmp_path / "south")]).code == 0
    settings = tmp_path / "south" / "careloom.toml"
    text = settings.read_text().replace('data = "data"', 'url = "file:dsn"').replace("port = 6661", "port = 0")
    settings.write_text(text.replace("port = 8080", "port = 0") + '\n[security]\nmaster_key = "file:key"\n')
    (settings.parent / "dsn").write_text(dsn)
    (settings.parent / "key").write_text("5a" * 32)
    checked: Any = subprocess.run(
        [sys.executable, "-m", "careloom", "check"], cwd=settings.parent, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
    assert "in order" in checked.stdout


def test_help_names_every_command() -> None:
    said = command(["--help"])
    assert said.code == 0
    for name in ("run", "translate", "status", "trace", "parked", "replay", "audit", "check", "key", "new"):
        assert re.search(rf"\b{name}\b", said.output), name


def test_a_new_system_passes_the_conformance_suite_as_it_stands(tmp_path: Path) -> None:
    folder = tmp_path / "my-hospital"
    assert command(["new", str(folder)]).code == 0
    made = subprocess.run(
        [sys.executable, "-m", "careloom", "new", "system", "linen_room"], cwd=folder, capture_output=True
    )
    assert made.returncode == 0, made.stderr
    tested = subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=folder, capture_output=True, text=True)
    assert tested.returncode == 0, tested.stdout
    assert "passed" in tested.stdout
    again = subprocess.run(
        [sys.executable, "-m", "careloom", "new", "system", "linen_room"], cwd=folder, capture_output=True
    )
    assert again.returncode == 3
