-- name: chain_page
-- The next stretch of a lane, for verification.
select lane, seq, id, kind, type, source, token, key, time, recorded, contenttype, correlation, causation, joins,
       body, hash
from event where lane = $1 and seq > $2 order by seq limit $3

-- name: chain_heads
-- What each lane says its last entry is, and what stands last in it, in one snapshot.
select lane, head, hash, coalesce((select max(seq) from event where event.lane = lane.lane), 0) as last
from lane order by lane

-- name: chain_span
-- The first and the last lane that have entries: none may stand outside the lanes.
select min(lane) as first, max(lane) as last from event

-- name: conservation
-- received = delivered + filtered + parked + in flight, each counted on its own, in one snapshot.
-- A message is parked when an entry of it waits for a person, or waits behind one that does.
with stuck as (
    select distinct subscription, token from parked where state = 'case'
), parked_messages as (
    select distinct p.message
    from parked p join stuck s using (subscription, token)
    where p.state in ('case', 'behind', 'waiting')
), to_translate as (
    -- A lane has no gaps and, of messages, only these and their joins: counting the joins reads none of the bodies.
    select coalesce(sum(l.head - coalesce(c.seq, 0) - joins.n), 0) as n
    from lane l
    left join (cursor c join subscription s on s.name = c.subscription and s.bank = 'm') on c.lane = l.lane
    cross join lateral (
        select count(*) as n from event e
        where e.lane = l.lane and e.seq > coalesce(c.seq, 0) and e.kind = 'j') joins
    where l.bank = 'm'
), set_aside as (
    select count(*) as n from parked p join subscription s on s.name = p.subscription and s.bank = 'm'
    where p.state <> 'join' and not exists (
        select 1 from delivery d where d.subscription = p.subscription and d.lane = p.lane and d.seq = p.seq)
      and p.message not in (select message from parked_messages)
), flying as (
    select count(*) as n from flight f
    where f.counted and f.message not in (select message from parked_messages)
), stopped as (
    select count(*) as n from parked_messages m
    where exists (select 1 from flight f where f.message = m.message and f.counted)
       or exists (select 1 from parked p join subscription s on s.name = p.subscription and s.bank = 'm'
                  where p.message = m.message and not exists (
                      select 1 from delivery d
                      where d.subscription = p.subscription and d.lane = p.lane and d.seq = p.seq))
)
select (select coalesce(sum(messages), 0) from lane)::bigint as received,
       (select coalesce(sum(delivered), 0) from tally)::bigint as delivered,
       (select coalesce(sum(filtered), 0) from tally)::bigint as filtered,
       (select n from stopped) as parked,
       ((select n from to_translate) + (select n from set_aside) + (select n from flying))::bigint as in_flight,
       (select count(*) from refusal) as refused

-- name: filtered_reasons
-- Why messages were filtered or events skipped.
select subscription, reason, count(*) as messages from delivery
where reason is not null group by subscription, reason order by messages desc, reason

-- name: lag
-- How far each subscription is behind, and since when.
select s.name, s.bank, s.paused, s.reason, s.by,
       coalesce(sum(l.head - c.seq), 0)::bigint as behind,
       (select min(e.recorded) from cursor o join lateral (
            select recorded from event where event.lane = o.lane and event.seq = o.seq + 1) e on true
        where o.subscription = s.name) as oldest,
       (select count(*) from parked p
        where p.subscription = s.name and (p.state = 'case' or p.state = 'behind' and exists (
            select 1 from parked c
            where c.subscription = p.subscription and c.token = p.token and c.state = 'case'))) as parked,
       (select count(*) from parked p where p.subscription = s.name and p.state = 'retry') as retrying
from subscription s left join cursor c on c.subscription = s.name left join lane l on l.lane = c.lane
group by s.name, s.bank, s.paused, s.reason, s.by order by s.bank desc, s.name

-- name: pause
-- Nothing new is handled until it is resumed; intake goes on.
update subscription set paused = $2, reason = $3, by = $4 where name = $1 returning name

-- name: subscriptions
-- Who reads which bank, and who paused it.
select name, bank, paused, reason, by from subscription order by bank desc, name

-- name: parked_cases
-- What waits for a person, and how many wait behind it.
select p.subscription, p.lane, p.seq, p.event, p.message, p.error, p.reason, p.attempts, p.since,
       c.id as case_id, c.kind, c.field, c.system, c.owner, e.type,
       (select count(*) from parked b
        where b.subscription = p.subscription and b.token = p.token and b.state = 'behind') as behind,
       true as parked
from parked p
join event e on e.lane = p.lane and e.seq = p.seq
left join work_case c on c.subscription = p.subscription and c.lane = p.lane and c.seq = p.seq and c.resolved is null
where p.state = 'case' and ($1::uuid is null or $1 in (p.event, p.message, c.id))
order by p.since, p.lane, p.seq

-- name: loose_cases
-- Open cases that no parked entry belongs to, such as a message id that was used again; rows as of parked_cases.
select c.subscription, c.lane, c.seq, c.event, c.message, '' as error, c.reason, 0 as attempts, c.opened as since,
       c.id as case_id, c.kind, c.field, c.system, c.owner,
       (select e.type from event e where e.id = c.event limit 1) as type, 0::bigint as behind, false as parked
from work_case c
where c.resolved is null and ($1::uuid is null or $1 in (c.event, c.message, c.id))
  and not exists (select 1 from parked p
                  where p.subscription = c.subscription and p.lane = c.lane and p.seq = c.seq and p.state = 'case')
order by c.opened, c.id

-- name: retry_parked
-- Due at once, with all attempts ahead of it again.
update parked set state = 'retry', due = $4, attempts = 0
where subscription = $1 and lane = $2 and seq = $3 and state = 'case' returning event

-- name: edit_parked
-- Another body stands in for it from now on; the entry itself stays as it came.
update parked set edited = $4 where subscription = $1 and lane = $2 and seq = $3 and state = 'case' returning event

-- name: discard_parked
-- Take it out of its subject's way.
delete from parked where subscription = $1 and lane = $2 and seq = $3 and state = 'case' returning event, message

-- name: discard_delivery
-- What became of it stays on record.
insert into delivery (subscription, lane, seq, event, outcome, reason, attempts, at)
values ($1, $2, $3, $4, $7, $5, 0, $6) on conflict (subscription, lane, seq) do nothing returning event

-- name: bank_of
-- Which bank a subscription reads.
select bank from subscription where name = $1

-- name: replay
-- Handle once more what was handled before; in order with whatever else is parked of the subject.
insert into parked (subscription, lane, seq, token, event, message, state, due, reason, since)
select $1, e.lane, e.seq, e.token, e.id, e.correlation, 'replay', $3, $4, $3
from event e join delivery d on d.subscription = $1 and d.lane = e.lane and d.seq = e.seq
where e.id = any($2::uuid[])
on conflict (subscription, lane, seq) do nothing
returning event

-- name: replayable
-- The exact set a replay would take: what this subscription has ended, in a window, optionally of one type.
select e.id, e.type, e.recorded, d.outcome
from delivery d join event e on e.lane = d.lane and e.seq = d.seq
where d.subscription = $1 and e.recorded >= $2 and e.recorded < $3 and ($4::text is null or e.type = $4)
  and ($5::text is null or d.outcome = $5)
order by e.lane, e.seq limit $6

-- name: erasable
-- Subjects that can still be read, and how much there is of each.
select k.token, count(e.id) filter (where e.kind = 'm') as messages, count(e.id) filter (where e.kind = 'e') as events,
       min(e.recorded) as first, max(e.recorded) as last,
       (select count(*) from parked p where p.token = k.token and p.state <> 'join') as parked
from subject_key k left join event e on e.token = k.token and e.key = k.id
where k.token = any($1::uuid[]) and k.wrapped is not null
group by k.token

-- name: find_message
-- A message by its own id, or by the sender's, who may be any system: these are few, so each is asked.
with recursive sender as (
    (select system from receipt order by system limit 1)
    union all
    select (select r.system from receipt r where r.system > s.system order by r.system limit 1)
    from sender s where s.system is not null
)
select e.correlation as message from event e where e.id = $1
union
select r.id as message
from sender s cross join lateral (
    select id from receipt where receipt.system = s.system and receipt.key = $2 limit 1  -- asked one by one, by its key
) r

-- name: messages_of_subject
-- The messages of a subject, newest first.
select id as message from event where token = any($1::uuid[]) and kind = 'm' order by recorded desc limit $2

-- name: journey
-- A message and everything made of it.
select e.lane, e.seq, e.id, e.kind, e.type, e.source, e.token, e.time, e.recorded, e.contenttype, e.correlation,
       e.causation, e.joins, e.key, e.body, r.key as sender_key, r.system
from event e left join receipt r on r.id = e.id
where e.id = $1 or (e.correlation = $1 and e.kind = 'e')
order by e.recorded, e.lane, e.seq

-- name: deliveries_of
-- What each subscription made of these events.
select * from delivery where event = any($1::uuid[]) order by at, subscription

-- name: attempts_of
-- Attempts that did not end a delivery.
select * from attempt where event = any($1::uuid[]) order by at, number

-- name: parked_of
-- What of these events is parked.
select * from parked where event = any($1::uuid[]) and state <> 'join' order by since

-- name: refusals
-- What was refused, newest first.
select id, system, recorded, reason, location, peer from refusal order by recorded desc limit $1
