"""Addresses in one form: number, street with its usual abbreviations, unit, city, postcode, state."""

from __future__ import annotations

import re
from typing import NamedTuple

from careloom.identity.matching import placeholders
from careloom.identity.matching.names import folded, words

_ABBREVIATED = {
    "street": "st", "str": "st", "avenue": "ave", "av": "ave", "boulevard": "blvd", "drive": "dr", "drv": "dr",
    "road": "rd", "lane": "ln", "court": "ct", "crt": "ct", "place": "pl", "square": "sq", "terrace": "ter",
    "terr": "ter", "parkway": "pkwy", "pky": "pkwy", "highway": "hwy", "circle": "cir", "cres": "crescent",
    "trail": "trl", "turnpike": "tpke", "crossing": "xing", "heights": "hts", "mount": "mt", "mountain": "mtn",
    "saint": "st", "point": "pt", "ridge": "rdg", "valley": "vly", "station": "sta", "village": "vlg", "creek": "crk",
    "canyon": "cyn", "expressway": "expy", "extension": "ext", "freeway": "fwy", "junction": "jct", "plaza": "plz",
    "meadow": "mdw", "meadows": "mdws", "north": "n", "south": "s", "east": "e", "west": "w", "northeast": "ne",
    "northwest": "nw", "southeast": "se", "southwest": "sw", "first": "1st", "second": "2nd", "third": "3rd",
    "strasse": "str", "close": "cl", "gardens": "gdns", "grove": "grv", "harbor": "hbr", "island": "is",
}  # fmt: skip
_UNITS = placeholders.words_of(
    """
    apt apartment unit suite ste room rm flat no lot floor fl bldg building spc space trlr
    """
)
_UNIT = re.compile(r"#\s*([0-9a-z-]+)", re.IGNORECASE)
_BOX = re.compile(r"(?:p\.? ?o\.? ?|post office )box\s*#?\s*(\w+)", re.IGNORECASE)
_NUMBERED = re.compile(r"\s*\d")
_CITY_WORDS = {"saint": "st", "mount": "mt", "fort": "ft", "north": "n", "south": "s", "east": "e", "west": "w"}


class Place(NamedTuple):
    """An address as it is compared: see `Features`."""

    number: str | None = None
    street: str | None = None
    unit: str | None = None
    city: str | None = None
    postcode: str | None = None
    state: str | None = None


def place(lines: list[str], city: str = "", postcode: str = "", state: str = "", number: str = "") -> Place:
    """An address in the form that is compared. `number` is the one of the house where it has a column of its own."""
    house, street, unit = _street(lines)
    return Place(_bare(number) or house, street, unit, _city(city), _postcode(postcode), folded(state).strip() or None)


def _street(lines: list[str]) -> tuple[str | None, str | None, str | None]:
    line = _deliverable(lines)
    if box := _BOX.search(line):
        return _bare(box[1].lower()), "po box", None
    unit = None
    if "#" in line and (match := _UNIT.search(line)):
        unit, line = _bare(match[1].lower()), line[: match.start()]
    tokens = words(line)
    if not tokens or "".join(tokens) in placeholders.ADDRESSES or tokens[0] in placeholders.NAMES:
        return None, None, None
    house = tokens.pop(0) if tokens[0][0].isdigit() and len(tokens) > 1 else None
    for at in range(1, len(tokens)):
        if tokens[at] in _UNITS:
            unit, tokens = _bare("".join(tokens[at + 1 :])) or unit, tokens[:at]
            break
    return _bare(house or ""), " ".join([_ABBREVIATED.get(token, token) for token in tokens]) or None, unit


def _deliverable(lines: list[str]) -> str:
    """The line that mail goes to: behind the name of a house or of whoever takes it in, the one with a number."""
    joined = ", ".join(line for line in lines if line)
    if "," not in joined:
        return joined
    parts = joined.split(",")
    for at, part in enumerate(parts):
        if _NUMBERED.match(part) or _BOX.search(part):
            return " ".join(parts[at : at + 2])
    return parts[0]


def _bare(text: str) -> str | None:
    bare = "".join(words(text))
    return bare.lstrip("0") or None if bare.strip("0") else None


def _city(text: str) -> str | None:
    tokens = words(text)
    if not tokens or tokens[0] in placeholders.NAMES:
        return None
    return " ".join([_CITY_WORDS.get(token, token) for token in tokens])


def _postcode(text: str) -> str | None:
    bare = "".join(words(text))
    if bare.isdigit():
        # A spreadsheet takes away leading zeros, so none are kept; of nine digits the last four are the route.
        bare = (bare[:5] if len(bare) == 9 else bare).lstrip("0")
    return bare if bare and bare.strip("9") and bare not in ("12345", "xxxxx") else None
