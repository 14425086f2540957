"""Canonical events that applications published through the API: CloudEvents, kept as they came."""

from __future__ import annotations

import base64
import binascii
from typing import Final

import msgspec
from msgspec import UNSET, Raw, UnsetType

from careloom.core.errors import FormatError
from careloom.mapping.reading import Bytes, Unit, Units, Unread, whole
from careloom.mapping.source import Settings
from careloom.mapping.subject import subjects_of
from careloom.model import CanonicalEvent, decode

MEDIA_TYPE: Final = "application/cloudevents+json"


class _Envelope(msgspec.Struct):
    id: str
    type: str
    data: Raw | UnsetType = UNSET
    data_base64: str | UnsetType = UNSET


_decoder = msgspec.json.Decoder(_Envelope)


def units(source: Bytes, settings: Settings) -> Units:  # noqa: ARG001
    """One event."""
    body = whole(source)
    try:
        envelope = _opened(body)
        subject, others = subjects_of(_event(envelope))
    except FormatError as error:
        yield Unread(error=error, body=body)
        return
    yield Unit(type=envelope.type, key=envelope.id, subject=subject, others=others, body=body, media_type=MEDIA_TYPE)


def parse(body: bytes, settings: Settings) -> CanonicalEvent:  # noqa: ARG001
    """The event. Raises FormatError."""
    return _event(_opened(body))


def _opened(body: bytes) -> _Envelope:
    try:
        return _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise FormatError("is no CloudEvent: id, type and data are needed", "event") from None


def _event(envelope: _Envelope) -> CanonicalEvent:
    if not isinstance(envelope.data, UnsetType):
        return decode(envelope.type, bytes(envelope.data))
    if isinstance(envelope.data_base64, UnsetType):
        raise FormatError("is missing: an event carries its facts there", "data")
    try:
        return decode(envelope.type, base64.b64decode(envelope.data_base64, validate=True))
    except (binascii.Error, ValueError):
        raise FormatError("is not base64", "data_base64") from None
