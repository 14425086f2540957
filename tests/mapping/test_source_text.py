"""When values are their own text, which spares cleaning each, and how segments are named in issues."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.core.errors import FormatError
from careloom.formats import hl7v2
from careloom.mapping.source import Settings, Source

HEAD = "MSH|^~\\&|A|B\r"


def source(body: str) -> Source:
    return Source(hl7v2.parse((HEAD + body).encode()), Settings())


@pytest.mark.parametrize("body", ["PID|1||a b c^d e~f g&h i|\r", 'PID|"quoted"|5" nail\r', "PID|1\r\nPV1|x y\r\n"])
def test_words_with_blanks_inside_are_their_own_text(body: str) -> None:
    assert source(body).plain


@pytest.mark.parametrize(
    "body",
    [
        "PID| a\r", "PID|a |b\r", "PID|a^ b\r", "PID|a ~b\r", "PID|a& b\r", "PID|a  b\r", "PID|a \r", "PID|a\r ",
        "PID|a ", 'PID|""\r', "PID|\\T\\\r", "PID|a\tb\r", "PID|\xe9\r", "PID| \r",
    ],
)  # fmt: skip
def test_what_must_be_cleaned_is_told(body: str) -> None:
    assert not source(body).plain


@given(st.text(alphabet="ab |^~&\r", max_size=40))
def test_a_plain_message_is_read_as_one_that_is_cleaned(text: str) -> None:
    try:
        found = source(f"PID|{text}\r")
    except FormatError:
        return
    pid = found.fields("PID")
    assert pid is not None
    quick = [found.components(raw, 3) for raw in pid]
    found.plain = False
    assert quick == [found.components(raw, 3) for raw in pid]


def test_segments_are_named_by_their_number_beyond_the_first() -> None:
    found = source("PID|1\rNK1|1\rNK1|2\r")
    assert [(one.place, one.line) for one in found.every("NK1")] == [("NK1", 3), ("NK1[2]", 4)]
    assert [one.place for one in found.every()] == ["MSH", "PID", "NK1", "NK1[2]"]
    assert [one.place for one in found.every("NK1", "PID")] == ["PID", "NK1", "NK1[2]"]
