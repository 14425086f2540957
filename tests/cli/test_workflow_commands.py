"""`careloom workflow`: the runs of a hub, seen and acted on from the command line, beside it and without it."""

from __future__ import annotations

import json
from uuid import UUID

from tests.cli.test_case_commands import NOTHING, all_good
from tests.hub.hospital import Hospital

FLOW = """
from dataclasses import dataclass

from careloom.flows import Flow
from careloom.workflow.run import Run

ward = Flow(
    "ward",
    owner="supply",
    business_owner="supply-director",
    sla="2h",
    bound="1m",
    recovery_time="4h",
    pattern="event",
    system_of_record="the ward",
    runbook="flow-ward",
)


@dataclass(frozen=True)
class Wish:
    what: str
    whom: str = ""


async def reserve(what: str) -> str:
    return f"reserved {what}"


@ward.workflow(retired=True, version=2)
async def supply(run: Run, wish: Wish) -> str:
    return await run.step(reserve, wish.what, name="other")


@ward.workflow(retired=True, version=3)
async def supply(run: Run, wish: Wish) -> str:
    kept = await run.step(reserve, wish.what)
    await run.sleep("10d")
    return kept


@ward.workflow()
async def supply(run: Run, wish: Wish) -> str:
    kept = await run.step(reserve, wish.what)
    await run.sleep("9d")
    return kept


ward.backfill(
    "resupply", supply, key=lambda row: row["what"], subject=lambda row: f"Order/{row['what']}",
    given=lambda row: Wish(row["what"]), query=list[dict[str, str]], rate=2,
)
"""


def configure(hospital: Hospital, *, ward: bool = True) -> None:
    (hospital.folder / "ward_processes.py").write_text(FLOW)
    module = ', "ward_processes"' if ward else ""
    hub = f'flows = ["careloom.flows.registration"{module}]'
    hospital.configure("[flows.ward]\n" if ward else "", hub=hub)


async def test_a_run_is_begun_seen_held_moved_and_cancelled(hospital: Hospital) -> None:
    configure(hospital)
    wish = hospital.folder / "wish.json"
    wish.write_text(json.dumps({"what": "gauze", "whom": "Quillfeather"}))
    begin = ("workflow", "start", "ward.supply", "--input", str(wish), "--key", "k-1", "--json")
    async with hospital.running() as hub:
        begun = all_good(await hospital.careloom(*begin)).object
        run = begun["id"]
        assert begun["fresh"] and not all_good(await hospital.careloom(*begin)).object["fresh"]

        async def waits() -> bool:
            return (await hub.node.runs.desk.around.store.load(UUID(run))).row["state"] == "waiting"

        await hub.eventually(waits)
        [one] = all_good(await hospital.careloom("workflow", "list", "--unfinished", "--json")).objects
        assert (one["id"], one["workflow"], one["state"]) == (run, "ward.supply", "waiting")
        assert "1 runs" in all_good(await hospital.careloom("workflow", "list", "--state", "waiting")).output
        assert "1, 0 of them late" in all_good(await hospital.careloom("workflow", "list", "--count")).output
        text = all_good(await hospital.careloom("workflow", "show", run)).output
        assert "1 reserve" in text and "2 time" in text and "Quillfeather" not in text
        assert "class n1 done" in all_good(await hospital.careloom("workflow", "diagram", run)).output

    # Without a hub: on the store alone.
    assert (await hospital.careloom("workflow", "show", run, "--reveal")).code == 2, "a reason is wanted"
    look = ("workflow", "show", run, "--reveal", "--reason", "which", "--json")
    sealed = all_good(await hospital.careloom(*look)).object["sealed"]
    assert (sealed["input"]["whom"], sealed["steps"]) == ("Quillfeather", {"1": "reserved gauze"})
    held = all_good(await hospital.careloom("workflow", "suspend", run, "--reason", "audit", "--json")).object
    assert held["state"] == "suspended"
    refused = await hospital.careloom("workflow", "move", run, "--to", "2", "--reason", "x")
    assert (refused.code, "recorded step 'reserve'" in refused.errors) == (1, True)
    move = ("workflow", "move", run, "--to", "3", "--reason", "a day longer")
    assert "v3 suspended" in all_good(await hospital.careloom(*move)).output
    assert (await hospital.careloom("workflow", "retry", run)).code == 1
    all_good(await hospital.careloom("workflow", "resume", run))
    assert (await hospital.careloom("workflow", "cancel", run)).code == 2, "a reason is wanted"
    all_good(await hospital.careloom("workflow", "cancel", run, "--reason", "no show", "--by", "R. Okafor"))
    acts = all_good(await hospital.careloom("workflow", "show", run, "--json")).object["acts"]
    assert [one["what"] for one in acts] == ["began", "looked", "suspended", "moved", "resumed", "cancelled"]
    assert acts[-1]["by"] == "R. Okafor"


async def test_what_a_deploy_would_strand_ends_with_an_error(hospital: Hospital) -> None:
    configure(hospital)
    wish = hospital.folder / "wish.json"
    wish.write_text('{"what": "gauze"}')
    all_good(await hospital.careloom("workflow", "start", "ward.supply", "--input", str(wish)))
    assert "1 runs" in all_good(await hospital.careloom("workflow", "diff")).output
    configure(hospital, ward=False)
    gone = await hospital.careloom("workflow", "diff")
    assert (gone.code, "1 runs would be stranded" in gone.output) == (1, True)
    machine = await hospital.careloom("workflow", "diff", "--json")
    assert (machine.code, json.loads(machine.output.splitlines()[0])["code"]) == (1, "missing")


async def test_what_is_not_there(hospital: Hospital) -> None:
    configure(hospital)
    assert "flowchart TD" in all_good(await hospital.careloom("workflow", "diagram", "ward.supply")).output
    assert (await hospital.careloom("workflow", "diagram", "ward.none")).code == 1
    assert (await hospital.careloom("workflow", "show", NOTHING)).code == 1
    missing = await hospital.careloom("workflow", "start", "ward.supply", "--input", "nowhere.json")
    assert (missing.code, "give a file that is there" in missing.errors) == (1, True)


async def test_a_backfill_is_begun_followed_held_and_resumed(hospital: Hospital) -> None:
    configure(hospital)
    rows = hospital.folder / "rows.json"
    rows.write_text(json.dumps([{"what": f"gauze {number}"} for number in range(3)]))
    backfill = ("workflow", "backfill")
    begin = (*backfill, "begin", "ward.resupply", "--input", str(rows), "--key", "k-1", "--rate", "1000", "--json")
    assert (await hospital.careloom(*begin)).code == 2, "a reason is wanted"
    begun = all_good(await hospital.careloom(*begin, "--reason", "the ward moved")).object
    run = begun["id"]
    again = all_good(await hospital.careloom(*begin, "--reason", "the ward moved")).object
    assert (again, begun["fresh"]) == ({"id": run, "fresh": False}, True)
    rows.write_text("[]")
    assert (await hospital.careloom(*begin, "--reason", "another set")).code == 1, "the key stands for the first"

    held = all_good(await hospital.careloom(*backfill, "hold", run, "--reason", "month end", "--json")).object
    assert (held["run"]["state"], held["run"]["held"], held["progress"]) == ("suspended", True, [])
    assert "held by a person" in all_good(await hospital.careloom(*backfill, "progress", run)).output
    all_good(await hospital.careloom(*backfill, "resume", run, "--reason", "it is closed"))
    async with hospital.running() as hub:
        ended = "select 1 from run where id = $1 and state = 'completed'"
        await hub.eventually(lambda: hub.rows(ended, UUID(run)))
    [one] = all_good(await hospital.careloom(*backfill, "progress", "--json")).objects
    [loop] = one["progress"]
    told = (loop["done"], loop["aside"], loop["total"], loop["seconds_left"])
    assert (one["run"]["id"], told) == (run, (3, 0, 3, 0.0))
    assert "3 of 3 begun, 0 put aside" in all_good(await hospital.careloom(*backfill, "progress")).output
    story = all_good(await hospital.careloom("workflow", "show", run, "--json")).object
    assert [(act["what"], act["why"]) for act in story["acts"]] == [
        ("began", "the ward moved"), ("suspended", "month end"), ("resumed", "it is closed"),
    ]  # fmt: skip
    live = all_good(await hospital.careloom("workflow", "list", "--workflow", "ward.supply", "--json")).objects
    assert [one["backfill"] for one in live] == [True] * 3


async def test_what_no_backfill_is_said_to_be(hospital: Hospital) -> None:
    configure(hospital)
    wrong = hospital.folder / "rows.json"
    begin = ("workflow", "backfill", "begin", "ward.resupply", "--input", str(wrong), "--reason", "x")
    assert "cannot be read" in (await hospital.careloom(*begin)).errors
    wrong.write_text('[{"what": 7}]')
    refused = await hospital.careloom(*begin)
    assert (refused.code, "$[0][...]" in refused.errors) == (1, True)
    wrong.write_text("[]")
    unknown = await hospital.careloom("workflow", "backfill", "begin", "ward.none", *begin[4:])
    assert (unknown.code, "there are: ward.resupply" in unknown.errors) == (1, True)
    wish = hospital.folder / "wish.json"
    wish.write_text('{"what": "gauze"}')
    run = all_good(await hospital.careloom("workflow", "start", "ward.supply", "--input", str(wish), "--json")).object
    other = await hospital.careloom("workflow", "backfill", "hold", run["id"], "--reason", "x")
    assert (other.code, "is no backfill" in other.errors) == (1, True)
