"""The settings of an account on an SFTP server, for every kind that has files there."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from careloom.core.secrets import SecretRef
from careloom.systems.resilience import Breaker, Gate, TokenBucket
from careloom.systems.seam import Surroundings
from careloom.systems.sftp.line import Account, SftpLine

Seconds = Annotated[float, Field(gt=0, le=3600)]


class AccountSettings(BaseModel):
    """Where and as whom. Times in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(min_length=1, description="the server's name")
    port: int = Field(default=22, ge=1, le=65_535, description="its port")
    user: str = Field(min_length=1, description="the account")
    password: SecretRef | None = Field(default=None, description="its password, by reference")
    private_key: SecretRef | None = Field(default=None, description="our private key (OpenSSH or PEM), by reference")
    host_key: str = Field(description="the server's public key, `ssh-ed25519 AAAA...`; no other is spoken to")
    connect_timeout: Seconds = 15.0
    answer_timeout: Seconds = 60.0

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        if self.password is None and self.private_key is None:
            raise ValueError("give a password or a private_key, by reference")
        return self

    def line(self, around: Surroundings) -> SftpLine:
        """A session with the server, with a breaker of its own; nothing is connected yet."""
        account = Account(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            private_key=self.private_key,
            host_key=self.host_key,
            connect_timeout=self.connect_timeout,
            answer_timeout=self.answer_timeout,
        )
        gate = Gate(Breaker(around.system, around.clock), TokenBucket(around.clock, None), 1)
        return SftpLine(account, gate, around.secrets)
