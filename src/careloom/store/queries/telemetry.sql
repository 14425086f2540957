-- name: add_totals
-- What a process counted since it last did; in one order, so that two of them cannot deadlock.
insert into metric_total (name, labels, value)
select name, string_to_array(labels, chr(31)), value
from unnest($1::text[], $2::text[], $3::double precision[]) as counted (name, labels, value) order by name, labels
on conflict (name, labels) do update set value = metric_total.value + excluded.value

-- name: totals
-- All counters; how many there can be is bounded by those who count.
select name, labels, value from metric_total order by name, labels

-- name: try_fold
-- One node folds at a time, until the end of its transaction.
select pg_try_advisory_xact_lock($1, 0)

-- name: fold_feeds
-- What came since the last fold, counted once, by system and hour; how many messages that were.
with span as (
    select l.lane, coalesce(f.seq, 0) as after, least(l.head, coalesce(f.seq, 0) + $1) as upto
    from lane l left join feed_fold f on f.lane = l.lane
    where l.bank = 'm' and l.head > coalesce(f.seq, 0)
), taken as (
    select e.source, e.recorded from span s cross join lateral (
        select source, recorded, kind from event
        where event.lane = s.lane and event.seq > s.after and event.seq <= s.upto) e
    where e.kind = 'm'
), moved as (
    insert into feed_fold (lane, seq) select lane, upto from span on conflict (lane) do update set seq = excluded.seq
), gaps as (
    select source, recorded, extract(epoch from recorded - coalesce(
               lag(recorded) over (partition by source order by recorded),
               (select max(h.last) from feed_hour h where h.system = source))) as gap
    from taken
), kept as (
    insert into feed_hour as h (system, hour, messages, longest, last)
    select source, date_trunc('hour', recorded, 'UTC'), count(*), greatest(coalesce(max(gap), 0), 0)::real, max(recorded)
    from gaps group by 1, 2
    on conflict (system, hour) do update set messages = h.messages + excluded.messages,
        longest = greatest(h.longest, excluded.longest), last = greatest(h.last, excluded.last)
)
select count(*) from taken

-- name: feed_history
-- When each system sent, for those who learn how often it does.
select system, hour, messages, longest, last from feed_hour where hour >= $1 order by system, hour

-- name: feed_last
-- The newest message of each system.
select system, max(last) as last from feed_hour group by system order by system

-- name: messages
-- received = delivered + filtered + parked + in flight is counted by `conservation`; this says who sent.
select system, sum(messages)::bigint as messages, extract(epoch from $1::timestamptz - max(last))::float8 as age
from feed_hour group by system order by system

-- name: subscriptions
-- Lag and oldest age of each subscription, what is parked of it, and how many subjects stand still for it.
select s.name as subscription, s.paused::int as paused,
       coalesce(sum(l.head - c.seq), 0)::bigint as behind,
       coalesce(extract(epoch from $1::timestamptz - (
           select min(e.recorded) from cursor o join lateral (
               select recorded from event where event.lane = o.lane and event.seq = o.seq + 1) e on true
           where o.subscription = s.name)), 0)::float8 as oldest,
       (select count(*) from parked p where p.subscription = s.name and p.state = 'retry') as retrying,
       (select count(*) from parked p where p.subscription = s.name and p.state = 'case') as waiting,
       (select count(distinct p.token) from parked p where p.subscription = s.name) as subjects,
       coalesce(extract(epoch from $1::timestamptz - (
           select min(p.since) from parked p where p.subscription = s.name)), 0)::float8 as parked_oldest
from subscription s left join cursor c on c.subscription = s.name left join lane l on l.lane = c.lane
group by s.name, s.paused order by s.name

-- name: cases
-- What waits for a person, by kind and state, with the age of the oldest and how many have waited too long.
select what as kind, state, count(*) as cases, max(seconds) as oldest, count(*) filter (where not in_time) as overdue
from {cases_waiting} c group by what, state order by what, state

-- name: exceptions
-- Cases of the last day by kind and category of failure: the volume of exceptions.
select what as kind, category, count(*) as cases from {cases_opened} c group by what, category order by what, category

-- name: resolution
-- How long cases took that ended in the last day, in seconds.
select what as kind, percentile_cont(0.5) within group (order by seconds)::float8 as median,
       percentile_cont(0.95) within group (order by seconds)::float8 as most
from {cases_ended} c group by what order by what

-- name: runs
-- Runs that have not ended, by workflow and state, and since when the oldest of them waits.
select what as workflow, state, count(*) as runs, extract(epoch from $1::timestamptz - min(changed))::float8 as oldest
from {runs_open} r group by what, state order by what, state

-- name: stuck_runs
-- Runs that move no more though nothing failed: not ended within their service level, or due and driven by nobody.
select what as workflow, count(*) filter (where late) as late, count(*) filter (where undriven) as undriven
from {runs_open} r group by what order by what

-- name: completion
-- Of the runs that ended in the last day, how many completed, and how many within their service level.
select what as workflow, count(*) as ended, count(*) filter (where completed) as completed,
       count(*) filter (where in_time) as in_time,
       (count(*) filter (where completed))::float8 / count(*) as completion_rate,
       (count(*) filter (where in_time))::float8 / count(*) as adherence
from {runs_ended} r group by what order by what

-- name: run_objectives
-- Every run ever, by whether it ended, or has yet to end, within its service level.
select split_part(workflow, '.', 1) as flow, count(*) filter (where ended is not null and late is null) as good,
       count(*) filter (where late is not null) as bad
from run group by 1 order by 1

-- name: approvals
-- What people are asked to approve, by role.
select role, count(*) as approvals, extract(epoch from $1::timestamptz - min(asked))::float8 as oldest
from approval where outcome is null group by role order by role

-- name: attempts
-- Tries of the last hour to deliver to systems that keep a delivery log.
select system, result, count(*) as attempts,
       percentile_cont(0.95) within group (order by seconds)::float8 as most
from delivery_attempt where at > $1::timestamptz - interval '1 hour' group by system, result order by system, result

-- name: unsynchronised
-- Appointments of which an event is held: how many they are.
select count(*) as appointments from {unsynchronised} a

-- name: unsynchronised_rows
-- The events of which these are, and what holds them.
select id, type, recorded, correlation from {unsynchronised_events} e order by recorded, id

-- name: delays
-- Seconds from the fact in the log to the step that acted on it, of the steps of the last day: how long an invoice took
-- after the service, and a posting after the payment.
select part as delay, count(*) as steps, percentile_cont(0.5) within group (order by seconds)::float8 as median,
       percentile_cont(0.95) within group (order by seconds)::float8 as most, max(seconds) as longest
from {delays} s group by part order by part
