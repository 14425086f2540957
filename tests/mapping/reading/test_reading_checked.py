"""What a sender's settings refuse as its messages are read from files: strictness, profiles and code lists."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from careloom.formats.hl7v2 import Profile
from careloom.formats.x12 import CodeLists
from careloom.mapping.reading import Bytes, Unit, Unread, reader
from careloom.mapping.source import Settings

X12 = Path(__file__).resolve().parents[2] / "samples" / "x12"
ADT = (
    "MSH|^~\\&|REG|NORTH|HUB|ERP|20260304050607||ADT^A04^ADT_A01|{0}|P|2.5.1\rEVN|A04|20260304\r"
    "PID|1||M{0}^^^N^MR||{1}\r"
)


def read(format: str, data: Bytes, **settings: Any) -> list[tuple[str, str]]:
    """Key or place of each."""
    return [
        ("taken", one.key) if isinstance(one, Unit) else ("refused", one.error.location)
        for one in reader(format).units(data, Settings(**settings))
    ]


def claims(count: int, *spoilt: int) -> bytes:
    """An 835 of so many claims, one like the other."""
    lines = (X12 / "835_balanced.edi").read_text().split("~\n")
    start = lines.index("LX*1") + 1
    claim, end = lines[start : start + 11], next(at for at, line in enumerate(lines) if line.startswith("PLB"))
    paid = next(Decimal(line.split("*")[4]) for line in claim if line.startswith("CLP"))
    head = [line.replace("BPR*I*205.25", f"BPR*I*{paid * count - 25}") for line in lines[:start]]
    body = [
        line.replace("CAS*CO*45*", "CAS*CO*46*") if number in spoilt else line
        for number in range(count)
        for line in claim
    ]
    inside = [*head[2:], *body, lines[end]]
    return "~\n".join([*head, *body, lines[end], f"SE*{len(inside) + 1}*0001", *lines[end + 2 :]]).encode()


def two_sets() -> bytes:
    """A file of two 835s, of which the second has another code."""
    lines = (X12 / "835_balanced.edi").read_text().split("~\n")
    st, se = lines.index("ST*835*0001"), next(at for at, line in enumerate(lines) if line.startswith("SE*"))
    first = lines[st : se + 1]
    second = [line.replace("CAS*CO*45", "CAS*CO*46").replace("*0001", "*0002") for line in first]
    return "~\n".join([*lines[:st], *first, *second, "GE*2*417", *lines[se + 2 :]]).encode()


def test_a_set_that_is_rejected_is_refused_and_the_others_of_its_file_are_taken() -> None:
    lists = CodeLists.load('[places]\n"CAS02" = ["45", "1", "2", "3"]')
    found = read("x12", two_sets(), code_lists=lists)
    assert [what for what, _ in found] == ["taken", "refused"]
    assert found[1][1] == "2110[1]/CAS02, segment 46"
    assert [what for what, _ in read("x12", two_sets())] == ["taken", "taken"]


def test_a_large_set_is_refused_as_a_whole_wherever_its_error_is() -> None:
    lists = CodeLists.load('[places]\n"CAS02" = ["45", "2", "3"]')
    good = read("x12", claims(450), code_lists=lists)
    assert [what for what, _ in good] == ["taken", "taken", "taken"]
    assert read("x12", claims(450, 430), code_lists=lists) == [("refused", "2110[861]/CAS02, segment 4748")]


class Once(io.RawIOBase):
    """A stream that cannot be read twice."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._data.readinto(buffer)


@pytest.mark.parametrize("stream", [io.BytesIO, lambda data: io.BufferedReader(Once(data))])
def test_an_open_file_is_validated_first_and_then_read_from_where_it_stood(stream: Any) -> None:
    found = read("x12", stream(two_sets()), code_lists=CodeLists.load('[places]\n"CAS02" = ["45", "1", "2", "3"]'))
    assert [what for what, _ in found] == ["taken", "refused"]


@pytest.mark.parametrize(
    ("swap", "place"),
    [
        (("IEA*1*000000417", "IEA*1*000000418"), "IEA02"),
        (("GE*1*417", "GE*1*418"), "GE02"),
        (("BPR*I*205.25", "BPR*I*205.26"), "BPR02"),
    ],
)
def test_a_set_goes_down_with_its_group_and_its_interchange(swap: tuple[str, str], place: str) -> None:
    data = (X12 / "835_balanced.edi").read_bytes().replace(*(one.encode() for one in swap))
    assert [what for what, _ in read("x12", data)] == ["taken"]
    [(what, where)] = read("x12", data, strict=False)
    assert what == "refused" and where.startswith(place)


def test_strictness_decides_on_what_many_senders_do() -> None:
    data = (X12 / "837p_patient.edi").read_bytes().replace(b"LX*2~", b"LX*3~", 1)
    assert [what for what, _ in read("x12", data, strict=False)] == ["taken"]
    assert [what for what, _ in read("x12", data, strict=True)] == ["refused"]


def test_hl7_messages_of_a_file_are_held_against_the_profile_one_by_one() -> None:
    data = (ADT.format(1, "ROE^ANNA") + ADT.format(2, "")).encode()
    profile = Profile(name="own", required=["PID-5"])
    assert read("hl7v2", data, profile=profile) == [("taken", "1"), ("refused", "PID[1]-5")]
    assert [what for what, _ in read("hl7v2", data)] == ["taken", "taken"]
    assert ("refused", "PV1") in read("hl7v2", data, strict=True)


def test_fhir_resources_are_checked_where_it_is_asked_for() -> None:
    patient = {"resourceType": "Patient", "id": "p1", "gender": "unheard-of"}
    data = json.dumps(patient).encode()
    assert [what for what, _ in read("fhir", data)] == ["taken"]
    assert read("fhir", data, strict=False) == [("refused", "Patient.gender")]
    [unread] = reader("fhir").units(data, Settings(strict=True))
    assert isinstance(unread, Unread) and "unheard" not in str(unread.error)
