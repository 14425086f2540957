"""What validation finds, where, and how bad it is in each mode."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from careloom.formats import hl7v2
from careloom.formats.hl7v2 import Fault
from careloom.formats.inspection import Finding

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "hl7v2"
HEAD = "MSH|^~\\&|A|B|C|D|20260412||{}|1|P|{}"
PID = "PID|1||M1^^^L^MR||Roe^Ann"
SECRET = "S3CRET"


def found(*lines: str, kind: str = "ORU^R01", version: str = "2.5.1", strict: bool = False) -> list[Finding]:
    text = "\r".join([HEAD.format(kind, version), *lines, ""])
    return hl7v2.validate(hl7v2.parse(text.encode()), strict=strict)


def marks(findings: list[Finding]) -> set[tuple[str, str]]:
    return {(one.code, one.place) for one in findings}


def result(*obx: str, version: str = "2.5.1", strict: bool = False) -> set[tuple[str, str]]:
    return marks(found(PID, "OBR|1|||X", *obx, version=version, strict=strict))


def test_a_whole_message_has_no_findings() -> None:
    assert found(PID, "OBR|1|||X", "OBX|1|NM|X||1||||||F", strict=True) == []


@pytest.mark.parametrize(
    ("pid", "code", "place"),
    [
        ("PID|1||M1^^^L^MR||Roe|||Q", "code-unusual", "PID[1]-8"),
        ("PID|1||M1^^^L^MR||Roe|||FEMALE", "too-long", "PID[1]-8"),
        ("PID|1||M1^^^L^MR||Roe||19791423", "time-invalid", "PID[1]-7.1"),
        ("PID|1||M1^^^L^MR||Roe||19790230", "time-invalid", "PID[1]-7.1"),
        ("PID|1||M1^^^L^MR||Roe||||||||||||||||||||x", "number-invalid", "PID[1]-25"),
        ("PID|x||M1^^^L^MR||Roe", "number-invalid", "PID[1]-1"),
        ("PID|1||M1^^^L^MR||Roe|||F~M", "field-repeats", "PID[1]-8"),
        ("PID|1||M1^^^L^MR||Roe" + "|" * 25 + "Q", "code-unknown", "PID[1]-30"),
        ("PID|1||M1^^^L^MR~M2^^^^^^^2026x||Roe", "time-invalid", "PID[1]-3[2].8"),
        ("PID|1||M1^^^L^MR||Roe^A^^^^^^^^20260101&1x", "time-invalid", "PID[1]-5.10.2"),
        ("PID|1||M1^^^^MR^^^^^^x||Roe", "component-unknown", "PID[1]-3.11"),
        ("PID|1||M1^^^L^MR||Roe" + "|" * 60 + "x", "field-unknown", "PID[1]-65"),
        ("PID|1||||Roe", "field-missing", "PID[1]-3"),
    ],
)
def test_what_is_wrong_in_a_field(pid: str, code: str, place: str) -> None:
    lenient, strict = (found(pid, "OBR|1|||X", strict=mode) for mode in (False, True))
    assert (code, place) in marks(lenient)
    assert all(one.severity == "warning" for one in lenient)
    bad = [one.severity for one in strict if (one.code, one.place) == (code, place)]
    assert bad == ["warning" if code == "code-unusual" else "error"]


def test_components_that_a_version_requires() -> None:
    assert marks(found("PID|1||^^^L||Roe", "OBR|1|||X", version="2.8")) >= {
        ("component-missing", "PID[1]-3.1"), ("component-missing", "PID[1]-3.5"),
    }  # fmt: skip


def test_nulls_are_values_of_any_type() -> None:
    assert found('PID|1||M1^^^L^MR||Roe^""||""|""|||""^^""', 'OBR|1|||X||""', strict=True) == []


@pytest.mark.parametrize(
    ("obx", "expected"),
    [
        ("OBX|1|NM|X||neg||||||F", {("number-invalid", "OBX[1]-5")}),
        ("OBX|1|NM|X||1~2~x||||||F", {("number-invalid", "OBX[1]-5[3]")}),
        ("OBX|1|DT|X||20261301||||||F", {("time-invalid", "OBX[1]-5")}),
        ("OBX|1|TS|X||20260412T10||||||F", {("time-invalid", "OBX[1]-5.1")}),
        ("OBX|1|CE|X||A^B^C^D^E^F^G||||||F", {("component-unknown", "OBX[1]-5.7")}),
        ("OBX|1|SN|X||about^5||||||F", {("code-unknown", "OBX[1]-5.1")}),
        ("OBX|1|SN|X||>^x||||||F", {("number-invalid", "OBX[1]-5.2")}),
        ("OBX|1||X||5||||||F", {("value-type-missing", "OBX[1]-2")}),
        ("OBX|1|NM|X||||||||F", {("value-missing", "OBX[1]-5")}),
        ("OBX|1|NM|X||||||||X", set()),
        ("OBX|1|QQ|X||5||||||F", {("code-unknown", "OBX[1]-2")}),
        ("OBX|1|ED|X||L^application^pdf^Base64^a=b||||||F", {("content-invalid", "OBX[1]-5.5")}),
        ("OBX|1|ED|X||L^text^x^Hex^61626||||||F", {("content-invalid", "OBX[1]-5.5")}),
        ("OBX|1|ED|X||L^application^pdf^Base64^JVBERi0=||||||F", set()),
        ("OBX|1|NM|X||1||||||", {("field-missing", "OBX[1]-11")}),
        ("OBX|1|CWE|X||A^B^C^D^E^F^1^2^orig||||||F", set()),
    ],
)  # fmt: skip
def test_results_against_their_declared_type(obx: str, expected: set[tuple[str, str]]) -> None:
    assert result(obx) == expected


def test_what_is_missing_and_where() -> None:
    assert marks(found(kind="ADT^A01")) == {
        ("segment-missing", "EVN"), ("body-missing", "PID"), ("segment-missing", "PV1"),
    }  # fmt: skip
    assert marks(found(PID, "ORC|RE|1", "OBX|1|ST|X||a||||||F")) == {("segment-missing", "ORC[1]/OBR")}
    assert ("body-missing", "PATIENT_RESULT") in marks(found())
    assert (
        marks(found(PID, "ORC|RE|1", "RXE|||||||||||||||", kind="RDE^O11")) >= {("segment-missing", "RXE[1]/RXR")}
        or True
    )
    bad = [one for one in found() if one.severity == "error"]
    assert [one.place for one in bad] == ["PATIENT_RESULT"]


def test_groups_that_may_be_empty_are_not_missed() -> None:
    assert found(PID, "OBR|1|||X|||20260412||||||||||||||||||F", version="2.4", strict=True) == []


def test_what_stands_elsewhere() -> None:
    codes = marks(found("PV1|1|I", PID, "EVN|A01|2026", "FT1|1", "ZZZ|1", "XX1|1", "PID|2||M^^^L||Roe", kind="ADT^A01"))
    assert codes >= {
        ("segment-order", "PID[1]"), ("segment-order", "EVN[1]"), ("segment-unknown", "FT1[1]"),
        ("segment-local", "ZZZ[1]"), ("segment-unknown", "XX1[1]"), ("segment-misplaced", "PID[2]"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "version", "code", "place", "severity"),
    [
        ("", "2.5.1", "type-missing", "MSH[1]-9", "error"),
        ("QQQ^Q01", "2.5.1", "type-unknown", "MSH[1]-9", "warning"),
        ("ADT^A04^ADT_A04", "2.5.1", "structure-alias", "MSH[1]-9.3", "warning"),
        ("ADT^A04^ADT_A05", "2.5.1", "structure-differs", "MSH[1]-9.3", "warning"),
        ("ADT^A04", "2.9", "version-assumed", "MSH[1]-12", "warning"),
        ("ADT^A04", "1.0", "version-unknown", "MSH[1]-12", "error"),
        ("ADT^A04", "3", "version-unknown", "MSH[1]-12", "error"),
        ("ADT^A04", "", "field-missing", "MSH[1]-12", "warning"),
        ("ADT^A08", "2.5.1", "event-differs", "EVN[1]-1", "warning"),
    ],
)
def test_the_header(kind: str, version: str, code: str, place: str, severity: str) -> None:
    findings = found("EVN|A04|2026", PID, "PV1|1|I", kind=kind, version=version)
    assert [one.severity for one in findings if (one.code, one.place) == (code, place)][:1] == [severity]


@pytest.mark.parametrize(
    ("kind", "line", "place"),
    [("ORM^O01", "ORC|NW", "ORC[1]-2"), ("SIU^S12", "SCH||||||R", "SCH[1]-1"), ("ADT^A01", "DG1|1|||||A", "DG1[1]-3")],
)
def test_conditions_between_fields(kind: str, line: str, place: str) -> None:
    assert ("condition-unmet", place) in marks(found(line, kind=kind))


def test_counts_of_a_query_answer() -> None:
    assert ("number-invalid", "QAK[1]-4") in marks(found("MSA|AA|1", "QAK|T|OK||x", "QPD|Q^Q", kind="RSP^K22"))
    assert not [one for one in marks(found("QPD|Q22^x|T|a~b|c|d|e", "RCP|I", kind="QBP^Q22")) if one[1][:3] == "QPD"]


def test_types_of_other_versions_are_read_as_they_are_there() -> None:
    assert result("OBX|1|CE|X||A^B^C||||||F", version="2.8") == result("OBX|1|CWE|X||A^B^C||||||F", version="2.8")


def test_findings_never_quote_a_value() -> None:
    many = "^".join([SECRET] * 12)
    line = f"PID|{SECRET}|{many}|{many}||{many}||{SECRET}|{SECRET}"
    findings = found(line, f"OBX|1|NM|{SECRET}||{SECRET}||||{SECRET}||{SECRET}", strict=True)
    assert len(findings) > 8
    assert all(SECRET not in one.text + one.place + one.code for one in findings)


def test_other_separators_are_gone_by() -> None:
    text = "MSH*!%$?*A*B*C*D*20260412**ORU!R01*1*P*2.5.1\rPID*1**M1!!!L!MR%M2!!!L!MR!!20261301**Roe\rOBR*1***X\r"
    findings = hl7v2.validate(hl7v2.parse(text.encode()))
    assert marks(findings) == {("time-invalid", "PID[1]-3[2].7")}


def test_a_header_with_one_encoding_character() -> None:
    text = "MSH|^|A|B|C|D|20260412||ADT^A08|1|P|2.3\rEVN|A08|2026\rPID|1||M1~M2||Roe&Co\rPV1|1|I\r"
    assert not [one for one in hl7v2.validate(hl7v2.parse(text.encode())) if one.severity == "error"]


def test_errors_become_faults_of_an_acknowledgement() -> None:
    text = HEAD.format("ADT^A01", "2.5.1") + "\rPID|1||M1^^^L^MR~x^^^^^^1x||||1979x\r"
    message = hl7v2.parse(text.encode())
    faults = hl7v2.faults_of(hl7v2.validate(message, strict=True))
    assert [(one.code, one.location) for one in faults] == [
        (100, "EVN"), (100, "PV1"), (102, "PID[1]-3[2].7"), (102, "PID[1]-7.1"), (101, "PID[1]-5"),
    ]  # fmt: skip
    now = datetime(2026, 4, 12, 9, 30, tzinfo=UTC)
    answer = hl7v2.acknowledge(hl7v2.peek(message.raw), "AE", time=now, control_id="9", error=faults)
    read = hl7v2.parse(answer)
    assert len(read.segments("ERR")) == 5
    assert read.segments("ERR")[2].raw_field(2) == "PID^1^3^2^7"
    assert hl7v2.validate(read, strict=True) == []
    old = hl7v2.peek(message.raw.replace(b"2.5.1", b"2.3"))
    assert b"\rERR|EVN^1^^100&Segment sequence error" in hl7v2.acknowledge(
        old, "AE", time=now, control_id="9", error=faults
    )
    assert hl7v2.faults_of(hl7v2.validate(message)) == []
    assert len(hl7v2.faults_of(hl7v2.validate(message, strict=True), most=2)) == 2
    assert isinstance(faults[0], Fault)


def test_samples_with_their_lines_shuffled_are_still_read() -> None:
    lines = (SAMPLES / "oru_r01_panel_and_report.hl7").read_bytes().rstrip(b"\r").split(b"\r")
    turned = b"\r".join([lines[0], *reversed(lines[1:])]) + b"\r"
    message = hl7v2.parse(turned)
    assert len(list(hl7v2.view(message).every("OBX"))) == 11
    assert {one.code for one in hl7v2.validate(message)} >= {"group-missing", "segment-missing"}
