"""Every canonical event by its versioned name: its contract, its schema, how it is written and read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from careloom.core.errors import FormatError
from careloom.model.catalogue import CONTRACTS as _CONTRACTS
from careloom.model.contract import Contract
from careloom.model.events import CanonicalEvent

CONTRACTS: Mapping[str, Contract] = MappingProxyType({contract.type: contract for contract in _CONTRACTS})
EVENTS: Mapping[str, type[CanonicalEvent]] = MappingProxyType({name: c.event for name, c in CONTRACTS.items()})

_ENCODER = msgspec.json.Encoder()
_DECODERS: dict[str, msgspec.json.Decoder[CanonicalEvent]] = {}
_PATH = re.compile(r" - at `(.*)`$")
_SAFE = re.compile(
    r"Expected `decimal` of at most [\w ]*|Expected `identifier` of at least one number"
    r"|Expected `[^`]*`(?:, got `[^`]*`)?|Object missing required field `[^`]*`|Expected .* of length .*"
)


def encode(event: CanonicalEvent) -> bytes:
    """The event as JSON, absent fields left out. Equal events give equal bytes, as long as equal amounts are written
    with as many digits: 5.0 and 5.00 each stay as they are."""
    return _ENCODER.encode(event)


def decode(type: str, data: bytes) -> CanonicalEvent:
    """The event of the versioned name `type` from its JSON; fields that this version does not know are ignored.

    Raises FormatError, located by JSON path (`$.patient.birthDate`), without quoting any value.
    """
    decoder = _DECODERS.get(type) or _decoder(type)
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise FormatError(f"does not follow the contract {type}: {_complaint(error)}", _path(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise FormatError(f"is not JSON, so it cannot be a {type}", "$") from None


def _decoder(type: str) -> msgspec.json.Decoder[CanonicalEvent]:
    # Made at its first use: all of them at import would cost each process some 50 ms.
    if type not in EVENTS:
        raise FormatError(f"{type!r} is not the name of a canonical event; see the event reference", "type")
    decoder: msgspec.json.Decoder[CanonicalEvent] = msgspec.json.Decoder(EVENTS[type])
    return _DECODERS.setdefault(type, decoder)


def schema(type: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the event of that name. Raises KeyError for an unknown name."""
    # Once through JSON: the schema as made holds tuples, which a reader of JSON never sees.
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(EVENTS[type])))
    return plain


def _path(error: msgspec.ValidationError) -> str:
    found = _PATH.search(str(error))
    return found[1] if found else "$"


def _complaint(error: msgspec.ValidationError) -> str:
    # Some of msgspec's messages quote the value; only those that speak of types alone may pass.
    found = _SAFE.match(str(error))
    return found[0] if found else "a value is not one of those allowed here"
