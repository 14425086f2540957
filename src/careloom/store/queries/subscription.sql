-- name: register
-- A subscription is known from its first start on. Its cursors begin at the beginning of every lane, or behind what was
-- recorded before the given time.
with named as (insert into subscription (name, bank) values ($1, $2) on conflict (name) do nothing),
     tallied as (
         insert into tally (subscription, lane) select $1, unnest($3::smallint[]) on conflict do nothing)
insert into cursor (subscription, lane, seq)
select $1, one, coalesce((select e.seq from event e where $4::timestamptz is not null and e.lane = one
                          and e.recorded < $4 order by e.seq desc limit 1), 0)
from unnest($3::smallint[]) as one
where not exists (select from cursor c where c.subscription = $1 and c.lane = one)
on conflict do nothing

-- name: try_lock_lanes
-- A session lock per lane: it frees itself when the node dies. No leader, no lease, no heartbeat.
select lane from unnest($2::integer[]) as lane where pg_try_advisory_lock($1::integer, lane) limit $3

-- name: unlock_lane
-- Hand a lane back, for a node that has fewer.
select pg_advisory_unlock($1::integer, $2::integer)

-- name: announce_node
-- Presence of this session among those that work a subscription.
select pg_advisory_lock_shared($1::integer, 0)

-- name: count_nodes
-- How many sessions work a subscription, so that each takes its fair share of lanes.
select count(*) from pg_locks
where locktype = 'advisory' and classid = ($1::bigint & 4294967295)::bigint::oid and objsubid = 2 and granted
  and database = (select oid from pg_database where datname = current_database())

-- name: take_cursors
-- Where a subscription stands in the lanes that were just taken; whoever had them before can commit no more.
update cursor set epoch = epoch + 1 where subscription = $1 and lane = any($2::smallint[])
returning lane, seq, epoch

-- name: blocked_subjects
-- Subjects that must wait: something of theirs is parked.
select distinct lane, token from parked where subscription = $1 and lane = any($2::smallint[])

-- name: heads
-- Which lanes have something new, and whether the subscription may work.
select lane, head, (select paused from subscription where name = $1) as paused
from lane where lane = any($2::smallint[])

-- name: read_lanes
-- The next entries of several lanes at once, each bounded by the head read before: by then all of them are visible.
select e.*
from unnest($1::smallint[], $2::bigint[], $3::bigint[]) as asked (lane, after, head)
cross join lateral (
    select lane, seq, id, kind, type, source, token, time, recorded, contenttype, correlation, causation, joins, key, body
    from event
    where event.lane = asked.lane and event.seq > asked.after and event.seq <= asked.head
      and ($4::text[] is null or event.type = any($4))
    order by event.seq limit $5
) e
order by e.lane, e.seq

-- name: move_cursors
-- Guarded by the epoch and the old value: a node that lost its lane changes nothing.
update cursor set seq = moved.new
from unnest($2::smallint[], $3::bigint[], $4::bigint[], $5::bigint[]) as moved (lane, epoch, old, new)
where cursor.subscription = $1 and cursor.lane = moved.lane and cursor.epoch = moved.epoch and cursor.seq = moved.old
returning cursor.lane

-- name: record_deliveries
-- Once per event, for ever; a replay only counts up. `fresh` decides whether the message's account moves.
insert into delivery as d (subscription, lane, seq, event, outcome, reference, reason, attempts, at)
select $1, * from unnest(
    $2::smallint[], $3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::integer[], $9::timestamptz[])
on conflict (subscription, lane, seq) do update
    set replays = d.replays + 1, outcome = excluded.outcome, at = excluded.at,
        reference = coalesce(excluded.reference, d.reference), reason = excluded.reason
returning event, (xmax = 0) as fresh

-- name: record_attempts
-- Attempts that did not end a delivery.
insert into attempt (subscription, lane, seq, number, event, error, reason, at)
select $1, * from unnest(
    $2::smallint[], $3::bigint[], $4::integer[], $5::uuid[], $6::text[], $7::text[], $8::timestamptz[])

-- name: delivered_events
-- Which of these events this subscription has already ended.
select distinct event from delivery where subscription = $1 and event = any($2::uuid[])

-- name: take_off
-- Debt of messages: translation puts it on, each delivery takes one off; the last one removes the row.
with ended as (
    select message, count(*) as ended, sum(done)::integer as done
    from unnest($1::uuid[], $2::integer[]) as x (message, done) group by message
), locked as (
    select f.message, f.counted, f.owed - e.ended as owed, f.done + e.done as done
    from flight f join ended e using (message) order by f.message for update of f
), gone as (
    delete from flight using locked where flight.message = locked.message and locked.owed <= 0
), kept as (
    update flight set owed = locked.owed, done = locked.done
    from locked where flight.message = locked.message and locked.owed > 0
)
select count(*) filter (where owed <= 0 and counted and done > 0) as delivered,
       count(*) filter (where owed <= 0 and counted and done = 0) as filtered
from locked

-- name: put_on
-- A message now owes this many deliveries more.
insert into flight (message, owed, counted)
select message, sum(owed), bool_or(counted) from unnest($1::uuid[], $2::integer[], $3::boolean[])
    as x (message, owed, counted) group by message order by message
on conflict (message) do update set owed = flight.owed + excluded.owed

-- name: count_ended
-- One writer per row: the node that owns the lane.
update tally set delivered = delivered + $3, filtered = filtered + $4 where subscription = $1 and lane = $2

-- name: park
-- A subject stops here; whatever of it was parked is updated in place.
insert into parked (subscription, lane, seq, token, event, message, state, attempts, due, error, reason, since,
                    category)
select $1, * from unnest(
    $2::smallint[], $3::bigint[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::integer[],
    $9::timestamptz[], $10::text[], $11::text[], $12::timestamptz[], $13::text[])
on conflict (subscription, lane, seq) do update
    set state = excluded.state, attempts = excluded.attempts, due = excluded.due,
        error = excluded.error, reason = excluded.reason, category = excluded.category

-- name: unpark
-- What was parked has ended.
delete from parked using unnest($2::smallint[], $3::bigint[]) as ended (lane, seq)
where parked.subscription = $1 and parked.lane = ended.lane and parked.seq = ended.seq

-- name: release_joins
-- The event of several subjects has ended: each of them may go on.
delete from parked where subscription = $1 and state = 'join' and event = any($2::uuid[])

-- name: joins_ready
-- A join is ready when nothing of its subject stands before it.
select p.event, count(*) as ready from parked p
where p.subscription = $1 and p.state = 'join' and p.event = any($2::uuid[])
  and not exists (
      select 1 from parked q where q.subscription = $1 and q.token = p.token and q.lane = p.lane and q.seq < p.seq)
group by p.event

-- name: heads_of_subjects
-- The first parked entry of each subject decides when the subject may go on.
select distinct on (token) lane, seq, token, state, due from parked
where subscription = $1 and lane = any($2::smallint[])
order by token, seq

-- name: parked_entries
-- What is parked of these subjects, in order, with the entries themselves, and the bodies that stand in for theirs.
select p.state, p.attempts, p.due, p.edited, e.lane, e.seq, e.id, e.kind, e.type, e.source, e.token, e.time, e.recorded,
       coalesce(r.contenttype, e.contenttype) as contenttype, e.correlation, e.causation, e.joins,
       coalesce(r.key, e.key) as key, coalesce(r.body, e.body) as body
from unnest($2::uuid[]) as asked (token)
cross join lateral (
    select * from parked where subscription = $1 and parked.token = asked.token order by seq limit $3
) p
join event e on e.lane = p.lane and e.seq = p.seq
left join event r on r.id = p.edited
order by e.lane, e.seq
