"""Which records are worth a comparison: those that share a key. Each key is narrow, so that among a million persons it
has a few dozens of records at most, and each survives errors that break the others."""

from __future__ import annotations

from functools import lru_cache

from jellyfish import metaphone

from careloom.identity.matching.features import Features
from careloom.identity.matching.nicknames import canonical

_FULL_DATE = 10


def keys(one: Features) -> tuple[str, ...]:
    """The keys of a record, each with the letter of its rule before it; none from what is absent.

    B birth and given name; F birth and family name; N both names in either order and the year; D family name, first
    letter, month and day (a wrong year); C birth and place; P phone and given name; E e-mail; S national number;
    A house and given name; Z both names and postcode.
    """
    given = sound(canonical(one.given[0])) if one.given else ""
    family = sound(one.family.partition(" ")[0]) if one.family else ""
    birth = one.birth if one.birth and len(one.birth) == _FULL_DATE else None
    found = _of_birth(one, birth, given, family) if birth else []
    found += _of_names(one, given, family)
    found += [f"P|{phone}|{given or family}" for phone in one.phones]
    found += [f"E|{email}" for email in one.emails]
    if one.national and len(one.national) > 4:
        found.append(f"S|{one.national}")
    return tuple(dict.fromkeys(found))


def _of_birth(one: Features, birth: str, given: str, family: str) -> list[str]:
    found = []
    if given:
        found.append(f"B|{birth}|{given}")
    if family:
        found.append(f"F|{birth}|{family}")
        if one.given:
            found.append(f"D|{birth[5:]}|{one.given[0][0]}|{one.family}")
    found += [f"F|{birth}|{sound(name)}" for name in one.former]
    if where := one.postcode or one.city:
        found.append(f"C|{birth}|{where}")
    return found


def _of_names(one: Features, given: str, family: str) -> list[str]:
    found = []
    if given and family:
        first, last = sorted((given, family))
        if one.birth:
            found.append(f"N|{first}|{last}|{one.birth[:4]}")
        if one.postcode:
            found.append(f"Z|{first}|{last}|{one.postcode}")
    if given and one.number and one.street:
        found.append(f"A|{one.number}|{sound(one.street)}|{given}")
    return found


@lru_cache(maxsize=65_536)
def sound(text: str) -> str:
    """How a word begins when spoken; the word itself where it is of no sound that English has."""
    return (metaphone(text).replace(" ", "") if text.isascii() else "")[:5] or text


SPLINK_RULE = {"blocking_rule": "l.keys = r.keys", "arrays_to_explode": ["keys"], "sql_dialect": "duckdb"}
"""The very same rules for Splink, over a column `keys` with the keys of each record."""


class Blocks:
    """Records by their keys, in memory: for training and measuring; the index has the same in its database."""

    def __init__(self, most: int = 2_000) -> None:
        """`most` is how many records of one key are looked at: what more people share tells nothing."""
        self._most = most
        self._by_key: dict[str, list[int]] = {}

    def add(self, at: int, some_keys: tuple[str, ...]) -> None:
        """The record of this place has these keys."""
        for key in some_keys:
            self._by_key.setdefault(key, []).append(at)

    def candidates(self, some_keys: tuple[str, ...]) -> set[int]:
        """The places of the records that share one of these keys."""
        found: set[int] = set()
        for key in some_keys:
            sharing = self._by_key.get(key, ())
            if len(sharing) <= self._most:
                found.update(sharing)
        return found
