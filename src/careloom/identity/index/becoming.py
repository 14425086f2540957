"""What would become of persons: the same rules as those of acts, before anybody acts. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID

from careloom.identity.index.components import components
from careloom.identity.index.sealed import Held
from careloom.identity.index.survivorship import Golden, Survivorship


class Bond(NamedTuple):
    """An active link, as far as it says who is who. `retired` is the record that its source ended by it."""

    id: UUID | None
    older: UUID
    newer: UUID
    retired: UUID | None = None


class Become(NamedTuple):
    """A person that would be, with its records, the oldest first."""

    person: UUID
    golden: Golden
    records: tuple[Held, ...]


def bonds(rows: Iterable[Any]) -> list[Bond]:
    """Rows of active links."""
    return [Bond(row["id"], row["older"], row["newer"], row["retired"]) for row in rows]


def become(survivorship: Survivorship, records: Sequence[Held], links: Collection[Bond]) -> tuple[Become, ...]:
    """The persons that these links make of these records, the oldest first."""
    whose = components((one.id for one in records), ((one.older, one.newer) for one in links))
    ended = {one.retired for one in links}
    parts: dict[UUID, list[Held]] = {}
    for one in sorted(records, key=lambda held: held.id):
        person = whose[one.id]
        parts.setdefault(person, []).append(one._replace(person=person, retired=one.id in ended))
    return tuple(Become(one, survivorship.golden(parts[one]), tuple(parts[one])) for one in sorted(parts))


def joined(links: Iterable[Bond], one: UUID, other: UUID) -> list[Bond]:
    """The links and one between two records."""
    older, newer = sorted((one, other))
    return [*links, Bond(None, older, newer)]


def parted(links: Iterable[Bond], apart: Collection[UUID], rest: Collection[UUID]) -> list[Bond]:
    """The links without those between two sets, each of which is held together."""
    kept = [one for one in links if (one.older in apart) == (one.newer in apart)]
    held = [Bond(None, older, newer) for part in (apart, rest) for older, newer in pairwise(sorted(part))]
    return kept + held


def without(links: Iterable[Bond], link: UUID) -> list[Bond]:
    """The links but for one."""
    return [one for one in links if one.id != link]
