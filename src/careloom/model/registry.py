"""Every canonical event by its versioned name: its owner, its meaning, its schema, how it is written and read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from careloom.core.errors import FormatError
from careloom.model.events import (
    CanonicalEvent,
    DischargeCancelled,
    PatientDischarged,
    PatientMerged,
    PatientUpdated,
    RegistrationCancelled,
    RegistrationCreated,
)


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """A promise to the readers of an event: its name, its shape, the team that answers for it, its one meaning."""

    event: type[CanonicalEvent]
    owner: str
    meaning: str

    @property
    def type(self) -> str:
        return self.event.type


_CONTRACTS = (
    Contract(
        event=RegistrationCreated,
        owner="patient-access",
        meaning="A patient was registered, admitted or pre-admitted, or entered in the person index.",
    ),
    Contract(
        event=PatientUpdated,
        owner="patient-access",
        meaning="What is known of a patient, the insurances or the visit changed.",
    ),
    Contract(
        event=PatientMerged,
        owner="patient-access",
        meaning="Two records turned out to be one person: the retired identifiers now mean the survivor.",
    ),
    Contract(
        event=RegistrationCancelled,
        owner="patient-access",
        meaning="A registration or admission was a mistake and did not happen.",
    ),
    Contract(
        event=PatientDischarged,
        owner="patient-access",
        meaning="A visit or stay ended, so that its account can be closed and billed.",
    ),
    Contract(
        event=DischargeCancelled,
        owner="patient-access",
        meaning="A discharge was a mistake: the stay goes on and its account stays open.",
    ),
)

CONTRACTS: Mapping[str, Contract] = MappingProxyType({contract.type: contract for contract in _CONTRACTS})
EVENTS: Mapping[str, type[CanonicalEvent]] = MappingProxyType({name: c.event for name, c in CONTRACTS.items()})

_ENCODER = msgspec.json.Encoder()
_DECODERS = {name: msgspec.json.Decoder(event) for name, event in EVENTS.items()}
_PATH = re.compile(r" - at `(.*)`$")
_SAFE = re.compile(r"Expected `[^`]*`(?:, got `[^`]*`)?|Object missing required field `[^`]*`|Expected .* of length .*")


def encode(event: CanonicalEvent) -> bytes:
    """The event as JSON, absent fields left out. Equal events give equal bytes."""
    return _ENCODER.encode(event)


def decode(type: str, data: bytes) -> CanonicalEvent:
    """The event of the versioned name `type` from its JSON; fields that this version does not know are ignored.

    Raises FormatError, located by JSON path (`$.patient.birthDate`), without quoting any value.
    """
    decoder = _DECODERS.get(type)
    if decoder is None:
        raise FormatError(f"{type!r} is not the name of a canonical event; see the event reference", "type")
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise FormatError(f"does not follow the contract {type}: {_complaint(error)}", _path(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise FormatError(f"is not JSON, so it cannot be a {type}", "$") from None


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
