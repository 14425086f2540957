"""A hospital's own interface specification, laid over the standard."""

from __future__ import annotations

import pytest

from careloom.core.errors import ConfigurationError
from careloom.formats import hl7v2
from careloom.formats.hl7v2 import Profile
from careloom.formats.inspection import Finding

PLAIN = (
    "MSH|^~\\&|A|B|C|D|20260412||ADT^A01^ADT_A01|1|P|2.5.1\rEVN|A01|20260412\r"
    "PID|1||M1^^^L^MR~M2^^^^PI||Roe^Annabella||1979|F|||||||||||900-12-3456\rPV1|1|I\rZPD|1|A|2026x\r"
)


def found(strict: bool = False, **declared: object) -> list[Finding]:
    profile = Profile.from_mapping({"name": "test", **declared})
    return hl7v2.validate(hl7v2.parse(PLAIN.encode()), profile=profile, strict=strict)


def errors(**declared: object) -> set[tuple[str, str]]:
    return {(one.code, one.place) for one in found(**declared) if one.severity == "error"}


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({"required": ["NK1"]}, {("segment-missing", "NK1")}),
        ({"required": ["PID-3", "PV1-2"]}, set()),
        ({"required": ["PV1-19"]}, {("field-missing", "PV1[1]-19")}),
        ({"required": ["PID-3.4.1"]}, {("component-missing", "PID[1]-3[2].4.1")}),
        ({"required": ["NK1-2"]}, set()),
        ({"forbidden": ["PID-19"]}, {("forbidden", "PID[1]-19")}),
        ({"forbidden": ["PID-20", "NK1"]}, set()),
        ({"forbidden": ["ZPD"]}, {("forbidden", "ZPD[1]")}),
        ({"lengths": {"PID-5.2": 5}}, {("too-long", "PID[1]-5.2")}),
        ({"lengths": {"PID-5.2": 9}}, set()),
        ({"tables": {"PV1-2": ["E", "O"]}}, {("code-unknown", "PV1[1]-2")}),
        ({"tables": {"PID-3.5": ["MR"]}}, {("code-unknown", "PID[1]-3[2].5")}),
        ({"tables": {"PV1-2": ["I"]}}, set()),
        ({"types": {"ZPD-3": "DT"}}, {("time-invalid", "ZPD[1]-3")}),
        ({"types": {"ZPD-2": "CX"}}, set()),
        ({"cardinality": {"NK1": [1, 2]}}, {("count-differs", "NK1")}),
        ({"cardinality": {"PID": [1, 1]}}, set()),
    ],
)
def test_own_rules_are_errors_in_either_mode(declared: dict[str, object], expected: set[tuple[str, str]]) -> None:
    assert errors(**declared) == expected
    assert all("(profile test)" in one.text for one in found(**declared) if one.severity == "error")


def test_a_segment_that_the_profile_names_is_known() -> None:
    assert "segment-local" in {one.code for one in found()}
    assert "segment-local" not in {one.code for one in found(types={"ZPD-2": "ST"})}


def test_an_own_table_replaces_that_of_the_standard() -> None:
    line = PLAIN.replace("|F|", "|W|")
    message = hl7v2.parse(line.encode())
    assert [one.code for one in hl7v2.validate(message) if one.place == "PID[1]-8"] == ["code-unusual"]
    own = Profile(name="x", tables={"PID-8": frozenset({"W", "M"})})
    assert [one.code for one in hl7v2.validate(message, profile=own) if one.place == "PID[1]-8"] == []


def test_what_is_agreed_on_is_set_aside() -> None:
    message = hl7v2.parse(PLAIN.replace("PV1|1|I", "PV1|1").encode())
    places = [one.place for one in hl7v2.validate(message, strict=True) if one.code == "field-missing"]
    assert places == ["PV1[1]-2"]
    for ignored in ("field-missing@PV1-2", "field-missing"):
        left = hl7v2.validate(message, strict=True, profile=Profile(name="x", ignore=[ignored]))
        assert "field-missing" not in {one.code for one in left}


def test_another_structure_and_version() -> None:
    assert ("segment-unknown", "EVN[1]") in {(one.code, one.place) for one in found(structure="ORU_R01")}
    assert {one.code for one in found(version="2.8")} >= {"field-superseded"}


def test_a_profile_in_toml() -> None:
    profile = Profile.from_toml(
        'name = "N"\nrequired = ["PID-3"]\n[lengths]\n"PID-5.1" = 25\n[cardinality]\nNK1 = [0, 3]\n'
    )
    assert profile.lengths == {"PID-5.1": 25}
    assert profile.cardinality == {"NK1": (0, 3)}
    assert profile.segments() == {"PID", "NK1"}


@pytest.mark.parametrize(
    "text",
    [
        'required = ["PID"]',
        'name = "x"\nrequired = ["pid-3"]',
        'name = "x"\nlenghts = {}',
        "name = ",
        'name = "x"\n[cardinality]\n"PID-3" = [1, 1]',
    ],
)
def test_a_profile_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        Profile.from_toml(text)


def test_values_are_never_quoted() -> None:
    every = found(
        forbidden=["PID-19", "PID-5"],
        lengths={"PID-5": 1},
        tables={"PID-5": ["x"]},
        types={"PID-5": "NM", "PID-19": "DT"},
    )
    assert len(every) >= 6
    assert not [one for one in every if "Annabella" in one.text or "900-12" in one.text]
