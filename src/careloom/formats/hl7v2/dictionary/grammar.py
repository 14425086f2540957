"""The one-line form of a message structure: `MSH SFT* PATIENT(PID PD1?)? ORDER(ORC <OBR|RXO> NTE*)+`.

A name alone is required and comes once, `?` is optional, `*` optional and repeating, `+` required and repeating.
Brackets make a group, angles a choice of segments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from careloom.formats.hl7v2.dictionary.definitions import Part

_TOKEN: Final = re.compile(r"([A-Z0-9_]+)\(|<([A-Z0-9|]+)>|([A-Z][A-Z0-9]{2})|\)|([?*+])|\s+")
_DEEPEST: Final = 20


def read_structure(text: str) -> tuple[Part, ...]:
    """The parts of a structure. ValueError where the text does not follow the form."""
    tokens = list(_tokens(text))
    parts, stop = _parts(tokens, 0, 0)
    if stop != len(tokens):
        raise ValueError(f"a bracket closes no group, at token {stop + 1}")
    return parts


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise ValueError(f"no structure at character {place + 1}")
        place = found.end()
        group, choice, segment, mark = found.groups()
        if group:
            yield "group", group
        elif choice or segment:
            yield "segment", choice or segment
        elif mark:
            yield "mark", mark
        elif found[0] == ")":
            yield "close", ""


def _parts(tokens: list[tuple[str, str]], start: int, depth: int) -> tuple[tuple[Part, ...], int]:
    """Parts from a token on, and the token at which they stop: a closing bracket or the end."""
    if depth > _DEEPEST:
        raise ValueError(f"groups nest deeper than {_DEEPEST}")
    found: list[Part] = []
    place = start
    while place < len(tokens) and tokens[place][0] != "close":
        kind, value = tokens[place]
        inner: tuple[Part, ...] = ()
        place += 1
        if kind == "mark":
            raise ValueError(f"a mark follows nothing, at token {place}")
        if kind == "group":
            inner, place = _parts(tokens, place, depth + 1)
            if place == len(tokens):
                raise ValueError(f"the group {value} is not closed")
            place += 1
        mark = tokens[place][1] if place < len(tokens) and tokens[place][0] == "mark" else ""
        place += 1 if mark else 0
        found.append(Part(tuple(value.split("|")), mark not in ("?", "*"), mark in ("*", "+"), inner))
    return tuple(found), place
