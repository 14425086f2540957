"""API keys of machine callers. Only a digest is stored; the key itself is shown once."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from uuid import UUID

_PREFIX = "clm_"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling. `roles` None: nobody ever said which roles it stands in."""

    id: UUID
    name: str
    roles: frozenset[str] | None = None


def new_key() -> str:
    """A fresh key with 256 bits of chance: a fast digest of it is as good as a slow one."""
    return _PREFIX + secrets.token_urlsafe(32)


def digest(key: str) -> bytes:
    """What is stored and looked up."""
    return hashlib.sha256(key.encode()).digest()
