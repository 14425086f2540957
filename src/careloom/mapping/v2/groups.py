"""Which segments belong to one order. By the segments' own order, since senders keep to no structure exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from careloom.mapping.source import Fields

# Each of these tells what is ordered, so a second one begins another order.
DETAILS: Final = frozenset({"OBR", "RXO", "RQD", "RQ1", "ODS", "ODT", "BPO"})


class Order(dict[str, list[Fields]]):
    """The segments of one order by name."""

    def first(self, name: str) -> Fields | None:
        """The first of that name."""
        found = self.get(name)
        return found[0] if found else None

    def every(self, name: str) -> Sequence[Fields]:
        """All of that name, in order."""
        return self.get(name, ())

    def add(self, fields: Fields) -> None:
        """One more segment."""
        self.setdefault(fields.name, []).append(fields)


def orders(segments: Iterable[Fields]) -> list[Order]:
    """The orders of a section: each begins at its ORC; or at its OBR, in messages that put the ORC behind it (OUL), or
    have none. What stands before the first is in none."""
    all_segments = list(segments)
    leads = _orc_leads(all_segments)
    found: list[Order] = []
    for fields in all_segments:
        if _begins(fields.name, found[-1] if found else None, leads):
            found.append(Order())
        if found:
            found[-1].add(fields)
    return found


def _orc_leads(segments: Sequence[Fields]) -> bool:
    return next((fields.name == "ORC" for fields in segments if fields.name in ("ORC", *DETAILS)), True)


def _begins(name: str, current: Order | None, leads: bool) -> bool:
    if name == "ORC":
        return leads or current is None or "ORC" in current
    if name in DETAILS:
        return current is None or not DETAILS.isdisjoint(current)
    return False


def led_by(segments: Iterable[Fields], name: str) -> list[Order]:
    """What begins at each segment of that name (FT1, MFE, TXA)."""
    found: list[Order] = []
    for fields in segments:
        if fields.name == name:
            found.append(Order())
        if found:
            found[-1].add(fields)
    return found
