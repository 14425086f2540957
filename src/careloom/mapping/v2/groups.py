"""Which segments belong to one order. By the segments' own order, since senders keep to no structure exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from careloom.mapping.source import Fields

# Each of these tells what is ordered, so a second one begins another order.
DETAILS: Final = frozenset({"OBR", "RXO", "RQD", "RQ1", "ODS", "ODT", "BPO"})
_OF_SPECIMEN: Final = frozenset({"SPM", "SAC", "INV"})


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
    have none. Messages about specimens (OUL) put them first: what was used up on one is in its first order."""
    all_segments = list(segments)
    leads = _leads(all_segments, "ORC")
    specimens = _leads(all_segments, "SPM")
    found: list[Order] = []
    before: Order | None = None
    for fields in all_segments:
        if specimens and fields.name == "SPM":
            before = Order()
        if _begins(fields.name, None if before is not None or not found else found[-1], leads):
            found.append(before or Order())
            before = None
        if before is not None:
            if fields.name in _OF_SPECIMEN:
                before.add(fields)
        elif found:
            found[-1].add(fields)
    return found


def _leads(segments: Sequence[Fields], name: str) -> bool:
    """Whether the first of all that may open an order, or a specimen, is of that name."""
    openers = ("ORC", "SPM", *DETAILS) if name == "SPM" else ("ORC", *DETAILS)
    return next((fields.name == name for fields in segments if fields.name in openers), name == "ORC")


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
