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
