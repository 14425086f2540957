"""Which numbers say who a patient is: the one place of the rules that intake and translation share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from careloom.mapping.source import Fields, Source
from careloom.mapping.tables import (
    IDENTIFIER_RANK,
    IDENTIFIER_RANK_OTHER,
    IDENTIFIER_WITHHELD,
    NO_IDENTIFIER,
    SOCIAL_SECURITY_ASSIGNERS,
)
from careloom.model import Identifier

_FILLERS = "0 -._*?"
_NOBODY = "-"  # stands for the assigner where the message names none


def usable(value: str) -> bool:
    """Whether a value tells anybody apart: not blank, not zeros or punctuation alone, no word for "none"."""
    return bool(value.strip(_FILLERS)) and value.upper() not in NO_IDENTIFIER


def withheld(type: str | None, authority: str | None) -> bool:
    """Whether it is a number that is never carried: of the state, the bank or a card company."""
    return type in IDENTIFIER_WITHHELD or (authority is not None and authority.upper() in SOCIAL_SECURITY_ASSIGNERS)


def rank(type: str | None) -> int:
    """How well a number of that type says who the patient is; lower is better."""
    return IDENTIFIER_RANK.get(type, IDENTIFIER_RANK_OTHER) if type else IDENTIFIER_RANK_OTHER


def key(value: str, assigner: str | None) -> str:
    """The ordering key of a patient, `Patient/<assigner>/<id>`; a slash or percent sign in either is encoded."""
    found = f"Patient/{assigner or _NOBODY}/{value}"
    if found.count("/") == 2 and "%" not in found:
        return found
    return f"Patient/{_encoded(assigner or _NOBODY)}/{_encoded(value)}"


def _encoded(text: str) -> str:
    return text.replace("%", "%25").replace("/", "%2F")


def best(identifiers: Sequence[Identifier]) -> Identifier | None:
    """The number by which the sender knows the patient best: by type, then by order. Alternates stand in where there
    is nothing else; a withheld number never does."""
    if len(identifiers) == 1 and identifiers[0].type not in IDENTIFIER_WITHHELD:
        return identifiers[0]
    usual = [one for one in identifiers if one.type not in IDENTIFIER_WITHHELD]
    primary = [one for one in usual if one.use != "secondary"] or usual
    return min(primary, key=lambda one: rank(one.type), default=None)


def identifier(source: Source, raw: str) -> Identifier | None:
    """A CX as a patient's identifier: `id^check^scheme^authority^type^facility`; None when unusable or withheld.

    Without an authority (always so before v2.3) the sending facility, else the sending application, assigned it.
    """
    return _identifier(source, raw, source.assigner, None)


def _identifier(source: Source, raw: str, default: str | None, kind: str | None) -> Identifier | None:
    value, _, _, namespace, type, *_ = source.components(raw, 5)
    if not value or not usable(value):
        return None
    assigner, system = namespace or None, None
    if source.subcomponent in raw:
        assigner, system = authority_of(source, raw, 4)
    found = type.upper() or kind
    if withheld(found, assigner):
        return None
    return Identifier(value=value, type=found, assigner=assigner or default, system=system)


def authority_of(source: Source, raw: str, component: int) -> tuple[str | None, str | None]:
    """Short name and URI of an HD in a component: `namespace&universal id&type` (HL7 v2.5.1 chapter 2.A.33)."""
    parts = raw.split(source.component, component)
    if len(parts) < component:
        return None, None
    if source.plain:
        return _authority_in(parts[component - 1], source.subcomponent)
    return authority(*[source.text(part) for part in parts[component - 1].split(source.subcomponent)][:3])


@lru_cache(maxsize=4096)
def _authority_in(raw: str, subcomponent: str) -> tuple[str | None, str | None]:
    return authority(*raw.split(subcomponent)[:3])


@lru_cache(maxsize=4096)
def authority(name: str, universal: str = "", type: str = "") -> tuple[str | None, str | None]:
    """Short name and URI of an HD by its parts."""
    # Few authorities assign all the numbers there are.
    return name or universal or None, _uri(universal, type.upper()) if universal else None


def _uri(universal: str, type: str) -> str | None:
    if type in ("", "ISO") and "." in universal and universal.replace(".", "").isdigit():
        return f"urn:oid:{universal}"
    if type in ("UUID", "GUID"):
        return f"urn:uuid:{universal.lower()}"
    return universal if type in ("URI", "URL") else None


def numbers(source: Source, fields: Fields, field: int, type: str | None = None) -> tuple[Identifier, ...]:
    """Numbers that are not the patient's own (account, visit, payer): no assigner is supposed, `type` is."""
    if not fields[field]:
        return ()
    repetitions = source.repetitions(fields, field)
    return tuple([one for raw in repetitions if (one := _identifier(source, raw, None, type)) is not None])


def patient_identifiers(source: Source, pid: Fields) -> tuple[Identifier, ...]:
    """All usable numbers of the patient: PID-3, then PID-2 and PID-4 (until v2.7), which are alternates as soon as
    a better one is there."""
    found = source.each(pid, 3, identifier)
    for field in (2, 4):
        if not pid[field]:
            continue
        others = [one for one in source.each(pid, field, identifier) if not _among(one, found)]
        if found:
            others = [_secondary(one) for one in others]
        found = (*found, *others)
    return found


def _among(one: Identifier, found: tuple[Identifier, ...]) -> bool:
    return any(one.value == other.value and one.assigner == other.assigner for other in found)


def _secondary(one: Identifier) -> Identifier:
    return Identifier(value=one.value, type=one.type, assigner=one.assigner, system=one.system, use="secondary")
