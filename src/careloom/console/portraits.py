"""What is known of persons as pages show it: masked, unless a look is on record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple
from uuid import UUID

from careloom.console.visiting import Refused, Visit
from careloom.identity.index.index import PersonIndex
from careloom.identity.index.portrait import Beside, Said, kept_as, portrait
from careloom.identity.index.reviewing import Preview
from careloom.identity.index.sealed import Held
from careloom.identity.index.seam import Basis
from careloom.identity.index.survivorship import Golden
from careloom.model import Patient
from careloom.security.masking import mask_value

BASES: Final[Mapping[Basis, str]] = MappingProxyType(
    {
        Basis.IDENTIFIER: "the same number",
        Basis.SCORE: "alike by score",
        Basis.SOURCE: "a source merged them",
        Basis.STEWARD: "a steward",
        Basis.BATCH: "a look through all",
    }
)
"""What a decision or a question rests on, in words."""
OFF: Final = (
    "No index of persons is kept here. Write `[identity]` with `enabled = true` into careloom.toml and start the hub "
    "anew; from then on it is found out who each incoming patient is."
)


class Row(NamedTuple):
    """A field of a person, and the record that it came from; that is None for what all records give together."""

    field: str
    said: Sequence[Said]
    origin: Held | None


class Compared(NamedTuple):
    """A field of two records, as it may be shown."""

    row: Beside
    older: Sequence[Said]
    newer: Sequence[Said]


def index_of(visit: Visit) -> PersonIndex:
    """Raises Refused where no index is kept, and says how to have one."""
    if visit.house.persons is None:
        raise Refused(OFF, 404)
    return visit.house.persons


def shown(said: Iterable[Said], *, open_: bool, field: str = "") -> list[Said]:
    """Values for a page. Of a field with few values the length of a masked one would tell which it is."""
    if open_:
        return list(said)
    return [Said("x" if field in _TOLD_BY_LENGTH else mask_value(one.text), one.of) for one in said]


def golden_rows(golden: Golden, records: Sequence[Held], *, open_: bool) -> list[Row]:
    """What is known of a person, but for fields of which nothing is."""
    by_id = {one.id: one for one in records}
    return [
        Row(field, shown(said, open_=open_, field=field), by_id.get(golden.origins.get(kept_as(field), _NONE)))
        for field, said in portrait(golden.patient).items()
        if said
    ]


def fields_of(patient: Patient, *, open_: bool) -> dict[str, list[Said]]:
    """Every field, for a table of several persons."""
    return {field: shown(said, open_=open_, field=field) for field, said in portrait(patient).items()}


def compared(rows: Iterable[Beside], *, open_: bool) -> list[Compared]:
    """Two records, for a page."""
    return [
        Compared(one, *(shown(said, open_=open_, field=one.field) for said in (one.older, one.newer))) for one in rows
    ]


def seen(preview: Preview) -> str:
    """Stands for exactly what a preview showed: which records are whose, before and after. It names nobody."""
    parts = [f"{one.person}:{','.join(str(held.id) for held in one.records)}" for one in preview.before]
    parts += ["", *(f"{one.person}:{','.join(str(held.id) for held in one.records)}" for one in preview.after)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


_NONE: Final = UUID(int=0)
_TOLD_BY_LENGTH: Final = frozenset({"gender", "deceased", "marital status", "language"})
