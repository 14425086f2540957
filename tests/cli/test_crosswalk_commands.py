"""`careloom crosswalk`: looked at, then done; proposed by one, approved by another; exported, looked up, told of."""

from __future__ import annotations

from pathlib import Path

from tests.cli.test_case_commands import all_good
from tests.hub.hospital import Hospital

from careloom.sim.odoo import SimulatedOdoo

HEADER = "entity,system,type,value,canonical,from,to,label"
PAYERS = f"{HEADER}\npayer,*,payer,87726,UNITED,,,United of Lakeside\npayer,*,payer,60054,AET,2026-01-01,,\n"


async def test_a_list_is_looked_at_and_then_brought_in(hospital: Hospital, erp: SimulatedOdoo, tmp_path: Path) -> None:
    hospital.configure(odoo=erp, more='[crosswalk]\napprovers = ""\n')
    file = tmp_path / "payers.csv"
    file.write_text(PAYERS)
    seen = all_good(await hospital.careloom("crosswalk", "import", str(file), "--json")).object
    assert (seen["added"], seen["refused"], seen["errors"]) == (2, 0, [])
    wrong = await hospital.careloom("crosswalk", "import", str(file), "--apply", "0" * 64)
    assert (wrong.code, "look at it again" in wrong.errors) == (1, True)
    done = ("--apply", seen["digest"], "--reason", "the yearly list", "--by", "Noor Haddad")
    made = all_good(await hospital.careloom("crosswalk", "import", str(file), *done, "--json")).object
    assert (made["version"], made["added"]) == (1, 2)

    one = ("crosswalk", "lookup", "payer", "*", "payer")
    assert all_good(await hospital.careloom(*one, "87726", "--json")).object["id"] == "UNITED"
    assert "payer UNITED United of Lakeside" in all_good(await hospital.careloom(*one, "87726")).output
    of = all_good(await hospital.careloom(*one, "87726", "--of", "*")).output
    assert "* payer 87726" in of
    before = await hospital.careloom(*one, "60054", "--at", "2025-12-31", "--json")
    assert (before.code, before.object["mapped"]) == (1, True)
    unknown = await hospital.careloom(*one, "87276")
    assert (unknown.code, "87726" in unknown.output, "UNITED" in unknown.output) == (1, True, True)
    once = await hospital.careloom(*one, "87726", "--as-known", "2020-01-01")
    assert once.code == 1

    told = all_good(await hospital.careloom("crosswalk", "history", "payer", "*", "payer", "87726", "--json")).object
    assert (told["canonical"], told["said_by"], told["said_why"]) == ("UNITED", "Noor Haddad", "the yearly list")
    assert "UNITED" in all_good(await hospital.careloom("crosswalk", "history", *one[2:], "87726")).output
    [version] = all_good(await hospital.careloom("crosswalk", "versions", "--json")).objects
    assert (version["number"], version["source"], version["added"]) == (1, "payers.csv", 2)
    assert "the yearly list" in all_good(await hospital.careloom("crosswalk", "versions")).output

    for name in ("out.csv", "out.xlsx"):
        out = tmp_path / name
        all_good(await hospital.careloom("crosswalk", "export", str(out), "--entity", "payer"))
        again = all_good(await hospital.careloom("crosswalk", "import", str(out), "--json")).object
        assert (again["unchanged"], again["added"], again["changed"]) == (2, 0, 0)
    bad = await hospital.careloom("crosswalk", "export", str(tmp_path / "out.txt"))
    assert bad.code == 3


async def test_wrong_rows_are_told_with_their_places(hospital: Hospital, erp: SimulatedOdoo, tmp_path: Path) -> None:
    hospital.configure(odoo=erp)
    file = tmp_path / "wrong.csv"
    file.write_text(f"{HEADER}\npatient,ehr,MR,1,2,,,\npayer,*,payer,1,,,,\n")
    seen = await hospital.careloom("crosswalk", "import", str(file))
    assert (seen.code, "row 2, column 1 (entity)" in seen.output, "row 3, column 5 (canonical)" in seen.output) == (
        1,
        True,
        True,
    )
    assert (await hospital.careloom("crosswalk", "import", str(tmp_path / "none.csv"))).code == 1


async def test_what_one_proposes_another_approves(hospital: Hospital, erp: SimulatedOdoo, tmp_path: Path) -> None:
    hospital.configure(odoo=erp)
    file = tmp_path / "payers.csv"
    file.write_text(PAYERS)
    digest = all_good(await hospital.careloom("crosswalk", "import", str(file), "--json")).object["digest"]
    alone = await hospital.careloom("crosswalk", "import", str(file), "--apply", digest)
    assert (alone.code, "approved by master-data" in alone.errors) == (3, True)
    asked = ("crosswalk", "propose", str(file), "--digest", digest, "--by", "Noor Haddad", "--reason", "yearly")
    proposal = all_good(await hospital.careloom(*asked, "--json")).object["proposal"]
    assert proposal in all_good(await hospital.careloom("crosswalk", "proposals")).output
    assert all_good(await hospital.careloom("crosswalk", "proposals", proposal, "--json")).object["added"] == 2
    own = await hospital.careloom("crosswalk", "approve", proposal, "--by", "noor haddad")
    assert (own.code, "somebody else must" in own.errors) == (1, True)
    other = all_good(await hospital.careloom("crosswalk", "approve", proposal, "--by", "Sam Lindqvist"))
    assert "version 1" in other.output
    assert (await hospital.careloom("crosswalk", "reject", proposal, "--reason", "late")).code == 1
    assert all_good(await hospital.careloom("crosswalk", "proposals", "--json")).objects == []

    file.write_text(f"{HEADER}\npayer,*,payer,1,ONE,,,\n")
    digest = all_good(await hospital.careloom("crosswalk", "import", str(file), "--json")).object["digest"]
    asked = ("crosswalk", "propose", str(file), "--digest", digest, "--by", "Noor Haddad")
    proposal = all_good(await hospital.careloom(*asked, "--json")).object["proposal"]
    gone = all_good(await hospital.careloom("crosswalk", "reject", proposal, "--reason", "no such payer"))
    assert "rejected" in gone.output
    assert (await hospital.careloom("crosswalk", "lookup", "payer", "*", "payer", "1")).code == 1
