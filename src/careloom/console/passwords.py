"""Passwords as they are kept: Argon2id with its parameters beside it (RFC 9106, the second recommended option)."""

from __future__ import annotations

import os
from functools import cache
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from careloom.core.errors import FormatError

SHORTEST: Final = 12
LONGEST: Final = 256
_ITERATIONS, _LANES, _KIBIBYTES, _SALT = 3, 4, 64 * 1024, 16


def keep(password: str) -> str:
    """The record of a password. Takes some 100 ms of processor, so not in the event loop. Raises FormatError for one
    that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise FormatError(f"choose a password of {SHORTEST} to {LONGEST} characters", "password")
    return _kdf(os.urandom(_SALT)).derive_phc_encoded(password.encode())


def fits(password: str, kept: str | None) -> bool:
    """Whether it is the one; as slow for an account without a password, so that time tells nothing."""
    if len(password) > LONGEST:
        return False
    try:
        Argon2id.verify_phc_encoded(password.encode(), kept or _nobodys())
    except InvalidKey:
        return False
    return kept is not None


def _kdf(salt: bytes) -> Argon2id:
    return Argon2id(salt=salt, length=32, iterations=_ITERATIONS, lanes=_LANES, memory_cost=_KIBIBYTES)


@cache
def _nobodys() -> str:
    return _kdf(os.urandom(_SALT)).derive_phc_encoded(os.urandom(32))
