"""An invented bank that drops statements into a folder, each following the one before."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Self, cast

from careloom.core.errors import TransientError
from careloom.systems.seam import Connection, Polled
from careloom.systems.trial import SURNAME, Answer, Trial

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


class Bank:
    """Writes a file for each statement, and looks where it went."""

    direction: ClassVar[str] = "in"
    foreign: ClassVar[Mapping[str, str]] = {"stranger": "the rights of the folder say who may write into it"}
    source: ClassVar[Mapping[str, Any]] = {}
    secrets: ClassVar[Mapping[str, str]] = {}

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="careloom-bank-"))
        self._count = 0

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"path": str(self._folder), "stable_seconds": 0}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    async def meet(self, connection: Connection) -> None:
        self._connection = cast(Polled, connection)

    async def send(
        self,
        number: int,
        *,
        other: bool = False,
        spoiled: bool = False,
        stranger: bool = False,  # noqa: ARG002
    ) -> Answer:
        self._count += 1
        name = f"{SURNAME}-{self._count}.sta"
        data = statement(number, cents=200 if other else 100)
        (self._folder / name).write_bytes(data[:15] if spoiled else data)
        try:
            await self._connection.poll()
        except TransientError:
            (self._folder / name).unlink()
            return Answer.LATER
        return self._where(name)

    def _where(self, name: str) -> Answer:
        if any((self._folder / "archive").glob(f"*-{name}")):
            return Answer.TAKEN
        return Answer.REFUSED if any((self._folder / "rejected").glob(f"*-{name}")) else Answer.LATER


def trials() -> Mapping[str, Callable[[], Trial]]:
    """For the conformance suite."""
    return {"in": Bank}


def _written(amount: Decimal) -> str:
    return f"{amount:.2f}".replace(".", ",")
