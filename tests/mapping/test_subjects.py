"""The ordering key: the same at intake, from bytes, as afterwards, from the canonical event."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from careloom import model
from careloom.formats import hl7v2
from careloom.mapping import subject_for, subject_of, subjects_of, translate

Build = Callable[..., bytes]


def subject(data: bytes) -> tuple[str, tuple[str, ...]]:
    return subject_of(data, hl7v2.peek(data))


@pytest.mark.parametrize(
    ("pid", "expected"),
    [
        ({3: "9^^^CITY^MR"}, "Patient/CITY/9"),
        ({3: "8^^^CITY^PI~9^^^NORTH^MR"}, "Patient/NORTH/9"),
        ({3: "7~8^^^CITY^PT~9^^^CITY^PI"}, "Patient/CITY/9"),
        ({3: "7^^^BILL^AN~8^^^CITY^XX"}, "Patient/CITY/8"),
        ({3: "9^^^&2.999.1&ISO"}, "Patient/2.999.1/9"),
        ({3: "9"}, "Patient/LAKESIDE/9"),
        ({3: "9^^^ ^mr"}, "Patient/LAKESIDE/9"),
        ({3: "9&sub^^^CITY&2.999.1&ISO^MR&x"}, "Patient/CITY/9"),
        ({3: "900-12-3456^^^SSA~9"}, "Patient/LAKESIDE/9"),
        ({3: "^^^CITY^MR~9"}, "Patient/LAKESIDE/9"),
        ({3: "9/1%^^^A/B"}, "Patient/A%2FB/9%2F1%25"),
        ({3: r"9\T\1^^^CITY"}, "Patient/CITY/9&1"),
        ({3: "Ä9^^^CITY"}, "Patient/CITY/Ä9"),
        ({3: "", 2: "5"}, "Patient/LAKESIDE/5"),
        ({3: '""', 2: "", 4: "4"}, "Patient/LAKESIDE/4"),
        ({3: "000", 2: "5^^^CITY^PI~6^^^CITY^MR"}, "Patient/CITY/6"),
        ({3: "9^^^CITY^PI", 2: "5^^^CITY^MR"}, "Patient/CITY/9"),
    ],
)
def test_key_of_a_patient(adt: Build, pid: dict[int, str], expected: str) -> None:
    data = adt("A08", pid)
    assert subject(data) == (expected, ())
    (event,) = translate(hl7v2.parse(data)).events
    assert isinstance(event, model.PatientUpdated)
    assert subject_for(event.patient) == expected


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("REGI|LAKESIDE", "Patient/LAKESIDE/9"),
        ("REGI|", "Patient/REGI/9"),
        ("|", "Patient/-/9"),
        ("REGI|^2.999.5^ISO", "Patient/2.999.5/9"),
        (r"REGI|NORTH \T\ SOUTH", "Patient/NORTH & SOUTH/9"),
        ('REGI|""', "Patient/REGI/9"),
    ],
)
def test_the_sender_assigned_what_nobody_else_did(adt: Build, sender: str, expected: str) -> None:
    data = adt("A08", {3: "9"}).replace(b"REGI|LAKESIDE", sender.encode())
    assert subject(data) == (expected, ())
    assert subjects_of(translate(hl7v2.parse(data)).events[0]) == (expected, ())


def test_a_merge_waits_for_every_record_in_it(adt: Build) -> None:
    more = [("MRG", {1: "2^^^CITY^PI~3"}), ("MRG", {1: "4"}), ("PID", {3: "5", 5: "Petrov"}), ("MRG", {1: "6"})]
    data = adt("A40", {3: "1"}, *more)
    first, others = subject(data)
    assert first == "Patient/LAKESIDE/1"
    assert others == ("Patient/CITY/2", "Patient/LAKESIDE/4", "Patient/LAKESIDE/5", "Patient/LAKESIDE/6")
    keys = [subjects_of(event) for event in translate(hl7v2.parse(data)).events]
    assert [key for key, _ in keys] == [first, first, "Patient/LAKESIDE/5"]
    assert [prior for _, (prior,) in keys] == ["Patient/CITY/2", "Patient/LAKESIDE/4", "Patient/LAKESIDE/6"]


@pytest.mark.parametrize("event", ["A18", "A34", "A35", "A36", "A39", "A40", "A41", "A42"])
def test_all_merges_wait_for_the_prior_record(adt: Build, event: str) -> None:
    assert subject(adt(event, {3: "1"}, ("MRG", {1: "2"}))) == ("Patient/LAKESIDE/1", ("Patient/LAKESIDE/2",))


def test_other_events_wait_for_their_patient_alone(adt: Build) -> None:
    assert subject(adt("A08", {3: "1"}, ("MRG", {1: "2"}), ("PID", {3: "3"}))) == ("Patient/LAKESIDE/1", ())


def test_a_merge_whose_event_stands_in_evn_alone(adt: Build) -> None:
    data = adt("A40", {3: "1"}, ("EVN", {1: "A40"}), ("MRG", {1: "2"})).replace(b"ADT^A40", b"ADT")
    assert subject(data) == ("Patient/LAKESIDE/1", ("Patient/LAKESIDE/2",))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (rb"MSH|^~\&|LAB|NORTH|||2026||MFN^M02|1|P|2.5", "Message/MFN^M02/LAB"),
        (rb"MSH|^~\&||NORTH|||2026||ACK|1|P|2.5", "Message/ACK/-"),
        (rb"MSH|^~\&|A/B^2.999^ISO|NORTH|||2026||ADT^A08|1|P|2.5" + b"\rPID|1||000", "Message/ADT^A08/A%2FB"),
        (rb"MSH|^~\&|LAB|NORTH|||2026||ADT^A08|1|P|2.5" + b"\rnot a segment\rPID|1||", "Message/ADT^A08/LAB"),
    ],
)
def test_a_message_about_no_patient(data: bytes, expected: str) -> None:
    assert subject(data) == (expected, ())


def test_utf_16_is_told_too(adt: Build) -> None:
    data = adt("A08", {3: "9^^^CITY^MR"}).decode().encode("utf-16")
    assert subject(data) == ("Patient/CITY/9", ())


def test_japanese_text_behind_ascii_bytes_is_told_too(adt: Build) -> None:
    head, tail = adt("A08", {3: "@^^^CITY^MR"}).decode().split("|P|2.5.1", 1)
    data = f"{head}|P|2.5.1||||||ASCII~ISO IR87{tail}".encode().replace(b"@", "病9".encode("iso2022_jp"))
    assert subject(data) == ("Patient/CITY/病9", ())
    assert subjects_of(translate(hl7v2.parse(data)).events[0])[0] == "Patient/CITY/病9"


def test_bytes_outside_the_declared_set_are_about_no_patient(adt: Build) -> None:
    head, tail = adt("A08").decode().split("|P|2.5.1", 1)
    data = f"{head}|P|2.5.1||||||SHIFT-JIS{tail}".encode().replace(b"Okonjo", b"\x81\xff\xfe")
    assert subject(data) == ("Message/ADT^A08/REGI", ())


def test_an_event_of_another_kind_has_no_subject_yet() -> None:
    class Unheard(model.CanonicalEvent, frozen=True, kw_only=True):
        pass

    with pytest.raises(TypeError, match="Unheard has no subject"):
        subjects_of(Unheard(trigger="X"))
