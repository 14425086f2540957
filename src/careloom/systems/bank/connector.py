"""A folder that a bank's statements are dropped into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from careloom.formats.bank import Statement
from careloom.mapping.reading import Unit, Unread, reader
from careloom.systems.bank.continuity import Continuity
from careloom.systems.drop import Sweep
from careloom.systems.folder.connector import DropSettings
from careloom.systems.folder.inbox import FolderIn
from careloom.systems.folder.place import LocalPlace
from careloom.systems.pgp import opener
from careloom.systems.reception import Reception, Taken
from careloom.systems.seam import Surroundings

__all__ = ["Settings", "StatementReception", "connect"]


class Settings(DropSettings):
    """One folder of statements. Times in seconds, sizes in octets."""

    format: Literal["bank"] = Field(default="bank", description="camt, MT940, OFX or BAI2, told by the file itself")
    path: Path = Field(description="the folder; it must be there")

    @field_validator("path")
    @classmethod
    def _below_the_settings(cls, path: Path, info: ValidationInfo) -> Path:
        base = (info.context or {}).get("base")
        return path if base is None else Path(base / path.expanduser())


class StatementReception(Reception):
    """Takes statements, and sees whether they follow each other."""

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around.system, "bank", around.intake, around.clock, around.source)
        self._source = around.source
        self._continuity = Continuity(around)

    async def take_units(self, units: Iterable[Unit | Unread], *, origin: str = "", key: str | None = None) -> Taken:
        seen: list[Statement] = []
        taken = await super().take_units(self._noted(units, seen), origin=origin, key=key)
        if not taken.conflicting:  # one whose number was used before is not the bank's last word yet
            await self._continuity.learn(seen)
        return taken

    def _noted(self, units: Iterable[Unit | Unread], seen: list[Statement]) -> Iterator[Unit | Unread]:
        """Without their entries, so that a large file is not kept."""
        read = reader("bank")
        for one in units:
            if isinstance(one, Unit):
                statement = read.parse(one.body, self._source)
                seen.append(_headed(statement))
            yield one


def connect(settings: Settings, around: Surroundings) -> FolderIn:
    """The folder, looked through again and again. Raises ConfigurationError when OpenPGP keys cannot be used."""
    place = LocalPlace(settings.path)
    unwrap = opener(settings.pgp_key, settings.pgp_signer, around.secrets)
    sweep = Sweep(place, StatementReception(around), around.troubles, around.clock, settings.habits(), unwrap)
    return FolderIn(place, sweep, settings.every)


def _headed(statement: Statement) -> Statement:
    return Statement(
        format=statement.format,
        account=statement.account,
        currency=statement.currency,
        number=statement.number,
        opening=statement.opening,
        closing=statement.closing,
        to_date=statement.to_date,
    )
