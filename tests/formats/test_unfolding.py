"""A body taken apart for people."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from careloom.formats.unfolding import MOST, unfold

ADT = (
    b"MSH|^~\\&|EHR|NORTH|HUB|NORTH|20260301083000||ADT^A04^ADT_A01|C1|P|2.5.1\r"
    b'PID|1||N-1^^^NORTH^MR~X-9^^^SOUTH||Weaver\\S\\Lane^Ottilie|""\rZZZ|odd\r'
)
X12 = (
    b"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260301*0830*^*00501*000000001*0*T*:~"
    b"GS*HS*S*R*20260301*0830*1*X*005010X279A1~ST*270*0001*005010X279A1~SE*2*0001~GE*1*1~IEA*1*000000001~"
)


def test_segments_of_hl7_with_the_names_of_their_fields() -> None:
    msh, pid, odd = unfold(ADT)
    assert (msh.name, pid.name, odd.name) == ("MSH", "PID", "ZZZ")
    assert msh.parts[:2] == [("MSH-1", "field separator", "|"), ("MSH-2", "encoding characters", "^~\\&")]
    found = {part.place: part.text for part in pid.parts}
    assert found["PID-3[1].1"] == "N-1" and found["PID-3[2].4"] == "SOUTH"
    assert found["PID-5.1"] == "Weaver^Lane", "escapes are read"
    assert found["PID-6"] == '""', "the HL7 null is shown as it stands"
    assert odd.parts == [("ZZZ-1", "", "odd")]
    assert pid.raw.startswith("PID|1||N-1^^^NORTH^MR~X-9")


def test_segments_of_x12() -> None:
    seen = unfold(X12)
    assert [one.name for one in seen] == ["ISA", "GS", "ST", "SE", "GE", "IEA"]
    assert seen[2].parts == [("ST01", "", "270"), ("ST02", "", "0001"), ("ST03", "", "005010X279A1")]


def test_members_of_json_by_pointer() -> None:
    first, second = unfold(b'{"a": {"b/c": [1, "x", {"~": null}]}, "d": []}')
    assert first.parts == [("/a/b~1c/0", "", "1"), ("/a/b~1c/1", "", "x"), ("/a/b~1c/2/~0", "", "null")]
    assert json.loads(second.raw) == {"d": []} and second.parts == []


def test_what_no_format_recognises_is_its_lines() -> None:
    assert unfold("grün\n\nblau".encode()) == [("", "grün", ()), ("", "blau", ())]
    assert unfold(b"") == []


def test_no_more_than_a_page_shows() -> None:
    assert len(unfold(ADT + b"OBX|1|ST|X||y\r" * 2 * MOST)) == MOST
    assert len(unfold(b'{"a": ' + json.dumps(list(range(9 * MOST))).encode() + b"}")[0].parts) == MOST
    assert unfold(b"[" * 100_000) != []


@given(st.binary(max_size=400), st.sampled_from([b"", ADT, X12, b'{"a": [']))
def test_nothing_stops_it(noise: bytes, before: bytes) -> None:
    unfold(before + noise)
