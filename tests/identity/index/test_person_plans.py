"""The hot queries go by their indexes, however many records there are."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from tests.identity.index.conftest import Index

from careloom.store.sql import queries

_FILL = """
insert into person_record (id, number, source, person, digest, compared, keys, known, features, content)
select id, gen_random_uuid(), 'ehr', id, '\\x00112233445566778899aabbccddeeff',
       '\\x00112233445566778899aabbccddeeff', array[n * 7, n * 7 + 1], '', '', ''
from (select n::bigint, ('01952c00-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as id
      from generate_series(1, 20000) as n) numbered
"""
_NEAR = """
select r.id from person_record r where r.keys && $1::bigint[]
order by (select count(*) from unnest(r.keys) as one (key) where one.key = any ($1::bigint[])) desc limit 100
"""
_IDS = [uuid4(), uuid4()]
HOT = {
    "known": (queries("persons").known, [_IDS]),
    "contents": (queries("persons").contents, [_IDS]),
    "numbers_of": (queries("persons").numbers_of, [_IDS]),
    "records_of": (queries("persons").records_of, [_IDS]),
    "found": (queries("persons").found, [[7, 14], 50]),
    "candidates": (_NEAR, [[7, 14, 21]]),
    "sizes_of": (queries("persons").sizes_of, [_IDS]),
    "distinct_among": (queries("persons").distinct_among, [_IDS]),
}


@pytest.mark.parametrize("name", sorted(HOT))
async def test_no_hot_query_reads_the_whole_index(index: Index, name: str) -> None:
    sql, arguments = HOT[name]
    async with index.database.acquire() as connection, connection.transaction():
        await connection.execute(_FILL)
        await connection.execute("analyze person_record")
        plan: list[Any] = await connection.fetch(f"explain {sql}", *arguments)
    text = "\n".join(row[0] for row in plan)
    assert "Seq Scan on person_record" not in text, text
    assert "person_record_" in text
    if name == "found":
        assert "person_record_keys" in text, "by keys, never all records in the order of their ids"


_ASKED = """
insert into person_question (id, older, newer, basis, evidence, system, asked, state, answered, by)
select gen_random_uuid(), older.id, newer.id, 'score', '{"weight": 5}', 'lab', now() - (n || ' s')::interval,
       case when n % 20 = 0 then 'open' else 'same' end, case when n % 20 = 0 then null else now() end,
       case when n % 20 = 0 then null else 'Robin' end
from generate_series(1, 19999) n
join person_record older on older.keys[1] = n * 7 join person_record newer on newer.keys[1] = (n + 1) * 7;
insert into work_case (id, kind, system, field, reason, run, opened, owner)
select gen_random_uuid(), 'possible-duplicate', system, 'question/' || id, 'alike', 'question:' || id, asked,
       'health-information' from person_question where state = 'open'
"""
_NONE: list[Any] = [None] * 8
QUEUE = {
    "open_questions": [*_NONE, 51],
    "likeliest_questions": [*_NONE, 51],
    "asked_by_source": [],
    "cases_of_questions": [_IDS],
    "pairs_of_cases": [_IDS],
}


@pytest.mark.parametrize("name", sorted(QUEUE))
async def test_the_queue_reads_what_is_open_and_no_more(index: Index, name: str) -> None:
    async with index.database.acquire() as connection, connection.transaction():
        await connection.execute(_FILL)
        await connection.execute(_ASKED)
        for table in ("person_record", "person_question", "work_case"):
            await connection.execute(f"analyze {table}")
        plan: list[Any] = await connection.fetch(f"explain {queries('persons')[name]}", *QUEUE[name])
    text = "\n".join(row[0] for row in plan)
    for table in ("person_record", "person_question"):
        assert f"Seq Scan on {table}" not in text, text
    if name in ("open_questions", "likeliest_questions"):
        index_of = {"open_questions": "person_question_open", "likeliest_questions": "person_question_likeliest"}
        assert index_of[name] in text and "Seq Scan" not in text, text
