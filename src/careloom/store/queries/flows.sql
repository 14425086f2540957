-- name: claim_newest
-- One round trip decides and remembers; equal times are let through, so that a retry is not its own elder.
with claimed as (
    insert into newest as n (system, external, occurred) values ($1, $2, $3)
    on conflict (system, external) do update set occurred = excluded.occurred where n.occurred <= excluded.occurred
    returning n.merged_by
)
select exists (select 1 from claimed) as news,
       (select merged_by from newest where system = $1 and external = $2) as merged_by

-- name: mark_merged
-- The record was merged into another: later news under its old number needs a person.
insert into newest (system, external, occurred, merged_by) values ($1, $2, $3, $4)
on conflict (system, external) do update
    set merged_by = excluded.merged_by, occurred = greatest(newest.occurred, excluded.occurred)

-- name: source_of_run
-- Who told of what a run is about.
select e.source from run r join event e on e.id = r.causation where r.id = $1

-- name: links
-- What was last sent for these records.
select external, record, digest, as_of from link where system = $1 and model = $2 and external = any($3::uuid[])

-- name: keep_links
-- Sorted by the caller, so that two batches with common records cannot deadlock.
insert into link (system, model, external, record, digest, as_of)
select $1, $2, * from unnest($3::uuid[], $4::bigint[], $5::bytea[], $6::timestamptz[])
on conflict (system, model, external) do update
    set record = excluded.record, digest = excluded.digest, as_of = excluded.as_of
