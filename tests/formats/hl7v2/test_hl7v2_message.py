"""Reading, writing and laziness of messages; every sample is invented."""

from __future__ import annotations

import pytest

from careloom.core.errors import FormatError
from careloom.formats import hl7v2

MSH = "MSH|^~\\&|WARD|NORTH|HUB|CARE|20260301101500||ADT^A04^ADT_A01|N1|P|2.5.1"
PID = "PID|1||A1^^^NORTH&2.999&ISO^MR~B2^^^SSA^SS||Quill^Tamsin||19840217|F"


def message(*lines: str, end: str = "\r", codec: str = "utf-8") -> bytes:
    return "".join(line + end for line in lines).encode(codec)


def test_paths_reach_every_level() -> None:
    read = hl7v2.parse(message(MSH, PID, "OBX|1|NM", "OBX|2|ST|||text & more"))
    assert read.get("PID-3") == "A1"
    assert read.get("PID-3.4") == read.get("PID-3[1].4.1") == "NORTH"
    assert read.get("PID-3.4.3") == "ISO"
    assert read.get("PID-3[2].4.1") == "SSA"
    assert read.get("OBX[2]-2") == "ST"
    assert read.get("OBX[2]-5") == "text & more"
    assert read.get("OBX[2]-5.1.2") == " more"


@pytest.mark.parametrize("path", ["PID-3[3]", "PID-3.9", "PID-3.4.9", "PID-99", "OBX-1", "PID[2]-3", "PID-8[2]"])
def test_what_is_absent_reads_as_the_default(path: str) -> None:
    read = hl7v2.parse(message(MSH, PID))
    assert read.get(path) == ""
    assert read.get(path, "none") == "none"


@pytest.mark.parametrize(
    "path", ["", "PID", "pid-3", "PID-0", "PID[0]-3", "PID-3.", "PID-3.1.1.1", "PIDX-3", "PID-3[x]"]
)
def test_a_wrong_path_is_a_mistake_of_the_program(path: str) -> None:
    with pytest.raises(ValueError, match="no HL7 path"):
        hl7v2.compile_path(path)


def test_msh_counts_its_separator_as_the_first_field() -> None:
    read = hl7v2.parse(message(MSH))
    header = read.segment("MSH")
    assert header is not None
    assert [header[number].text for number in (1, 2, 3, 9)] == ["|", "^~\\&", "WARD", "ADT"]
    assert [len(header[number].repetitions) for number in (1, 2, 3)] == [1, 1, 1]
    assert read.get("MSH-1") + read.get("MSH-2") == "|^~\\&"
    assert (read.control_id, read.version, read.type) == ("N1", "2.5.1", ("ADT", "A04", "ADT_A01"))
    assert read.type.name == "ADT^A04"
    assert len(header) == 12


def test_a_missing_version_or_event_reads_as_empty() -> None:
    read = hl7v2.parse(b"MSH|^~\\&|A|B|C|D|||ACK|N1|P\r")
    assert (read.version, read.type.event, read.type.name) == ("", "", "ACK")


def test_segments_know_their_name_index_and_line() -> None:
    read = hl7v2.parse(message(MSH, "", "NTE|1", "ZPD|x", "NTE|2"))
    assert [(one.name, one.index, one.line) for one in read.segments()] == [
        ("MSH", 1, 1), ("NTE", 1, 3), ("ZPD", 1, 4), ("NTE", 2, 5),
    ]  # fmt: skip
    assert [one.get("1") for one in read.segments("NTE")] == ["1", "2"]
    assert read.segment("PV1") is None
    assert read.segments("PV1") == []


def test_a_long_report_is_listed_in_order() -> None:
    read = hl7v2.parse(message(MSH, *(f"OBX|{number}" for number in range(1, 5001))))
    assert read.get("OBX[4321]-1") == "4321"
    assert [one.index for one in read.segments()[1:]] == [int(one.get("1")) for one in read.segments("OBX")]
    assert read.segments("OBX")[4320] is read.segments()[4321]


def test_every_public_name_is_there() -> None:
    assert [name for name in hl7v2.__all__ if not hasattr(hl7v2, name)] == []


def test_fields_tell_absent_empty_and_null_apart() -> None:
    read = hl7v2.parse(message(MSH, 'PID|1||""|^""|A~""'))
    pid = read.segments("PID")[0]
    assert [bool(pid[number]) for number in (1, 2, 3, 40)] == [True, False, True, False]
    assert pid[3].is_null
    assert pid[3].text == read.get("PID-3") == ""
    assert read.is_null("PID-3")
    assert read.is_null("PID-4.2")
    assert not read.is_null("PID-4.1")
    assert not read.is_null("PV1-2")
    assert [one.is_null for one in pid[5].repetitions] == [False, True]


def test_repetitions_give_components_and_subcomponents() -> None:
    first, second = hl7v2.parse(message(MSH, PID)).segments("PID")[0][3].repetitions
    assert (first[1], first[4], first.sub(4, 2), first[9], len(first)) == ("A1", "NORTH", "2.999", "", 5)
    assert second.raw == "B2^^^SSA^SS"
    assert second.text == "B2"


def test_a_segment_is_split_only_when_it_is_touched() -> None:
    read = hl7v2.parse(message(MSH, PID, "PV1|1|O"))
    assert read._fields == {}
    assert read.get("PV1-2") == "O"
    assert list(read._fields) == ["PV1[1]"]
    assert read._segments == {}


def test_reading_by_path_and_by_segment_share_what_is_set() -> None:
    read = hl7v2.parse(message(MSH, PID, "PV1|1|O"))
    assert read.get("PV1-2") == "O"
    visit = read.segment("PV1")
    assert visit is not None
    visit.set("2", "I")
    visit.set("19.4", "LAKE")
    assert (read.get("PV1-2"), read.get("PV1[1]-19.4"), read.get("PV1-19")) == ("I", "LAKE", "")
    read.set("PV1-2", "E")
    assert (visit[2].text, read.get("MSH-1"), read.get("MSH-2")) == ("E", "|", "^~\\&")


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\x0b", b"\r\n \n", b"\xef\xbb\xbf\x0b"])
@pytest.mark.parametrize("after", [b"", b"\x1c\r", b"\x1c", b"\r\n\r\n", b"  \r ", b"\x00"])
def test_what_surrounds_a_message_is_taken_and_kept(end: str, before: bytes, after: bytes) -> None:
    data = before + message(MSH, PID, end=end) + after
    read = hl7v2.parse(data)
    assert read.encode() == data
    assert read.get("PID-8") == "F"
    read.set("PID-8", "F")
    assert read.encode() == data


def test_mixed_line_ends_and_blank_lines_survive_a_change() -> None:
    data = f"{MSH}\r\n{PID}\n\n   \rPV1|1|O\rNTE|1".encode()
    read = hl7v2.parse(data)
    read.set("PV1-2", "E")
    assert read.encode() == data.replace(b"|O\r", b"|E\r")
    assert read.segments("PV1")[0].line == 5


def test_trailing_blanks_after_a_bare_name_are_no_error() -> None:
    data = message(MSH, "EVN  ", "PV1")
    assert [one.name for one in hl7v2.parse(data).segments()] == ["MSH", "EVN", "PV1"]
    assert hl7v2.parse(data).encode() == data


@pytest.mark.parametrize("line", ["and further text", "pid|1", "PIDX|1", "PV|1", "^more", "PID^1", "OB"])
def test_a_line_that_is_no_segment_is_refused_at_its_number(line: str) -> None:
    with pytest.raises(FormatError, match="not a segment") as caught:
        hl7v2.parse(message(MSH, "NTE|1||first", line, PID))
    assert caught.value.location == "line 3"


def test_segment_heads_known_with_one_separator_are_not_good_with_another() -> None:
    hl7v2.parse(message("MSH#^~\\&#A", "PV1#1"))
    with pytest.raises(FormatError):
        hl7v2.parse(message(MSH, "PV1#1"))


def test_setting_rebuilds_only_that_segment() -> None:
    data = message(MSH, PID, "ZZZ|\\odd\\|&&~")
    read = hl7v2.parse(data)
    read.set("PID-5.2", "Tam|sin & Co")
    read.set("PID-3[3].4.2", "x")
    changed = read.encode()
    assert changed.split(b"\r")[0::2] == data.split(b"\r")[0::2]
    again = hl7v2.parse(changed)
    assert again.get("PID-5.2") == "Tam|sin & Co"
    assert again.get("PID-5.1") == "Quill"
    assert again.get("PID-3[3].4.2") == "x"
    assert again.get("PID-3[2].1") == "B2"


def test_segments_are_added_in_order_and_gaps_are_refused() -> None:
    made = hl7v2.create()
    made.set("MSH-9.1", "ACK")
    made.set("OBX-1", "1")
    made.set("OBX[2]-1", "2")
    made.add("ZPD").set("3.2", hl7v2.NULL)
    with pytest.raises(FormatError) as caught:
        made.set("OBX[4]-1", "4")
    assert caught.value.location == "OBX[4]"
    assert made.encode() == b'MSH|^~\\&|||||||ACK\rOBX|1\rOBX|2\rZPD|||^""\r'
    assert [one.line for one in made.segments()] == [1, 2, 3, 4]
    assert made.is_null("ZPD-3.2")


def test_a_segment_added_after_an_unended_line_starts_its_own() -> None:
    read = hl7v2.parse(f"{MSH}\n{PID}".encode())
    read.set("PV1-2", "O")
    assert read.encode() == f"{MSH}\n{PID}\nPV1||O\n".encode()


def test_separators_and_character_set_are_fixed_when_a_message_is_created() -> None:
    made = hl7v2.create(hl7v2.Separators("#", "!", "@", "%", "*"), "UNICODE UTF-8")
    made.set("PID-5.1", "a#b!c@d%e*f")
    for path in ("MSH-1", "MSH-2", "MSH-18"):
        with pytest.raises(FormatError):
            made.set(path, "x")
    again = hl7v2.parse(made.encode())
    assert again.get("PID-5.1") == "a#b!c@d%e*f"
    assert (again.charset, again.separators.component) == ("utf-8", "!")


def test_a_segment_name_that_cannot_be_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="no segment name"):
        hl7v2.create().add("pid")
    with pytest.raises(ValueError, match="inside a segment"):
        hl7v2.create().segments()[0].get("PID-3")


@pytest.mark.parametrize(
    ("opening", "place"),
    [
        ("MSH", "MSH-1"), ("MSHA^~\\&A", "MSH-1"), ("MSH ^~\\& ", "MSH-1"), ("MSH|", "MSH-2"), ("MSH||A", "MSH-2"),
        ("MSH|^~\\&#!|A", "MSH-2"), ("MSH|^^\\&|A", "MSH-2"), ("MSH|^~\\a|A", "MSH-2"), ("MSH|^|~|", ""),
    ],
)  # fmt: skip
def test_separators_that_cannot_be_used_are_refused_where_they_stand(opening: str, place: str) -> None:
    for read in (hl7v2.parse, hl7v2.peek):
        try:
            read(opening.encode() + b"\r")
        except FormatError as error:
            assert error.location == place or (not place and error.location in {"MSH-9", "MSH-10"})
        else:
            assert not place


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("^~\\&#", ("^", "~", "\\", "&", "#")),
        ("^~\\", ("^", "~", "\\", "", None)),
        ("^~", ("^", "~", "", "", None)),
        ("^", ("^", "", "", "", None)),
        ("!@%*", ("!", "@", "%", "*", None)),
    ],
)
def test_the_declared_separators_are_used(encoding: str, expected: tuple[str | None, ...]) -> None:
    separators = hl7v2.parse(f"MSH|{encoding}|A\r".encode()).separators
    assert separators[1:] == expected
    assert separators.encoding_characters == encoding


def test_without_a_separator_its_character_is_text() -> None:
    read = hl7v2.parse(b"MSH|^|A\rPID|a~b|c&d^e\\F\\\r")
    assert [read.get(path) for path in ("PID-1", "PID-1[2]", "PID-2", "PID-2.1.2", "PID-2.2")] == [
        "a~b", "", "c&d", "", "e\\F\\",
    ]  # fmt: skip
    with pytest.raises(FormatError, match="escape"):
        read.set("PID-1", "x|y")
    with pytest.raises(FormatError, match="separator"):
        read.set("PID-1[2]", "x")


@pytest.mark.parametrize("data", [b"", b"\r\n", b"PID|1\r", b"hello", b"\x0b\x1c\r", b"\xff\xfeM\x00"])
def test_bytes_without_a_header_are_refused_at_a_line(data: bytes) -> None:
    for read in (hl7v2.parse, hl7v2.peek):
        with pytest.raises(FormatError) as caught:
            read(data)
        assert caught.value.location


def test_lines_are_segments_as_they_stand_with_what_was_written_since() -> None:
    message = hl7v2.parse(b"MSH|^~\\&|A|B\r\rNK1|1|Vale^Ada\rPID|1\rNK1|2|Lund^Ben\r")
    assert message.line("NK1") == ("NK1|1|Vale^Ada", 3) and message.line("PID") == ("PID|1", 4)
    assert message.lines("NK1") == [("NK1|1|Vale^Ada", 3), ("NK1|2|Lund^Ben", 5)]
    assert message.line("OBX") is None and message.lines("OBX") == []
    message.set("NK1[2]-2.1", "Marsh")
    message.set("OBX-1", "7")
    assert message.lines("NK1")[1] == ("NK1|2|Marsh^Ben", 5) and message.line("OBX") == ("OBX|7", 6)
    for name in ("NK1", "PID", "OBX"):
        assert message.lines(name) == [(segment.raw, segment.line) for segment in message.segments(name)]
