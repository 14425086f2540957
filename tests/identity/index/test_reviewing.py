"""What stewards see before they decide, and many questions decided together."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from tests.identity.index.conftest import MASTER, ROBIN, START, Index, Plain, arrival, opened

from careloom.cases.rights import Actor, NotAllowed
from careloom.cases.states import NoSuchCase, NotPossible
from careloom.cases.work import Casework, casework
from careloom.core.errors import FormatError
from careloom.identity.index.answering import QuestionResolver
from careloom.identity.index.errors import DecidedOtherwise, NoSuchPerson
from careloom.identity.index.reviewing import Wanted
from careloom.identity.index.seam import Basis, Resolved
from careloom.identity.index.survivorship import Authority
from careloom.identity.index.together import MOST, QuestionSets
from careloom.log.keyring import Keyring
from careloom.store.database import Database
from careloom.testing.clock import VirtualClock

STEWARD = Actor("Robin", frozenset({"health-information"}))


async def pairs(index: Index, many: int) -> list[tuple[Resolved, Resolved]]:
    """So many questions of two persons each, a minute apart."""
    made = []
    for number in range(many):
        family = f"Reyes{number}"
        one = await index.resolve(arrival(f"E{number}", f"Ana {family}"))
        await index.clock.advance(60)
        other = await index.resolve(arrival(f"L{number}", f"Eva {family}", source="lab"))
        assert other.doubts == (one.person,)
        made.append((one, other))
    return made


def work_of(index: Index) -> Casework:
    new_id = index.heard.book._new_id
    keyring = Keyring(MASTER)
    return casework(index.database, keyring, index.heard.book, index.clock, new_id, [QuestionResolver(index)])


class Hurried(VirtualClock):
    """Whoever sleeps on it lets the time pass."""

    async def sleep(self, seconds: float) -> None:
        await self.advance(seconds)


def sets_of(index: Index, clock: VirtualClock | None = None) -> QuestionSets:
    work = work_of(index)
    used = clock or Hurried(START)
    return QuestionSets(index.database, index.reviewing, work.desk, work.recorder, used, index.heard.book._new_id)


EVERY = Wanted()


async def questions(index: Index, wanted: Wanted = EVERY) -> list[UUID]:
    return [one.id for one in (await index.reviewing.questions(wanted, None, 100)).questions]


async def test_the_queue_goes_on_where_a_page_ended_and_keeps_to_its_filters(index: Index) -> None:
    await pairs(index, 5)
    seen: list[UUID] = []
    for likeliest in (False, True):
        wanted = Wanted(likeliest=likeliest)
        whole = await questions(index, wanted)
        seen, after = [], None
        while True:
            page = await index.reviewing.questions(wanted, after, 2)
            seen += [one.id for one in page.questions]
            if (after := page.after) is None:
                break
        assert seen == whole and len(set(seen)) == 5
    page = await index.reviewing.questions(Wanted(), None, 5)
    assert [one.asked for one in page.questions] == sorted(one.asked for one in page.questions)
    first = page.questions[0]
    assert (first.basis, first.system, first.weight, first.model) == (Basis.SCORE, "lab", 5.0, "plain")
    assert (first.owner, first.assignee, first.state) == ("health-information", None, "open")
    for wanted, many in (
        (Wanted(system="lab"), 5), (Wanted(system="ehr"), 0), (Wanted(basis=Basis.IDENTIFIER), 0),
        (Wanted(weight=5), 5), (Wanted(weight=5.1), 0), (Wanted(before=START + timedelta(seconds=120)), 2),
        (Wanted(owner="billing"), 0), (Wanted(owner="health-information"), 5), (Wanted(assignee="Robin"), 0),
    ):  # fmt: skip
        assert len(await questions(index, wanted)) == many, wanted
    [source] = await index.reviewing.sources()
    assert (source.system, source.questions) == ("lab", 5)


async def test_both_records_of_a_question_stand_beside_their_persons(index: Index) -> None:
    [(one, other)] = await pairs(index, 1)
    await index.resolve(arrival("C0", "Ana Reyes0", source="crm"))
    [question] = await questions(index)
    found = await index.reviewing.pair(question)
    assert (found.older.record.id, found.older.person, found.older.records) == (one.record, one.person, 2)
    assert (found.newer.record.id, found.newer.person, found.newer.records) == (other.record, other.person, 1)
    assert found.case is not None and found.asked.evidence is not None
    await index.distinct(one.record, other.record, ROBIN)
    answered = await index.reviewing.pair(question)
    assert (answered.asked.state, answered.case) == ("distinct", None)
    with pytest.raises(NoSuchPerson):
        await index.reviewing.pair(uuid4())


async def test_a_preview_of_a_merge_and_of_what_takes_it_back_is_what_the_acts_do(database: Database) -> None:
    index = opened(database, Plain(blind=True), authority=[Authority(field="telecom", sources=("lab",))])
    one = await index.resolve(arrival("1", "Ana Reyes", phone="5550101", day=2))
    other = await index.resolve(arrival("2", "Ana Reyes-Cole", source="lab", phone="5550102"))
    seen = await index.reviewing.merging(other.record, one.record)
    assert [each.person for each in seen.before] == [one.person, other.person] and seen.changes and not seen.apart
    joined = await index.merge(other.record, one.record, ROBIN)
    assert joined is not None
    explained = await index.explain(one.record)
    [after] = seen.after
    assert (after.person, after.golden) == (explained.person, (explained.patient, explained.origins))
    assert after.golden.origins["telecom"] == other.record != after.golden.origins["name"]
    again = await index.reviewing.merging(one.record, other.record)
    assert not again.changes
    undone = await index.reviewing.undoing(joined.link)
    split = await index.reviewing.splitting([other.record])
    assert [each.person for each in undone.after] == [each.person for each in split.after] == [one.person, other.person]
    parted = await index.undo(joined.link, ROBIN)
    assert parted is not None and parted.persons == tuple(each.person for each in undone.after)
    for each in undone.after:
        assert each.golden.patient == await index.show(each.person)
    with pytest.raises(NoSuchPerson):
        await index.reviewing.undoing(joined.link)
    with pytest.raises(NoSuchPerson):
        await index.reviewing.merging(one.record, uuid4())
    with pytest.raises(DecidedOtherwise):
        await index.reviewing.splitting([one.record])
    await index.distinct(one.record, other.record, ROBIN)
    assert (await index.reviewing.merging(one.record, other.record)).apart


async def test_a_record_that_its_source_ended_stands_again_in_the_preview_of_its_split(index: Index) -> None:
    one = await index.resolve(arrival("1", "Ana Reyes"))
    other = await index.resolve(arrival("2", "Ben Stone", "1990-01-01"))
    await index.merged(arrival("1", "Ana Reyes"), arrival("2").number)
    seen = await index.reviewing.splitting([other.record])
    assert [[held.retired for held in each.records] for each in seen.before] == [[False, True]]
    assert [[held.retired for held in each.records] for each in seen.after] == [[False], [False]]
    await index.split([other.record], ROBIN)
    explained = [await index.explain(each.record) for each in (one, other)]
    assert [each.golden.patient for each in seen.after] == [each.patient for each in explained]


async def test_just_the_set_that_was_shown_is_answered_each_by_its_case(index: Index) -> None:
    made = await pairs(index, 4)
    sets = sets_of(index)
    ids = await questions(index)
    token, more = await sets.chosen([*ids[:3], uuid4()], STEWARD)
    shown = await sets.shown(token, STEWARD)
    assert more and [one.question for one in shown.members] == ids[:3] and shown.same == shown.distinct == shown.members
    assert [(one.person, one.persons, one.questions, one.apart) for one in shown.groups] == [
        (one.person, (one.person, other.person), 1, False) for one, other in made[:3]
    ]
    await index.distinct(made[0][0].record, made[0][1].record, ROBIN)
    again = await sets.shown(token, STEWARD)
    assert (len(again.members), again.gone) == (2, 1)
    with pytest.raises(FormatError):
        await sets.decide(token, STEWARD, " ", same=True)
    with pytest.raises(NotPossible, match="rate"):
        await sets.decide(token, STEWARD, "why", same=True, per_second=0.001)
    with pytest.raises(NotAllowed):
        await sets.decide(token, Actor("key", assigned=False), "why", same=True)
    done = await sets.decide(token, STEWARD, "cards were shown", same=True)
    assert (done.answered, done.left) == (2, 1)
    persons = await index.persons()
    assert [persons[one.record] == persons[other.record] for one, other in made] == [False, True, True, False]
    rows = await index.rows("select state, resolution, resolved_by from work_case order by opened, id")
    assert [row["state"] for row in rows] == ["resolved", "resolved", "resolved", "open"]
    assert rows[1]["resolved_by"] == "Robin" and "cards were shown" in rows[1]["resolution"]
    with pytest.raises(NotPossible, match="acted on before"):
        await sets.decide(token, STEWARD, "why", same=True)
    used = await sets.shown(token, STEWARD)
    assert used.used_by == "Robin" and (used.members, used.gone) == ((), 3)


async def test_not_the_same_is_answered_together_too_and_never_asked_again(index: Index) -> None:
    made = await pairs(index, 2)
    clock = Hurried(START)
    sets = sets_of(index, clock)
    token, more = await sets.matching(Wanted(system="lab"), STEWARD)
    assert not more
    done = await sets.decide(token, STEWARD, "twins, says the lab", same=False, per_second=0.5)
    assert clock.monotonic() == 2, "two at a rate of one in two seconds"
    assert done.answered == 2 and await index.value("select count(*) from person_distinct") == 2
    await index.resolve(arrival("L0", "Eva Reyes0", source="lab", phone="5550100", day=3))
    assert not await questions(index) and len(set((await index.persons()).values())) == 2 * len(made)


async def test_a_chain_that_somebody_cut_is_left_to_a_person(index: Index) -> None:
    """Ana and Eva, Eva and Ida may each be one; Ana and Ida are known not to be."""
    ana = await index.resolve(arrival("1", "Ana Reyes"))
    eva = await index.resolve(arrival("2", "Eva Reyes", source="lab"))
    ida = await index.resolve(arrival("3", "Ida Reyes", source="crm"))
    assert set(ida.doubts) == {ana.person, eva.person}
    await index.distinct(ana.record, ida.record, ROBIN)
    sets = sets_of(index)
    token, _ = await sets.matching(Wanted(), STEWARD)
    shown = await sets.shown(token, STEWARD)
    [group] = shown.groups
    assert group.apart and group.persons == (ana.person, eva.person, ida.person) and group.questions == 2
    assert shown.same == () and len(shown.distinct) == 2
    with pytest.raises(NotPossible, match="nothing of this set"):
        await sets.decide(token, STEWARD, "why", same=True)
    assert (await sets.shown(token, STEWARD)).used is None, "a set that nothing came of can be decided otherwise"


async def test_what_is_not_mine_is_left_out(index: Index) -> None:
    await pairs(index, 2)
    sets, work, ids = sets_of(index), work_of(index), await questions(index)
    with pytest.raises(NoSuchCase, match="none of these"):
        await sets.matching(Wanted(), Actor("Robin", frozenset({"billing"})))
    with pytest.raises(NotPossible, match="at most"):
        await sets.chosen([uuid4() for _ in range(MOST + 1)], STEWARD)
    with pytest.raises(NoSuchCase, match="no set was shown"):
        await sets.shown(uuid4(), STEWARD)
    token, _ = await sets.chosen(ids, STEWARD)
    case = (await index.reviewing.pair(ids[0])).case
    assert case is not None
    await work.desk.claim(case, Actor("Kim", frozenset({"health-information"})))
    shown = await sets.shown(token, STEWARD)
    assert [one.left for one in shown.members] == ["somebody else has it", ""]
    assert await questions(index, Wanted(assignee="Kim")) == ids[:1]
    done = await sets.decide(token, STEWARD, "why", same=True)
    assert (done.answered, done.left) == (1, 1)
