"""The subscription that turns messages into canonical events, by the translators of all flows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as MappingOf
from functools import partial
from typing import Any, Final, TypeAlias
from uuid import UUID

from careloom.core.envelope import Event, Recorded
from careloom.core.ids import IdFactory
from careloom.core.outcomes import Done, Skip
from careloom.flows import Flow, Translator
from careloom.flows.resolution import Resolution
from careloom.log.handling import Handled, Handler, Subscription
from careloom.log.lanes import Bank
from careloom.mapping.catalogue import Mapping, general
from careloom.mapping.reading import reader
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.mapping.subject import subjects_of
from careloom.model import CanonicalEvent, encode

NAME: Final = "translate"
_DEFAULTS: Final = Settings()
_TYPES: Final = 1_000  # senders choose their types; a hostile one must not fill the memory
Sources: TypeAlias = MappingOf[str, Settings]
"""What is known of how each system writes, by its name."""


def translation(
    flows: Iterable[Flow], new_id: IdFactory, sources: Sources, resolution: Resolution | None = None
) -> Subscription:
    """One for the whole deployment: every message passes through it exactly once. With `resolution` the person index
    says who each patient is."""
    serving = [flow for flow in flows if flow.translators]
    translators = [translator for flow in serving for translator in flow.translators]
    return Subscription(
        NAME,
        Bank.MESSAGES,
        _translator(translators, new_id, sources, resolution),
        owner=serving[0].owner if serving else "",
        sla_seconds=min((flow.sla_time.total_seconds() for flow in serving), default=None),
        criticality="high" if any(flow.criticality == "high" for flow in serving) else "normal",
    )


def chooser(flows: Iterable[Flow]) -> Callable[[str, str], Mapping | None]:
    """Gives the mapping that these flows have for a format and type; for looking at files without a hub."""
    book = Book(translator for flow in flows for translator in flow.translators)

    def choose(format: str, type: str) -> Mapping | None:
        translators = book.of(f"{format}:{type}")
        return Mapping(format, (type,), partial(_together, translators)) if translators else None

    return choose


def _together(translators: Sequence[Translator], message: Any, settings: Settings) -> Translation:
    events, reasons = _made(translators, message, settings)
    return Translation(events=tuple(events), filtered=None if events else _why(reasons))


def _made(
    translators: Iterable[Translator], message: Any, settings: Settings
) -> tuple[list[CanonicalEvent], list[str]]:
    """What all of them make of a message, and why some make nothing."""
    events: list[CanonicalEvent] = []
    reasons: list[str] = []
    for translator in translators:
        made = translator.function(message, settings)
        if isinstance(made, Skip):
            reasons.append(made.reason)
        else:
            events.extend(made)
    return events, reasons


def _why(reasons: Iterable[str]) -> str:
    return "; ".join(reasons) or "it carries no event"


class Book:
    """Finds the translators of a message by its type, `hl7v2:ADT^A04`."""

    def __init__(self, translators: Iterable[Translator]) -> None:
        self._by_type: dict[str, list[Translator]] = {}
        self._known: dict[str, list[Translator]] = {}  # what was looked up before; a feed has few types
        for translator in translators:
            for type_ in translator.types:
                self._by_type.setdefault(f"{translator.format}:{type_}", []).append(translator)

    def of(self, type_: str) -> list[Translator]:
        """Those of the most specific type that anybody translates."""
        found = self._known.get(type_)
        if found is None:
            format_, _, kind = type_.partition(":")
            names = (f"{format_}:{name}" for name in general(kind))
            if len(self._known) >= _TYPES:
                self._known.clear()
            found = self._known[type_] = next((self._by_type[name] for name in names if name in self._by_type), [])
        return found


def _translator(
    translators: Sequence[Translator], new_id: IdFactory, sources: Sources, resolution: Resolution | None
) -> Handler:
    plain = _Translate(translators, new_id, sources)
    return plain if resolution is None else _Resolve(plain, resolution, new_id)


class _Translate:
    def __init__(self, translators: Sequence[Translator], new_id: IdFactory, sources: Sources) -> None:
        self._new_id = new_id
        self._sources = sources
        self._book = Book(translators)

    def __call__(self, message: Recorded) -> Handled:
        events = self.events(message)
        if isinstance(events, Skip):
            return Handled(events)
        return Handled(Done(), tuple([_event(message, self._new_id(), one, *subjects_of(one)) for one in events]))

    def events(self, message: Recorded) -> list[CanonicalEvent] | Skip:
        """What it says, or why nothing."""
        translators = self._book.of(message.type)
        format_, _, kind = message.type.partition(":")
        if not translators:
            return Skip(f"no flow translates {kind}")
        settings = self._sources.get(message.source, _DEFAULTS)
        events, reasons = _made(translators, reader(format_).parse(message.data, settings), settings)
        return events or Skip(_why(reasons))


class _Resolve:
    def __init__(self, plain: _Translate, resolution: Resolution, new_id: IdFactory) -> None:
        self._plain = plain
        self._resolution = resolution
        self._new_id = new_id

    async def __call__(self, message: Recorded) -> Handled:
        events = self._plain.events(message)
        if isinstance(events, Skip):
            return Handled(events)
        found = [await self._resolution.subjects(one, message.source, message.time) for one in events]
        return Handled(Done(), tuple([_event(message, self._new_id(), *one) for one in found]))


def _event(message: Recorded, id_: UUID, event: CanonicalEvent, subject: str, others: tuple[str, ...]) -> Event:
    return Event(
        id=id_,
        type=event.type,
        source=message.source,
        subject=subject,
        time=event.occurred or message.time,
        data=encode(event),
        correlation=message.correlation,
        causation=message.id,
        others=others,
    )
