"""Batch de-duplication over whatever holds the records."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID, uuid5

from careloom.identity.matching import shipped
from careloom.identity.matching.dedupe import Kept, Proposal, dedupe
from careloom.identity.matching.features import Features
from careloom.identity.matching.model import Model
from careloom.identity.matching.zones import Zone

ROOM = UUID("00000000-0000-4000-8000-000000000000")
ANNA = Features(
    given=("anna", "k"), family="weftwick", birth="1984-03-07", sex="f", number="12", street="heddle ln",
    city="loomford", postcode="98001", phones=("+12065550101",), emails=("a@example.org",),
)  # fmt: skip


def changed(**fields: object) -> Features:
    known = {name: getattr(ANNA, name) for name in ANNA.__struct_fields__}
    return Features(**{**known, **fields})


class Held:
    """An index of a few records, in memory."""

    def __init__(self, *features: Features) -> None:
        self.kept = [Kept(uuid5(ROOM, str(at)), uuid5(ROOM, f"p{at}"), one) for at, one in enumerate(features)]
        self.linked: list[Proposal] = []
        self.asked: list[Proposal] = []

    async def records(self) -> AsyncIterator[Kept]:
        for one in self.kept:
            yield one

    async def model(self) -> Model:
        return shipped.default_model()

    async def link(self, proposal: Proposal, by: str) -> bool:
        self.linked.append(proposal)
        return True

    async def ask(self, proposal: Proposal) -> bool:
        self.asked.append(proposal)
        return False


TWIN = changed(given=("brunhild",), emails=())
NEWBORN = changed(given=(), newborn=True)
STRANGER = Features(given=("bob",), family="loomis", birth="1984-03-07")


async def test_duplicates_are_linked_and_doubts_asked_about() -> None:
    index = Held(ANNA, changed(given=("annie",)), TWIN, NEWBORN, STRANGER)
    done, found = await dedupe(index, "batch", apply=True)
    first = index.kept[0].record, index.kept[1].record
    assert [(one.left, one.right) for one in index.linked] == [first]
    assert {index.kept[3].record} <= {one.right for one in index.asked}
    assert all(index.kept[4].record not in (one.left, one.right) for one in found)
    assert (done.records, done.linked, done.asked) == (5, 1, 0)


async def test_without_apply_nothing_changes() -> None:
    index = Held(ANNA, changed(given=("annie",)))
    done, found = await dedupe(index, "batch", apply=False)
    assert [one.zone for one in found] == [Zone.LINK]
    assert (done.linked, index.linked, index.asked) == (0, [], [])


async def test_records_of_one_person_are_not_proposed() -> None:
    index = Held(ANNA, ANNA)
    index.kept[1] = index.kept[1]._replace(person=index.kept[0].person)
    assert (await dedupe(index, "batch", apply=True))[1] == []
