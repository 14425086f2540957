-- name: try_retention
-- Whether this transaction may let go of old rows now; of several nodes one may.
select pg_try_advisory_xact_lock($1, 0)

-- name: trim_attempts
-- The oldest, so many at a time, so that nobody waits for a long transaction.
with gone as (
    delete from delivery_attempt
    where ctid = any(array(select ctid from delivery_attempt where at < $1 order by at limit $2))
    returning 1
)
select count(*) from gone

-- name: trim_calls
-- The same of the audit of the API.
with gone as (
    delete from api_call where ctid = any(array(select ctid from api_call where at < $1 order by at limit $2))
    returning 1
)
select count(*) from gone

-- name: trim_answers
-- The same of answers that came.
with gone as (
    delete from expectation
    where ctid = any(array(select ctid from expectation where answered < $1 order by answered limit $2))
    returning 1
)
select count(*) from gone

-- name: trim_notices
-- The same of what people were told, once the time is over in which it is not told again.
with gone as (
    delete from notice where ctid = any(array(select ctid from notice where until < $1 order by until limit $2))
    returning 1
)
select count(*) from gone

-- name: trim_runs
-- The same of runs that have ended, with all that refers to them. What another run still reads, or a person still works
-- on, stays: a run goes after those that it began, they stay until it has ended, and none goes before its cases.
with old as (
    select r.id from run r
    where r.ended < $1
      and not exists (select from run child where child.parent = r.id)
      and not exists (select from run p where p.id = r.parent and p.ended is null)
      and not exists (select from work_case c where c.resolved is null
                      and c.run ~>=~ (r.id::text || '/') and c.run ~<~ (r.id::text || '0'))
      and not exists (select from work_case c where c.resolved is null and c.event = r.id
                      and c.kind in ('run-failed', 'run-late', 'compensation-failed'))
    order by r.ended limit $2 for update skip locked
)
select let_go_of_runs(coalesce(array_agg(id), '{}')) from old
