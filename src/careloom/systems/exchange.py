"""The two ends of an exchange of files: one that is written to, and one that is looked through.

They are folders of this machine, or of one account on an SFTP server; whoever exchanges does not see which. Each file
is written in one step, so that the other side never finds a part of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from careloom.core.errors import CareloomError
from careloom.systems.drop import Habits, Place
from careloom.systems.folder.outbox import FolderOut
from careloom.systems.folder.place import LocalPlace
from careloom.systems.resilience import Breaker, Gate, TokenBucket
from careloom.systems.seam import Finding, Surroundings
from careloom.systems.sftp.account import AccountSettings
from careloom.systems.sftp.outbox import SftpOut
from careloom.systems.sftp.place import SftpPlace


class ServerSettings(AccountSettings):
    """Two folders of an account on an SFTP server."""

    outbox: str = Field(min_length=1, description="the folder there that we put files into; it must be there")
    inbox: str | None = Field(
        default=None, min_length=1, description="the folder there that we take files from, if any"
    )


class ExchangeSettings(BaseModel):
    """Where files are exchanged: folders here, or `sftp`. Times in seconds, sizes in octets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    outbox: Path | None = Field(
        default=None, description="the folder that interchanges are written into, each in one step; it must be there"
    )
    inbox: Path | None = Field(default=None, description="the folder that answers are dropped into, if they come so")
    sftp: ServerSettings | None = Field(default=None, description="folders on an SFTP server, in place of these two")
    every: float = Field(default=10.0, gt=0, le=3600, description="seconds between two looks")
    stable_seconds: float = Field(default=5.0, ge=0, description="a file is whole when it has not changed so long")
    unfinished_seconds: float = Field(default=3600.0, gt=0, description="longer than this unfinished is a case")
    largest: int = Field(default=256 * 1024 * 1024, ge=1, description="largest file that is taken")

    @field_validator("outbox", "inbox")
    @classmethod
    def _below_the_settings(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        base = (info.context or {}).get("base")
        return path if base is None or path is None else Path(base / path.expanduser())

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.outbox is None) == (self.sftp is None):
            raise ValueError("give `outbox`, a folder here, or `sftp`, a server; one of them")
        if self.sftp is not None and self.inbox is not None:
            raise ValueError("with `sftp` the inbox is there too: give `sftp.inbox`")
        return self

    def habits(self) -> Habits:
        """How the other side leaves files, as a sweep takes it."""
        return Habits(
            stable_seconds=self.stable_seconds, unfinished_seconds=self.unfinished_seconds, largest=self.largest
        )


class Outbox(Protocol):
    """Where files are written."""

    @property
    def retry_after(self) -> float:
        """Seconds until a write has a chance; 0 when writes go through."""

    async def write(self, name: str, data: bytes) -> None:
        """A whole file of this name, in one step; in place of an earlier one. Raises Unavailable, AccessRefused."""

    async def close(self) -> None:
        """Let go of what is open."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Both ends. `inbox` is None where nothing is taken; `looks` are what `check` tries, with a word for each."""

    outbox: Outbox
    inbox: Place | None
    looks: Sequence[tuple[str, Callable[[], Awaitable[object]]]]

    async def check(self) -> Sequence[Finding]:
        """Whether both folders can be listed."""
        found: list[Finding] = []
        for name, look in self.looks:
            try:
                await look()
            except CareloomError as error:
                found.append(Finding(f"{name}: {error}", f"make the folder, or correct `{name}`"))
        return found

    async def close(self) -> None:
        """Let go of what is open."""
        await self.outbox.close()


def open_ends(settings: ExchangeSettings, around: Surroundings) -> Ends:
    """The ends as the settings say; nothing is connected yet."""
    return _there(settings.sftp, around) if settings.sftp is not None else _here(settings, around)


def _here(settings: ExchangeSettings, around: Surroundings) -> Ends:
    assert settings.outbox is not None, "the settings have one place or the other"
    gate = Gate(Breaker(f"{around.system}.outbox", around.clock), TokenBucket(around.clock, None), 1)
    inbox = LocalPlace(settings.inbox) if settings.inbox is not None else None
    looks = [("outbox", LocalPlace(settings.outbox).list)]
    looks += [("inbox", inbox.list)] if inbox is not None else []
    return Ends(FolderOut(settings.outbox, "event", gate), inbox, looks)


def _there(server: ServerSettings, around: Surroundings) -> Ends:
    """Both on one session, one thing after another."""
    line = server.line(around)
    inbox = SftpPlace(line, server.inbox) if server.inbox is not None else None
    looks = [("sftp.outbox", SftpPlace(line, server.outbox).list)]
    looks += [("sftp.inbox", inbox.list)] if inbox is not None else []
    return Ends(SftpOut(line, server.outbox), inbox, looks)
