"""Sealing: bodies are AES-256-GCM under a data key per subject, data keys are wrapped by the deployment's key.

The database sees no name, no record number and no plain digest of either: a subject appears there as a token, a keyed
BLAKE2b (RFC 7693 section 2.9) under a key derived from the deployment's key. Deleting a subject's wrapped key makes its
bodies unreadable for ever.
"""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from careloom.core.errors import ConfigurationError, PermanentError

KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = b"\x01"
_LENGTH = struct.Struct(">H")


class SealBroken(PermanentError):
    """A sealed body does not open: it was altered, or belongs to another key."""


class MasterKey:
    """The deployment's key: wraps data keys, derives the key behind tokens and fingerprints.

    `own` is the cipher for what the deployment keeps for itself, about no subject: cursors, files seen. `persons` is
    the one of the person index, whose rows are erased by deleting them.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ConfigurationError(
                f"the master key must be {KEY_BYTES} bytes (64 hexadecimal digits), not {len(key)}"
            )
        self._wrapping = AESGCM(_derive(key, b"careloom wrap v1"))
        self._index = _derive(key, b"careloom index v1")
        self.own = AESGCM(_derive(key, b"careloom own v1"))
        self.persons = AESGCM(_derive(key, b"careloom persons v1"))

    @classmethod
    def from_text(cls, text: str) -> MasterKey:
        """From 64 hexadecimal digits, as `careloom` writes them."""
        try:
            return cls(bytes.fromhex(text.strip()))
        except ValueError:
            raise ConfigurationError(
                "the master key is not hexadecimal; make one with `openssl rand -hex 32`"
            ) from None

    def token(self, subject: str) -> UUID:
        """The stand-in for a subject in the database: stable, unlinkable without the key."""
        digest = hashlib.blake2b(subject.encode(), digest_size=16, key=self._index, person=b"careloom subject")
        return UUID(bytes=digest.digest())

    def fingerprint(self, body: bytes) -> bytes:
        """16 bytes that tell whether two bodies are the same, without being a plain hash of either."""
        return hashlib.blake2b(body, digest_size=16, key=self._index, person=b"careloom body").digest()

    def lookup(self, text: str) -> int:
        """What stands for something that a person may be found by, as a signed 64-bit number. Two texts may share
        one, if very rarely, so what was found by it must be compared in clear."""
        digest = hashlib.blake2b(text.encode(), digest_size=8, key=self._index, person=b"careloom lookup")
        return int.from_bytes(digest.digest(), "big", signed=True)

    def wrap(self, data_key: bytes, token: UUID) -> bytes:
        """The data key, encrypted; `token` is bound to it."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._wrapping.encrypt(nonce, data_key, token.bytes)

    def unwrap(self, wrapped: bytes, token: UUID) -> bytes:
        """The data key; raises SealBroken when this is not the key it was wrapped with."""
        try:
            return self._wrapping.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], token.bytes)
        except (InvalidTag, ValueError):  # ValueError: cut short, so that not even a nonce is left
            raise SealBroken(
                "a data key does not open with this master key; check that the configured master key is the one "
                "this database was created with"
            ) from None


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(key)


@dataclass(frozen=True, slots=True)
class DataKey:
    """One subject's key, ready to use. `id` is its row in the database."""

    id: int
    token: UUID
    cipher: AESGCM

    def seal(self, subject: str, data: bytes, bound_to: UUID) -> bytes:
        """Encrypt `data` and the subject's natural key; `bound_to` (the entry's id) cannot be exchanged."""
        nonce = os.urandom(_NONCE_BYTES)
        name = subject.encode()
        plain = _LENGTH.pack(len(name)) + name + data
        return _VERSION + nonce + self.cipher.encrypt(nonce, plain, bound_to.bytes)

    def open(self, sealed: bytes, bound_to: UUID) -> tuple[str, bytes]:
        """The subject and the data; raises SealBroken."""
        try:
            if sealed[:1] != _VERSION:
                raise ValueError("made by another version")
            plain = self.cipher.decrypt(sealed[1:13], sealed[13:], bound_to.bytes)
        except (InvalidTag, ValueError):
            raise SealBroken(
                f"the body of {bound_to} does not open: it was altered, or sealed under another key"
            ) from None
        end = 2 + _LENGTH.unpack_from(plain)[0]
        return plain[2:end].decode(), plain[end:]


def new_data_key() -> bytes:
    """Fresh random bytes for one subject."""
    return os.urandom(KEY_BYTES)
