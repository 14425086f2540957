"""Cutting: delimiters of real files, streams, binary segments, junk."""

from __future__ import annotations

import tracemalloc
from io import BytesIO

import pytest
from x12_files import ISA, enclose, sample

from careloom.core.errors import FormatError
from careloom.formats import x12
from careloom.formats.x12 import reading
from careloom.formats.x12.delimiters import Delimiters, delimiters

TA1 = "TA1*000000417*260301*1015*A*000"


def interchange(end: str = "~", isa: str = ISA) -> bytes:
    return f"{isa}{end}{TA1}{end}IEA*0*000000417{end}".encode()


def ids(data: bytes) -> list[str]:
    return [segment.id for segment in x12.segments(data)]


@pytest.mark.parametrize("end", ["~", "\n", "\r\n", "~\n", "~\r\n", "~ \n\n  ", "\x1d", "\x1c\n", "'", "\\\n", "~\x00"])
def test_any_terminator_and_blanks_after_it_are_read(end: str) -> None:
    data = interchange(end)
    assert ids(data) == ["ISA", "TA1", "IEA"]
    assert b"".join(found.encode() for found in x12.parse(data)) == data


@pytest.mark.parametrize("lead", [b"", b"\xef\xbb\xbf", b"\n\n", b"\xef\xbb\xbf\r\n  ", b" " * 70_000])
def test_what_stands_before_the_first_segment_is_passed_over_and_kept(lead: bytes) -> None:
    data = lead + interchange()
    assert ids(data) == ["ISA", "TA1", "IEA"]
    assert x12.parse(data)[0].encode() == data
    assert next(x12.segments(data)).offset == len(lead)


def test_columns_are_not_trusted() -> None:
    collapsed = "ISA*00* *00* *ZZ*QUILLHOSP*ZZ*NORTHPLAN*260301*1015*^*00501*000000417*0*T*:"
    assert ids(interchange(isa=collapsed)) == ["ISA", "TA1", "IEA"]
    assert delimiters(interchange(isa=collapsed)) == Delimiters(b"*", b":", b"~", b"^")


def test_a_missing_last_isa_element_is_forgiven() -> None:
    data = interchange(isa=ISA[:-1])
    assert delimiters(data) == Delimiters(b"*", b"", b"~", b"^")
    assert ids(data) == ["ISA", "TA1", "IEA"]


@pytest.mark.parametrize(
    ("old", "new", "repetition"),
    [("*^*00501*", "*U*00401*", b""), ("*^*00501*", "*U*00501*", b""),
     ("*^*00501*", "*`*00402*", b"`"), ("*^*00501*", "*:*00501*", b":")],
)  # fmt: skip
def test_isa11_is_a_separator_only_since_00402_and_only_if_usable(old: str, new: str, repetition: bytes) -> None:
    assert delimiters(interchange(isa=ISA.replace(old, new))).repetition == repetition


@pytest.mark.parametrize(
    ("data", "place"),
    [(b"", "ISA"), (b"hello", "ISA"), (b"MSH|^~\\&|", "ISA"), (b"ISA*00*", "ISA"), (ISA.encode(), "ISA16"),
     (interchange(isa=ISA.replace("*0*T*", "*T*")), "ISA"), (interchange(isa=ISA[:-1] + "A"), "ISA16"),
     (interchange(isa=ISA[:-1] + "*"), "ISA16"), (interchange("Q"), "the terminator of ISA"), (interchange(" "),
      "ISA16"), (interchange(":"), "ISA16")],
)  # fmt: skip
def test_an_isa_that_cannot_be_read_is_refused_with_its_place(data: bytes, place: str) -> None:
    with pytest.raises(FormatError) as caught:
        delimiters(data)
    assert caught.value.location == place


@pytest.mark.parametrize("size", [1, 7, 64, 1_000])
def test_small_reads_cut_the_same(size: int) -> None:
    class Slow(BytesIO):
        def read(self, count: int | None = -1, /) -> bytes:
            return super().read(min(size, count or size))

    data = sample("837p_patient") + b"\n" + sample("850_pipes_and_bells") + sample("275_attachment")
    whole, slow = list(x12.segments(data)), list(x12.segments(Slow(data)))
    assert [(one.raw, one.offset, one.ordinal) for one in whole] == [(one.raw, one.offset, one.ordinal) for one in slow]
    for segment in whole:
        assert data[segment.offset :].startswith(segment.id.encode())


def test_interchanges_with_other_delimiters_follow_each_other() -> None:
    data = interchange() + interchange("\n") + interchange("|").replace(b"*", b";") + interchange("\x1d")
    assert [found.delimiters.terminator for found in x12.parse(data)] == [b"~", b"\n", b"|", b"\x1d"]
    assert b"".join(found.encode() for found in x12.parse(data)) == data


def test_binary_segments_hold_terminators() -> None:
    inner = "IMG~IEA*1~ISA*~BIN*\n"
    data = enclose(f"BGN*02*1*20260301\nBIN*{len(inner)}*@@", "275", "005010", "PI").replace(b"@@", inner.encode())
    found = x12.parse(data)
    assert len(found) == 1 and found[0].encode() == data
    binary = next(next(found[0].transactions).find("BIN"))
    assert binary.elements == [str(len(inner)), inner]


def test_a_wrong_binary_length_loses_nothing() -> None:
    data = enclose("BGN*02*1*20260301\nBIN*999999*SHORT", "275", "005010", "PI")
    assert x12.parse(data)[0].encode() == data
    assert "binary-length" in [finding.code for finding in x12.validate(data).findings]


def test_lines_wrapped_at_a_column_are_joined() -> None:
    data = sample("835_balanced").replace(b"~\n", b"~")
    wrapped = b"\r\n".join(data[start : start + 80] for start in range(0, len(data), 80))
    plain, broken = (next(x12.parse(one)[0].transactions) for one in (data, wrapped))
    assert [segment.parts for segment in plain.segments] == [segment.parts for segment in broken.segments]
    assert x12.parse(wrapped)[0].encode() == wrapped
    assert x12.validate(wrapped).valid
    assert {finding.code for finding in x12.validate(wrapped, strict=True).findings} >= {"line-break-inside"}


@pytest.mark.parametrize("junk", [b"STC*A6~", b"hello", b"ISA", b"ISA*broken~", b"x" * 200_000])
def test_junk_between_interchanges_is_located_and_the_next_one_read(junk: bytes) -> None:
    data = interchange() + junk + b"\n" + interchange()
    found = list(x12.pieces(data))
    assert [piece.set_id for piece in found if piece.error is None] == ["TA1", "TA1"]
    errors = [piece for piece in found if piece.error is not None]
    assert errors[0].error is not None and errors[0].error.location.startswith(f"byte {len(interchange())}")
    assert b"".join(piece.data for piece in errors).rstrip() == junk
    with pytest.raises(FormatError):
        x12.parse(data)


def test_a_lost_terminator_does_not_fill_the_memory() -> None:
    class Endless(BytesIO):
        left = 40

        def read(self, count: int | None = -1, /) -> bytes:
            self.left -= 1
            return interchange()[:150] if self.left == 39 else b"x" * 200_000 if self.left > 0 else b""

    tracemalloc.start()
    batches = [(len(batch.segments), batch.error) for batch in reading.batches(Endless())]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * reading.LONGEST_SEGMENT
    assert any(error is not None and "terminator" in str(error) for _, error in batches)


def test_a_file_that_ends_without_terminator_keeps_its_last_segment() -> None:
    data = interchange().rstrip(b"~")
    assert ids(data) == ["ISA", "TA1", "IEA"]
    assert x12.parse(data)[0].encode() == data
