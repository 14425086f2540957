"""Persons are the connected components of records by links, known by their oldest record. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID


def components(records: Iterable[UUID], links: Iterable[tuple[UUID, UUID]]) -> dict[UUID, UUID]:
    """Each record with the oldest record that it is connected to. A link to a record that is not given counts
    nothing."""
    root = {record: record for record in records}

    def find(one: UUID) -> UUID:
        while root[one] != one:
            root[one] = root[root[one]]
            one = root[one]
        return one

    for left, right in links:
        if left in root and right in root:
            older, newer = sorted((find(left), find(right)))
            root[newer] = older
    return {record: find(record) for record in root}
