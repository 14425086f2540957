"""What sources and stewards say of persons: merged, split, undone, held apart, erased; told, and on record."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.identity.index.conftest import ROBIN, Index, Plain, arrival, opened

from careloom.core.errors import PermanentError
from careloom.identity.index.asking import Stewards
from careloom.identity.index.errors import DecidedOtherwise, NoSuchPerson
from careloom.identity.index.seam import Basis
from careloom.identity.matching.features import Features
from careloom.log.operators import Act
from careloom.model import Identifier
from careloom.store.database import Database


async def _three(index: Index) -> list[UUID]:
    """Three records of three persons, whom nothing links."""
    return [
        (await index.resolve(arrival(str(n), name, source=source))).record
        for n, (name, source) in enumerate((("Ana Reyes", "ehr"), ("Ana Cole", "lab"), ("Ana Stone", "crm")))
    ]


async def _rows(index: Index) -> list[Any]:
    """All that an act may change, but for what it keeps on record."""
    records = await index.rows("select * from person_record order by id")
    return [records, await index.rows("select * from person_link where ended is null order by id")]


def _audits(index: Index) -> list[tuple[str, str]]:
    return [(one.type, json.loads(one.data)["by"]) for one in index.heard.events if one.kind == "a"]


async def test_a_steward_merges_and_everybody_is_told(index: Index) -> None:
    elder, younger, _ = await _three(index)
    joined = await index.merge(younger, elder, ROBIN)
    assert joined is not None
    assert (joined.survivor, joined.retired, joined.records) == (elder, younger, (younger,))
    (told,) = index.heard.said("person.merged.v1")
    assert (told.survivor.person.id, told.retired.id) == (str(elder), str(younger))
    assert (told.survivor.person.number.value, told.retired.number.value) == ("0", "1")
    (event,) = (one for one in index.heard.events if one.type == "person.merged.v1")
    assert (event.subject, event.others) == (f"Person/-/{elder}", (f"Person/-/{younger}",))
    assert _audits(index) == [("person.merged_by_steward.v1", "Robin Okafor")]
    assert await index.merge(younger, elder, ROBIN) is None


async def test_undoing_a_merge_gives_back_what_was_to_the_byte(index: Index) -> None:
    elder, younger, third = await _three(index)
    await index.merge(elder, third, ROBIN)
    before = await _rows(index)
    joined = await index.merge(younger, elder, ROBIN)
    assert joined is not None
    assert await _rows(index) != before
    parted = await index.undo(joined.link, ROBIN)
    assert parted is not None
    assert (parted.person, parted.persons) == (elder, (elder, younger))
    assert await _rows(index) == before
    (told,) = index.heard.said("person.split.v1")
    assert [part.person.id for part in told.parts] == [str(elder), str(younger)]
    assert told.parts[1].name[0].family == "Cole"


async def test_a_link_can_be_undone_once(index: Index) -> None:
    elder, younger, _ = await _three(index)
    joined = await index.merge(elder, younger, ROBIN)
    assert joined is not None
    await index.undo(joined.link, ROBIN)
    for link in (joined.link, uuid4()):
        with pytest.raises(NoSuchPerson):
            await index.undo(link, ROBIN)


async def test_a_person_that_other_links_hold_together_stays(index: Index) -> None:
    one, two, three = await _three(index)
    links = [await index.merge(*pair, ROBIN) for pair in ((one, two), (two, three))]
    assert links[0] is not None
    await index.rows(
        "insert into person_link (id, older, newer, basis, made, by, why)"
        " values ($1, $2, $3, 'batch', now(), 'x', 'y')",
        uuid4(),
        one,
        three,
    )
    assert await index.undo(links[0].link, ROBIN) is None
    assert len(index.heard.said("person.split.v1")) == 0


async def test_a_split_is_remembered_for_ever(index: Index) -> None:
    elder = await index.resolve(arrival("1", "Ana Reyes"))
    younger = await index.resolve(arrival("2", "Ana Reyes", source="lab"))
    parted = await index.split([younger.record], ROBIN)
    assert parted.persons == (elder.person, younger.record)
    changed = await index.resolve(arrival("2", "Ana Reyes", source="lab", day=1, phone="5550101"))
    assert (changed.person, changed.doubts) == (younger.record, ())
    third = await index.resolve(arrival("3", "Ana Reyes", source="crm"))
    assert (third.person, third.doubts) == (elder.person, ())
    assert index.heard.cases == []
    assert len((await index.explain(elder.person)).apart) == 1


async def test_a_split_keeps_the_parts_together(index: Index) -> None:
    hub, *spokes = [(await index.resolve(arrival(str(n), "Ana Reyes", source=f"s{n}"))).record for n in range(4)]
    for link in (await index.explain(hub)).links:
        await index.undo(link.id, ROBIN)
    for spoke in spokes:
        await index.merge(hub, spoke, ROBIN)
    parted = await index.split([hub], ROBIN)
    assert parted.persons == (hub, spokes[0])
    assert set((await index.persons()).values()) == {hub, spokes[0]}


async def test_a_split_takes_some_records_of_one_person(index: Index) -> None:
    one, two, three = await _three(index)
    await index.merge(one, two, ROBIN)
    for wrong in ([one, two], [one, three], [three]):
        with pytest.raises(DecidedOtherwise):
            await index.split(wrong, ROBIN)
    with pytest.raises(NoSuchPerson):
        await index.split([], ROBIN)


async def test_not_the_same_stands_until_somebody_says_otherwise_by_name(index: Index) -> None:
    one, two, _ = await _three(index)
    await index.distinct(one, two, ROBIN)
    with pytest.raises(DecidedOtherwise):
        await index.merge(one, two, ROBIN)
    await index.merge(one, two, Act("Sam Ito", "her sister's papers"), despite=True)
    (mark,) = (await index.explain(one)).apart
    assert mark.by == "Robin Okafor"
    assert mark.ended is not None
    with pytest.raises(DecidedOtherwise):
        await index.distinct(one, two, ROBIN)


async def test_an_answer_ends_the_question_and_its_case(index: Index) -> None:
    for answer in ("same", "distinct"):
        elder = await index.resolve(arrival(f"{answer}1", f"Ana {answer}"))
        younger = await index.resolve(arrival(f"{answer}2", f"Eva {answer}"))
        act = index.merge if answer == "same" else index.distinct
        await act(elder.person, younger.person, ROBIN)
        (question,) = (await index.explain(elder.person)).questions
        assert (question.state, question.by) == (answer, "Robin Okafor")
        asked, older, newer = await index.question(question.id)
        assert asked == question
        assert (older == newer) == (answer == "same")
    assert await index.value("select count(*) from work_case where resolved is null") == 0
    with pytest.raises(NoSuchPerson):
        await index.question(uuid4())


async def test_a_source_merges_two_records(index: Index) -> None:
    survivor = await index.resolve(arrival("1", "Ana Reyes"))
    retired = await index.resolve(arrival("2", "Ana Cole"))
    number = Identifier(value="2", type="MR", assigner="NORTH")
    resolved, joined = await index.merged(arrival("1", "Ana Reyes"), number)
    assert joined is not None
    assert (resolved.person, joined.retired) == (survivor.person, retired.person)
    (told,) = index.heard.said("person.merged.v1")
    assert told.trigger == "source-merge"
    explained = await index.explain(survivor.person)
    assert [(link.basis, link.by) for link in explained.links] == [(Basis.SOURCE, "ehr")]
    assert [one.retired for one in explained.records] == [False, True]
    assert await index.merged(arrival("1", "Ana Reyes"), number) == (resolved, None)
    assert len(index.heard.events) == 1
    await index.undo(joined.link, ROBIN)
    assert await index.value("select count(*) from person_record where retired") == 0


async def test_an_older_record_that_its_source_retires_gives_the_person_its_id_and_not_its_number(
    index: Index,
) -> None:
    elder = await index.resolve(arrival("1", "Ana Reyes"))
    await index.resolve(arrival("2", "Ana Cole"))
    resolved, joined = await index.merged(arrival("2", "Ana Cole"), Identifier(value="1", type="MR", assigner="NORTH"))
    assert joined is not None
    assert (resolved.person, resolved.number.value, joined.survivor) == (elder.person, "2", elder.person)


async def test_a_number_that_never_came_is_the_survivors_from_now_on(index: Index) -> None:
    number = Identifier(value="2", type="MR", assigner="NORTH")
    resolved, joined = await index.merged(arrival("1", "Ana Reyes"), number)
    assert joined is None
    assert index.heard.events == []
    late = await index.resolve(arrival("2", "Ana Cole", day=-3))
    assert late.person == resolved.person
    assert (await index.merged(arrival("1", "Ana Reyes"), arrival("1").number))[1] is None


async def test_a_source_does_not_overrule_a_steward_silently(index: Index) -> None:
    one = await index.resolve(arrival("1", "Ana Reyes"))
    other = await index.resolve(arrival("2", "Ana Cole"))
    await index.distinct(one.person, other.person, ROBIN)
    for _ in range(2):
        resolved, joined = await index.merged(
            arrival("1", "Ana Reyes"), Identifier(value="2", type="MR", assigner="NORTH")
        )
        assert (resolved.person, joined) == (one.person, None)
    (case,) = index.heard.cases
    assert (case.kind, case.system) == ("possible-duplicate", "ehr")
    assert (await index.persons())[other.record] == other.person


async def test_erasing_a_record_leaves_nothing_of_it(index: Index) -> None:
    one, two, three = await _three(index)
    await index.merge(one, two, ROBIN)
    await index.merge(two, three, ROBIN)
    parted = await index.erase(one, ROBIN)
    assert parted is not None
    assert (parted.person, parted.persons) == (one, (two,))
    assert await index.erase(three, ROBIN) is None
    assert await index.erase(two, ROBIN) is None
    for table in ("person_record", "person_link", "person_distinct", "person_question"):
        assert await index.value(f"select count(*) from {table}") == 0
    with pytest.raises(NoSuchPerson):
        await index.show(two)


async def test_what_a_record_held_together_is_apart_without_it(index: Index) -> None:
    one, two, three = await _three(index)
    await index.merge(one, two, ROBIN)
    await index.merge(two, three, ROBIN)
    parted = await index.erase(two, ROBIN)
    assert parted is not None
    assert parted.persons == (one, three)


async def test_the_database_refuses_what_cannot_be(index: Index) -> None:
    one, two, _ = await _three(index)
    joined = await index.merge(one, two, ROBIN)
    assert joined is not None
    for sql in (
        "update person_record set person = (select max(id::text)::uuid from person_record)",
        "update person_link set why = 'another'",
        "update person_link set older = newer",
        "insert into person_link select gen_random_uuid(), older, newer, basis, retired, evidence, made, by, why"
        " from person_link",
        "insert into person_link (id, older, newer, basis, made, by, why)"
        " select gen_random_uuid(), older, newer, 'score', made, by, why from person_link",
        "update person_record set number = (select number from person_record limit 1)",
        "update person_record set person = gen_random_uuid()",
    ):
        with pytest.raises(PermanentError):
            await index.rows(sql)
    await index.undo(joined.link, ROBIN)
    with pytest.raises(PermanentError, match="person_decision_stays"):
        await index.rows("update person_link set ended = null, ended_by = null, ended_why = null")


async def test_what_is_asked_goes_to_those_who_answer_for_the_facility(database: Database) -> None:
    index = opened(database, stewards=Stewards({"NORTH": "north-records"}))
    await index.resolve(arrival("1", "Ana Reyes", assigner="SOUTH"))
    await index.resolve(arrival("2", "Anna Reyes", assigner="NORTH"))
    await index.resolve(arrival("3", "Anja Reyes", assigner="SOUTH"))
    await index.resolve(arrival("2", "Ben Stone", "2010-06-07", assigner="NORTH", day=1))
    owned = await index.rows("select kind, owner, field from work_case order by opened, field")
    assert [(row["kind"], row["owner"]) for row in owned if row["owner"] == "north-records"] == [
        ("possible-duplicate", "north-records"), ("overlaid-record", "north-records"),
    ]  # fmt: skip
    assert {row["owner"] for row in owned} == {"north-records", "health-information"}


async def test_what_a_look_through_asks_and_what_a_source_contests_is_owned_too(database: Database) -> None:
    index = opened(database, Plain(blind=True), stewards=Stewards({"NORTH": "north-records"}))
    one, other = [await index.resolve(arrival(str(n), "Ana Reyes", assigner="NORTH")) for n in range(2)]
    assert await index.ask(one.record, other.record, Plain().evidence(Features(), Features()))
    await index.distinct(one.record, other.record, ROBIN)
    ended = arrival("1", "Ana Reyes", assigner="NORTH").number
    assert (await index.merged(arrival("0", "Ana Reyes", assigner="NORTH"), ended))[1] is None
    rows = await index.rows("select owner from work_case")
    assert [row["owner"] for row in rows] == ["north-records"] * 2
