"""Every hot statement uses indexes, on an empty log (as every fresh install is) and on a filled one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from careloom.core.receipts import Received
from careloom.store.sql import queries

LARGE = {"event", "receipt", "delivery", "attempt", "subject_key"}
EVENTS = 20_000
ID, NOW = UUID(int=7), datetime(2026, 3, 1, tzinfo=UTC)
_IDS, _LANES, _SEQUENCES = [ID, UUID(int=8)], [0, 1], [5, 6]

FILL = f"""
insert into lane select n, case when n < 64 then 'm' else 'e' end, {EVENTS} / 128, 10, '\\x00'
    from generate_series(0, 127) n;
insert into subscription (name, bank) values ('translate', 'm'), ('deliver', 'e');
insert into cursor select s.name, l.lane, l.head - 10 from subscription s join lane l using (bank);
insert into tally select subscription, lane from cursor;
insert into subject_key (token, wrapped) select md5(n::text)::uuid, '\\x00' from generate_series(1, 5000) n;
insert into event select n % 128, 1 + n / 128, md5('id' || n)::uuid, case when n % 128 < 64 then 'm' else 'e' end,
    'type' || n % 5, 'ehr', md5((1 + n % 5000)::text)::uuid, 1 + n % 5000, now(), now() - n * interval '1 second', '',
    md5('id' || n / 2)::uuid, null, 0, decode(repeat('00', 300), 'hex'), '\\x00'
    from generate_series(0, {EVENTS} - 1) n;
insert into receipt select 'ehr', 'M' || n, md5('id' || n)::uuid, '\\x00', '\\x00' from generate_series(1, {EVENTS}) n;
insert into delivery select case when n % 128 < 64 then 'translate' else 'deliver' end, n % 128, 1 + n / 128,
    md5('id' || n)::uuid, 'done', null, null, 1, 0, now() from generate_series(0, {EVENTS} - 1) n;
insert into attempt select 'deliver', n % 128, 1 + n / 128, 1, md5('id' || n)::uuid, 'transient', '', now()
    from generate_series(0, 5000) n;
insert into parked select 'deliver', 64 + n % 64, 1 + n / 64, md5(n::text)::uuid, md5('id' || n)::uuid,
    md5('id' || n)::uuid, 'behind', 0, now(), '', '', '', now() from generate_series(1, 500) n;
analyze;
"""

# Rows beside those that a running log has already, in tables that intake looks things up in.
SPREAD = """
insert into receipt select 'ehr', 'S' || n, md5('id' || n)::uuid, '\\x00', '\\x00' from generate_series(1, 20000) n;
insert into subject_key (token, wrapped) select md5(n::text)::uuid, '\\x00' from generate_series(1, 20000) n;
"""
SCANS = """
select relname, seq_scan from pg_stat_user_tables where relname in ('event', 'receipt', 'subject_key') order by relname
"""

# The hot statements, by file and name, with arguments such as the code gives.
HOT: dict[str, dict[str, list[Any]]] = {
    "log": {
        "known_receipts": [["ehr", "ehr"], ["M1", "M2"]],
        "lock_lanes": [_LANES, [1, 2, 3]],
        "advance_lanes": [_LANES, _SEQUENCES, [b"", b""], [1, 1]],
        "subject_keys": [_IDS],
        "data_keys": [[1, 2, 3]],
        "event_heads": [_LANES],
        "types_since": [_LANES, _SEQUENCES, 1000],
        "create_subject_keys": [_IDS, [b"", b""]],
    },
    "subscription": {
        "take_cursors": ["deliver", _LANES],
        "blocked_subjects": ["deliver", _LANES],
        "heads": ["deliver", _LANES],
        "read_lanes": [_LANES, _SEQUENCES, [50, 50], None, 8],
        "move_cursors": ["deliver", _LANES, [0, 0], _SEQUENCES, [9, 9]],
        "record_deliveries": [
            "deliver", _LANES, _SEQUENCES, _IDS, ["done"] * 2, [None] * 2, [None] * 2, [1, 1], [NOW, NOW]
        ],
        "delivered_events": ["deliver", _IDS],
        "take_off": [_IDS, [1, 1]],
        "put_on": [_IDS, [1, 1], [True, True]],
        "unpark": ["deliver", _LANES, _SEQUENCES],
        "release_joins": ["deliver", _IDS],
        "joins_ready": ["deliver", _IDS],
        "heads_of_subjects": ["deliver", _LANES],
        "parked_entries": ["deliver", _IDS, 8],
    },
    "operator": {
        "chain_page": [0, 5, 100],
        "chain_heads": [],
        "chain_span": [],
        "find_message": [ID, "M77"],
        "messages_of_subject": [_IDS, 20],
        "journey": [ID],
        "deliveries_of": [_IDS],
        "attempts_of": [_IDS],
        "parked_of": [_IDS],
        "conservation": [],
        "lag": [],
        "loose_cases": [ID],
        "erasable": [_IDS],
    },
    "console_log": {
        "acts": [ID, "subscription.paused.v1", NOW, NOW, NOW, ID, 100],
        "one_act": [ID, NOW],
        "acts_since": [NOW],
        "messages_about": [_IDS, None, 50],
        "known_messages": [_IDS],
        "newest_messages": [ID, 50],
        "flying_messages": [None, 50],
        "held_messages": [None, 50],
        "filtered_messages": [None, 50, 100],
        "fresh_entries": [NOW, 50, NOW],
        "fresh_deliveries": [NOW, 50, NOW],
        "lanes_of_subscription": ["deliver", 100],
        "parked_subjects": ["deliver", None, 50],
        "calls_of_events": [_IDS, 100],
    },
}  # fmt: skip
STATEMENTS = [(file, name) for file, named in HOT.items() for name in named]


def _scans(plan: Any) -> Iterator[str]:
    """The tables that a plan reads from end to end."""
    if isinstance(plan, dict):
        if plan.get("Node Type") == "Seq Scan":
            yield plan["Relation Name"]
        for part in plan.values():
            yield from _scans(part)
    elif isinstance(plan, list):
        for part in plan:
            yield from _scans(part)


async def _scanned(connection: Any, file: str, name: str) -> set[str]:
    # A prepared statement under force_custom_plan is planned with these very arguments, as it is in use.
    sql = f"explain (format json) {queries(file)[name]}"
    return set(_scans(json.loads(await connection.fetchval(sql, *HOT[file][name]))))


async def test_a_hot_statement_never_reads_a_large_table_from_end_to_end(log: Any) -> None:
    async with log.database.acquire() as connection:
        assert await connection.fetchval("show plan_cache_mode") == "force_custom_plan"
        await connection.execute(FILL)
        scanned = {f"{file}.{name}": await _scanned(connection, file, name) & LARGE for file, name in STATEMENTS}
    assert {name: tables for name, tables in scanned.items() if tables} == {}


async def test_a_connection_that_planned_on_an_empty_log_plans_anew_when_it_has_filled(log: Any) -> None:
    async with log.database.acquire() as connection, log.database.acquire() as other:
        prepared = {}
        for file, name in STATEMENTS:
            sql = f"explain (format json) {queries(file)[name]}"
            prepared[file, name] = await connection.prepare(sql)
            for _ in range(6):  # from the sixth use on, a plan could become generic
                await prepared[file, name].fetchval(*HOT[file][name])
        await other.execute(FILL)
        for place, statement in prepared.items():
            plan = json.loads(await statement.fetchval(*HOT[place[0]][place[1]]))
            assert not set(_scans(plan)) & LARGE, place


async def test_a_session_that_appended_to_an_empty_log_scans_nothing_when_it_has_filled(
    log: Any, dsn: str, message: Callable[..., Received]
) -> None:
    """`append_messages` keeps its plans for the session, so they are made for indexes even where nothing is yet."""
    node = await log.node()
    for number in range(6):
        await node.intake.accept(message(f"M{number}"))
    async with log.database.acquire() as other:
        await other.execute(SPREAD)
        before = await other.fetch(SCANS)
    for number in range(6, 12):
        await node.intake.accept(message(f"M{number}"))
    await log.close_node(node)  # a session reports what it did when it ends
    async with log.database.acquire() as other:
        assert await other.fetch(SCANS) == before


async def test_the_check_would_notice_a_scan(log: Any) -> None:
    async with log.database.acquire() as connection:
        await connection.execute(FILL)
        plan = json.loads(await connection.fetchval("explain (format json) select * from event where source = 'ehr'"))
    assert set(_scans(plan)) == {"event"}


@pytest.mark.parametrize("file", ["log", "subscription", "operator", "cases"])
async def test_every_statement_is_valid_on_this_schema(log: Any, file: str) -> None:
    async with log.database.acquire() as connection:
        for sql in queries(file).values():
            await connection.prepare(sql)
