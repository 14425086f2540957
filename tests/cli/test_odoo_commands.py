"""`careloom odoo`: the map, and a key rotated beside a deployment."""

from __future__ import annotations

import json

import pytest
from tests.hub.hospital import Hospital
from typer.testing import CliRunner

from careloom.cli.app import build
from careloom.core.errors import ConfigurationError
from careloom.sim.odoo.server import SimulatedOdoo

SYSTEM = """
[systems.books]
kind = "odoo"
url = "{url}"
database = "{database}"
login = "{login}"
api_key = "file:books.key"
"""


def test_the_map_is_printed_for_people_and_for_programs() -> None:
    said = CliRunner().invoke(build(), ["odoo", "map", "--series", "18"])
    assert said.exit_code == 0
    assert "partner.mobile → res.partner.mobile" in said.stdout
    assert "account.move.payment_state *" in said.stdout
    assert "Odoo 19" not in said.stdout
    said = CliRunner().invoke(build(), ["odoo", "map", "--json"])
    rows = [json.loads(line) for line in said.stdout.splitlines()]
    assert {row["series"] for row in rows} == {18, 19}
    assert {row["direction"] for row in rows} == {"in", "out"}


def test_a_series_that_is_not_known() -> None:
    said = CliRunner().invoke(build(), ["odoo", "map", "--series", "17"])
    assert isinstance(said.exception, ConfigurationError)


async def test_a_key_is_rotated_and_never_shown(
    hospital: Hospital, erp: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOOKS_PASSWORD", erp.password)
    file = hospital.folder / "books.key"
    file.write_text(erp.api_key, "utf-8")
    hospital.configure(SYSTEM.format(url=erp.url, database=erp.database, login=erp.login))
    old = erp.api_key
    said = await hospital.careloom("odoo", "rotate-key", "books", "--password-ref", "env:BOOKS_PASSWORD", "--json")
    told = json.loads(said.output)
    assert (said.code, told["system"], told["removed"], told["advice"]) == (0, "books", ["careloom"], [])
    new = file.read_text("utf-8").strip()
    assert new == erp.api_key != old
    assert new not in said.output + said.errors
    assert old not in said.output + said.errors


async def test_what_cannot_be_rotated_is_told(hospital: Hospital) -> None:
    said = await hospital.careloom("odoo", "rotate-key", "nobody")
    assert (said.code, "there is no Odoo system nobody" in said.errors) == (3, True)
    said = await hospital.careloom("odoo", "rotate-key", "erp", "--days", "45")
    assert (said.code, "--days is 1, 7, 30 or 90" in said.errors) == (3, True)
