-- The rows behind every figure of the dashboards. A figure is a sum over one of these, a list shows the same ones:
-- {name} stands for the rows of another statement. $1 is the moment at which it is read, or the end of a stretch of time,
-- $2 its beginning; what happened at $2 itself belongs to the stretch before. All give: id and at, by which lists go on;
-- part, by which a figure is divided; about, what a row leads to; what, state and said, in words; seconds.

-- name: cases_waiting
-- Exceptions that have not ended. seconds: how old each is.
select id, opened as at, kind as part, id as about, kind as what, state, reason as said,
       extract(epoch from $1::timestamptz - opened)::float8 as seconds, due > $1 as in_time
from work_case where resolved is null and opened <= $1

-- name: cases_opened
-- Exceptions that came. seconds: from then until they ended, or until now.
select id, opened as at, kind as part, id as about, kind as what, state, reason as said,
       extract(epoch from coalesce(resolved, $1::timestamptz) - opened)::float8 as seconds, category
from work_case where opened > $2::timestamptz and opened <= $1

-- name: cases_ended
-- Exceptions that ended. seconds: how long that took.
select id, resolved as at, kind as part, id as about, kind as what, state, coalesce(resolution, '') as said,
       extract(epoch from resolved - opened)::float8 as seconds, resolved <= due as in_time
from work_case where resolved > $2::timestamptz and resolved <= $1::timestamptz

-- name: runs_ended
-- Runs that ended. seconds: how long they took.
select id, ended as at, workflow as part, id as about, workflow as what, state, coalesce(error, '') as said,
       extract(epoch from ended - begun)::float8 as seconds, state = 'completed' as completed, late is null as in_time,
       correlation, parent
from run where ended > $2::timestamptz and ended <= $1::timestamptz

-- name: runs_decided
-- The same, with whether they went through without a person, who decides an exception of theirs or acts on them.
select r.*, not (r.id::text in (
           select left(run, 36) from work_case
           where run is not null and resumes = 'run' and resolved is not null and resolved_by <> 'careloom')
       or exists (select from run_act a where a.run = r.id and a.by <> 'careloom' and a.what not in ('began', 'looked'))
       ) as unaided
from {runs_ended} r

-- name: runs_sourced
-- The same, with whether what they came from is on record: an entry of the log, a person who began it, a schedule,
-- another run.
select r.*, r.parent is not null or exists (select from event e where e.id = r.correlation)
       or exists (select from run_act a where a.run = r.id and a.what = 'began')
       or exists (select from schedule_fire f where f.run = r.id) as sourced
from {runs_ended} r

-- name: runs_open
-- Runs that have not ended. seconds: how old they are. late: past their service level; undriven: due, and driven by
-- nobody.
select id, begun as at, workflow as part, id as about, workflow as what, state, coalesce(error, '') as said,
       extract(epoch from $1::timestamptz - begun)::float8 as seconds, coalesce(late is not null or late_at <= $1, false) as late,
       coalesce(due < $1 - interval '5 minutes', false) as undriven, changed
from run where ended is null and begun <= $1

-- name: runs_late
-- Those of them that are past their service level: a process that stands still, though nothing failed.
select * from {runs_open} r where late

-- name: measured_steps
-- Which steps end which delay.
select * from (values
    ('invoice-generation', 'service-completed.bill', 'issue'),
    ('invoice-generation', 'discharge.bill', 'draft_bill'),
    ('invoice-generation', 'referral-to-cash.follow', 'bill_claim'),
    ('payment-posting', 'payment-confirmation.confirm', 'post'),
    ('payment-posting', 'claim-posting.post', 'settle'),
    ('payment-posting', 'claim-posting.remitted', 'pay')) as measured (delay, workflow, step)

-- name: delays
-- Steps that acted on a fact. seconds: since it was in the log.
select md5(s.run::text || s.path)::uuid as id, s.ended as at, m.delay as part, s.run as about,
       r.workflow as what, s.name as state, '' as said, extract(epoch from s.ended - r.since)::float8 as seconds
from run_step s join run r on r.id = s.run join {measured_steps} m on m.workflow = r.workflow and m.step = s.name
where s.state = 'done' and s.name in ('issue', 'draft_bill', 'bill_claim', 'post', 'settle', 'pay')
  and s.ended > $2::timestamptz and s.ended <= $1::timestamptz

-- name: unsynchronised_events
-- Events about appointments that are parked, or have an open case: Odoo does not say about them what the diary says.
-- `offset 0` keeps the log from being read from end to end for events that are few: each that is held is looked up.
select e.id, e.type, e.recorded, e.correlation, e.token
from (select event from parked where state in ('retry', 'case', 'behind')
      union select event from work_case where resolved is null and event is not null) held
cross join lateral (
    select id, kind, type, recorded, correlation, token from event where event.id = held.event offset 0) e
where e.type like 'appointment.%' and e.kind = 'e'

-- name: unsynchronised
-- The appointments of which these are, each with the newest. seconds: since that came.
select distinct on (e.token) e.id, e.recorded as at, 'appointment' as part, e.correlation as about, e.type as what,
       'held' as state, '' as said, extract(epoch from $1::timestamptz - e.recorded)::float8 as seconds
from {unsynchronised_events} e order by e.token, e.recorded desc, e.id

-- name: feed_hours
-- What each system sent, by the hour. seconds: since its last message in that hour.
select md5(system || hour::text)::uuid as id, last as at, system as part, null::uuid as about, system as what,
       messages || ' messages' as state, '' as said, extract(epoch from $1::timestamptz - last)::float8 as seconds
from feed_hour where last > $2::timestamptz and last <= $1::timestamptz

-- name: summed
-- A figure: all of it first, then each part. {rows} are its rows, {good} says which of them are well. $3: only these parts.
select part, count(*) as rows, count(*) filter (where {good}) as good, null::float8, null::float8, null::float8
from {rows} r where $2::timestamptz <= $1::timestamptz and ($3::text[] is null or part = any($3))
group by grouping sets ((), (part)) order by grouping(part) desc, part

-- name: summed_lengths
-- The same of one about how long it took.
select part, count(*) as rows, count(*) filter (where {good}) as good,
       percentile_cont(0.5) within group (order by seconds)::float8 as median,
       percentile_cont(0.95) within group (order by seconds)::float8 as most, max(seconds) as longest
from {rows} r where $2::timestamptz <= $1::timestamptz and ($3::text[] is null or part = any($3))
group by grouping sets ((), (part)) order by grouping(part) desc, part

-- name: charted
-- Rows by their seconds: the bar of each has those from its limit on, below the next one. $4: the limits, from 0.
select width_bucket(seconds, $4::float8[]) as bar, count(*) as rows
from {rows} r where $2::timestamptz <= $1::timestamptz and ($3::text[] is null or part = any($3)) group by 1

-- name: charted_over_time
-- Rows by when: the bar of each has those after its begin, up to its end. $4: the limits, each less than zero, as seconds
-- before 1970, the newest first.
select cardinality($4::float8[]) - width_bucket(-extract(epoch from at)::float8, $4::float8[]) as bar, count(*) as rows
from {rows} r where $2::timestamptz <= $1::timestamptz and ($3::text[] is null or part = any($3)) group by 1

-- name: listed
-- The rows themselves, the newest first, each page after the last row of the one before.
select id, at, part, about, what, state, said, seconds, {good} as good
from {rows} r where $2::timestamptz <= $1::timestamptz and ($3::text[] is null or part = any($3))
  and ($4::float8 is null or seconds >= $4) and ($5::float8 is null or seconds < $5)
  and ($6::boolean is null or {good} = $6)
  and ($7::timestamptz is null or (at, id) < ($7, $8::uuid)) order by at desc, id desc limit $9
