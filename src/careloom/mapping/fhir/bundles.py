"""Bundles that are one act of their sender, and whatever else comes: the events of the entries, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from careloom.core.errors import FormatError
from careloom.formats.fhir import Resource, read_message, steps
from careloom.mapping.catalogue import Mapping as ResourceMapping
from careloom.mapping.fhir import (
    answers,
    charges,
    claims,
    directory,
    explanation,
    insurance,
    medication,
    orders,
    patient,
    payments,
    records,
    scheduling,
    supplies,
    visits,
)
from careloom.mapping.fhir.elements import child, text
from careloom.mapping.fhir.family import Reader, entries, method, translator
from careloom.mapping.fhir.source import Around, Source
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.model import CanonicalEvent

_DEFAULTS: Final = Settings()
READERS: Final[Mapping[str, Reader]] = {
    **patient.READERS, **visits.READERS, **scheduling.READERS, **insurance.READERS, **orders.READERS,
    **charges.READERS, **payments.READERS, **claims.READERS, **answers.READERS, **explanation.READERS,
    **supplies.READERS, **medication.READERS, **directory.READERS, **records.READERS,
}  # fmt: skip
"""Every type that is read, whichever family it is of."""

DROPPED: Mapping[str, str] = {
    "Bundle.entry.search": "how well an entry matched a search",
    "Bundle.entry.response": "what a server answered",
    "Bundle.signature": "a signature is checked before anything is stored",
    "MessageHeader.sender": "who sent it is a matter of the connection",
}
# First who and where, so that what is about them comes behind.
_FIRST: Final = ("Organization", "Location", "Practitioner", "PractitionerRole", "Patient")
_WRITES: Final = frozenset(("POST", "PUT", ""))


def translate(bundle: Resource, settings: Settings = _DEFAULTS) -> Translation:
    """The events of all entries that are written or told, references between them resolved. Raises MappingError at the
    first entry that an event cannot be made of, since the Bundle is one act; FormatError for a message that is none."""
    kind = text(bundle, "type") or "untyped"
    if kind == "document":
        return Translation(filtered="a clinical document; what is billed of it comes by itself")
    if kind not in ("transaction", "batch", "message", "collection", "searchset", "history"):
        return Translation(filtered="a Bundle that asks for nothing and tells nothing")
    around = Around(settings, _trigger(bundle, kind), bundle)
    if kind == "message":
        header = read_message(bundle).header
        around.facility = text(child(header, "source"), "name")
    events: list[CanonicalEvent] = []
    reasons: list[str] = []
    for source in _ordered(bundle, around, kind):
        made = READERS.get(source.type, records.unmapped)(source)
        if isinstance(made, str):
            reasons.append(made)
        else:
            events.extend(made)
    reason = None if events else _why(reasons)
    return Translation(events=tuple(events), filtered=reason, issues=tuple(around.issues))


def _trigger(bundle: Resource, kind: str) -> str:
    """What the message was: with the event's code, where it is one."""
    if kind != "message":
        return f"Bundle/{kind}"
    code = read_message(bundle).event
    return f"Bundle/message {code.rpartition('/')[2].rpartition('#')[2]}"[:100]


def _ordered(bundle: Resource, around: Around, kind: str) -> Iterator[Source]:
    """Those that are written, in the order in which a server carries them out; of what is told, parties first."""
    found: dict[int, Source] = {}
    for entry, source in entries(bundle, around):
        if method(entry) in _WRITES and source.type != "MessageHeader":
            found[_number(source.place)] = source
        elif source.type != "MessageHeader":
            source.drop("request", f"{method(entry) or 'this'} tells no new state; passed over")
    if kind != "transaction":
        yield from sorted(found.values(), key=_rank)
        return
    try:
        order = [step.index for step in steps(bundle)]
    except FormatError:
        order = sorted(found)
    yield from sorted((found[index] for index in order if index in found), key=_rank)


def _rank(source: Source) -> int:
    return _FIRST.index(source.type) if source.type in _FIRST else len(_FIRST)


def _number(place: str) -> int:
    return int(place[len("Bundle.entry[") : place.index("]")])


def _why(reasons: list[str]) -> str:
    few = list(dict.fromkeys(reasons))[:3]
    return "; ".join(few) or "a Bundle without entries that tell anything"


MAPPINGS = (
    ResourceMapping("fhir", ("Bundle",), translate),
    ResourceMapping("fhir", ("*",), translator(records.unmapped)),
)
