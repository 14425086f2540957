"""The settings of an SFTP server, and what is made of them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from careloom.systems.drop import Sweep
from careloom.systems.folder.connector import DropSettings
from careloom.systems.folder.inbox import FolderIn
from careloom.systems.seam import Surroundings
from careloom.systems.sftp.account import AccountSettings
from careloom.systems.sftp.line import SftpLine
from careloom.systems.sftp.outbox import SftpOut
from careloom.systems.sftp.place import SftpPlace


class Settings(AccountSettings, DropSettings):
    """One account on an SFTP server."""

    path: str = Field(default=".", min_length=1, description="the folder on the server")
    direction: Literal["in", "out"] = Field(default="in", description="`in` takes files, `out` puts them")


class SftpIn(FolderIn):
    """A folder on a server that partners drop files into."""

    def __init__(self, place: SftpPlace, sweep: Sweep, every: float, line: SftpLine) -> None:
        super().__init__(place, sweep, every)
        self._line = line

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""
        return self._line.retry_after

    async def close(self) -> None:
        """End the session."""
        await self._line.close()


def connect(settings: Settings, around: Surroundings) -> SftpIn | SftpOut:
    """A server that is looked through, or one that is put to, by `direction`."""
    line = settings.line(around)
    if settings.direction == "out":
        return SftpOut(line, settings.path)
    place = SftpPlace(line, settings.path)
    return SftpIn(place, settings.sweep(place, around), settings.every, line)
