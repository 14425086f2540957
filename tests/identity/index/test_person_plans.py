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
}


@pytest.mark.parametrize("name", sorted(HOT))
async def test_no_hot_query_reads_the_whole_index(index: Index, name: str) -> None:
    sql, arguments = HOT[name]
    async with index.database.acquire() as connection, connection.transaction():
        await connection.execute(_FILL)
        await connection.execute("analyze person_record")
        plan: list[Any] = await connection.fetch(f"explain {sql}", *arguments)
    text = "\n".join(row[0] for row in plan)
    assert "Seq Scan" not in text, text
    assert "person_record_" in text
