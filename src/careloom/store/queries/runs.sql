-- name: begin_run
-- Once by its id, whoever asks again; the work of the node that owns its lane begins with it.
insert into run (id, lane, workflow, version, code, urgency, key, token, input, correlation, causation, parent, since,
                 begun, changed, due, late_at, deadline)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $14, $15, $16)
on conflict (id) do nothing
returning id

-- name: note_about
-- So that all runs of an order are found.
insert into run_about (key, run) select unnest($2::uuid[]), $1 on conflict do nothing

-- name: due_runs
-- What this node is to drive now, of one urgency: the first of each lane, so that a long queue is never sorted.
select id from unnest($1::smallint[]) as mine (lane), lateral (
    select id, due from run
    where run.lane = mine.lane and urgency = $4 and due <= $2 and id <> all($3::uuid[])
    order by due limit $5) as next
order by due limit $5

-- name: next_due
-- When there is something to do, if nothing wakes us before.
select least(
    (select min(next.due) from unnest($1::smallint[]) as mine (lane), unnest('{0,1}'::smallint[]) as urgent (urgency),
        lateral (select due from run where run.lane = mine.lane and run.urgency = urgent.urgency and due is not null
                     and id <> all($2::uuid[]) order by due limit 1) as next),
    (select min(next.late_at) from unnest($1::smallint[]) as mine (lane),
        lateral (select late_at from run where run.lane = mine.lane and late_at is not null
                 order by late_at limit 1) as next)) as due

-- name: load_run
-- The run itself.
select * from run where id = $1

-- name: load_steps
-- What it did before.
select path, name, sort, state, attempts, due, reference, body, error from run_step where run = $1

-- name: load_waits
-- What it waits for.
select path, sort, signal, key, due, reference, answer, answered from run_wait where run = $1

-- name: record_step
-- One step and the run's new revision, in one round trip; no row when another node drove the run meanwhile.
select revision, cancel, fixed from record_step($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)

-- name: record_place
-- As record_step, of a loop: its place and its progress.
select revision, cancel, fixed from record_place($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)

-- name: progress
-- How far the loops of a run are.
select p.path, p.name, p.done, p.aside, p.total, p.pace, p.began, p.changed, s.state
from run_progress p join run_step s using (run, path)
where p.run = $1 order by p.began, p.path

-- name: suspend_run
-- See the migration that defines it.
select revision from suspend_run($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)

-- name: compensate_run
-- From now on it only undoes.
update run set state = 'compensating', changed = $3, error = $4, cancel = coalesce(cancel, $5), revision = revision + 1
where id = $1 and revision = $2 and ended is null
returning revision

-- name: start_run
-- A run that ends where it waited, without another step, passes through the same states as any other.
update run set state = 'running', revision = revision + 1, changed = $3
where id = $1 and revision = $2 and state in ('pending', 'waiting', 'suspended')
returning revision

-- name: end_run
-- Nothing more is done with it; whoever waits for it is woken.
with ended as (
    update run set state = $3, ended = $4, changed = $4, due = null, late_at = null, error = $5, result = $6,
                   revision = revision + 1
    where id = $1 and revision = $2 and ended is null
    returning id
), told as (
    update run_wait set answered = $4 where reference in (select id from ended) and sort = 'run' returning run
), woken as (
    update run set due = $4 where id in (select run from told) and ended is null and not fixed
)
select id from ended

-- name: forget_waits
-- A run that has ended waits for nothing.
delete from run_wait where run = $1

-- name: lock_signal
-- Of an event, a hold or the end of a run and a wait for it the later one sees the other.
select pg_advisory_xact_lock(hashtextextended($1::text || $2::uuid::text, 0))

-- name: keep_arrival
-- An event that somebody may wait for, now or later.
insert into run_arrival (signal, key, event, recorded) values ($1, $2, $3, $4) on conflict do nothing

-- name: wake_waiting
-- Runs that wait for this.
update run set due = $3
where id in (select run from run_wait where signal = $1 and key = $2 and sort = 'event' and answered is null)
  and ended is null and not fixed
returning id

-- name: first_arrival
-- The earliest that this run has not taken yet.
select a.event from run_arrival a
where a.signal = $2 and a.key = $3 and a.recorded >= $4
  and not exists (select from run_step s where s.run = $1 and s.reference = a.event and s.sort = 'event')
order by a.recorded, a.event limit 1

-- name: event_by_id
-- One entry of the log, sealed.
select id, type, key, body, time from event where id = $1

-- name: open_wait
-- What waits at this place of a run, locked so that it is answered once.
select r.id, r.key, r.token, r.state from run_wait w join run r on r.id = w.run
where w.run = $1 and w.path = $2 and w.answered is null and r.ended is null for update of w

-- name: answer_wait
-- A person answered: the run goes on from when it is due.
with answered as (
    update run_wait set answer = $3, answered = $4 where run = $1 and path = $2 and answered is null returning run
)
update run set due = $5 where id in (select run from answered) and ended is null and not fixed

-- name: any_late
-- Whether there is any, without a transaction.
select exists (select from run where lane = any($1::smallint[]) and late_at <= $2)

-- name: late_runs
-- Over its service level: told once.
update run set late = $2, late_at = null
where id in (select id from run where lane = any($1::smallint[]) and late_at <= $2 order by late_at limit 100)
returning id, workflow, correlation, causation, late

-- name: hold
-- Steps of this sort about this key wait until every run that holds them back lets go.
insert into run_hold (key, sort, run, reason, since) values ($1, $2, $3, $4, $5) on conflict (key, sort, run) do nothing

-- name: held
-- Which of these keys are held back for steps of this sort.
select key from run_hold where sort = $2 and key = any($1::uuid[]) order by key limit 1

-- name: release
-- What the run held back goes on, unless another one holds it too.
with gone as (
    delete from run_hold where key = $1 and sort = $2 and run = $4 returning key, sort
)
update run set due = $3
where id in (select w.run from run_wait w join gone g on g.key = w.key and g.sort = w.signal where w.sort = 'hold')
  and ended is null and not fixed

-- name: lock_holds
-- As lock_signal, for all that a run holds back.
select pg_advisory_xact_lock(hashtextextended(sort || key::text, 0)) from run_hold where run = $1 order by key, sort

-- name: release_all
-- A run that has ended holds nothing back.
with gone as (
    delete from run_hold where run = $1 returning key, sort
)
update run set due = $2
where id in (select w.run from run_wait w join gone g on g.key = w.key and g.sort = w.signal where w.sort = 'hold')
  and ended is null and not fixed

-- name: ask_cancel
-- It undoes what it did as soon as a node drives it.
update run set cancel = $2, cancel_by = $3, due = $4, fixed = false
where id = $1 and ended is null and cancel is null
returning id

-- name: cancel_children
-- What a run began ends with it.
update run set cancel = $2, cancel_by = 'careloom', due = $3, fixed = false
where parent = $1 and ended is null and cancel is null

-- name: fix_run
-- A person holds it; a node that drives it lets go at its next step.
update run set fixed = true,
    state = case when state in ('pending', 'waiting') then 'suspended' else state end,
    due = case when state in ('pending', 'waiting') then null else due end,
    changed = $2, revision = revision + case when state in ('pending', 'waiting') then 1 else 0 end
where id = $1 and ended is null and not fixed and state <> 'compensating'
returning id

-- name: loosen_run
-- It goes on where it stopped.
update run set fixed = false, due = $2, changed = $2 where id = $1 and (fixed or state = 'suspended') and ended is null
returning id

-- name: retry_run
-- What stood still goes on: it was held for its code, or could not undo for the lack of it.
update run set fixed = false, due = $2, changed = $2
where id = $1 and ended is null and (
    (state = 'suspended' and exists (select from run_wait w where w.run = $1 and w.path = 'root'))
    or (state = 'compensating' and due is null))
returning id

-- name: forget_stop
-- Nobody is asked about the run itself any more; the next time it stops a new case is opened.
delete from run_wait where run = $1 and path = 'root'

-- name: move_run
-- To other code, if nobody drove it meanwhile and nobody is about to. One that stood still for its code goes on.
update run set version = $3, code = $4, revision = revision + 1, changed = $5, error = null,
    fixed = fixed and not exists (select from run_wait w where w.run = $1 and w.path = 'root'),
    due = case when fixed and not exists (select from run_wait w where w.run = $1 and w.path = 'root') then null
               else $5 end
where id = $1 and revision = $2 and ended is null and (due is null or due > $5)
returning id

-- name: drop_waits
-- What the code that a run was moved to does not wait for.
delete from run_wait where run = $1 and path = any($2::text[])

-- name: keep_act
-- Who did it, and why; only added to.
insert into run_act (id, run, at, by, what, why) values ($1, $2, $3, $4, $5, $6)

-- name: drop_arrivals
-- What no run that has not ended can still take.
delete from run_arrival
where recorded < $1 and recorded < (select coalesce(min(since), $1) from run where ended is null)

-- name: unreadable_compensating
-- Whom it was about was erased: it passes through the same states as any other run that is given up.
update run set state = 'running' where id = $1 and state in ('pending', 'waiting', 'suspended')

-- name: unreadable_leaving
-- The second of three moves.
update run set state = 'compensating' where id = $1 and state = 'running'

-- name: unreadable_ended
-- Nothing can be undone, for nothing can be read.
update run set state = 'cancelled', ended = $2, changed = $2, due = null, late_at = null, error = $3,
               revision = revision + 1
where id = $1 and state = 'compensating' and ended is null

-- name: standing
-- A run without what is sealed.
select id, workflow, version, code, state, urgency, token, correlation, causation, parent, begun, changed, ended, due, late_at,
       late, deadline, fixed, cancel, cancel_by, error, revision
from run where id = $1

-- name: page
-- All runs, the newest first. Each page goes on after the last row of the one before.
select id, workflow, version, code, state, urgency, token, correlation, causation, parent, begun, changed, ended, due, late_at,
       late, deadline, fixed, cancel, cancel_by, error, revision
from run
where ($1::text is null or workflow = $1) and ($2::text is null or state = $2)
  and ($3::timestamptz is null or begun >= $3) and ($4::timestamptz is null or begun < $4)
  and ($5::timestamptz is null or (begun, id) < ($5, $6::uuid))
order by begun desc, id desc limit $7

-- name: page_open
-- Those that have not ended are few, and have an index of their own.
select id, workflow, version, code, state, urgency, token, correlation, causation, parent, begun, changed, ended, due, late_at,
       late, deadline, fixed, cancel, cancel_by, error, revision
from run
where ended is null and ($1::text is null or workflow = $1) and ($2::text is null or state = $2)
  and ($3::timestamptz is null or begun >= $3) and ($4::timestamptz is null or begun < $4)
  and ($5::timestamptz is null or (begun, id) < ($5, $6::uuid))
order by begun desc, id desc limit $7

-- name: page_unwell
-- So have those that did not complete.
select id, workflow, version, code, state, urgency, token, correlation, causation, parent, begun, changed, ended, due, late_at,
       late, deadline, fixed, cancel, cancel_by, error, revision
from run
where state in ('failed', 'cancelled') and ($1::text is null or workflow = $1) and ($2::text is null or state = $2)
  and ($3::timestamptz is null or begun >= $3) and ($4::timestamptz is null or begun < $4)
  and ($5::timestamptz is null or (begun, id) < ($5, $6::uuid))
order by begun desc, id desc limit $7

-- name: page_about
-- All runs of an order.
select id, workflow, version, code, state, urgency, token, correlation, causation, parent, begun, changed, ended, due, late_at,
       late, deadline, fixed, cancel, cancel_by, error, revision
from run join run_about on run_about.run = run.id and run_about.key = $8
where ($1::text is null or workflow = $1) and ($2::text is null or state = $2)
  and ($3::timestamptz is null or begun >= $3) and ($4::timestamptz is null or begun < $4)
  and ($5::timestamptz is null or (begun, id) < ($5, $6::uuid))
order by begun desc, id desc limit $7

-- name: counts
-- What there is to do, and what ended of the runs that began since: by workflow, version and state. Each from its index.
select workflow, version, state, count(*) as runs, min(begun) as oldest,
       count(*) filter (where late is not null or late_at <= $3) as late
from (
    select workflow, version, state, begun, late, late_at from run
    where ended is null and ($1::text is null or workflow = $1)
    union all
    select workflow, version, state, begun, late, late_at from run
    where ended is not null and begun >= $2 and ($1::text is null or workflow = $1)
) as counted
group by workflow, version, state order by workflow, version, state limit 1000

-- name: codes
-- Which code the runs that have not ended are on.
select workflow, version, code, count(*) as runs, min(begun) as oldest
from run where ended is null group by workflow, version, code order by workflow, version, min(begun)

-- name: runs_on
-- Some of those on one code, the oldest first.
select id from run where ended is null and workflow = $1 and version = $2 and code = $3 order by begun, id limit $4

-- name: timeline_steps
-- What it did, without what came of it.
select path, name, sort, state, attempts, due, reference, error, began, ended from run_step where run = $1

-- name: timeline_waits
-- What it waits for, without what came.
select path, sort, signal, due, reference, since, answered from run_wait where run = $1

-- name: acts
-- What people did with it.
select at, by, what, why from run_act where run = $1 order by at, id

-- name: children
-- What it began.
select id, workflow, version, state, begun, ended from run where parent = $1 order by begun, id

-- name: cases_of_run
-- What people were asked for it, by the place in it, and what they were told of it.
select id, kind, state, reason, owner, assignee, opened, due, resolved, resolution, run from work_case
where run like $2 or (event = $1 and kind in ('run-failed', 'run-late', 'compensation-failed'))
order by opened, id
