"""A record as it stands in the database: sealed columns, and keyed digests of what it may be found by."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag

from careloom.identity.matching.features import Features
from careloom.mapping.identifiers import key
from careloom.model import Identifier, Patient
from careloom.security.sealing import MasterKey, SealBroken

_VERSION: Final = b"\x01"
_NONCE: Final = 12
KNOWN, FEATURES, CONTENT, MODEL = b"known", b"features", b"content", b"model"
T = TypeVar("T")

_encode = msgspec.json.Encoder().encode
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Features).decode
_identifier = msgspec.json.Decoder(Identifier).decode


class Content(msgspec.Struct, frozen=True, gc=False):
    """What a source said last, and when it was so by its own time."""

    patient: Patient
    occurred: datetime


_content = msgspec.json.Decoder(Content).decode


class Seal:
    """Seals and opens the columns of records, each bound to its record and its place in it."""

    def __init__(self, master: MasterKey) -> None:
        self._master = master
        self._cipher = master.persons
        self.lookup = master.lookup

    def number(self, source: str, number: Identifier) -> UUID:
        """What stands for a record: its source, and the number by which that knows it."""
        return self._master.token(f"Record/{source}/{key(number.value, number.assigner)}")

    def fingerprint(self, patient: Patient) -> bytes:
        """Of what a source says, but for when it said so."""
        return self._master.fingerprint(_encode(patient))

    def compared(self, features: Features) -> bytes:
        """Of what is compared of a record: where that is as it was, nobody else need be looked at."""
        return self._master.fingerprint(_pack(features))

    def keys(self, texts: Iterable[str]) -> list[int]:
        """Of what a record may be found by, in order, each once."""
        return sorted({self.lookup(text) for text in texts})

    def known(self, record: UUID, number: Identifier) -> bytes:
        return self._sealed(_encode(number), record, KNOWN)

    def features(self, record: UUID, features: Features) -> bytes:
        return self._sealed(_pack(features), record, FEATURES)

    def content(self, record: UUID, patient: Patient, occurred: datetime) -> bytes:
        return self._sealed(_encode(Content(patient, occurred)), record, CONTENT)

    def open_known(self, record: UUID, sealed: bytes) -> Identifier:
        """Raises SealBroken, as all that open do."""
        return _identifier(self._open(sealed, record, KNOWN))

    def open_features(self, record: UUID, sealed: bytes) -> Features:
        return _unpack(self._open(sealed, record, FEATURES))

    def open_content(self, record: UUID, sealed: bytes) -> Content:
        return _content(self._open(sealed, record, CONTENT))

    def model(self, body: bytes) -> bytes:
        return self._sealed(body, None, MODEL)

    def open_model(self, sealed: bytes) -> bytes:
        return self._open(sealed, None, MODEL)

    def _sealed(self, data: bytes, record: UUID | None, place: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return _VERSION + nonce + self._cipher.encrypt(nonce, data, _bound(record, place))

    def _open(self, sealed: bytes, record: UUID | None, place: bytes) -> bytes:
        try:
            if sealed[:1] != _VERSION:
                raise ValueError("made by another version")
            return self._cipher.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], _bound(record, place))
        except (InvalidTag, ValueError):
            raise SealBroken(
                f"the {place.decode()} of record {record} does not open: it was altered, or sealed under another key"
            ) from None


def _bound(record: UUID | None, place: bytes) -> bytes:
    return place + record.bytes if record is not None else place


class Held(NamedTuple):
    """A record, opened. `first` is the number by which its source knows it."""

    id: UUID
    person: UUID
    source: str
    first: Identifier
    patient: Patient
    occurred: datetime
    retired: bool
