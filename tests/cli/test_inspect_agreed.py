"""`careloom inspect` with an interface's own profile and code lists."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.hub.hospital import adt, command

REMITTANCE = Path(__file__).resolve().parents[1] / "samples" / "x12" / "835_balanced.edi"


@pytest.fixture
def message(tmp_path: Path) -> Path:
    file = tmp_path / "admission.hl7"
    file.write_bytes(adt("A04", "C1"))
    return file


def test_code_lists_are_held_against_x12_and_nothing_else(tmp_path: Path, message: Path) -> None:
    lists = tmp_path / "x12.toml"
    lists.write_text('[places]\n"CAS02" = ["45", "3", "1"]\n')
    plain = command(["inspect", "--json", str(REMITTANCE), str(message)])
    said = command(["inspect", "--json", "--code-lists", str(lists), str(REMITTANCE), str(message)])
    remittance, admission = said.objects
    assert (plain.code, said.code) == (0, 1)
    assert remittance["errors"] == [{
        "code": "code-invalid", "place": "2110[2]/CAS02, segment 23",
        "text": "not one of the codes that the list given for this place has",
    }]  # fmt: skip
    assert admission["valid"]


def test_a_profile_is_held_against_hl7_and_nothing_else(tmp_path: Path, message: Path) -> None:
    profile = tmp_path / "north.toml"
    profile.write_text('name = "North"\nrequired = ["NK1"]\n[lengths]\n"PID-5.1" = 4\n')
    said = command(["inspect", "--json", "--profile", str(profile), str(message), str(REMITTANCE)])
    admission, remittance = said.objects
    assert [(one["code"], one["place"]) for one in admission["errors"]] == [
        ("segment-missing", "NK1"), ("too-long", "PID[1]-5.1"),
    ]  # fmt: skip
    assert remittance["valid"] and said.code == 1


@pytest.mark.parametrize(
    ("option", "text", "reason"),
    [
        ("--code-lists", '[places]\n"CAS99" = ["45"]', "CAS has no element 99"),
        ("--profile", "required = []", "missing required field `name`"),
        ("--profile", None, "No such file"),
    ],
)
def test_a_file_that_is_wrong_is_told_and_nothing_is_inspected(
    tmp_path: Path, message: Path, option: str, text: str | None, reason: str
) -> None:
    file = tmp_path / "wrong.toml"
    if text is not None:
        file.write_text(text)
    said = command(["inspect", option, str(file), str(message)])
    assert (said.code, said.output) == (2, "")
    assert reason in said.errors and option in said.errors
