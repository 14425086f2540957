"""The subscription that turns messages into canonical events, by the translators of all flows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from careloom.core.envelope import Event, Recorded
from careloom.core.ids import IdFactory
from careloom.core.outcomes import Done, Skip
from careloom.flows import Flow, Translator
from careloom.log.handling import Handled, Subscription
from careloom.log.lanes import Bank
from careloom.mapping.reading import reader
from careloom.mapping.source import Settings
from careloom.mapping.subject import subjects_of
from careloom.model import CanonicalEvent, encode

NAME: Final = "translate"
_DEFAULTS: Final = Settings()
Sources: TypeAlias = Mapping[str, Settings]
"""What is known of how each system writes, by its name."""


def translation(flows: Iterable[Flow], new_id: IdFactory, sources: Sources) -> Subscription:
    """One for the whole deployment: every message passes through it exactly once."""
    serving = [flow for flow in flows if flow.translators]
    translators = [translator for flow in serving for translator in flow.translators]
    return Subscription(
        NAME,
        Bank.MESSAGES,
        _Translate(translators, new_id, sources),
        owner=serving[0].owner if serving else "",
        sla_seconds=min((flow.sla_time.total_seconds() for flow in serving), default=None),
        criticality="high" if any(flow.criticality == "high" for flow in serving) else "normal",
    )


class _Translate:
    def __init__(self, translators: Sequence[Translator], new_id: IdFactory, sources: Sources) -> None:
        self._new_id = new_id
        self._sources = sources
        self._by_type: dict[str, list[Translator]] = {}
        for translator in translators:
            for type_ in translator.types:
                self._by_type.setdefault(f"{translator.format}:{type_}", []).append(translator)

    def __call__(self, message: Recorded) -> Handled:
        translators = self._for(message.type)
        format_, _, kind = message.type.partition(":")
        if not translators:
            return Handled(Skip(f"no flow translates {kind}"))
        settings = self._sources.get(message.source, _DEFAULTS)
        parsed = reader(format_).parse(message.data, settings)
        events: list[Event] = []
        reasons: list[str] = []
        for translator in translators:
            made = translator.function(parsed, settings)
            if isinstance(made, Skip):
                reasons.append(made.reason)
            else:
                events.extend(self._event(message, one) for one in made)
        if not events:
            return Handled(Skip("; ".join(reasons) or f"{kind} carries no event"))
        return Handled(Done(), tuple(events))

    def _for(self, type_: str) -> list[Translator]:
        return self._by_type.get(type_) or self._by_type.get(type_.partition("^")[0]) or []

    def _event(self, message: Recorded, event: CanonicalEvent) -> Event:
        subject, others = subjects_of(event)
        return Event(
            id=self._new_id(),
            type=event.type,
            source=message.source,
            subject=subject,
            time=event.occurred or message.time,
            data=encode(event),
            correlation=message.correlation,
            causation=message.id,
            others=others,
        )
