"""`careloom code`: the kinds, and whether a value is well formed."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from careloom.cli.app import build

RUNNER = CliRunner()


def test_the_kinds_say_what_is_checked() -> None:
    listed = RUNNER.invoke(build(), ["code", "kinds"])
    assert listed.exit_code == 0
    assert "National Provider Identifier: 10 digits" in listed.stdout
    rows = [json.loads(line) for line in RUNNER.invoke(build(), ["code", "kinds", "--json"]).stdout.splitlines()]
    assert {"name": "cpt", "title": "Service, HCPCS level I", "checked": "5 digits, or 4 and F, T, U or M",
            "personal": False} in rows  # fmt: skip


def test_a_label_is_taken_apart() -> None:
    found = RUNNER.invoke(build(), ["code", "check", "udi", "--json", "010031234567890610A-77<GS>17270500"])
    assert found.exit_code == 0
    assert json.loads(found.stdout) == {
        "value": "010031234567890610A-77<GS>17270500",
        "kind": "udi",
        "good": True,
        "normal": "(01)00312345678906(10)A-77(17)270500",
        "parts": {
            "agency": "GS1", "device": "00312345678906", "gtin": "00312345678906", "lot": "A-77", "expiry": "2027-05-31"
        },
    }  # fmt: skip


def test_one_wrong_value_among_good_ones_is_said_and_fails() -> None:
    found = RUNNER.invoke(build(), ["code", "check", "gtin", "012345678905", "012345678906"])
    assert found.exit_code == 1
    assert "012345678905: well formed" in found.stdout
    assert "012345678906: GTIN digit 12: the check digit is 6 where 5 belongs" in found.stdout


def test_the_number_of_a_person_is_not_shown() -> None:
    for output in ([], ["--json"]):
        found = RUNNER.invoke(build(), ["code", "check", "npi", "1999999992", "1999999993", *output])
        assert found.exit_code == 1
        assert "value 2" in found.stdout
        assert "199999999" not in found.stdout
