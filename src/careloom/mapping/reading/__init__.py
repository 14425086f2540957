"""From bytes to messages of the log: which messages are in them, and what each is, is about, and is known by.

    for one in reader("x12").units(data, settings):   # Unit, or Unread with its place
        ...
    parsed = reader("x12").parse(unit.body, settings)  # what a translator of that format is given

A format's module is named after it and has these two functions. Whatever took the bytes (a listener, a folder, a
broker) knows nothing of the format; whatever maps them knows nothing of how they came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import Any, BinaryIO, NamedTuple, TypeAlias

import msgspec

from careloom.core.errors import ConfigurationError, FormatError
from careloom.mapping.source import Settings

FORMATS = ("hl7v2", "x12", "fhir", "csv", "json", "bank", "event", "odoo")


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """One message of the log.

    `type` is the format's own, without the format (`835`, `ADT^A04`, `Patient`). `key` is what the sender knows it by:
    the same key with the same bytes is a repeat. `subject` is the ordering key, `others` what it must wait for too.
    `place` says where in the file it stood (`line 17`).
    """

    type: str
    key: str
    subject: str
    body: bytes
    media_type: str
    others: tuple[str, ...] = ()
    place: str = ""


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that are no message of the format, and why."""

    error: FormatError
    body: bytes
    place: str = ""


Units: TypeAlias = Iterator[Unit | Unread]
Bytes: TypeAlias = bytes | BinaryIO
"""A payload, or an open file of one: formats that can, read it piece by piece."""


def whole(source: Bytes) -> bytes:
    """All of it, for formats that need it at once."""
    return source if isinstance(source, bytes) else source.read()


class Reader(NamedTuple):
    """How one format is read."""

    units: Callable[[Bytes, Settings], Units]
    parse: Callable[[bytes, Settings], Any]


@cache
def reader(format: str) -> Reader:
    """The reader of a format. Raises ConfigurationError for one that there is not."""
    if format not in FORMATS:
        raise ConfigurationError(f"there is no format {format!r}; there are {', '.join(FORMATS)}")
    module = import_module(f"careloom.mapping.reading.{format}")
    return Reader(module.units, module.parse)
