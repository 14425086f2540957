-- name: lock
-- One change after the other, so that versions are numbered without gaps and seen in order.
select pg_advisory_xact_lock(7301100011)

-- name: version
-- The newest version; 0 before the first.
select coalesce(max(number), 0) from crosswalk_version

-- name: begin_version
-- A new version, under the lock.
insert into crosswalk_version (number, at, by, why, source, digest, proposal)
select coalesce(max(number), 0) + 1, $1, $2, $3, $4, $5, $6 from crosswalk_version returning number

-- name: supersede
-- From this version on they are not said any more.
update crosswalk_code set until = $2 where id = any($1::uuid[]) and until is null returning id

-- name: add
-- All of a version at once; the exclusion refuses two meanings of one code on one day.
insert into crosswalk_code (id, entity, system, type, value, canonical, label, valid_from, valid_to, since)
select new.id, new.entity, new.system, new.type, new.value, new.canonical, new.label, new.valid_from, new.valid_to, $10
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::date[], $9::date[])
    as new (id, entity, system, type, value, canonical, label, valid_from, valid_to)

-- name: held
-- What is said now of these codes, for a change of them.
select c.* from crosswalk_code c
join (select distinct * from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as k (entity, system, type, value)) k
    using (entity, system, type, value)
where c.until is null
order by c.entity, c.system, c.type, c.value, c.valid_from nulls first

-- name: section
-- All codes of one type of one system, to be kept in memory.
select value, canonical, label, valid_from, valid_to, since from crosswalk_code
where entity = $1 and system = $2 and type = $3 and until is null order by value, valid_from nulls first

-- name: touched
-- Which types of which systems changed since a version.
select distinct entity, system, type from crosswalk_code where since > $1
union select distinct entity, system, type from crosswalk_code where until > $1

-- name: known_at
-- What a code meant on a day, as was known at an instant: both times.
select c.* from crosswalk_code c join crosswalk_version s on s.number = c.since
left join crosswalk_version u on u.number = c.until
where c.entity = $1 and c.system = $2 and c.type = $3 and c.value = $4
  and s.at <= $6 and (u.at is null or u.at > $6)
  and (c.valid_from is null or c.valid_from <= $5) and (c.valid_to is null or c.valid_to > $5)

-- name: codes_of
-- By which codes a system knows a thing on a day.
select system, type, value, label from crosswalk_code
where entity = $1 and canonical = $2 and system = $3 and until is null
  and (valid_from is null or valid_from <= $4) and (valid_to is null or valid_to > $4)
order by type, value

-- name: export
-- All that is said now, of some or all entities and systems.
select * from crosswalk_code
where until is null and ($1::text is null or entity = $1) and ($2::text is null or system = $2)
order by entity, system, type, value, valid_from nulls first

-- name: export_at
-- The same, as was known at an instant.
select c.* from crosswalk_code c join crosswalk_version s on s.number = c.since
left join crosswalk_version u on u.number = c.until
where ($1::text is null or c.entity = $1) and ($2::text is null or c.system = $2)
  and s.at <= $3 and (u.at is null or u.at > $3)
order by c.entity, c.system, c.type, c.value, c.valid_from nulls first

-- name: history
-- What was ever said of a code, newest first, with who said so and why.
select c.*, s.at as said_at, s.by as said_by, s.why as said_why, s.source as said_in, u.at as ended_at, u.by as ended_by
from crosswalk_code c join crosswalk_version s on s.number = c.since
left join crosswalk_version u on u.number = c.until
where c.entity = $1 and c.system = $2 and c.type = $3 and c.value = $4 order by c.since desc, c.valid_from desc nulls last

-- name: versions
-- The changes, newest first.
select v.*, (select count(*) from crosswalk_code c where c.since = v.number) as added,
    (select count(*) from crosswalk_code c where c.until = v.number) as ended
from crosswalk_version v order by v.number desc limit $1

-- name: propose
-- It waits for approval.
insert into crosswalk_proposal (id, at, by, why, source, content, digest) values ($1, $2, $3, $4, $5, $6, $7)

-- name: proposal
-- One, for a decision.
select * from crosswalk_proposal where id = $1 for update

-- name: proposals
-- Those that wait, oldest first.
select p.id, p.at, p.by, p.why, p.source, p.digest, p.outcome, p.decided, p.decider, c.id as case_id
from crosswalk_proposal p left join work_case c on c.run = 'crosswalk:' || p.id and c.resolved is null
where p.outcome is null order by p.at

-- name: decide
-- Once.
update crosswalk_proposal set outcome = $2, decided = $3, decider = $4 where id = $1 and outcome is null returning id
