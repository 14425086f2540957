"""Whether the statements of an account follow each other: each opens with what the one before closed with.

The last statements of each account are remembered, so that one that comes late closes the gap that it left. Nothing of
this holds a message back: statements are in the log, and a person asks the bank for what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Final

import msgspec

from careloom.formats.bank import Statement
from careloom.mapping.bank import INTERIM
from careloom.systems.seam import Surroundings, Trouble

GAP: Final = "statement-gap"
KEPT: Final = 90
"""Statements of one account that are remembered."""
_DIGITS: Final = re.compile(r"\d{1,18}")


class Link(msgspec.Struct, frozen=True, order=True):
    """What is remembered of a statement: when it ended, its numbers, and both balances."""

    day: date
    numbers: tuple[int, ...]
    opening: Decimal
    closing: Decimal
    currency: str

    def follows(self, before: Link) -> bool:
        """Whether nothing is missing between both."""
        return self.currency != before.currency or self.opening == before.closing


class Continuity:
    """Remembers the chains of all accounts of one system."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    async def learn(self, statements: Iterable[Statement]) -> None:
        """Put statements into the chains of their accounts, and open or close the case of each account."""
        found: dict[str, list[Link]] = {}
        for statement in statements:
            link = _link(statement)
            if link is not None:
                found.setdefault(self._around.digest(statement.account).hex(), []).append(link)
        for account, links in found.items():
            await self._chain(account, links)

    async def _chain(self, account: str, links: Sequence[Link]) -> None:
        place = f"account/{account}"
        kept = await self._around.memory.get(place)
        before = msgspec.json.decode(kept, type=list[Link]) if kept is not None else []
        chain = sorted({*before, *links})[-KEPT:]
        await self._around.memory.put(place, msgspec.json.encode(chain))
        gaps = [one for one, other in pairwise(chain) if not other.follows(one)]
        label = f"account {account[:8]}"
        if gaps:
            days = ", ".join(sorted({one.day.isoformat() for one in gaps}))
            reason = (
                f"what follows the statement of {days} does not open with its closing balance: ask for what is missing"
            )
            await self._around.troubles.report(Trouble(GAP, reason, label))
        elif before:
            await self._around.troubles.settle(GAP, label, resolution="the statements follow each other without a gap")


def _link(statement: Statement) -> Link | None:
    """None for statements without both balances, and for reports that come before the statement."""
    opening, closing = statement.opening, statement.closing
    day = statement.to_date or (closing.day if closing is not None else None)
    if opening is None or closing is None or day is None or statement.format in INTERIM:
        return None
    numbers = tuple([int(found) for found in _DIGITS.findall(statement.number)])
    return Link(day, numbers, opening.amount, closing.amount, closing.currency or statement.currency)
