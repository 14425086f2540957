"""The look at a header, and what is answered to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from careloom.core.errors import FormatError
from careloom.formats import hl7v2
from careloom.formats.hl7v2 import Fault, Verdict

NOW = datetime(2026, 3, 1, 10, 15, 30, 123456, tzinfo=UTC)
ADT = (
    b"MSH|^~\\&|WARD|NORTH^2.999^ISO|HUB|CARE|20260301101500+0100||ADT^A04^ADT_A01|N1\\T\\7|P^T|2.5.1^USA|||AL|NE||8859/1\r"
    b"PID|1||A1^^^NORTH~B2||Quill^Tamsin\rPV1|1|O\r"
)


def acknowledged(data: bytes, code: str = "AA", error: Fault | None = None) -> list[bytes]:
    return hl7v2.acknowledge(hl7v2.peek(data), code, time=NOW, control_id="C9", error=error).split(b"\r")


def versioned(version: str, event: str = "^A04") -> bytes:
    return f"MSH|^~\\&|A|B|C|D|||ADT{event}|N1|P|{version}\r".encode()


def test_peek_reads_the_header_as_it_stands() -> None:
    header = hl7v2.peek(memoryview(ADT))
    assert header.sending_facility == "NORTH^2.999^ISO"
    assert (header.sending_application, header.receiving_application, header.receiving_facility) == (
        "WARD",
        "HUB",
        "CARE",
    )
    assert (header.code, header.event, header.structure, header.type) == ("ADT", "A04", "ADT_A01", "ADT^A04")
    assert (header.control_id, header.processing_id, header.version) == ("N1\\T\\7", "P", "2.5.1")
    assert (header.accept_ack, header.application_ack, header.charset) == ("AL", "NE", "8859/1")
    assert header.time == "20260301101500+0100"


@pytest.mark.parametrize("before", [b"", b"\x0b", b"\xef\xbb\xbf", b"\r\n\r\n"])
@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\x1c\r", b""])
def test_peek_takes_what_a_frame_or_file_leaves(before: bytes, end: bytes) -> None:
    data = before + b"MSH|^~\\&|A|B|C|D|||ADT^A04|N1" + end
    assert hl7v2.peek(data).control_id == "N1"


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"PID|1\r", "line 1"),
        (b"\r\n\r\nPID|1\r", "line 3"),
        (b"MSH|^~\\&|A|B|C|D||||N1\r", "MSH-9"),
        (b"MSH|^~\\&|A|B|C|D|||ADT^A04| |P\r", "MSH-10"),
        (b"MSH|^~\\&\r", "MSH-9"),
        (b"MSH|^~\\&|A|B|C|D|||ADT^A04|" + b"7" * 200 + b"\r", "MSH-10"),
        (b"MSH|^~\\&|" + b"A" * 228 + b"|B|C|D|||ADT^A04|7\r", "MSH-3"),
        (b"MSH|" + b"x" * 5000, "MSH"),
    ],
)
def test_peek_refuses_a_header_it_could_not_answer_for(data: bytes, place: str) -> None:
    with pytest.raises(FormatError) as caught:
        hl7v2.peek(data)
    assert caught.value.location == place


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_field_of_reads_one_field_without_a_parse(end: bytes) -> None:
    data = ADT.replace(b"\r", end)
    header = hl7v2.peek(data)
    assert hl7v2.field_of(data, header, "PID", 3) == b"A1^^^NORTH~B2"
    assert hl7v2.field_of(data, header, "PV1", 2) == b"O"
    assert hl7v2.field_of(data, header, "MSH", 1) == b"|"
    assert hl7v2.field_of(data, header, "MSH", 10) == b"N1\\T\\7"
    assert hl7v2.field_of(b"\x0b" + data, header, "MSH", 3) == b"WARD"
    assert hl7v2.field_of(data, header, "PID", 30) == b""
    assert hl7v2.field_of(data, header, "IN1", 1) == b""


def test_field_of_takes_the_first_segment_whatever_ends_the_lines() -> None:
    data = b"MSH|^~\\&|A|B|C|D|||ADT^A04|N1\nOBX|1\nNTE|9\rOBX|2\r"
    assert hl7v2.field_of(data, hl7v2.peek(data), "OBX", 1) == b"1"


def test_an_acknowledgement_answers_in_the_senders_own_terms() -> None:
    assert acknowledged(ADT) == [
        b"MSH|^~\\&|HUB|CARE|WARD|NORTH^2.999^ISO|20260301101530+0000||ACK^A04^ACK|C9|P|2.5.1||||||8859/1",
        b"MSA|AA|N1\\T\\7",
        b"",
    ]
    assert acknowledged(b"MSH#!@%*#A#B#C#D###ADT!A04#N1#P#2.3\r")[:2] == [
        b"MSH#!@%*#C#D#A#B#20260301101530+0000##ACK!A04#C9#P#2.3",
        b"MSA#AA#N1",
    ]


def test_an_acknowledgement_is_itself_a_message() -> None:
    answer = hl7v2.acknowledge(hl7v2.peek(ADT), "AE", time=NOW, control_id="C9", error=Fault(101, "missing", "PID-5"))
    read = hl7v2.parse(answer)
    assert (read.get("MSA-1"), read.get("ERR-2.1"), read.get("ERR-3.1")) == ("AE", "PID", "101")


@pytest.mark.parametrize(
    ("version", "event", "type_"),
    [
        ("2.1", "^A04", b"ACK"),
        ("2.2", "^A04", b"ACK"), ("2.3", "^A04", b"ACK^A04"),
        ("2.3.1", "^A04", b"ACK^A04^ACK"),
        ("2.8", "^A04", b"ACK^A04^ACK"), ("", "^A04", b"ACK"), ("2.5", "", b"ACK"),
    ],
)  # fmt: skip
def test_msh_9_is_shaped_by_the_version(version: str, event: str, type_: bytes) -> None:
    assert acknowledged(versioned(version, event))[0].split(b"|")[8] == type_


def test_a_fault_is_reported_in_err_from_2_5_on() -> None:
    fault = Fault(101, "the family | name is ^ missing", "PID[1]-5[2].1.3")
    assert acknowledged(versioned("2.5.1"), "AE", fault)[1:] == [
        b"MSA|AE|N1",
        b"ERR||PID^1^5^2^1^3|101^Required field missing^HL70357|E|||PID[1]-5[2].1.3|the family   name is   missing",
        b"",
    ]


def test_a_fault_is_reported_in_err_1_and_msa_3_before() -> None:
    assert acknowledged(versioned("2.3"), "AR", Fault(200, "not served", "MSH-9"))[1:] == [
        b"MSA|AR|N1|not served",
        b"ERR|MSH^1^9^200&Unsupported message type&HL70357",
        b"",
    ]


@pytest.mark.parametrize(
    ("location", "place"),
    [("PV1", b"PV1^1"), ("OBX[3]-5", b"OBX^3^5^1"), ("PID-3.4", b"PID^1^3^1^4"), ("line 3", b""), ("", b"")],
)
def test_err_2_names_the_place_when_it_is_one(location: str, place: bytes) -> None:
    assert acknowledged(versioned("2.5"), "AE", Fault(207, "x", location))[2].split(b"|")[2] == place


def test_bytes_without_a_header_are_answered_too() -> None:
    answer = hl7v2.acknowledge(None, "AR", time=NOW, control_id="C9", error=Fault(207, "no header", "line 1"))
    assert answer.startswith(b"MSH|^~\\&|||||20260301101530+0000||ACK|C9||\rMSA|AR||no header\rERR|")


def test_an_unknown_code_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="acknowledgement code"):
        acknowledged(ADT, "OK")


def test_a_fault_of_an_unlisted_code_carries_the_number_alone() -> None:
    assert b"|999|E" in acknowledged(versioned("2.6"), "AE", Fault(999, "x", "PID-3"))[2]


@pytest.mark.parametrize("text", ["Zoë", "山"])
def test_an_id_outside_ascii_is_echoed_to_the_byte(text: str) -> None:
    data = f"MSH|^~\\&|{text}|B|C|D|||ADT^A04|N1{text}|P|2.5\r".encode()
    assert acknowledged(data)[1] == b"MSA|AA|N1" + text.encode()
    latin = b"MSH|^~\\&|A|B|C|D|||ADT^A04|N\xe9|P|2.5\r"
    assert acknowledged(latin)[1] == b"MSA|AA|N\xe9"


@pytest.mark.parametrize(
    ("accept", "application", "success", "error", "reject"),
    [
        ("", "", "AA", "AE", "AR"),
        ("AL", "NE", "CA", "CE", "CR"),
        ("al", "AL", "CA", "CE", "CR"),
        ("AL", "", "CA", "CE", "CR"),
        ("ER", "AL", None, "CE", "CR"),
        ("SU", "", "CA", None, None),
        ("NE", "AL", "AA", "AE", "AR"),
        ("", "AL", "AA", "AE", "AR"),
        ("", "ER", None, "AE", "AR"),
        ("NE", "SU", "AA", None, None),
        ("NE", "NE", None, None, None),
        ("NE", "", None, None, None),
        ("XX", "NE", "CA", "CE", "CR"),
    ],
)
def test_the_sender_gets_the_acknowledgement_it_waits_for(
    accept: str, application: str, success: str | None, error: str | None, reject: str | None
) -> None:
    header = hl7v2.peek(f"MSH|^~\\&|A|B|C|D|||ADT^A04|N1|P|2.5|||{accept}|{application}\r".encode())
    wanted = hl7v2.wanted_acknowledgements(header)
    assert [wanted.code(verdict) for verdict in Verdict] == [success, error, reject]


def test_a_sender_without_a_readable_header_is_answered_in_original_mode() -> None:
    assert hl7v2.wanted_acknowledgements(None).code(Verdict.REJECT) == "AR"


@pytest.mark.parametrize(
    ("text", "moment", "precision"),
    [
        ("1984", datetime(1984, 1, 1), 1),
        ("198402", datetime(1984, 2, 1), 2),
        ("19840217", datetime(1984, 2, 17), 3),
        ("1984021709", datetime(1984, 2, 17, 9), 4),
        ("198402170905", datetime(1984, 2, 17, 9, 5), 5),
        ("19840217090530", datetime(1984, 2, 17, 9, 5, 30), 6),
        ("19840217090530.12", datetime(1984, 2, 17, 9, 5, 30, 120000), 7),
        (" 19840217 ", datetime(1984, 2, 17), 3),
        ("198402170905-0530", datetime(1984, 2, 17, 9, 5, tzinfo=timezone(-timedelta(hours=5, minutes=30))), 5),
        ("20260301+0000", datetime(2026, 3, 1, tzinfo=UTC), 3),
        ("202603011015Z", datetime(2026, 3, 1, 10, 15, tzinfo=UTC), 5),
    ],
)
def test_times_are_read_with_their_precision(text: str, moment: datetime, precision: int) -> None:
    read = hl7v2.parse_time(text)
    assert (read.datetime, read.precision, read.date) == (moment, precision, moment.date())
    assert read.offset == moment.utcoffset()


@pytest.mark.parametrize(
    "text",
    ["", "84", "19841", "19841317", "19840230", "1984021725", "1984-02-17", "00000000", "198402170905+9900",
     "198402170905+0060", "١٩٨٤", "19840217090530.", "19840217090560"],
)  # fmt: skip
def test_what_is_no_time_is_refused_at_its_place_without_the_value(text: str) -> None:
    with pytest.raises(FormatError) as caught:
        hl7v2.parse_time(text, "PID-7")
    assert caught.value.location == "PID-7"
    assert not text or text not in str(caught.value)
    assert caught.value.__context__ is None


def test_times_are_written_to_a_precision() -> None:
    written = [hl7v2.format_time(NOW, precision) for precision in hl7v2.Precision]
    assert written == [
        "2026+0000", "202603+0000", "20260301+0000", "2026030110+0000", "202603011015+0000", "20260301101530+0000",
        "20260301101530.1234+0000",
    ]  # fmt: skip
    assert hl7v2.format_time(datetime(2026, 3, 1)) == "20260301000000"
    west = datetime(2026, 3, 1, tzinfo=timezone(-timedelta(hours=3, minutes=30)))
    assert hl7v2.format_time(west) == "20260301000000-0330"
