"""Payloads of several messages."""

from __future__ import annotations

from careloom.formats import hl7v2
from careloom.formats.hl7v2 import Piece

ONE = b"MSH|^~\\&|A|B|C|D|||ADT^A04|N1|P|2.5\rPID|1||A1\r"
TWO = b"MSH|^~\\&|A|B|C|D|||ADT^A08|N2|P|2.5\rPID|1||A1\r"
FHS, BHS = b"FHS|^~\\&|A|B|C|D|||||F7\r", b"BHS|^~\\&|A|B|C|D|||nightly||B8\r"


def messages(data: bytes) -> list[bytes]:
    return [piece.data for piece in hl7v2.split(data) if piece.error is None]


def findings(data: bytes) -> list[str]:
    return [piece.error.location for piece in hl7v2.split(data) if piece.error]


def test_one_message_is_one_piece() -> None:
    assert hl7v2.split(ONE) == [Piece(ONE, 0, 1)]


def test_nothing_is_no_piece() -> None:
    assert hl7v2.split(b"") == hl7v2.split(b" \r\n\x0b\x1c\r") == []


def test_several_messages_know_where_they_start() -> None:
    pieces = hl7v2.split(b"\r\n" + ONE + b"\r\n" + TWO)
    assert [(piece.offset, piece.line) for piece in pieces] == [(2, 2), (4 + len(ONE), 5)]
    assert [hl7v2.parse(piece.data).control_id for piece in pieces] == ["N1", "N2"]


def test_frames_and_byte_order_marks_are_taken_off() -> None:
    assert messages(b"\x0b" + ONE + b"\x1c\r\x0b" + TWO + b"\x1c\r") == [ONE, TWO]
    assert messages(b"\xef\xbb\xbf" + ONE + b"\r\n\xef\xbb\xbf" + TWO)[1] == TWO


def test_a_batch_names_itself_and_its_counts_are_checked() -> None:
    data = FHS + BHS + ONE + TWO + b"BTS|2\r" + BHS + ONE + b"BTS|1\rFTS|2\r"
    pieces = hl7v2.split(data)
    batches = [piece.batch for piece in pieces]
    assert [piece.data for piece in pieces] == [ONE, TWO, ONE]
    assert [(one.number, one.line, one.control_id, one.name, one.file_control_id) for one in batches if one] == [
        (1, 2, "B8", "nightly", "F7"), (1, 2, "B8", "nightly", "F7"), (2, 8, "B8", "nightly", "F7"),
    ]  # fmt: skip


def test_wrong_counts_are_findings_and_no_loss() -> None:
    data = FHS + BHS + ONE + TWO + b"BTS|3\rFTS|x\r"
    assert messages(data) == [ONE, TWO]
    assert findings(data) == ["BTS-1", "FTS-1"]
    assert [piece.line for piece in hl7v2.split(data) if piece.error] == [7, 8]
    assert findings(FHS + BHS + ONE + b"BTS\rFTS|\r") == []


def test_a_file_that_ends_early_is_a_finding() -> None:
    assert findings(FHS + BHS + ONE) == ["line 2", "line 1"]
    assert messages(FHS + BHS + ONE + BHS + TWO + b"BTS|1\rFTS|2\r") == [ONE, TWO]
    assert findings(FHS + BHS + ONE + BHS + TWO + b"BTS|1\rFTS|2\r") == ["line 2"]


def test_a_file_without_batch_headers_counts_as_one_batch() -> None:
    assert findings(FHS + ONE + TWO + b"FTS|1\r") == []


def test_bytes_outside_any_message_are_located() -> None:
    data = b"\r\nexport of today\r\n" + ONE + b"\x1cleft over\r" + TWO
    assert messages(data) == [ONE, TWO]
    assert findings(data) == ["line 2", "line 5"]
    assert [piece.data for piece in hl7v2.split(data) if piece.error] == [b"export of today\r\n", b"left over\r"]
    assert findings(b"PID|1\r") == ["line 1"]
    assert findings(BHS + b"EVN|A04\r" + ONE + b"BTS|1\rtrailer\r") == ["line 2", "line 6"]


def test_junk_that_begins_like_a_byte_order_mark_is_whole() -> None:
    for codec in ("utf-8", "utf-16-le"):
        data = "\ufeff\uff4dSH\r".encode(codec)
        [piece] = hl7v2.split(data)
        assert piece.data.decode(codec).lstrip("\ufeff") == "\uff4dSH\r"
        assert piece.error


def test_a_wrapped_line_stays_with_its_message() -> None:
    data = ONE + b"MSHAPED like a header\r" + b"and more\r"
    assert messages(data) == [data]
