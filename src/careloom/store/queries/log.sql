-- name: create_lanes
-- Lanes are made once; a later start finds them.
insert into lane (lane, bank, hash)
select * from unnest($1::smallint[], $2::text[], $3::bytea[])
on conflict (lane) do nothing

-- name: lanes
-- Which lanes there are, by bank.
select lane, bank from lane order by lane

-- name: append_messages
-- One round trip for a whole micro-batch, and a transaction of its own; see the migration that defines it.
select message, at_lane, at_seq from append_messages($1::text::json, $2::bytea[])

-- name: known_receipts
-- What was answered the first time.
select r.system, r.key, r.id, r.digest, r.acknowledgement
from unnest($1::text[], $2::text[]) as asked (system, key)
join receipt r on r.system = asked.system and r.key = asked.key

-- name: lock_lanes
-- The lock is held to commit, in lane order: sequences become visible in order, and two appenders never deadlock.
-- `erased` are those of the data keys about to be used that were deleted since they were read.
select lane, head, hash, array(select id from subject_key where id = any($2::bigint[]) and wrapped is null) as erased
from lane where lane = any($1::smallint[]) order by lane for update of lane

-- name: advance_lanes
-- Move the heads of the locked lanes.
update lane set head = moved.head, hash = moved.hash, messages = lane.messages + moved.messages
from unnest($1::smallint[], $2::bigint[], $3::bytea[], $4::bigint[]) as moved (lane, head, hash, messages)
where lane.lane = moved.lane

-- name: subject_keys
-- Data keys of subjects, by token, for writing.
select id, token, wrapped from subject_key where token = any($1::uuid[]) and wrapped is not null

-- name: data_keys
-- Data keys by their own id, for reading; those of erased subjects are absent.
select id, token, wrapped from subject_key where id = any($1::bigint[]) and wrapped is not null

-- name: any_data_key
-- One is enough to tell whether this is the master key of this database.
select id, token, wrapped from subject_key where wrapped is not null order by id limit 1

-- name: erase_subject
-- What was sealed under these keys is gone for ever.
update subject_key set wrapped = null, erased = $2 where token = $1 and wrapped is not null returning id

-- name: create_subject_keys
-- Two nodes may meet the same new subject: the first key stays. An erased subject that comes back gets a new key.
insert into subject_key (token, wrapped)
select * from unnest($1::uuid[], $2::bytea[])
on conflict (token) where wrapped is not null do nothing
returning id, token

-- name: remember_spaces
-- Assigners, so that a bare record number can be looked up.
insert into subject_space (space) select unnest($1::text[]) on conflict (space) do nothing

-- name: spaces
-- Every assigner seen.
select space from subject_space order by space

-- name: keep_refusal
-- A refused body is kept sealed, for the operators.
insert into refusal (id, system, recorded, reason, location, peer, key, body)
values ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: trim_refusals
-- Of each sender the newest ones are kept: a flood must not fill the disk. The ids sort by time.
delete from refusal where system = $1 and id <= (
    select id from refusal where system = $1 order by id desc offset $2 limit 1)

-- name: notify
-- Wakes the other nodes; polling is the net below it.
select pg_notify('careloom', $1)

-- name: event_heads
-- How far lanes reach; sequences appear in order, so what lies behind a head that was seen was seen too.
select lane, head from lane where lane = any($1::smallint[])

-- name: types_since
-- What happened in these lanes after what was seen of them, as far as kept answers need to know.
select distinct found.type
from unnest($1::smallint[], $2::bigint[]) as seen (lane, after)
cross join lateral (
    select type, kind from event where lane = seen.lane and seq > seen.after order by seq limit $3
) as found
where found.kind = 'e'
