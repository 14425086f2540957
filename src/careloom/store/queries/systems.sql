-- name: recall
-- One value that a connector keeps.
select value from system_memory where system = $1 and key = $2

-- name: remember
-- The newest value wins; one node at a time polls a system, so there is no race to lose.
insert into system_memory (system, key, value, kept) values ($1, $2, $3, $4)
on conflict (system, key) do update set value = excluded.value, kept = excluded.kept

-- name: forget
-- A cursor or a file that is not needed any more.
delete from system_memory where system = $1 and key = $2

-- name: remembered
-- Keys by prefix; `starts_with` needs no escaping of % and _.
select key from system_memory where system = $1 and starts_with(key, $2) order by key

-- name: expect
-- A question asked twice keeps its first timer; one whose answer came first is settled at once.
insert into expectation (system, kind, key, message, since, due)
select $1, * from unnest($2::text[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::timestamptz[])
on conflict (system, kind, key) do update
    set message = coalesce(expectation.message, excluded.message), due = coalesce(expectation.due, excluded.due)

-- name: answered
-- How many were waited for; the others are kept for a question that is still on its way.
with came as (
    insert into expectation as e (system, kind, key, since, answered) select $1, $2, unnest($3::uuid[]), $4, $4
    on conflict (system, kind, key) do update set answered = coalesce(e.answered, excluded.answered)
    returning e.due
)
select count(due) from came

-- name: overdue
-- Locked, so that of two nodes one alarms; marked in the same transaction as the case.
select system, kind, key, message, since from expectation
where due <= $1 and answered is null and alarmed is null
order by due limit 100 for update skip locked

-- name: alarmed
-- They have a case now.
update expectation set alarmed = $4
from unnest($1::text[], $2::text[], $3::uuid[]) as late (system, kind, key)
where expectation.system = late.system and expectation.kind = late.kind and expectation.key = late.key

-- name: open_of_kind
-- Which systems have cases of a kind that wait, and where.
select system, field from work_case where kind = $1 and resolved is null order by system, field

-- name: refused_before
-- Whether one of these subscriptions has met a refusal of our credentials that waits for a person.
select exists (select from work_case
               where resolved is null and category = 'authentication' and subscription = any($1::text[]))

-- name: record_attempt
-- One try to deliver one event.
insert into delivery_attempt (system, event, at, result, status, seconds, detail) values ($1, $2, $3, $4, $5, $6, $7)

-- name: attempts_of_system
-- The delivery log, newest first.
select system, event, at, result, status, seconds, detail from delivery_attempt
where system = $1 order by at desc limit $2

-- name: attempts_of_event
-- What became of one event, oldest first.
select system, event, at, result, status, seconds, detail from delivery_attempt where event = $1 order by at

-- name: try_lock
-- Whether this session may poll a system now; it may until it ends.
select pg_try_advisory_lock($1, $2)

-- name: events_of_subjects
-- The newest events about some subjects, newest first. Lanes keep their own order; between them the time decides.
select lane, seq, id, kind, type, source, token, time, recorded, contenttype, correlation, causation, joins, key, body
from event where token = any($1::uuid[]) and kind = 'e' order by recorded desc, lane, seq desc limit $2

-- name: events_of_message
-- What a message became.
select lane, seq, id, kind, type, source, token, time, recorded, contenttype, correlation, causation, joins, key, body
from event where correlation = $1 and kind = 'e' order by recorded, lane, seq
