"""Secrets that are being rotated: several at a time, each to its own end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from careloom.core.clock import Clock
from careloom.core.errors import ConfigurationError
from careloom.core.secrets import Resolver, SecretRef
from careloom.systems.signing import Scheme, key_of


class Secret(BaseModel):
    """One secret. Two at a time are a rotation: the other side changes over when it likes, until the old one ends."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ref: SecretRef = Field(description="where the secret is kept")
    until: AwareDatetime | None = Field(default=None, description="when it ends, with an offset; empty: never")

    def holds(self, now: datetime) -> bool:
        """Whether it has not ended."""
        return self.until is None or now < self.until


class Keys(NamedTuple):
    """Keys by whether they still hold; `missing` are references that could not be read."""

    current: Sequence[bytes]
    ended: Sequence[bytes]
    missing: Sequence[str]


class KeyRing:
    """The keys of a scheme, read anew at each use so that a rotation needs no restart."""

    def __init__(self, scheme: Scheme, secrets: Sequence[Secret], resolver: Resolver, clock: Clock) -> None:
        self._scheme = scheme
        self._secrets = tuple(secrets)
        self._resolver = resolver
        self._clock = clock

    def keys(self) -> Keys:
        """All of them. Raises ConfigurationError when none that holds can be read."""
        now = self._clock.now()
        current: list[bytes] = []
        ended: list[bytes] = []
        missing: list[str] = []
        for secret in self._secrets:
            try:
                key = key_of(self._scheme, self._resolver(secret.ref), secret.ref)
            except ConfigurationError:
                missing.append(secret.ref)
            else:
                (current if secret.holds(now) else ended).append(key)
        if not current and (missing or not ended):
            raise ConfigurationError(f"no secret can be used: {', '.join(missing)} cannot be read; set it")
        return Keys(current, ended, missing)
