-- name: begin
-- Once for a run, with what the last one came to: where it ended, and how many rows are to be expected.
insert into master_sync (id, list, began, fields, expected)
values ($1, $2, $3, $4, (select read from master_sync where list = $2 and ended is not null and whole
                     order by began desc, id desc limit 1))
on conflict (id) do nothing

-- name: watermark
-- Where the last that ended left off; from the beginning again when it put something aside, or when other fields are
-- kept in step now.
select case when aside = 0 and fields = $2 then version else '' end as version
from master_sync where list = $1 and ended is not null order by began desc, id desc limit 1

-- name: note_page
-- A page that is read twice counts once.
update master_sync set version = $2, reading = $3, whole = $4, read = case when reading = $3 then greatest(read, $5)
                       else $5 end
where id = $1

-- name: known
-- What is known of these rows.
select key, source, written, record, seen, gone from master_row where list = $1 and key = any($2::uuid[])

-- name: see
-- Sorted by the caller. A row that is back keeps its mark until its record is in use again.
insert into master_row (list, key, source, seen)
select $1, x.key, x.source, $2 from unnest($3::uuid[], $4::bytea[]) as x (key, source)
on conflict (list, key) do update set source = excluded.source, seen = excluded.seen

-- name: spare
-- A row that cannot be read has not vanished.
update master_row set seen = $2 where list = $1 and key = any($3::uuid[])

-- name: keep
-- What records took.
update master_row r set written = x.written, record = x.record, gone = null
from unnest($2::uuid[], $3::bytea[], $4::bigint[]) as x (key, written, record)
where r.list = $1 and r.key = x.key

-- name: missing
-- How many were in force and are not in what was read.
select count(*) filter (where seen <> $2) as vanished, count(*) as rows from master_row where list = $1 and gone is null

-- name: vanished
-- The next of them.
select key, record from master_row where list = $1 and gone is null and seen <> $2 and key > $3 order by key limit $4

-- name: retire
-- They are no longer in force.
update master_row set gone = $2 where list = $1 and key = any($3::uuid[])

-- name: in_force
-- All that the list has, in the order of their digests.
select key, source, written, record from master_row where list = $1 and gone is null and key > $2 order by key limit $3

-- name: totals
-- What both sides come to.
update master_sync set source_rows = $2, source_total = $3, odoo_rows = $4, odoo_total = $5, differing = $6
where id = $1

-- name: finish
-- It is over.
update master_sync set ended = $2, written = $3, aside = $4, vanished = $5 where id = $1

-- name: one
-- One of them.
select * from master_sync where id = $1

-- name: last
-- The newest first; of one list, or of all.
select * from master_sync where $1::text is null or list = $1 order by began desc, id desc limit $2
