"""What `careloom translate` shows of a file: each message, what it became, or why it became nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec

from careloom.core.errors import FormatError, MappingError
from careloom.formats import hl7v2
from careloom.mapping.adt import Translation, translate, trigger_of
from careloom.mapping.source import Settings
from careloom.mapping.subject import subjects_of
from careloom.model import CanonicalEvent, encode

Shown: TypeAlias = dict[str, Any]

_SETTINGS = Settings()


def translate_bytes(data: bytes, name: str, settings: Settings = _SETTINGS) -> Iterator[Shown]:
    """One JSON-ready object for each message in `data` (single, several, batch or MLLP frames); never raises.

    `outcome` is `translated` (with `events` and `issues`), `filtered` (with `reason`), `case` (a person must look:
    `error` with `kind` mapping, `field`, `message`) or `refused` (no message: `error` with `kind` format, `location`,
    `message`). `line` is the first line of the message in the file, `message` counts from 1.
    """
    pieces = hl7v2.split(data) or [hl7v2.Piece(data, 0, 1, None, FormatError("holds no message", "line 1"))]
    for number, piece in enumerate(pieces, 1):
        shown: Shown = {"file": name, "message": number, "line": piece.line, "controlId": None, "trigger": None}
        if piece.error is not None:
            yield shown | _refused(piece.error)
        else:
            yield _message(piece.data, shown, settings)


def flatten(shown: Shown) -> Iterator[Shown]:
    """One object for each canonical event of a message, with the message's own members merged in; or the message
    itself where there is none. Line by line these are what text tools can count, filter and join."""
    if shown["outcome"] != "translated":
        yield shown
        return
    origin = {member: value for member, value in shown.items() if member not in ("events", "issues")}
    for event in shown["events"]:
        yield {**origin, **event, "issues": shown["issues"]}


def _message(data: bytes, shown: Shown, settings: Settings) -> Shown:
    try:
        message = hl7v2.parse(data)
        shown["controlId"] = message.control_id or None
        shown["trigger"] = "^".join(part for part in trigger_of(message) if part) or None
        return shown | _outcome(translate(message, settings))
    except FormatError as error:
        return shown | _refused(error)
    except MappingError as error:
        return shown | {"outcome": "case", "error": {"kind": "mapping", "field": error.field, "message": error.reason}}


def _refused(error: FormatError) -> Shown:
    return {"outcome": "refused", "error": {"kind": "format", "location": error.location, "message": error.reason}}


def _outcome(translation: Translation) -> Shown:
    if translation.filtered is not None:
        return {"outcome": "filtered", "reason": translation.filtered}
    events = [_event(event) for event in translation.events]
    issues = [msgspec.to_builtins(issue) for issue in translation.issues]
    return {"outcome": "translated", "events": events, "issues": issues}


def _event(event: CanonicalEvent) -> Shown:
    subject, _ = subjects_of(event)
    data: Shown = msgspec.json.decode(encode(event))
    name = type(event).__name__
    return {"type": event.type, "name": name, "subject": subject, "time": data.get("occurred"), "data": data}
