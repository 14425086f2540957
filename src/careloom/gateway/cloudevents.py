"""Reads one CloudEvent 1.0.2 of an HTTP request: structured JSON, or binary with `ce-` headers (HTTP binding 3.1, 3.2).

What is kept is always the structured document, so that nothing of the envelope is lost: the bytes as they came in
structured mode, a document made of the headers and the body in binary mode.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import unquote

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from careloom.core.errors import FormatError
from careloom.model import CanonicalEvent, decode

STRUCTURED: Final = "application/cloudevents+json"
BINARY: Final = "application/json"
_REQUIRED: Final = ("id", "source", "type")
_KNOWN: Final = (*_REQUIRED, "specversion", "time", "subject", "dataschema")
_PREFIX: Final = "ce-"

_Text = Annotated[str, Meta(min_length=1, max_length=1_000)]


class _Envelope(msgspec.Struct):
    """CloudEvents 1.0.2 section 3.1; extension attributes stay in the document and are not looked at."""

    specversion: str
    id: _Text
    source: _Text
    type: _Text
    time: str | None = None
    subject: str | None = None
    datacontenttype: str | None = None
    data: Raw | UnsetType = UNSET
    data_base64: str | UnsetType = UNSET


_decoder = msgspec.json.Decoder(_Envelope)


@dataclass(frozen=True, slots=True)
class Published:
    """An event as its publisher sent it. `document` is its structured form; `time` is None where it said none."""

    id: str
    source: str
    type: str
    time: datetime | None
    event: CanonicalEvent
    document: bytes


def read(media: str, headers: Mapping[str, str], body: bytes) -> Published:
    """The event in a request whose content type is STRUCTURED or BINARY.

    Raises FormatError, located by attribute or by the path below `data`, without quoting a value.
    """
    document = body if media == STRUCTURED else _document(headers, body)
    envelope = _opened(document)
    if envelope.specversion != "1.0":
        raise FormatError("is not 1.0, the only version of CloudEvents that is read", "specversion")
    data = _data(envelope)
    try:
        event = decode(envelope.type, data)
    except FormatError as error:
        location = error.location.replace("$", "data", 1)
        reason = "is not the name of a canonical event; see /v1/event-types" if location == "type" else error.reason
        raise FormatError(reason, location) from None
    except RecursionError:
        raise FormatError("is nested too deeply", "data") from None
    return Published(envelope.id, envelope.source, envelope.type, _time(envelope.time), event, document)


def _opened(document: bytes) -> _Envelope:
    try:
        return _decoder.decode(document)
    except msgspec.ValidationError as error:
        raise FormatError("is no CloudEvent: an attribute is missing or not of its type", _place(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise FormatError("is not JSON, so it cannot be a CloudEvent", "body") from None


def _place(error: msgspec.ValidationError) -> str:
    """The attribute that is wrong. The text of the error may quote values, so only known names are taken from it."""
    text = str(error)
    return next((name for name in (*_KNOWN, "data_base64") if f"`{name}`" in text or f"$.{name}`" in text), "body")


def _data(envelope: _Envelope) -> bytes:
    if not isinstance(envelope.data, UnsetType):
        return bytes(envelope.data)
    if isinstance(envelope.data_base64, UnsetType):
        raise FormatError("is missing: a canonical event carries its facts there", "data")
    try:
        return base64.b64decode(envelope.data_base64, validate=True)
    except (binascii.Error, ValueError):
        raise FormatError("is not base64", "data_base64") from None


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
        if time.utcoffset() is not None and 1 < time.year < 9999:
            return time
    except ValueError:
        pass
    raise FormatError("is no RFC 3339 timestamp with an offset", "time")


def _document(headers: Mapping[str, str], body: bytes) -> bytes:
    """The structured form of a binary-mode request; header values are percent-decoded (binding 3.1.3.2)."""
    made: dict[str, object] = {
        name.removeprefix(_PREFIX): unquote(value) for name, value in headers.items() if name.startswith(_PREFIX)
    }
    missing = next((name for name in (*_REQUIRED, "specversion") if name not in made), None)
    if missing is not None:
        raise FormatError(f"is missing: send the header {_PREFIX}{missing}, or {STRUCTURED}", missing)
    _check_json(body)
    return msgspec.json.encode({**dict(sorted(made.items())), "datacontenttype": BINARY, "data": Raw(body)})


def _check_json(body: bytes) -> None:
    """Raw bytes go into the document as they are, so they must be one JSON value and no more."""
    try:
        msgspec.json.decode(body, type=Raw)
        body.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise FormatError("is not JSON", "data") from None
