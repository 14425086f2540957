"""Who an arrival is: known, linked by number or score, asked about, or a person of its own."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace
from tests.identity.index.conftest import ROBIN, START, Index, Plain, arrival, opened

from careloom.identity.index.arriving import CROWD, GATE
from careloom.identity.index.seam import Arrival, Basis
from careloom.identity.matching.zones import Zone
from careloom.model import Identifier
from careloom.store.database import Database

CARD = Identifier(value="77", type="MB", assigner="PAYER")


async def test_a_record_that_nothing_is_known_of_is_a_person_of_its_own(index: Index) -> None:
    one = await index.resolve(arrival("1", "Ana Reyes"))
    other = await index.resolve(arrival("2", "Ben Stone"))
    assert (one.zone, one.person, one.number.value) == (Zone.NEW, one.record, "1")
    assert other.person != one.person


async def test_what_is_known_and_unchanged_is_only_looked_up(index: Index) -> None:
    first = await index.resolve(arrival("1", "Ana Reyes"))
    before = await index.rows("select ctid, * from person_record")
    again = await index.resolve(arrival("1", "Ana Reyes", day=1))
    assert (again.person, again.record, again.zone) == (first.person, first.record, None)
    assert await index.rows("select ctid, * from person_record") == before


async def test_a_record_is_linked_by_its_score_and_the_evidence_is_kept(index: Index) -> None:
    elder = await index.resolve(arrival("1", "Ana Reyes"))
    younger = await index.resolve(arrival("2", "Ana Reyes", source="lab"))
    assert (younger.person, younger.number.value, younger.zone) == (elder.person, "1", Zone.LINK)
    (link,) = (await index.explain(younger.record)).links
    assert (link.older, link.newer, link.basis) == (elder.record, younger.record, Basis.SCORE)
    assert link.evidence is not None
    assert (link.evidence.model, link.evidence.weight) == ("plain", 20.0)


async def test_a_shared_number_links_whatever_the_names_are(index: Index) -> None:
    elder = await index.resolve(arrival("1", "Ana Reyes", others=(CARD,)))
    younger = await index.resolve(arrival("2", "Anna Reyes-Cole", source="lab", others=(CARD,)))
    assert younger.person == elder.person
    assert (await index.explain(elder.person)).links[0].basis is Basis.IDENTIFIER


async def test_the_same_number_from_another_source_is_of_the_same_person(index: Index) -> None:
    elder = await index.resolve(arrival("1", "Ana Reyes"))
    younger = await index.resolve(arrival("1", source="lab"))
    assert younger.record != elder.record
    assert younger.person == elder.person


async def test_a_shared_number_with_contradicting_data_is_a_question(index: Index) -> None:
    elder = await index.resolve(arrival("1", "Ana Reyes", others=(CARD,)))
    younger = await index.resolve(arrival("2", "Ben Reyes", "2010-06-07", others=(CARD,)))
    assert (younger.zone, younger.doubts) == (Zone.REVIEW, (elder.person,))
    (case,) = index.heard.cases
    assert (case.kind, case.system) == ("possible-duplicate", "ehr")
    assert "contradict" in case.reason


async def test_a_doubtful_pair_is_two_persons_and_a_question_asked_once(index: Index) -> None:
    elder = await index.resolve(arrival("1", "Ana Reyes"))
    younger = await index.resolve(arrival("2", "Eva Reyes"))
    assert (younger.zone, younger.doubts) == (Zone.REVIEW, (elder.person,))
    for day, phone in enumerate(("5550101", "5550102"), start=1):
        changed = await index.resolve(arrival("2", "Eva Reyes", day=day, phone=phone))
        assert changed.doubts == ()
    (question,) = (await index.explain(elder.person)).questions
    assert (question.state, question.basis) == ("open", Basis.SCORE)
    assert [case.field for case in index.heard.cases] == [f"question/{question.id}"]


async def test_a_record_that_is_of_two_persons_is_linked_to_one_and_asked_about(index: Index) -> None:
    elder = await index.resolve(arrival("1", "Ana Reyes"))
    other = await index.resolve(arrival("2", "Eva Stone", others=(CARD,)))
    third = await index.resolve(arrival("3", "Ana Reyes", source="lab", others=(CARD,)))
    assert (third.person, third.doubts) == (other.person, (elder.person,))
    assert (await index.persons())[elder.record] == elder.person


async def test_persons_are_not_made_one_by_an_update(index: Index) -> None:
    elder = await index.resolve(arrival("1", "Ana Reyes"))
    other = await index.resolve(arrival("2", "Ana Stone"))
    married = await index.resolve(arrival("2", "Ana Reyes", day=1))
    assert (married.person, married.doubts) == (other.person, (elder.person,))


async def test_a_record_that_is_overlaid_is_a_case_and_stays_of_its_person(index: Index) -> None:
    first = await index.resolve(arrival("1", "Ana Reyes"))
    overlaid = await index.resolve(arrival("1", "Ben Stone", "2010-06-07", day=1))
    assert overlaid.person == first.person
    (case,) = index.heard.cases
    assert (case.kind, case.field) == ("overlaid-record", f"record/{first.record}")
    assert "given, birth" in case.reason
    assert "Stone" not in case.reason


async def test_what_comes_late_changes_nothing(index: Index) -> None:
    await index.resolve(arrival("1", "Ana Reyes", day=5, phone="5550105"))
    late = await index.resolve(arrival("1", "Ana Reyes", day=3, phone="5550103"))
    shown = await index.show(late.person)
    assert shown.telecom[0].value == "5550105"


async def test_a_second_opinion_of_a_batch_sees_the_first(index: Index) -> None:
    found = await asyncio.gather(*(index.resolve(arrival(str(n), "Ana Reyes", source=f"s{n}")) for n in range(12)))
    assert len({one.person for one in found}) == 1
    assert len({one.record for one in found}) == 12


async def test_the_same_arrival_many_times_at_once_is_one_record(index: Index) -> None:
    found = await asyncio.gather(*(index.resolve(arrival("1", "Ana Reyes")) for _ in range(40)))
    assert len({one.record for one in found}) == 1
    assert await index.value("select count(*) from person_record") == 1


@pytest.mark.parametrize("same_number", [True, False])
async def test_two_nodes_that_meet_a_new_patient_at_once_make_one_person(dsn: str, same_number: bool) -> None:
    pools = [await Database.open(dsn, size=4) for _ in range(2)]
    nodes = [opened(pool) for pool in pools]
    for turn in range(40):
        name = f"Ana Reyes{turn}"
        asked = [arrival(f"{turn}" if same_number else f"{turn}-{n}", name) for n in range(2)]
        if turn % 2:
            nodes.reverse()
        found = await asyncio.gather(*(node.resolve(one) for node, one in zip(nodes, asked, strict=True)))
        assert len({one.person for one in found}) == 1
        assert len({one.record for one in found}) == (1 if same_number else 2)
    assert await nodes[0].value("select count(distinct person) from person_record") == 40
    for node, pool in zip(nodes, pools, strict=True):
        await node.close()
        await pool.close()


async def test_two_nodes_with_many_at_once_make_one_person_of_each(dsn: str) -> None:
    pools = [await Database.open(dsn, size=6) for _ in range(2)]
    nodes = [opened(pool) for pool in pools]
    asked = [arrival(f"{n}", f"Ana Reyes{n % 10}", source=f"s{n % 3}") for n in range(60)]
    await asyncio.gather(*(node.resolve(one) for one in asked for node in nodes))
    persons = await nodes[0].persons()
    assert (len(persons), len(set(persons.values()))) == (60, 10)
    assert all(min(record for record, whose in persons.items() if whose == one) == one for one in persons.values())
    for node, pool in zip(nodes, pools, strict=True):
        await node.close()
        await pool.close()


async def test_a_node_whose_clock_is_behind_makes_no_record_older_than_its_person(database: Database) -> None:
    ahead, behind = opened(database), opened(database)
    await ahead.clock.advance(3600)
    elder = await ahead.resolve(arrival("1", "Ana Reyes"))
    younger = await behind.resolve(arrival("2", "Ana Reyes", source="lab"))
    assert younger.record > elder.record
    assert younger.person == elder.person


async def test_blind_matching_links_by_number_alone(database: Database) -> None:
    index = opened(database, Plain(blind=True))
    one = await index.resolve(arrival("1", "Ana Reyes"))
    other = await index.resolve(arrival("2", "Ana Reyes"))
    assert one.person != other.person
    await index.distinct(one.record, other.record, ROBIN)


async def test_news_that_nothing_is_compared_of_is_kept_and_waits_for_nobody(index: Index) -> None:
    first = arrival("1", "Ana Reyes")
    known = await index.resolve(first)
    told = Arrival("ehr", first.number, replace(first.patient, language="pt"), START + timedelta(days=1))
    async with index.database.acquire() as other, other.transaction():
        keys = await index.value("select keys from person_record")
        await other.execute("select pg_advisory_xact_lock(one) from unnest($1::bigint[]) as one", keys)
        again = await asyncio.wait_for(index.resolve(told), 30)  # another holds its keys all the while
    assert (again.person, again.record, again.zone) == (known.person, known.record, None)
    assert (await index.show(known.person)).language == "pt"


async def test_late_news_that_nothing_is_compared_of_changes_nothing(index: Index) -> None:
    first = arrival("1", "Ana Reyes", day=5)
    known = await index.resolve(first)
    late = Arrival("ehr", first.number, replace(first.patient, language="pt"), START)
    assert (await index.resolve(late)).person == known.person
    assert (await index.show(known.person)).language is None


async def test_news_waits_for_an_act_on_persons(index: Index) -> None:
    first = arrival("1", "Ana Reyes")
    await index.resolve(first)
    told = Arrival("ehr", first.number, replace(first.patient, language="pt"), START + timedelta(days=1))
    async with index.database.acquire() as steward, steward.transaction():
        await steward.execute("select pg_advisory_xact_lock($1)", GATE)
        waiting = asyncio.ensure_future(index.resolve(told))
        while not await index.value("select count(*) from pg_locks where locktype = 'advisory' and not granted"):
            assert not waiting.done()
        await steward.execute("delete from person_record")
    assert (await waiting).zone is Zone.NEW


async def test_the_same_news_many_times_at_once_is_told_to_all(index: Index) -> None:
    first = arrival("1", "Ana Reyes")
    known = await index.resolve(first)
    told = [
        Arrival("ehr", first.number, replace(first.patient, language=f"l{n}"), START + timedelta(days=n))
        for n in range(20)
    ]
    found = await asyncio.gather(*(index.resolve(one) for one in told))
    assert {one.record for one in found} == {known.record}
    assert (await index.show(known.person)).language == "l19"


async def test_a_key_that_a_crowd_shares_is_asked_by_no_more(database: Database) -> None:
    index = opened(database, Plain(blind=True))
    for number in range(CROWD + 1):
        await index.resolve(arrival(str(number), "Ana Reyes", assigner=f"A{number}"))
    assert await index.value("select count(*) from person_crowded_key") == 0
    await index.resolve(arrival("next", "Ana Reyes"))
    assert await index.value("select count(*) from person_crowded_key") == 1
    seeing = opened(database)
    alone = await seeing.resolve(arrival("last", "Ana Reyes"))
    assert alone.zone is Zone.NEW  # they share their key with everybody, which says nothing
    known = await seeing.resolve(arrival("3", source="lab", assigner="A3"))
    assert known.zone is Zone.LINK  # and a number of their own says all that it said before
