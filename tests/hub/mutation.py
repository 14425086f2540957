"""Damages messages as lines, disks and interface engines do; the same seed damages them the same way."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

_OCTETS = b'|^~\\&\r\n"\x00 \xff09AZ/%@\x1b\x7f'


def mutated(originals: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """`count` damaged copies of these, none of which holds an octet that frames a block, and none empty."""
    chance = random.Random(seed)
    for _ in range(count):
        body = bytearray(chance.choice(originals))
        for _ in range(chance.randint(1, 6)):
            _damage(body, chance)
        yield bytes(octet for octet in body if octet not in (0x0B, 0x1C)) or b"M"


def _damage(body: bytearray, chance: random.Random) -> None:
    place = chance.randrange(len(body) + 1)
    match chance.randrange(5):
        case 0:
            body[place : place + 1] = bytes([chance.choice(_OCTETS)])
        case 1:
            body[place:place] = bytes(chance.choices(_OCTETS, k=chance.randint(1, 5)))
        case 2:
            del body[place : place + chance.randint(1, 30)]
        case 3:
            body[place:place] = body[place : place + chance.randint(1, 60)]
        case _:
            body[place : place + 1] = bytes([chance.randrange(256)])
