"""Whom a message is about, with the visit and the insurances it states: what the events of all families share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from careloom.core.errors import MappingError
from careloom.formats.hl7v2 import Message
from careloom.mapping.coverage import coverages
from careloom.mapping.encounter import encounter
from careloom.mapping.patient import guarantor, patient
from careloom.mapping.result import Translation
from careloom.mapping.source import Fields, Settings, Source
from careloom.model import CanonicalEvent

Events: TypeAlias = Iterator[CanonicalEvent]
DEFAULTS = Settings()


class About:
    """The patient of one section of a message. `parts` are the members that all events about a patient share."""

    __slots__ = ("parts", "source")

    def __init__(self, source: Source, section: Sequence[Fields], *, alone: bool = True) -> None:
        pid = one(section, "PID")
        if pid is None:
            raise MappingError("the message has no PID segment, so it names no patient", "PID")
        person = patient(source, pid, registered=False)
        self.source = source
        self.parts: dict[str, Any] = {
            "patient": person,
            "encounter": encounter(source, one(section, "PV1"), person.account, "unknown"),
            "trigger": trigger(source.message),
            "facility": source.assigner,
        }
        if alone:  # insurances are read from the whole message, so they are nobody's where it is about several people
            self.parts["coverage"] = coverages(source)
            self.parts["guarantor"] = guarantor(source, one(section, "GT1"))

    def occurred(self, fields: Fields | None = None, field: int = 0) -> datetime | None:
        """The time in a field, else EVN-2 (recorded by the sender), else MSH-7 (sent)."""
        stated = self.source.instant(fields, field) if fields is not None and fields[field] else None
        return stated or occurred(self.source)


def occurred(source: Source) -> datetime | None:
    """EVN-2 (recorded by the sender), else MSH-7 (sent)."""
    evn = source.fields("EVN")
    recorded = source.instant(evn, 2) if evn is not None else None
    return recorded or source.sent


def trigger(message: Message) -> str:
    """`SIU^S12`, or the code alone."""
    code, event, _ = message.type
    return f"{code}^{event}" if event else code


def one(section: Sequence[Fields], name: str) -> Fields | None:
    """The first segment of that name."""
    return next((fields for fields in section if fields.name == name), None)


def all_of(source: Source) -> list[Fields]:
    """Every segment of the message, in order."""
    return source.every()


def sections(segments: Sequence[Fields]) -> list[Sequence[Fields]]:
    """The message cut before each PID but the first, so that each part is about one patient."""
    starts = [at for at, fields in enumerate(segments) if fields.name == "PID"][1:]
    return [segments[start:stop] for start, stop in zip([0, *starts], [*starts, len(segments)], strict=True)]


def translated(
    message: Message, settings: Settings, read: Callable[[Source], Iterator[CanonicalEvent]], nothing: str
) -> Translation:
    """What `read` makes of the message; `nothing` is the reason where it makes no event and dropped nothing."""
    source = Source(message, settings)
    events = tuple(read(source))
    issues = tuple(source.issues)
    if events:
        return Translation(events=events, issues=issues)
    return Translation(filtered=f"{trigger(message)} {nothing}", issues=issues)
