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
select kind, state, count(*) as cases, extract(epoch from $1::timestamptz - min(opened))::float8 as oldest,
       count(*) filter (where due <= $1) as overdue
from work_case where resolved is null group by kind, state order by kind, state

-- name: exceptions
-- Cases of the last day by kind and category of failure: the volume of exceptions.
select kind, category, count(*) as cases from work_case where opened > $1::timestamptz - interval '1 day'
group by kind, category order by kind, category

-- name: resolution
-- How long cases took that ended in the last day, in seconds.
select kind, percentile_cont(0.5) within group (order by extract(epoch from resolved - opened))::float8 as median,
       percentile_cont(0.95) within group (order by extract(epoch from resolved - opened))::float8 as most
from work_case where resolved > $1::timestamptz - interval '1 day' group by kind order by kind

-- name: runs
-- Runs that have not ended, by workflow and state, and since when the oldest of them waits.
select workflow, state, count(*) as runs, extract(epoch from $1::timestamptz - min(changed))::float8 as oldest
from run where ended is null group by workflow, state order by workflow, state

-- name: stuck_runs
-- Runs that move no more though nothing failed: not ended within their service level, or due and driven by nobody.
select workflow, count(*) filter (where late is not null or late_at <= $1) as late,
       count(*) filter (where due < $1::timestamptz - interval '5 minutes') as undriven
from run where ended is null group by workflow order by workflow

-- name: completion
-- Of the runs that ended in the last day, how many completed, and how many within their service level.
select workflow, count(*) as ended, count(*) filter (where state = 'completed') as completed,
       count(*) filter (where late is null) as in_time,
       (count(*) filter (where state = 'completed'))::float8 / count(*) as completion_rate,
       (count(*) filter (where late is null))::float8 / count(*) as adherence
from run where ended > $1::timestamptz - interval '1 day' group by workflow order by workflow

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
-- Appointments of which an event is parked, or has an open case: Odoo does not say about them what the diary says.
select count(distinct e.token) as appointments
from event e
join (select event from parked where state in ('retry', 'case', 'behind')
      union select event from work_case where resolved is null and event is not null) stuck on stuck.event = e.id
where e.type like 'appointment.%' and e.kind = 'e'

-- name: unsynchronised_rows
-- The rows behind the number: the events, and what holds them.
select distinct e.id, e.type, e.recorded, e.correlation
from event e
join (select event from parked where state in ('retry', 'case', 'behind')
      union select event from work_case where resolved is null and event is not null) stuck on stuck.event = e.id
where e.type like 'appointment.%' and e.kind = 'e' order by e.recorded, e.id

-- name: delays
-- Seconds from the fact in the log to the step that acted on it, of the steps of the last day: how long an invoice took
-- after the service, and a posting after the payment.
select measured.delay, count(*) as steps,
       percentile_cont(0.5) within group (order by extract(epoch from s.ended - r.since))::float8 as median,
       percentile_cont(0.95) within group (order by extract(epoch from s.ended - r.since))::float8 as most,
       max(extract(epoch from s.ended - r.since))::float8 as longest
from (values ('invoice-generation', 'service-completed.bill', 'issue'),
             ('invoice-generation', 'discharge.bill', 'draft_bill'),
             ('invoice-generation', 'referral-to-cash.follow', 'bill_claim'),
             ('payment-posting', 'payment-confirmation.confirm', 'post'),
             ('payment-posting', 'claim-posting.post', 'settle'),
             ('payment-posting', 'claim-posting.remitted', 'pay')) as measured (delay, workflow, step)
join run r on r.workflow = measured.workflow
join run_step s on s.run = r.id and s.name = measured.step and s.state = 'done'
where s.ended > $1::timestamptz - interval '1 day'
group by measured.delay order by measured.delay
