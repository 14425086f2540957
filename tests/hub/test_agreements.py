"""What was agreed on with one system, from its files to the door of a running hub."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.hub.hospital import Hospital, adt

from careloom.core.errors import ConfigurationError
from careloom.hub.agreements import code_lists_of, profile_of
from careloom.hub.configuration import check
from careloom.hub.sources import source_of

SYSTEMS = {"ehr": {"kind": "mllp", "port": 0}}
CODES = '[lists]\nreasons = "reasons.txt"\n[places]\n"CAS02" = "reasons"\n'
PROFILE = 'name = "North"\nrequired = ["NK1", "PID-11"]\n[tables]\n"PV1-2" = "classes.txt"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "agreed"
    inside.mkdir()
    (inside / "reasons.txt").write_text("45\n3, for people\n")
    (inside / "classes.txt").write_text("I\nO\n")
    (inside / "x12.toml").write_text(CODES)
    (inside / "north.toml").write_text(PROFILE)
    return tmp_path


def test_settings_name_files_below_their_folder_and_those_name_files_beside_themselves(folder: Path) -> None:
    agreed = {"profile": "agreed/north.toml", "code_lists": "agreed/x12.toml", "strict": False}
    found = source_of(check({"systems": SYSTEMS, "sources": {"ehr": agreed}}, folder), "ehr")
    assert found.strict is False
    assert found.profile is not None and found.profile.tables["PV1-2"] == {"I", "O"}
    assert found.code_lists is not None and list(found.code_lists.for_set("835")) == [b"CAS"]


def test_without_settings_nothing_is_checked() -> None:
    found = source_of(check({"systems": SYSTEMS}, Path()), "ehr")
    assert (found.strict, found.profile, found.code_lists) == (None, None, None)


@pytest.mark.parametrize(
    ("key", "text", "reason"),
    [
        ("code_lists", '[places]\n"CLM99" = ["1"]\n"CAS02" = []', 'places."CAS02": is empty'),
        ("code_lists", '[lists]\na = "gone.txt"\n[places]\n"CAS02" = "a"', "gone.txt cannot be read"),
        ("profile", 'name = "x"\nrequired = ["PID.3"]', "'PID.3' is no place"),
        ("profile", 'name = "x"\n[tables]\n"PV1-2" = "gone.txt"', "gone.txt cannot be read"),
        ("profile", "name = \xff", "it is no UTF-8 text"),
    ],
)
def test_a_file_that_is_wrong_is_told_before_anything_runs(folder: Path, key: str, text: str, reason: str) -> None:
    (folder / "wrong.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigurationError, match=rf"careloom\.toml\.sources\.ehr\.{key}: ") as raised:
        check({"systems": SYSTEMS, "sources": {"ehr": {key: "wrong.toml"}}}, folder)
    assert reason in str(raised.value) and "wrong.toml" in str(raised.value)


@pytest.mark.parametrize("load", [profile_of, code_lists_of])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, load) -> None:
    with pytest.raises(ValueError, match=r"gone\.toml cannot be read: No such file"):
        load(tmp_path / "gone.toml")


async def test_a_running_hub_refuses_by_profile_and_lists_what_it_refused(hospital: Hospital, folder: Path) -> None:
    hospital.configure('[sources.ehr]\nprofile = "agreed/north.toml"')
    assert hospital.folder == folder
    async with hospital.running() as hub:
        wrong = await hub.ehr.send(adt("A04", "C1"))
        good = await hub.ehr.send(adt("A04", "C2") + b"NK1|1|Weaver^Orla\r")
        await hub.settled(1)
        listed = (await hospital.careloom("refused", "list", "--json")).object
    assert (wrong.code, good.code) == ("AE", "AA")
    assert "\rERR||NK1^1|100^" in wrong.text
    assert (listed["location"], listed["reason"]) == ("NK1", "required, and not there (profile North)")
