"""A spread of rows behind every figure: cases, runs, steps, held events, feeds, over ten days before a moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

_CASES = """
insert into work_case (id, message, kind, system, run, reason, opened, changed, owner, due)
select md5('case' || n)::uuid, md5('message' || n)::uuid,
       (array['mapping', 'rejected-posting', 'unmatched-record', 'delayed-payment'])[1 + n % 4], 'ehr',
       case when n % 3 = 0 then md5('run' || n)::uuid::text || '/1' end, 'reason ' || n % 5,
       $1::timestamptz - n * interval '3 hours 7 minutes', $1, 'integration',
       $1::timestamptz - n * interval '3 hours 7 minutes' + interval '2 days'
from generate_series(1, $2) n;
"""
_CASES_END = """
update work_case set state = 'resolved', resolved = least(opened + interval '50 hours', $1::timestamptz), changed = $1,
       resolution = 'settled', resolved_by = case when reason < 'reason 3' then 'Robin' else 'careloom' end
where right(id::text, 1) < '9' and opened < $1::timestamptz - interval '1 hour';
"""
_RUNS = """
insert into run (id, lane, workflow, version, code, key, token, input, correlation, since, begun, changed, late_at)
select md5('run' || n)::uuid, 0,
       (array['service-completed.bill', 'payment-confirmation.confirm', 'intake.admit', 'claim-posting.post'])
           [1 + n % 4],
       1, 'c', 1, md5('t' || n)::uuid, '\\x00', md5('event' || n % 90)::uuid,
       $1::timestamptz - n * interval '2 hours 11 minutes', $1::timestamptz - n * interval '2 hours 11 minutes', $1,
       case when n % 2 = 0 then $1::timestamptz - n * interval '1 hour' end
from generate_series(1, $2) n;
"""
_RUNS_MOVE = "update run set state = 'running', due = null;"
_RUNS_END = """
update run set state = case when right(id::text, 1) < '2' then 'failed' else 'completed' end,
       late = case when late_at is not null then late_at end, late_at = null,
       ended = least(begun + length(reverse(id::text)) * interval '1 minute', $1::timestamptz)
where right(id::text, 1) < 'd';
"""
_STEPS = """
insert into run_step (run, path, name, sort, state, began, ended)
select id, '1', case workflow when 'service-completed.bill' then 'issue' when 'claim-posting.post' then 'settle'
                              else 'post' end, 'step', 'done', begun,
       begun + (1 + get_byte(decode(md5(id::text), 'hex'), 0)) * interval '37 seconds'
from run;
"""
_EVENTS = """
insert into event select 1, n, md5('event' || n)::uuid, 'e',
       (array['appointment.booked.v1', 'payment.received.v1'])[1 + n % 2], 'ehr', md5('about' || n / 4)::uuid, 1,
       $1::timestamptz - n * interval '1 hour',
       $1::timestamptz - n * interval '1 hour', '', md5('event' || n)::uuid, null, 0, '\\x00', '\\x00'
from generate_series(1, 80) n;
"""
_PARKED = """
insert into parked (subscription, lane, seq, token, event, message, state, due, since)
select 'a.b', 1, seq, token, id, id, case when seq % 3 = 0 then 'case' else 'behind' end,
       case when seq % 3 = 0 then null else recorded end, recorded
from event where kind = 'e' and source = 'ehr' and lane = 1 and seq % 5 < 3 and id in (
    select md5('event' || n)::uuid from generate_series(1, 80) n);
"""
_FEEDS = """
insert into feed_hour
select (array['ehr', 'lab'])[1 + n % 2], date_trunc('hour', $1::timestamptz) - n * interval '1 hour',
       n, 60, date_trunc('hour', $1::timestamptz) - n * interval '1 hour' + interval '31 minutes'
from generate_series(1, 60) n;
"""


async def seed(connection: Any, now: datetime, many: int = 100) -> None:
    """All of it; the log of a hub must not have run on this database."""
    await connection.execute("insert into lane values (1, 'e', 80, 0, '\\x00') on conflict do nothing")
    await connection.execute("insert into subscription (name, bank) values ('a.b', 'e') on conflict do nothing")
    await connection.execute(_CASES, now, many)
    await connection.execute(_CASES_END, now)
    await connection.execute(_RUNS, now, many)
    await connection.execute(_RUNS_MOVE)
    await connection.execute(_RUNS_END, now)
    await connection.execute(_STEPS)
    await connection.execute(_EVENTS, now)
    await connection.execute(_PARKED)
    await connection.execute(_FEEDS, now)
