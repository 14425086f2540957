"""The versions of HL7 v2 that the tables know, and the one that a message's MSH-12 is read as."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

VERSIONS: Final = ("2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1", "2.8.2")
USUAL: Final = "2.5.1"
_PLACES: Final = {version: place for place, version in enumerate(VERSIONS)}


@lru_cache(maxsize=256)
def known_version(declared: str) -> str:
    """The known version nearest below what MSH-12 says: `2.5.1` where it says nothing or no version at all."""
    text = declared.strip()
    if text in _PLACES:
        return text
    number = _number(text)
    if number is None:
        return USUAL
    below = [version for version in VERSIONS if (_number(version) or ()) <= number]
    return below[-1] if below else VERSIONS[0]


def within(version: str, spans: str) -> bool:
    """Whether a version is in spans such as `2.1,2.3-2.5.1`."""
    place = _PLACES[version]
    for span in spans.split(","):
        first, _, last = span.partition("-")
        if _PLACES[first] <= place <= _PLACES[last or first]:
            return True
    return False


def ended(version: str, spans: str) -> bool:
    """Whether spans lie before a version."""
    return _PLACES[spans.split(",")[-1].split("-")[-1]] < _PLACES[version]


def closest(version: str, spans: str) -> str:
    """A version itself where spans have it; else the last of theirs before it, or their first."""
    if within(version, spans):
        return version
    known = [one for one in VERSIONS if within(one, spans)]
    before = [one for one in known if _PLACES[one] < _PLACES[version]]
    return before[-1] if before else known[0]


def is_version(declared: str) -> bool:
    """Whether MSH-12 names a v2 at all, be it one that is not known here, such as 2.9."""
    number = _number(declared.strip())
    return number is not None and number[0] == 2 and len(number) > 1


def nearest(version: str, candidates: list[str]) -> str:
    """The spans of the candidate nearest to a version: the latest that ends before it, else the first after it."""
    place = _PLACES[version]

    def distance(spans: str) -> tuple[int, int]:
        last = _PLACES[spans.split(",")[-1].split("-")[-1]]
        return (0, place - last) if last < place else (1, _PLACES[spans.split(",")[0].split("-")[0]] - place)

    return min(candidates, key=distance)


def _number(text: str) -> tuple[int, ...] | None:
    parts = text.split(".")
    if not 1 <= len(parts) <= 3 or not all(part.isdecimal() and len(part) < 3 for part in parts):
        return None
    return tuple(int(part) for part in parts)
