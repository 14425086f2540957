-- name: acts
-- What people did and looked at, newest first, each page after the last row of the one before.
select id, type, recorded, key, body from event
where kind = 'a' and ($1::uuid is null or token = $1) and ($2::text is null or type = $2)
  and ($3::timestamptz is null or recorded >= $3) and ($4::timestamptz is null or recorded < $4)
  and ($5::timestamptz is null or (recorded, id) < ($5, $6::uuid))
order by recorded desc, id desc limit $7

-- name: one_act
-- Whether a look is on record, and how old it is.
select id, type, recorded, key, body from event where id = $1 and kind = 'a' and recorded >= $2

-- name: messages_about
-- What came about one of these subjects, or became an event about it, the newest first.
select correlation as message, max(recorded) as recorded from event
where token = any($1::uuid[]) and kind <> 'a'
group by correlation having $2::timestamptz is null or max(recorded) < $2
order by max(recorded) desc limit $3

-- name: known_messages
-- How messages are shown in a list: when, from whom, of what type, and whether something of them waits.
select e.id, e.kind, e.type, e.recorded, coalesce(r.system, e.source) as system, coalesce(r.key, '') as sender_key,
       exists (select from parked p where p.message = e.id and p.state <> 'join') as waits,
       (select count(*) from event made where made.correlation = e.id and made.kind = 'e') as events
from event e left join receipt r on r.id = e.id
where e.id = any($1::uuid[]) and e.kind in ('m', 'e') order by e.recorded desc, e.id

-- name: message_of_case
-- An exception leads to what it is about.
select coalesce(message, event) as message from work_case where id = $1

-- name: message_of_run
-- A run leads to what it came from.
select correlation as message from run where id = $1

-- name: runs_about
-- The runs of an order, an invoice or whatever their workflow says that they are about.
select r.correlation as message from run_about a join run r on r.id = a.run where a.key = $1 order by r.begun desc limit $2

-- name: runs_of_message
-- The runs that came from it.
select id, workflow, version, state, begun, ended, error from run where correlation = $1 order by begun, id limit $2

-- name: steps_of_runs
-- What these runs did, without what came of it.
select run, path, name, sort, state, attempts, began, ended, error from run_step
where run = any($1::uuid[]) order by began, run, path limit $2

-- name: calls_of_events
-- What was tried with other systems, in the delivery log.
select system, event, at, result, status, seconds, detail from delivery_attempt
where event = any($1::uuid[]) order by at limit $2

-- name: fresh_entries
-- How fast entries come, by where from: of the newest so many of each lane those since a moment. Of a lane that has
-- more, what it had in the time that these took stands for all of it.
with newest as (
    select l.lane, e.kind, e.source, e.recorded,
           count(*) over (partition by l.lane) as taken, min(e.recorded) over (partition by l.lane) as first
    from lane l cross join lateral (
        select kind, source, recorded from event where event.lane = l.lane order by seq desc limit $2) e
)
select kind, source, sum(
    1 / greatest(1, extract(epoch from $3::timestamptz - case when taken < $2 or first < $1 then $1 else first end))
)::float8 as rate
from newest where recorded >= $1 and kind in ('m', 'e') group by kind, source

-- name: fresh_deliveries
-- How fast each subscription ends entries, told as by fresh_entries.
with newest as (
    select c.subscription, c.lane, d.at,
           count(*) over (partition by c.subscription, c.lane) as taken,
           min(d.at) over (partition by c.subscription, c.lane) as first
    from cursor c cross join lateral (
        select at from delivery where delivery.subscription = c.subscription and delivery.lane = c.lane
        order by seq desc limit $2) d
    where c.seq > 0
)
select subscription, sum(
    1 / greatest(1, extract(epoch from $3::timestamptz - case when taken < $2 or first < $1 then $1 else first end))
)::float8 as rate
from newest where at >= $1 group by subscription

-- name: waiting_cases
-- Exceptions that wait, by kind: how many, how many are past their time, the oldest.
select kind, count(*) as open, count(*) filter (where due <= $1) as overdue, min(opened) as oldest
from work_case where resolved is null group by kind order by count(*) desc, kind

-- name: waiting_failures
-- What went wrong and is not over, by sort of failure: what waits for a person, and what is tried again by itself.
select category, sum(cases)::bigint as cases, sum(retries)::bigint as retries, min(since) as oldest from (
    select category, count(*) as cases, 0 as retries, min(opened) as since
    from work_case where resolved is null group by category
    union all
    select category, 0, count(*), min(since) from parked where state = 'retry' and category <> '' group by category
) failed (category, cases, retries, since)
group by category order by sum(cases) + sum(retries) desc, category

-- name: cases_since
-- How many exceptions came and went since a moment.
select (select count(*) from work_case where opened >= $1) as opened,
       (select count(*) from work_case where resolved >= $1) as ended

-- name: oldest_waiting
-- What waits longest for its next try, for a person, or behind something else.
select subscription, message, event, state, since, reason from parked where state <> 'join' order by since limit 1

-- name: lanes_of_subscription
-- Where a subscription stands in each lane, those that lag most first, and since when.
select c.lane, c.seq, l.head, l.head - c.seq as behind,
       (select recorded from event where event.lane = c.lane and event.seq = c.seq + 1) as oldest
from cursor c join lane l using (lane) where c.subscription = $1 order by l.head - c.seq desc, c.lane limit $2

-- name: parked_subjects
-- Subjects that wait: the first entry of each, and how many wait behind it.
select distinct on (p.token) p.token, p.lane, p.seq, p.event, p.message, p.state, p.attempts, p.due, p.reason, p.since,
       (select count(*) from parked b where b.subscription = p.subscription and b.token = p.token) - 1 as behind,
       (select id from work_case c where c.subscription = p.subscription and c.lane = p.lane and c.seq = p.seq
        and c.resolved is null) as case_id
from parked p where p.subscription = $1 and p.state <> 'join' and ($2::uuid is null or p.token > $2)
order by p.token, p.seq limit $3

-- name: calls_of_system
-- What was tried lately with a system, in its delivery log.
select event, at, result, status, seconds, detail from delivery_attempt where system = $1 order by at desc limit $2

-- name: deployed_since
-- What an upgrade of the hub changed of the schema lately.
select count(*) as steps, max(name) as newest, max(applied_at) as at from migration where applied_at >= $1

-- name: acts_since
-- What people did lately, by kind; who did it is for those who may see the audit.
select type, count(*) as acts, max(recorded) as newest from event
where kind = 'a' and recorded >= $1 group by type order by max(recorded) desc

-- name: newest_messages
-- The newest, by their ids, which begin with the time (UUID version 7); those after the last one of the page before.
select id as message from event where id < $1 and kind = 'm' order by id desc limit $2

-- name: flying_messages
-- On their way: translated, and not yet ended by all who want what came of them.
select message from flight where counted and ($1::uuid is null or message < $1) order by message desc limit $2

-- name: held_messages
-- Those that wait for a person, or behind one that does.
select message from parked
where state in ('case', 'behind', 'waiting') and ($1::uuid is null or message < $1)
group by message order by message desc limit $2

-- name: filtered_messages
-- Of the newest of each lane, those of which nothing was made.
select e.correlation as message from subscription s
join cursor c on c.subscription = s.name
cross join lateral (
    select event, outcome from delivery where delivery.subscription = c.subscription and delivery.lane = c.lane
    order by seq desc limit $3) d
join event e on e.id = d.event
where s.bank = 'm' and d.outcome <> 'done' and ($1::uuid is null or e.correlation < $1)
group by e.correlation order by e.correlation desc limit $2
