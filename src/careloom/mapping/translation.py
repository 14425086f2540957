"""What `careloom translate` shows of a file: each message, what it became, or why it became nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import msgspec

from careloom.core.errors import ConfigurationError, FormatError, MappingError
from careloom.formats.detection import detect
from careloom.mapping.catalogue import Mapping, mapping_for
from careloom.mapping.reading import Unit, Unread, reader
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.mapping.subject import subjects_of
from careloom.model import CanonicalEvent, encode

Shown: TypeAlias = dict[str, Any]

_SETTINGS = Settings()
_READERS = {"jsondoc": "json"}


def translate_bytes(
    data: bytes,
    name: str,
    settings: Settings = _SETTINGS,
    format: str | None = None,
    choose: Callable[[str, str], Mapping | None] = mapping_for,
) -> Iterator[Shown]:
    """One JSON-ready object for each message in `data` (single, several, batch, MLLP frames, a file); never raises.

    `format` is found out where it is not given; `choose` gives the mapping of a format and type. `outcome` is
    `translated` (with `events` and `issues`), `filtered` (with `reason`), `case` (a person must look: `error` with
    `kind` mapping, `field`, `message`) or `refused` (no message: `error` with `kind` format, `location`, `message`).
    `place` says where in the file the message stood, `message` counts from 1.
    """
    format = format or format_of(data, name, settings)
    for number, one in enumerate(_units(format, data, settings), 1):
        shown: Shown = {
            "file": name, "message": number, "place": one.place, "line": _line(one.place), "format": format,
            "controlId": None, "trigger": None,
        }  # fmt: skip
        if isinstance(one, Unread):
            yield shown | _refused(one.error)
        else:
            mapping = choose(format, one.type)
            yield _message(mapping, format, one, shown | {"controlId": one.key, "trigger": one.type}, settings)


def format_of(data: bytes, name: str, settings: Settings) -> str:
    """What the settings say of the sender, else what the bytes look like; HL7 v2 when they look like nothing."""
    if settings.layout is not None:
        return "csv"
    if settings.json is not None:
        return "json"
    found = detect(data, name)
    return _READERS.get(found or "", found or "hl7v2")


def _units(format: str, data: bytes, settings: Settings) -> Iterator[Unit | Unread]:
    try:
        yield from reader(format).units(data, settings)
    except ConfigurationError as error:  # a file that does not describe itself, and settings that do not either
        yield Unread(error=FormatError(str(error)), body=data)


def _line(place: str) -> int:
    word, _, number = place.partition(" ")
    return int(number) if word == "line" and number.isdecimal() else 1


def flatten(shown: Shown) -> Iterator[Shown]:
    """One object for each canonical event of a message, with the message's own members merged in; or the message
    itself where there is none. Line by line these are what text tools can count, filter and join."""
    if shown["outcome"] != "translated":
        yield shown
        return
    origin = {member: value for member, value in shown.items() if member not in ("events", "issues")}
    for event in shown["events"]:
        yield {**origin, **event, "issues": shown["issues"]}


def _message(mapping: Mapping | None, format: str, unit: Unit, shown: Shown, settings: Settings) -> Shown:
    if mapping is None:
        return shown | {"outcome": "filtered", "reason": f"no mapping for {unit.type}"}
    try:
        return shown | _outcome(mapping.translate(reader(format).parse(unit.body, settings), settings))
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
