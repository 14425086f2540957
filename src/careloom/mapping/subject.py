"""The ordering key of a message: what it is about, told at intake without parsing it, and the same afterwards.

A patient's key is `Patient/<assigner>/<id>`, by the rules in `identifiers`, or `Person/-/<id>` once the person index
said who it is; a message about no patient has `Message/<type>/<sending application>`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from careloom.core.errors import FormatError
from careloom.formats import hl7v2
from careloom.mapping.identifiers import best, identifier, key, patient_identifiers, rank, usable, withheld
from careloom.mapping.merge import ending
from careloom.mapping.source import Settings, Source
from careloom.mapping.triggers import ORDERED_WITH_PRIOR, RENUMBERS
from careloom.model import (
    About,
    CanonicalEvent,
    Identifier,
    Patient,
    PatientEvent,
    identifiers_at,
    persons_at,
    subject_key,
)

_SETTINGS = Settings()
_NULL = '""'
_WORST = 99
_HUMAN = frozenset({"Patient", "Person"})
# Messages that may be about several patients, each told of in an event of its own.
_SEVERAL = frozenset({"BAR", "ORU", "OUL", "RAS", "RDE", "RDS", "VXU"})


def subject_of(data: bytes, header: hl7v2.Header) -> tuple[str, tuple[str, ...]]:
    """The key of a message that opens with `header`, and further keys that it must wait for: each record that a merge
    ends, each further survivor, each further patient of results, drugs or accounts. Raises nothing: bytes that will
    not parse are about no patient."""
    event = header.event or (_event(data, header) if header.code == "ADT" else "")
    if event in ORDERED_WITH_PRIOR and header.code == "ADT":
        return _parsed(data, header, ("PID", "MRG"))
    known = data.count(b"\rPID") + data.count(b"\nPID")
    if not known and header.codec == "ascii":
        return _message(header), ()  # master files, acknowledgements, questions: nearly all that name no patient
    if known > 1 and header.code in _SEVERAL:
        return _parsed(data, header, ("PID",))
    found = _quick(data, header)
    if found is None:
        found, _ = _parsed(data, header, ("PID",))
    return found, ()


def subject_for(patient: Patient) -> str:
    """The key of a patient: the person's, where the person index was asked; else what `subject_of` says of the
    messages about the same patient from the same sender."""
    return record_key(patient) if patient.person is None else person_key(patient.person.id)


def record_key(patient: Patient) -> str:
    """The key of a patient's record at its source, whoever the person is: it stays when persons are merged."""
    found = best(patient.identifier)
    return _key(found if found is not None else patient.identifier[0])


def person_key(person: object) -> str:
    """The key of a person of the index, by its id."""
    return f"Person/-/{person}"


def subjects_of(event: CanonicalEvent) -> tuple[str, tuple[str, ...]]:
    """The key of a canonical event, and the keys of further records that it is about: those that it ends, or that
    other events are told of (see `careloom.model.subject`)."""
    if isinstance(event, PatientEvent):
        return subject_for(event.patient), ()
    found = next(_keys_of(event, event.about), None)
    if found is None:
        raise TypeError(f"{type(event).__name__} has no subject; its class must say in `about` what it is about")
    return found, tuple(dict.fromkeys(one for one in _keys_of(event, event.also) if one != found))


def _keys_of(event: CanonicalEvent, about: tuple[About, ...]) -> Iterator[str]:
    for one in about:
        if one.kind in _HUMAN and (persons := persons_at(event, one.path)):
            yield from (person_key(person.id) for person in persons)
            continue
        identifiers = identifiers_at(event, one.path)
        if not identifiers:
            continue
        if one.kind == "Patient":
            known = best(identifiers)
            yield _key(known if known is not None else identifiers[0])
        elif one.every:
            yield from (subject_key(one.kind, each, by_number=one.by_number) for each in identifiers)
        else:
            yield subject_key(one.kind, identifiers[0], by_number=one.by_number)


def _key(identifier: Identifier) -> str:
    return key(identifier.value, identifier.assigner)


def _event(data: bytes, header: hl7v2.Header) -> str:
    return _field(data, header, "EVN", 1).decode("ascii", "replace").strip()


def _field(data: bytes, header: hl7v2.Header, name: str, field: int) -> bytes:
    try:
        return hl7v2.field_of(data, header, name, field)
    except FormatError:  # bytes outside the declared character set
        return b""


def _quick(data: bytes, header: hl7v2.Header) -> str | None:
    """The key from PID-3 alone; None where it takes a parser: escapes, other character sets, no usable PID-3."""
    raw = _field(data, header, "PID", 3)
    if not raw or not raw.isascii() or b"\x1b" in raw or header.codec.startswith("utf-16"):
        return None
    return _key_in(raw, header.separators, header.sending_facility, header.sending_application)


@lru_cache(maxsize=8192)
def _key_in(raw: bytes, separators: hl7v2.Separators, facility: str, application: str) -> str | None:
    """The same patients come again and again within days, so most keys are made once."""
    text = raw.decode("ascii")
    if separators.escape and separators.escape in text:
        return None
    candidates = text.split(separators.repetition) if separators.repetition else [text]
    best_rank, value, assigner = _WORST, "", ""
    for candidate in candidates:
        one = _read(candidate, separators)
        if one is not None and one[0] < best_rank:
            best_rank, value, assigner = one
    if not value:
        return None
    known = assigner or _sender(separators, facility, application)
    return None if known is None else key(value, known)


def _read(raw: str, separators: hl7v2.Separators) -> tuple[int, str, str] | None:
    """Rank, value and assigner of one CX without escapes; the counterpart of `identifiers.identifier`."""
    parts = raw.split(separators.component, 5) if separators.component else [raw]
    value = _plain(parts[0].split(separators.subcomponent, 1)[0] if separators.subcomponent else parts[0])
    if not value or not usable(value):
        return None
    if len(parts) < 4:
        return rank(None), value, ""
    assigner = _authority(parts[3], separators.subcomponent)
    kind = parts[4] if len(parts) > 4 else ""
    if separators.subcomponent and separators.subcomponent in kind:
        kind = kind.split(separators.subcomponent, 1)[0]
    kind = _plain(kind).upper()
    return None if withheld(kind, assigner) else (rank(kind), value, assigner)


def _plain(raw: str) -> str:
    return "" if raw == _NULL else raw.strip()


def _authority(raw: str, subcomponent: str) -> str:
    if not subcomponent or subcomponent not in raw:
        return _plain(raw)
    parts = raw.split(subcomponent, 2)
    return _plain(parts[0]) or _plain(parts[1])


def _sender(separators: hl7v2.Separators, facility: str, application: str) -> str | None:
    """The assigner by default; None where reading it takes the parser."""
    for raw in (facility, application):
        if not raw.isascii() or (separators.escape and separators.escape in raw):
            return None
        parts = raw.split(separators.component) if separators.component else [raw]
        for part in parts[:2]:
            plain = _plain(part.split(separators.subcomponent, 1)[0] if separators.subcomponent else part)
            if plain:
                return plain
    return ""


def _parsed(data: bytes, header: hl7v2.Header, names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    try:
        source = Source(hl7v2.parse(data), _SETTINGS)
    except FormatError:
        return _message(header), ()
    keys = list(dict.fromkeys(_keys(source, names, header.event)))
    return (keys[0], tuple(keys[1:])) if keys else (_message(header), ())


def _keys(source: Source, names: tuple[str, ...], event: str) -> Iterator[str]:
    """Of each patient in the message: the survivor of a group before the records that end in it."""
    stays: tuple[Identifier, ...] = ()
    for segment in source.every(*names):
        if segment.name == "PID":
            stays = patient_identifiers(source, segment)
            found = best(stays)
        else:
            prior = source.each(segment, 1, identifier)
            found = best(ending(prior, stays) if event in RENUMBERS else prior)
        if found is not None:
            yield _key(found)


def _message(header: hl7v2.Header) -> str:
    kind = f"{header.code}^{header.event}" if header.event else header.code
    sender = header.sending_application.split(header.separators.component or "^", 1)[0].strip()
    return "Message/" + "/".join(one.replace("%", "%25").replace("/", "%2F") or "-" for one in (kind, sender))
