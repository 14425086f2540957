"""What people type into a form goes back with the ends of lines, and only those, that it came with."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careloom.cases.payloads import Payload
from careloom.core.errors import FormatError


def payload(data: bytes) -> Payload:
    return Payload(UUID(int=1), "hl7v2:ADT^A04", "text/plain", False, data)


def sent(text: str) -> str:
    """As a browser sends what stands in a text area (HTML, the form entry list)."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")


@pytest.mark.parametrize(
    "data",
    [
        b"MSH|^~\\&|EHR\rPID|1||N-1\r",
        b"a\r\nb\r\n",
        b"a\nb",
        b"one line",
        '{"name": "Ana Ru\u00edz\u00a0"}\n'.encode(),
    ],
)
def test_what_was_not_touched_comes_back_as_it_was(data: bytes) -> None:
    assert payload(data).is_text
    assert payload(data).corrected(sent(payload(data).text)) == data


# Which characters there are is looked up at first, which takes its time on a busy machine.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1), min_size=1),
       st.sampled_from(["\r", "\n", "\r\n"]))  # fmt: skip
def test_lines_come_back_whatever_ends_them(lines: list[str], end: str) -> None:
    data = end.join(lines).encode()
    assert payload(data).corrected(sent(payload(data).text)) == data


def test_a_corrected_line_ends_as_the_others() -> None:
    assert payload(b"MSH|1\rPID|bad\r").corrected("MSH|1\r\nPID|good\r\nPV1|O") == b"MSH|1\rPID|good\rPV1|O\r"


@pytest.mark.parametrize("data", [b"a\rb\nc", b"\xff\xfe", b"a\x00b", b"\x0bMSH|", b"a\r\nb\r"])
def test_what_would_not_come_back_is_not_edited_in_a_form(data: bytes) -> None:
    assert not payload(data).is_text
    with pytest.raises(FormatError, match="edit it as a file"):
        payload(data).corrected("x")


def test_what_was_never_edited_is_its_own_original() -> None:
    assert payload(b"a\rb").original_text == "a\nb"
