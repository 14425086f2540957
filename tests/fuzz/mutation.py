"""Inputs that nearly are what they should be: seeds of each format, bent by a seeded generator."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

_TOKENS: Final = (
    *(bytes([one]) for one in b"\x00\r\n|^~&\\\"*:<>{}[],;\t'\x0b\x1c\x1d-+.0"),
    *(b"", b"\r\n", b'""', b"9" * 40, b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3\x28", b"\xed\xa0\x80", b"\xf0\x9f\x92\xa9"),
    *(b"1e999", b"-0", b"null", b"true", b"NaN", b"<!DOCTYPE", b"&amp;", b"]]>", b"=cmd()"),
    *(b"ISA", b"GS", b"ST", b"SE", b"MSH|^~\\&|", b"PID|", b"\\X00\\", b"\\.br\\"),
    *(b"{" * 200, b"[" * 200, b"^" * 500),
)
LARGEST: Final = 64 * 1024


class Mutator:
    """Bends seeds; the same number gives the same inputs."""

    def __init__(self, seeds: Sequence[bytes], number: int) -> None:
        assert seeds, "a target needs seeds"
        self._seeds = seeds
        self._random = random.Random(number)

    def next(self) -> bytes:
        """One input, of at most LARGEST octets."""
        data = self._random.choice(self._seeds)
        for _ in range(self._random.choice((1, 1, 1, 2, 3, 8))):
            data = self._bent(data)
        return data[:LARGEST]

    def _bent(self, data: bytes) -> bytes:
        draw = self._random
        at = draw.randrange(len(data) + 1)
        until = min(len(data), at + draw.choice((1, 1, 2, 8, 64, 512)))
        match draw.randrange(9):
            case 0:  # a bit
                return (
                    data[:at] + bytes([data[at] ^ (1 << draw.randrange(8))]) + data[at + 1 :]
                    if at < len(data)
                    else data
                )
            case 1:  # an octet
                return data[:at] + draw.randbytes(1) + data[at + 1 :]
            case 2:  # a piece goes
                return data[:at] + data[until:]
            case 3:  # a piece comes twice
                return data[:until] + data[at:until] * draw.choice((1, 2, 30)) + data[until:]
            case 4:  # something that means something
                return data[:at] + draw.choice(_TOKENS) + data[until if draw.random() < 0.5 else at :]
            case 5:  # cut off
                return data[:at]
            case 6:  # the beginning of one and the end of another
                other = draw.choice(self._seeds)
                return data[:at] + other[draw.randrange(len(other) + 1) :]
            case 7:  # two lines change places
                lines = data.splitlines(keepends=True)
                if len(lines) > 1:
                    one, two = draw.randrange(len(lines)), draw.randrange(len(lines))
                    lines[one], lines[two] = lines[two], lines[one]
                return b"".join(lines)
            case _:  # one octet becomes another everywhere
                old, new = data[at : at + 1], draw.choice(_TOKENS[:20])
                return data.replace(old, new[:1]) if old else data
