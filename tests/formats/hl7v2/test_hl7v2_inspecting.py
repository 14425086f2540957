"""What is said of a file: one message, several, batches, junk; values at paths; nothing raised."""

from __future__ import annotations

from pathlib import Path

import pytest

from careloom.formats.hl7v2 import Profile, inspecting
from careloom.formats.inspection import Inspection, Inspector

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "hl7v2"
ADT = (SAMPLES / "a04_registration.hl7").read_bytes()
ORU = (SAMPLES / "oru_r01_panel_and_report.hl7").read_bytes()
SIU = (SAMPLES / "siu_s12_new.hl7").read_bytes()


def errors(seen: Inspection) -> list[tuple[str, str]]:
    return [(one.code, one.place) for one in seen.findings if one.severity == "error"]


def test_it_is_an_inspector() -> None:
    inspector: Inspector = inspecting
    assert inspector.recognises(ADT, "x")


@pytest.mark.parametrize(
    ("data", "name", "known"),
    [
        (ADT, "x.bin", True),
        (b"\x0b" + ADT + b"\x1c\r", "", True),
        (b"\xef\xbb\xbf\r\n " + ADT, "", True),
        (ADT.decode().encode("utf-16"), "", True),
        (b"FHS|^~\\&|\r" + ADT, "", True),
        (b"BHS|^~\\&|\r" + ADT, "", True),
        (b"", "empty.HL7", True),
        (b"PID|1\r", "a.hl7", True),
        (b"PID|1\r", "a.txt", False),
        (b"", "a.txt", False),
        (b'{"resourceType": "Patient"}', "a.hl7", False),
        (b"<Patient/>", "a.hl7", False),
        ("<Patient/>".encode("utf-16"), "a.xml", False),
        (b"ISA*00*", "a.hl7", False),
    ],
)
def test_what_means_to_be_hl7(data: bytes, name: str, known: bool) -> None:
    assert inspecting.recognises(data, name) is known


def test_one_message() -> None:
    seen = inspecting.inspect(SIU)
    assert (seen.format, seen.type, seen.version) == ("hl7v2", "SIU^S12", "2.5.1")
    assert seen.counts == {"messages": 1, "segments": 10}
    assert seen.identical
    assert seen.valid


def test_several_messages_are_told_apart() -> None:
    broken = ORU.replace(b"|NM|2951-2", b"|NM|2951-2", 1).replace(b"||104|", b"||1O4|")
    seen = inspecting.inspect(ADT + SIU + broken, strict=True)
    assert seen.type == "ADT^A04,SIU^S12,ORU^R01"
    assert seen.counts["messages"] == 3
    assert ("number-invalid", "message 3/OBX[1]-5") in errors(seen)


def test_a_batch_and_its_counts() -> None:
    whole = b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + ADT + SIU + b"BTS|2\rFTS|1\r"
    seen = inspecting.inspect(whole)
    assert (seen.counts["batches"], seen.counts["messages"], seen.valid) == (1, 2, True)
    assert errors(inspecting.inspect(whole.replace(b"BTS|2", b"BTS|3"))) == [("batch-broken", "BTS-1")]
    cut = whole[: whole.index(b"BTS")]
    assert inspecting.inspect(cut).valid
    assert errors(inspecting.inspect(cut, strict=True))[-2:] == [
        ("batch-unclosed", "line 2"),
        ("batch-unclosed", "line 1"),
    ]


def test_frames_and_what_stands_between_them() -> None:
    framed = b"\x0b" + SIU + b"\x1c\r" + b"\x0b" + ADT + b"\x1c\r"
    assert inspecting.inspect(framed).counts["messages"] == 2
    assert errors(inspecting.inspect(b"noise\r" + framed)) == [("batch-broken", "line 1")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "message-missing"),
        (b"\x00\xff\xfe junk", "message-missing"),
        (b"MSH|^~\\&|A\rPID|1\rwrapped text\r", "unreadable"),
        (b"MSH|^^\\&|A\r", "unreadable"),
        (b"MSH", "unreadable"),
        (b"MSH|^~\\&|||||||ADT^A01|1|P|2.5||||||KLINGON\rPID|1\r", "unreadable"),
    ],
)
def test_bytes_that_are_no_message_are_found_not_raised(data: bytes, code: str) -> None:
    seen = inspecting.inspect(data)
    assert not seen.valid
    assert code in {one.code for one in seen.findings}
    assert all(one.place for one in seen.findings)
    assert seen.identical is None


def test_the_second_message_is_unreadable_and_the_others_are_read() -> None:
    seen = inspecting.inspect(ADT + b"MSH|^~\\&|A\rwrapped\r" + SIU)
    assert seen.counts["unreadable"] == 1
    assert errors(seen) == [("unreadable", "message 2/line 2")]
    assert seen.type == "ADT^A04,SIU^S12"


def test_values_at_paths() -> None:
    seen = inspecting.inspect(
        ORU, paths=("PID-3.1", "OBX-3.1", "OBX[2]-5", "OBX[6]-5", "OBX[6]-5[2]", "NK1-2", "OBX[99]-5")
    )
    assert seen.values["PID-3.1"] == ["MRN700301"]
    assert len(seen.values["OBX-3.1"]) == 11
    assert seen.values["OBX[2]-5"] == ["139"]
    assert seen.values["OBX[6]-5"] == ["No interference noted.", "Repeat not needed."]
    assert seen.values["OBX[6]-5[2]"] == ["Repeat not needed."]
    assert seen.values["NK1-2"] == seen.values["OBX[99]-5"] == []
    assert list(seen.values)[:2] == ["PID-3.1", "OBX-3.1"]


def test_values_of_every_message_and_repetition() -> None:
    seen = inspecting.inspect(ADT + SIU, paths=("PID-3.1", "MSH-9.2"))
    assert seen.values["PID-3.1"] == ["MRN700123", "771-0042", "900-12-3456", "MRN700301"]
    assert seen.values["MSH-9.2"] == ["A04", "S12"]


def test_a_path_that_is_none() -> None:
    seen = inspecting.inspect(ADT, paths=("PID-3.1", "pid.3", "PID[0]-3"))
    assert errors(seen) == [("path-unknown", "pid.3"), ("path-unknown", "PID[0]-3")]
    assert list(seen.values) == ["PID-3.1"]


def test_a_profile_adds_its_rules() -> None:
    seen = inspecting.inspect(SIU, profile=Profile(name="x", required=["NK1"]))
    assert errors(seen) == [("segment-missing", "NK1")]


def test_findings_are_bounded_and_errors_outlive_warnings() -> None:
    many = (ADT.replace(b"|F||2106-3", b"|F||2106-3", 1) + b"XX1|1\r" * 20) * 80
    seen = inspecting.inspect(many + b"MSH|^~\\&|A\rwrapped\r")
    assert len(seen.findings) <= 1010
    assert seen.findings[-1].code == "findings-cut"
    assert not seen.valid


def test_utf_16_and_latin_1_are_written_back() -> None:
    for data in (ADT.decode().encode("utf-16"), ADT.replace(b"Maribel", b"Zo\xeb", 1)):
        assert inspecting.inspect(data).identical
