"""Blocks cut out of streams that are split, glued, dirty or too long."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.systems.mllp.framing import EXCERPT, BrokenBlock, Deframer, frame

CONTENT = st.binary(max_size=60).map(lambda octets: octets.translate(None, b"\x0b\x1c"))


def taken(deframer: Deframer, *chunks: bytes) -> list[bytes | BrokenBlock]:
    found: list[bytes | BrokenBlock] = []
    for chunk in chunks:
        deframer.feed(chunk)
        while (block := deframer.take()) is not None:
            found.append(block)
    return found


def test_a_frame_is_vt_message_fs_cr() -> None:
    assert frame(b"MSH|x") == b"\x0bMSH|x\x1c\r"


@given(messages=st.lists(CONTENT, max_size=6), cuts=st.lists(st.integers(0, 400), max_size=12))
def test_any_split_of_any_messages_gives_them_back(messages: list[bytes], cuts: list[int]) -> None:
    stream = b"\r\n".join(frame(one) for one in messages)
    edges = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    chunks = [stream[a:b] for a, b in pairwise(edges)]
    deframer = Deframer(1000)
    assert taken(deframer, *chunks) == messages
    assert len(deframer) == 0
    assert deframer.junk == 0


@given(octets=st.binary(max_size=300), cut=st.integers(0, 300))
def test_no_octets_break_it_or_are_held_beyond_the_bound(octets: bytes, cut: int) -> None:
    whole, parts = Deframer(50, 20), Deframer(50, 20)
    taken(whole, octets)
    taken(parts, octets[:cut], octets[cut:])
    assert len(whole) <= 52
    assert len(parts) <= 52


def test_messages_are_bytes_also_when_they_came_in_pieces() -> None:
    (message,) = taken(Deframer(100), b"\x0bMS", b"H|a", b"\x1c", b"\r")
    assert type(message) is bytes
    assert message == b"MSH|a"


def test_line_ends_between_blocks_are_borne_and_other_octets_counted() -> None:
    deframer = Deframer(100)
    assert taken(deframer, b"\r\n\x0ba\x1c\r\n\r\nxy\x0bb\x1c\r") == [b"a", b"b"]
    assert deframer.junk == 2


def test_much_junk_is_refused_for_good() -> None:
    (broken,) = taken(Deframer(100, 10), b"GET / HTTP/1.1\r\n\r\n")
    assert isinstance(broken, BrokenBlock)
    assert broken.fatal
    assert "between blocks" in broken.reason


def test_junk_counts_anew_after_each_block() -> None:
    deframer = Deframer(100, 3)
    assert taken(deframer, b"abc\x0bm\x1c\rabc\x0bn\x1c\r") == [b"m", b"n"]


def test_a_block_that_begins_inside_another_ends_it_and_is_read_itself() -> None:
    broken, second = taken(Deframer(100), b"\x0bMSH|first\x0bMSH|second\x1c\r")
    assert isinstance(broken, BrokenBlock)
    assert broken.body == b"MSH|first"
    assert broken.location == "octet 10"
    assert not broken.fatal
    assert second == b"MSH|second"


def test_an_end_without_cr_is_refused_and_the_next_block_read() -> None:
    broken, second = taken(Deframer(100), b"\x0bMSH|first\x1c\x0bMSH|second\x1c\r")
    assert isinstance(broken, BrokenBlock)
    assert "FS" in broken.reason
    assert broken.body == b"MSH|first"
    assert second == b"MSH|second"


@pytest.mark.parametrize("size", [100, 101])
def test_the_limit_is_exact(size: int) -> None:
    (block,) = taken(Deframer(100), frame(b"x" * size))
    assert isinstance(block, bytes) is (size == 100)


def test_a_block_that_streams_in_without_end_is_given_up_at_the_limit() -> None:
    deframer = Deframer(200_000)
    deframer.feed(b"\x0bMSH|")
    held, broken = 0, None
    while broken is None:
        deframer.feed(b"x" * 65_536)
        held = max(held, len(deframer))
        broken = deframer.take()
    assert isinstance(broken, BrokenBlock)
    assert broken.fatal
    assert "200000 octets" in broken.reason
    assert len(broken.body) == EXCERPT
    assert held <= 200_000 + 65_536
    assert len(deframer) == 0


def test_an_unfinished_block_can_be_abandoned_with_what_is_there() -> None:
    deframer = Deframer(100)
    assert taken(deframer, b"\x0bMSH|half") == []
    assert deframer.partial
    broken = deframer.abandon("too slow")
    assert (broken.body, broken.fatal) == (b"MSH|half", True)
    assert not deframer.partial
