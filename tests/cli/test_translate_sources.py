"""`careloom translate --config FILE --source NAME`: as the hub would translate what that system sends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.hub.hospital import adt, command

SETTINGS = """
[systems.ehr]
kind = "mllp"
port = 6661
[systems.lab]
kind = "mllp"
port = 6662
[sources.ehr]
zone = "America/Chicago"
social_security = true
"""
NUMBER = "000-00-0000"


@pytest.fixture
def message(tmp_path: Path) -> Path:
    (tmp_path / "careloom.toml").write_text(SETTINGS)
    file = tmp_path / "one.hl7"
    file.write_bytes(adt("A04", "C1", at="20260115083000", pid={19: NUMBER}))
    return file


def translated(message: Path, *more: str) -> dict[str, Any]:
    said = command(["translate", str(message), "--json", *more])
    assert said.code == 0, said.errors
    return said.object


def test_the_zone_and_the_social_security_number_are_those_of_the_source(message: Path) -> None:
    config = str(message.parent / "careloom.toml")
    plain = translated(message)
    ehr = translated(message, "--config", config, "--source", "ehr")
    assert "08:30:00-06:00" in str(ehr["data"]) and "08:30:00-06:00" not in str(plain["data"])
    assert NUMBER.replace("-", "") in str(ehr["data"]).replace("-", "")
    assert NUMBER.replace("-", "") not in str(plain["data"]).replace("-", "")


def test_a_system_without_settings_as_a_source_writes_as_by_default(message: Path) -> None:
    config = str(message.parent / "careloom.toml")
    assert translated(message, "--config", config, "--source", "lab") == translated(message)


def test_no_settings_are_read_unless_they_are_named(message: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(message.parent)
    (message.parent / "careloom.toml").write_text("this is no TOML")
    monkeypatch.setenv("CARELOOM_CONFIG", str(message.parent / "absent.toml"))
    assert translated(message)["outcome"] == "translated"


def test_an_unknown_source_is_told_and_the_options_go_together(message: Path) -> None:
    config = str(message.parent / "careloom.toml")
    said = command(["translate", str(message), "--config", config, "--source", "her"])
    assert said.code == 3
    assert "'her'" in said.errors and "ehr, lab" in said.errors
    assert command(["translate", str(message), "--config", config]).code == 2
    assert command(["translate", str(message), "--source", "ehr"]).code == 2
    assert command(["translate", str(message), "--config", f"{config}.no", "--source", "ehr"]).code == 3
