"""Escapes and character sets."""

from __future__ import annotations

import pytest

from careloom.core.errors import FormatError
from careloom.formats import hl7v2

SEPARATORS = hl7v2.Separators()


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("\\F\\\\S\\\\T\\\\R\\\\E\\", "|^&~\\"),
        ("a\\P\\b", "a#b"),
        ("\\X0D0A\\", "\r\n"),
        ("\\XC3A9\\", "é"),
        ("\\XFF\\", "\\XFF\\"),
        ("\\X0\\", "\\X0\\"),
        (
            "one\\.br\\two\\.sp\\three\\.sp2\\four\\.sk3\\five",
            "one\ntwo\nthree\n\nfour\n   five".replace("\n   ", "   "),
        ),
        ("\\.sp9999\\", "\\.sp9999\\"),
        ("\\.xx\\", "\\.xx\\"),
        ("\\H\\bold\\N\\", "bold"),
        ("\\Z99\\", "\\Z99\\"),
        ("C:\\dir\\file", "C:\\dir\\file"),
        ("\\", "\\"),
        ("\\E\\F\\E\\", "\\F\\"),
        ("\\C2D41\\plain\\C2842\\ end", "plain end"),
        ("\\M2442\\;3ED\\C2842\\!", "山田!"),
        ("\\M2442\\\u00ff", "\u00ff"),
    ],
)
def test_each_escape_gives_its_text(written: str, text: str) -> None:
    assert hl7v2.unescape(written, SEPARATORS) == text


def test_the_declared_truncation_character_is_escaped_both_ways() -> None:
    separators = hl7v2.Separators(truncation="%")
    assert hl7v2.escape("5%", separators) == "5\\P\\"
    assert hl7v2.unescape("5\\P\\", separators) == "5%"


def test_control_characters_cannot_break_a_segment() -> None:
    assert hl7v2.escape("a\rb\nc\x0b\x1c", SEPARATORS) == "a\\X0D\\b\\X0A\\c\\X0B\\\\X1C\\"


def test_a_character_the_set_lacks_is_refused_at_its_field_without_its_value() -> None:
    made = hl7v2.create(charset="8859/1")
    made.set("PID-5.1", "Zoë")
    with pytest.raises(FormatError) as caught:
        made.set("PID-5.1", "山田")
    assert caught.value.location == "PID[1]-5"
    assert "山" not in str(caught.value)


@pytest.mark.parametrize(
    ("declared", "codec", "name"),
    [
        ("ASCII", "ascii", "Zoe"),
        ("8859/1", "iso8859-1", "Zoë"),
        ("8859-2", "iso8859-2", "Łukasz"),
        ("ISO-8859-15", "iso8859-15", "Œuvre"),
        ("ISO 8859/5", "iso8859-5", "Иван"),
        ("UNICODE UTF-8", "utf-8", "Łukasz 山田"),
        ("utf8", "utf-8", "Łukasz"),
        ("UTF-8", "utf-8", "Łukasz"),
        ("Windows-1252", "cp1252", "Zoë"),
        ("cp1252", "cp1252", "Zoë"),
        ("GB 18030-2000", "gb18030", "丂亅俓"),
        ("KS X 1001", "cp949", "김민준"),
        ("BIG-5", "cp950", "許功蓋"),
        ("ASCII~ISO IR87", "iso2022_jp_ext", "山田太郎"),
        ("~ISO IR159", "iso2022_jp_ext", "丂山田"),
        ("ISO IR14", "iso2022_jp_ext", "ﾔﾏﾀﾞ"),
    ],
)
def test_a_declared_set_is_read_and_written(declared: str, codec: str, name: str) -> None:
    line = f"MSH|^~\\&|A|B|C|D|||ADT^A04|N1|P|2.5||||||{declared}\rPID|||1||{name}^X\r"
    data = line.encode(codec)
    read = hl7v2.parse(data)
    assert read.charset == codec
    assert (read.get("PID-5.1"), read.get("PID-5.2")) == (name, "X")
    assert read.encode() == data
    read.set("PID-5.2", name)
    assert hl7v2.parse(read.encode()).get("PID-5.2") == name
    header = hl7v2.peek(data)
    assert (header.charset, header.control_id) == (declared, "N1") if "~" not in declared else header.control_id == "N1"
    assert hl7v2.field_of(data, header, "PID", 5).decode(codec) == f"{name}^X"


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", ["\ufeff", ""])
def test_utf_16_is_told_by_its_bytes(codec: str, mark: str) -> None:
    data = f"{mark}MSH|^~\\&|A|B|C|D|||ADT^A04|N1|P|2.5\r\nPID|||1||Łukasz^X\r\n".encode(codec)
    read = hl7v2.parse(data)
    assert read.charset == codec
    assert read.get("PID-5.1") == "Łukasz"
    assert read.encode() == data
    read.set("PID-5.2", "Y")
    assert read.encode() == data.replace("^X".encode(codec), "^Y".encode(codec))
    header = hl7v2.peek(data)
    assert header.control_id == "N1"
    assert hl7v2.field_of(data, header, "PID", 5).decode(codec) == "Łukasz^X"
    [piece] = hl7v2.split(data)
    assert hl7v2.parse(piece.data).get("PID-5.1") == "Łukasz"


def test_undeclared_bytes_are_utf_8_or_else_latin_1_without_loss() -> None:
    opening = b"MSH|^~\\&|A\rPID|||||"
    assert hl7v2.parse(opening + "Zoë\r".encode()).get("PID-5") == "Zoë"
    latin = opening + "Zoë\r".encode("iso8859-1")
    read = hl7v2.parse(latin)
    assert (read.get("PID-5"), read.charset) == ("Zoë", "iso8859-1")
    read.set("PID-6", "é")
    assert read.encode() == latin[:-1] + b"|\xe9\r"


def test_declared_ascii_with_other_bytes_is_read_as_if_undeclared() -> None:
    data = "MSH|^~\\&|A|B|C|D|||ADT^A04|N1|P|2.5||||||ASCII\rPID|||||Zoë\r".encode("iso8859-1")
    assert hl7v2.parse(data).get("PID-5") == "Zoë"


def test_bytes_outside_the_declared_set_are_refused_at_their_line() -> None:
    data = "MSH|^~\\&|A|B|C|D|||ADT^A04|N1|P|2.5||||||UNICODE UTF-8\rPID|||||Zoë\r".encode("iso8859-1")
    with pytest.raises(FormatError, match="declared character set") as caught:
        hl7v2.parse(data)
    assert caught.value.location == "line 2"
    assert caught.value.__context__ is None
    assert hl7v2.parse(data, charset="8859/1").get("PID-5") == "Zoë"


def test_an_unknown_set_is_refused_at_msh_18_and_still_acknowledged() -> None:
    data = b"MSH|^~\\&|A|B|C|D|||ADT^A04|N1|P|2.5||||||KLINGON\r"
    with pytest.raises(FormatError) as caught:
        hl7v2.parse(data)
    assert caught.value.location == "MSH-18"
    assert hl7v2.peek(data).charset == "KLINGON"
