"""Names in one form: case, diacritics, punctuation, particles, double names, generations, and no placeholder."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from careloom.identity.matching import placeholders

_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i", "ħ": "h"}
)
_APOSTROPHES = str.maketrans("", "", "'`.\u00b4\u2018\u2019\u02bb\u02bc")
_WORDS = re.compile(r"[^\W_]+")
_PARTICLES = placeholders.words_of(
    """
    de la del della di da das dos do du van von vom der den ter ten le el al bin ibn y e zu
    """
)
_JOINED = frozenset(["o", "mc", "mac", "d", "st", "san", "santa"])
_GENERATIONS = {
    "jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr", "ii": "ii", "2nd": "ii", "iii": "iii", "3rd": "iii",
    "iv": "iv", "4th": "iv", "v": "v", "5th": "v",
}  # fmt: skip
_TITLES = placeholders.words_of(
    """
    mr mrs ms miss dr prof rev sir mx md phd dds esq
    """
)


class Names(NamedTuple):
    """A person's names as they are compared: see `Features`."""

    given: tuple[str, ...] = ()
    family: str = ""
    former: tuple[str, ...] = ()
    suffix: str | None = None
    newborn: bool = False
    multiple: int = 0


def folded(text: str) -> str:
    """In lower case, without diacritics; letters that have no plain form become their usual spelling."""
    lower = text.lower()
    if lower.isascii():
        return lower
    # Letters of mathematics and the like are letters only once they are decomposed, and capitals then.
    parts = unicodedata.normalize("NFKD", lower.translate(_LETTERS)).lower().translate(_LETTERS)
    return "".join(one for one in parts if not unicodedata.combining(one))


def words(text: str) -> list[str]:
    """The words of a text, folded; apostrophes and full stops are dropped, all else that is no letter parts words."""
    return _WORDS.findall(folded(text).translate(_APOSTROPHES))


def generation(text: str) -> str | None:
    """`jr`, `sr`, `ii` .. `v` of a suffix however it is written; None for other suffixes."""
    for word in words(text):
        if word in _GENERATIONS:
            return _GENERATIONS[word]
    return None


def names(given: list[str], family: str, former: list[str], suffix: str = "") -> Names:
    """Names in the form that is compared. `given` are the given names as they came, each of one word or several."""
    first = _given(given)
    last, ending = _family(family)
    if first and first[0] in placeholders.NEWBORNS:
        multiple = _multiple(first)
        named = "" if last in placeholders.NEWBORNS else last
        return Names((), named, _formers(former, named), generation(suffix) or ending, True, multiple)
    if first and (first[0], last) in placeholders.PAIRS:
        first, last = (), ""
    kept = tuple(token for token in first if token not in placeholders.NAMES)
    last = "" if last.replace(" ", "") in placeholders.NAMES else last
    return Names(kept, last, _formers(former, last), generation(suffix) or ending)


def _given(parts: list[str]) -> tuple[str, ...]:
    found: list[str] = []
    for part in parts:
        # A hyphen within a given name joins it: "Tho-mas" and "Mary-Jane" are one name each.
        found += words(part.replace("-", "") if "-" in part else part)
    return tuple(token for token in found if token not in _TITLES) if len(found) > 1 else tuple(found)


def _multiple(given: tuple[str, ...]) -> int:
    for token in given[1:]:
        if token in placeholders.PLACES:
            return placeholders.PLACES[token]
    return placeholders.PLACES.get(given[0][-1], 0) if given[0][:-1] in placeholders.NEWBORNS else 0


def _family(text: str) -> tuple[str, str | None]:
    found, ending = words(text), None
    if len(found) > 1 and found[-1] in _GENERATIONS:
        ending = _GENERATIONS[found.pop()]
    if len(found) > 1:
        found = _joined([token for token in found if token not in _PARTICLES] or found)
    return " ".join(found), ending


def _joined(tokens: list[str]) -> list[str]:
    found: list[str] = []
    for token in tokens:
        if found and found[-1] in _JOINED:
            found[-1] += token
        else:
            found.append(token)
    return found


def _formers(former: list[str], family: str) -> tuple[str, ...]:
    found = dict.fromkeys(_family(name)[0] for name in former if name)
    return tuple(name for name in found if name and name != family and name not in placeholders.NAMES)
