"""Finds messages by whatever a person has at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from careloom.console.house import House
from careloom.core.errors import FormatError
from careloom.log.journey import Known, about, about_subjects, find, known
from careloom.log.operators import Act
from careloom.mapping.subject import person_key
from careloom.model.subject import subject_key
from careloom.store.sql import queries
from careloom.workflow.surroundings import about_key

_SQL = queries("console_log")
PAGE: Final = 50
LONGEST: Final = 200
LISTS: Final[Mapping[str, str]] = {
    "newest": "newest_messages",
    "in-flight": "flying_messages",
    "parked": "held_messages",
    "filtered": "filtered_messages",
}
_NEWEST_OF_LANE: Final = 100


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found; `before` asks for the next, None where there is none."""

    messages: Sequence[Known]
    before: datetime | None = None


async def search(house: House, wanted: str, before: datetime | None) -> Found:
    """By our own ids first, and the sender's; then what is about the number, and what runs are about it.

    Numbers stand in the database as keyed digests, so they are found whole, as they are written.
    """
    wanted = wanted[:LONGEST]
    direct = await _by_id(house, wanted)
    if direct:
        return Found(await known(house.database, direct))
    rows = await about(house.database, house.keyring, wanted, before, PAGE + 1)
    ids = [message for message, _ in rows[:PAGE]]
    if before is None:
        ids += await _of_runs(house, wanted)
    further = rows[PAGE - 1][1] if len(rows) > PAGE else None
    return Found(await known(house.database, list(dict.fromkeys(ids))), further)


async def search_by_name(house: House, family: str, given: str, birth: str, act: Act) -> Found:
    """What is about the persons of this name, by the person index: the family name, with the date of birth
    (`YYYY-MM-DD`) or a given name, however they are written. Whom it finds is put on record first.

    Raises FormatError for less, and where there is no person index.
    """
    if house.persons is None:
        raise FormatError("no index of persons is kept here; see `[identity]` of the settings", "family")
    try:
        persons = await house.persons.find(family=family, given=given, birth=birth)
    except ValueError as error:
        raise FormatError(str(error), "family") from None
    subjects = []
    for one in persons:
        subjects += [subject_key("Patient", each) for each in one.identifier]
        if one.person is not None:
            await house.operators.record_look(UUID(one.person.id), act)
            subjects.append(person_key(one.person.id))
    ids = await about_subjects(house.database, house.keyring, subjects, PAGE)
    return Found(await known(house.database, ids))


async def listed(house: House, show: str, after: UUID | None) -> tuple[Sequence[Known], UUID | None]:
    """One page of the messages of a kind of `LISTS`, the newest first, and what comes after it; None at the end.

    What is filtered is looked for among the newest of each lane alone.
    """
    further: list[object] = [_NEWEST_OF_LANE] if show == "filtered" else []
    begins = after or (_soon(house) if show == "newest" else None)
    async with house.database.acquire() as connection:
        rows = await connection.fetch(_SQL[LISTS[show]], begins, PAGE + 1, *further)
    ids = [row["message"] for row in rows[:PAGE]]
    return await known(house.database, ids), ids[-1] if len(rows) > PAGE else None


def _soon(house: House) -> UUID:
    """Above every id that was made till now: these begin with milliseconds, those made of names with anything."""
    return UUID(int=int((house.clock.now() + timedelta(hours=1)).timestamp() * 1000) << 80)


async def _by_id(house: House, wanted: str) -> list[UUID]:
    try:
        id_ = UUID(wanted)
    except ValueError:
        id_ = None
    if id_ is not None:
        async with house.database.acquire() as connection:
            for statement in (_SQL.message_of_case, _SQL.message_of_run):
                message = await connection.fetchval(statement, id_)
                if message is not None:
                    return [message]
    return [one for one in await find(house.database, house.keyring, wanted) if one is not None]


async def _of_runs(house: House, wanted: str) -> list[UUID]:
    async with house.database.acquire() as connection:
        rows = await connection.fetch(_SQL.runs_about, about_key(house.keyring.master, wanted), PAGE)
    return [row["message"] for row in rows]
