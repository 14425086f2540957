"""Change messages of Odoo, as the feeds of `systems/odoo` make them: one message, one change of one record."""

from __future__ import annotations

import hashlib
import re
from decimal import Decimal
from typing import Final

import msgspec

from careloom.core.errors import FormatError
from careloom.mapping.odoo.change import Change
from careloom.mapping.reading import Bytes, Unit, Units, Unread, whole
from careloom.mapping.source import Settings

MEDIA_TYPE: Final = "application/json"
# Odoo's amounts are floats: their shortest text is what people see, and what must not become another number.
_DECODER: Final = msgspec.json.Decoder(Change, float_hook=Decimal)
_PATH: Final = re.compile(r" - at `\$\.?(.*)`$")
_MISSING: Final = re.compile(r"missing required field `(\w+)`")


def units(source: Bytes, settings: Settings) -> Units:  # noqa: ARG001
    """One change."""
    body = whole(source)
    try:
        change = decoded(body)
    except FormatError as error:
        yield Unread(error=error, body=body)
        return
    yield unit(change, body)


def parse(body: bytes, settings: Settings) -> Change:  # noqa: ARG001
    """The change. Raises FormatError."""
    return decoded(body)


def unit(change: Change, body: bytes, key: str = "") -> Unit:
    """The message of a change. `key` is what the feed knows it by; without one, its content stands for it."""
    known = key or f"{change.model}/{change.id}/{hashlib.blake2b(body, digest_size=16).hexdigest()}"
    return Unit(type=change.model, key=known, subject=change.subject, body=body, media_type=MEDIA_TYPE)


def decoded(body: bytes) -> Change:
    """The change in these bytes. Raises FormatError with the member that is wrong, and never its value."""
    try:
        change = _DECODER.decode(body)
    except msgspec.ValidationError as error:
        raise FormatError("is not as a change message has it; update the addon or the hub", _member(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise FormatError("is not JSON", "$") from None
    if change.operation == "unlink":
        _demand(change.after is None and change.record is None, "after", "is given, and the record is deleted")
    else:
        _demand(change.after is not None, "after", "is missing: a record that is there has a state")
        _demand(change.record is not None, "record", "is missing: a record that is there can be read")
    return change


def _member(error: msgspec.ValidationError) -> str:
    text = str(error)
    missing, path = _MISSING.search(text), _PATH.search(text)
    if missing is not None:
        return f"{path[1]}.{missing[1]}" if path and path[1] else missing[1]
    return (path[1] if path else "") or "$"


def _demand(holds: bool, member: str, problem: str) -> None:
    if not holds:
        raise FormatError(problem, member)
