"""An invented bank that drops statements into a folder, each following the one before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from careloom.systems.folder.fake import Dropper
from careloom.systems.trial import SURNAME, Trial

FIRST_DAY = date(2026, 3, 2)


def statement(
    number: int, *, account: str = "10010010/0930711860", cents: int = 100, start: Decimal | None = None
) -> bytes:
    """Statement `number` in MT940, of one day and one entry. It opens with what the one before closed with, unless
    `start` says otherwise."""
    opening = Decimal(cents * (number - 1)).scaleb(-2) if start is None else start
    closing = opening + Decimal(cents).scaleb(-2)
    day = f"{FIRST_DAY + timedelta(days=number):%y%m%d}"
    return (
        f":20:STATEMENT{number}\n:25:{account}\n:28C:{number}/1\n:60F:C{day}EUR{_written(opening)}\n"
        f":61:{day}C{_written(Decimal(cents).scaleb(-2))}NTRFNONREF//B{number}\n:86:{SURNAME} invoice\n"
        f":62F:C{day}EUR{_written(closing)}\n-\n"
    ).encode()


class Bank(Dropper):
    """Writes a file for each statement, and looks where it went."""

    source: ClassVar[Mapping[str, Any]] = {}
    suffix: ClassVar[str] = ".sta"

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"path": str(self.folder), "stable_seconds": 0}

    def content(self, number: int, *, other: bool, spoiled: bool) -> bytes:
        data = statement(number, cents=200 if other else 100)
        return data[:15] if spoiled else data


def trials() -> Mapping[str, Callable[[], Trial]]:
    """For the conformance suite."""
    return {"in": Bank}


def _written(amount: Decimal) -> str:
    return f"{amount:.2f}".replace(".", ",")
