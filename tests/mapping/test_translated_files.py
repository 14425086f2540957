"""What `careloom translate` shows of files: one object a message, or one an event."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from careloom.mapping import flatten, translate_bytes

Build = Callable[..., bytes]


def shown(data: bytes) -> list[dict[str, Any]]:
    found = list(translate_bytes(data, "feed.hl7"))
    assert json.loads(json.dumps(found)) == found
    return found


def test_each_outcome(adt: Build) -> None:
    data = b"".join([adt("A04"), adt("A02"), adt("A04", {3: ""}), b"MSH|bad\r"])
    translated, filtered, case, refused = shown(data)
    assert translated["outcome"] == "translated"
    assert translated["events"][0]["name"] == "RegistrationCreated"
    assert translated["events"][0]["type"] == "registration.created.v1"
    assert translated["events"][0]["subject"] == "Patient/LAKESIDE/MRN1"
    assert translated["events"][0]["time"] == "2026-03-02T08:15:02-08:00"
    assert translated["events"][0]["data"]["patient"]["identifier"][0]["value"] == "MRN1"
    assert filtered["outcome"] == "filtered"
    assert filtered["reason"].startswith("ADT^A02 carries nothing")
    assert case["outcome"] == "case"
    assert case["error"]["kind"] == "mapping"
    assert case["error"]["field"] == "PID-3"
    assert refused["outcome"] == "refused"
    assert refused["error"]["kind"] == "format"
    assert refused["error"]["location"] == "MSH-2"
    assert [one["message"] for one in (translated, filtered, case, refused)] == [1, 2, 3, 4]
    assert [one["line"] for one in (translated, filtered, case, refused)] == [1, 3, 5, 7]
    assert [one["trigger"] for one in (translated, filtered, case, refused)] == ["ADT^A04", "ADT^A02", "ADT^A04", None]
    assert {one["file"] for one in (translated, filtered, case, refused)} == {"feed.hl7"}


def test_frames_and_batches(adt: Build) -> None:
    framed = b"".join(b"\x0b" + adt(event) + b"\x1c\r" for event in ("A04", "A08"))
    assert [one["trigger"] for one in shown(framed)] == ["ADT^A04", "ADT^A08"]
    batch = b"BHS|^~\\&|A\r" + adt("A04") + adt("A08") + b"BTS|2\r"
    assert [one["outcome"] for one in shown(batch)] == ["translated", "translated"]


def test_no_message_at_all() -> None:
    for data in (b"", b"\r\n\x0b\x1c", b"hello", b"\xff\xfe\x00"):
        found = shown(data)
        assert found
        assert {one["outcome"] for one in found} == {"refused"}


def test_issues_are_told(adt: Build) -> None:
    (one,) = shown(adt("A04", {8: "7"}))
    assert [issue["field"] for issue in one["issues"]] == ["PID-8"]


def test_flat_lines_are_one_an_event(adt: Build) -> None:
    (merged,) = shown(adt("A40", {8: ""}, ("MRG", {1: "2"}), ("MRG", {1: "3"})))
    lines = list(flatten(merged))
    assert [line["data"]["retired"][0]["value"] for line in lines] == ["2", "3"]
    for line in lines:
        assert (line["outcome"], line["name"], line["controlId"]) == ("translated", "PatientMerged", "LS1")
        assert (line["file"], line["message"], line["line"], line["trigger"]) == ("feed.hl7", 1, 1, "ADT^A40")
        assert "events" not in line
    (filtered,) = shown(adt("A02"))
    assert list(flatten(filtered)) == [filtered]
