"""The settings of an SFTP server, and what is made of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from careloom.core.secrets import SecretRef
from careloom.systems.drop import Sweep
from careloom.systems.folder.connector import DropSettings
from careloom.systems.folder.inbox import FolderIn
from careloom.systems.resilience import Breaker, Gate, TokenBucket
from careloom.systems.seam import Surroundings
from careloom.systems.sftp.line import Account, SftpLine
from careloom.systems.sftp.outbox import SftpOut
from careloom.systems.sftp.place import SftpPlace

Seconds = Annotated[float, Field(gt=0, le=3600)]


class Settings(DropSettings):
    """One account on an SFTP server."""

    host: str = Field(min_length=1, description="the server's name")
    port: int = Field(default=22, ge=1, le=65_535, description="its port")
    user: str = Field(min_length=1, description="the account")
    password: SecretRef | None = Field(default=None, description="its password, by reference")
    private_key: SecretRef | None = Field(default=None, description="our private key (OpenSSH or PEM), by reference")
    host_key: str = Field(description="the server's public key, `ssh-ed25519 AAAA...`; no other is spoken to")
    path: str = Field(default=".", min_length=1, description="the folder on the server")
    direction: Literal["in", "out"] = Field(default="in", description="`in` takes files, `out` puts them")
    connect_timeout: Seconds = 15.0
    answer_timeout: Seconds = 60.0

    @model_validator(mode="after")
    def _can_log_in(self) -> Settings:
        if self.password is None and self.private_key is None:
            raise ValueError("give a password or a private_key, by reference")
        return self


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
    account = Account(
        host=settings.host,
        port=settings.port,
        user=settings.user,
        password=settings.password,
        private_key=settings.private_key,
        host_key=settings.host_key,
        connect_timeout=settings.connect_timeout,
        answer_timeout=settings.answer_timeout,
    )
    gate = Gate(Breaker(around.system, around.clock), TokenBucket(around.clock, None), 1)
    line = SftpLine(account, gate, around.secrets)
    if settings.direction == "out":
        return SftpOut(line, settings.path)
    place = SftpPlace(line, settings.path)
    return SftpIn(place, settings.sweep(place, around), settings.every, line)
