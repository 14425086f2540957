-- name: known
-- All that is asked in the same moment, in one look: what is known under these numbers, and as of which content. A person
-- goes by the number of its oldest record that its source did not end.
select r.number, r.id, r.person, r.digest, r.compared, p.id as lead, p.known
from person_record r
join person_record root on root.id = r.person
join person_record p on p.id = case when root.retired then (
    select l.id from person_record l where l.person = r.person order by l.retired, l.id limit 1) else root.id end
where r.number = any($1::uuid[])

-- name: contents
-- What stands under these numbers, whole; nobody else writes it from now on. In order, so that nobody waits in a circle.
select r.number, r.id, r.person, r.compared, r.features, r.content, p.id as lead, p.known as first
from person_record r
join person_record root on root.id = r.person
join person_record p on p.id = case when root.retired then (
    select l.id from person_record l where l.person = r.person order by l.retired, l.id limit 1) else root.id end
where r.number = any($1::uuid[])
order by r.number for no key update of r

-- name: candidates
-- Locks, then looks: see the function.
select arrival, id, person, features, many from person_candidates($1, $2, $3, $4, $5)

-- name: crowd
-- Those of these keys that as many records share are asked by no more.
insert into person_crowded_key (key, since)
select asked.key, $3 from unnest($1::bigint[]) as asked (key)
where (select count(*) from person_record r where r.keys @> array[asked.key]) >= $2
on conflict (key) do nothing
returning key

-- name: in_passing
-- What says nothing of who is who waits for acts of stewards too, but neither for the disk nor for other keys.
select set_config('synchronous_commit', 'off', true), pg_advisory_xact_lock_shared($1)

-- name: refresh
-- What their sources say now; nothing of it is compared.
update person_record r set digest = new.digest, content = new.content
from unnest($1::uuid[], $2::bytea[], $3::bytea[]) as new (id, digest, content)
where r.id = new.id

-- name: numbers_of
-- By which number persons go.
select r.id, p.id as lead, p.known
from person_record r
join person_record root on root.id = r.person
join person_record p on p.id = case when root.retired then (
    select l.id from person_record l where l.person = r.person order by l.retired, l.id limit 1) else root.id end
where r.id = any($1::uuid[])

-- name: add_records
-- New ones; one that another node added meanwhile is left as it is, and told by its absence.
insert into person_record (id, number, source, person, digest, compared, keys, known, features, content)
select id, number, source, person, digest, compared, keys::bigint[], known, features, content
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::bytea[], $6::bytea[], $7::text[], $8::bytea[], $9::bytea[],
            $10::bytea[]) as new (id, number, source, person, digest, compared, keys, known, features, content)
on conflict (number) do nothing
returning id

-- name: change_records
-- What their sources say now.
update person_record r set digest = new.digest, compared = new.compared, keys = new.keys::bigint[],
                           features = new.features, content = new.content
from unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::text[], $5::bytea[], $6::bytea[])
     as new (id, digest, compared, keys, features, content)
where r.id = new.id

-- name: add_links
-- Each pair once for each basis.
insert into person_link (id, older, newer, basis, retired, evidence, made, by, why)
select id, older, newer, basis, retired, evidence::jsonb, $9, $7, $8
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[])
     as new (id, older, newer, basis, retired, evidence)
on conflict (older, newer, basis) where ended is null do nothing
returning id

-- name: end_links
-- Taken away, and kept on record.
update person_link set ended = $2, ended_by = $3, ended_why = $4 where id = any($1::uuid[]) and ended is null
returning id, retired

-- name: link
-- One, and whose it is.
select l.id, l.older, l.newer, l.basis, l.ended, r.person
from person_link l join person_record r on r.id = l.older where l.id = $1

-- name: links_of
-- All that ever held these records together.
select id, older, newer, basis, retired, evidence, made, by, why, ended, ended_by, ended_why
from person_link where older = any($1::uuid[]) or newer = any($1::uuid[]) order by made, id

-- name: active_links_of
-- What holds these records together.
select id, older, newer, basis, retired from person_link
where ended is null and (older = any($1::uuid[]) or newer = any($1::uuid[])) order by id

-- name: gate
-- An act that changes who is who waits for records on their way in, and they for it.
select pg_advisory_xact_lock($1)

-- name: persons_of
-- Whose records these are.
select id, person from person_record where id = any($1::uuid[])

-- name: records_of
-- All records of these persons, the oldest first.
select id, number, source, person, retired, known, features, content from person_record
where person = any($1::uuid[]) order by id

-- name: move_records
-- They are of these persons now.
update person_record r set person = new.person from unnest($1::uuid[], $2::uuid[]) as new (id, person)
where r.id = new.id and r.person <> new.person

-- name: join_persons
-- All records of the one are of the other now.
update person_record set person = $2 where person = $1 returning id

-- name: retire
-- Their source ended them, or took that back.
update person_record r set retired = not r.retired
where r.id = any($1::uuid[])
  and r.retired <> exists (select from person_link l where l.retired = r.id and l.ended is null)

-- name: erase
-- Links, decisions and questions go with it.
delete from person_record where id = $1

-- name: add_distinct
-- Not the same; said once.
insert into person_distinct (id, older, newer, made, by, why)
select id, older, newer, $4, $5, $6 from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as new (id, older, newer)
on conflict (older, newer) where ended is null do nothing

-- name: distinct_between
-- Whether somebody said that records of these two persons are not of one.
select d.id, d.older, d.newer from person_distinct d
join person_record a on a.id = d.older join person_record b on b.id = d.newer
where d.ended is null and a.person <> b.person and a.person = any($1::uuid[]) and b.person = any($1::uuid[])

-- name: end_distinct
-- A steward said otherwise later, by name.
update person_distinct set ended = $2, ended_by = $3, ended_why = $4 where id = any($1::uuid[]) and ended is null

-- name: distinct_of
-- What was said of these records for ever.
select id, older, newer, made, by, why, ended, ended_by, ended_why from person_distinct
where older = any($1::uuid[]) or newer = any($1::uuid[]) order by made, id

-- name: settled
-- Pairs of persons that need not be asked about: asked before, or known not to be the same.
select asked.a, asked.b from unnest($1::uuid[], $2::uuid[]) as asked (a, b)
where exists (select from person_record r join person_distinct d on r.id in (d.older, d.newer)
              join person_record o on o.id = case when d.older = r.id then d.newer else d.older end
              where r.person = asked.a and o.person = asked.b and d.ended is null)
   or exists (select from person_record r join person_question q on r.id in (q.older, q.newer)
              join person_record o on o.id = case when q.older = r.id then q.newer else q.older end
              where r.person = asked.a and o.person = asked.b and q.basis <> 'source')

-- name: ask
-- Each pair once.
insert into person_question (id, older, newer, basis, evidence, system, asked)
select id, older, newer, basis, evidence::jsonb, system, $7
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[])
     as new (id, older, newer, basis, evidence, system)
on conflict (older, newer, basis) do nothing
returning id

-- name: answer_same
-- What was asked about records that are of one person now.
update person_question q set state = 'same', answered = $2, by = $3
from person_record a, person_record b
where q.state = 'open' and a.id = q.older and b.id = q.newer and a.person = b.person and a.person = $1
returning q.id, q.system

-- name: answer_distinct
-- What was asked about persons that are known not to be the same now.
update person_question q set state = 'distinct', answered = $2, by = $3
from person_record a, person_record b
where q.state = 'open' and a.id = q.older and b.id = q.newer and a.person <> b.person
  and a.person = any($1::uuid[]) and b.person = any($1::uuid[])
returning q.id, q.system

-- name: question
-- One, with whose the records are now.
select q.id, q.older, q.newer, q.basis, q.evidence, q.system, q.asked, q.state, q.answered, q.by,
       a.person as older_person, b.person as newer_person
from person_question q join person_record a on a.id = q.older join person_record b on b.id = q.newer where q.id = $1

-- name: close_question
-- A steward's answer, once.
update person_question set state = $2, answered = $3, by = $4 where id = $1 and state = 'open' returning id

-- name: questions_of
-- What was asked about these records.
select id, older, newer, basis, evidence, system, asked, state, answered, by from person_question
where older = any($1::uuid[]) or newer = any($1::uuid[]) order by asked, id

-- name: found
-- Records by something that they may be found by. By their keys first, whatever the planner thinks of: how many have one
-- it cannot know, and in the order of ids it would read all records until there are enough.
with near as materialized (select id from person_record where keys && $1::bigint[])
select r.id, r.person, r.source, r.known, r.features
from (select id from near order by id limit $2) first join person_record r on r.id = first.id order by r.id

-- name: everybody
-- A page of all records that stand, in their order.
select id, person, features from person_record where id > $1 and not retired order by id limit $2

-- name: model
-- The one in use.
select version, body from person_model order by number desc limit 1

-- name: use_model
-- From now on; those before stay on record.
insert into person_model (version, body, since, by, why) values ($1, $2, $3, $4, $5)

-- name: models
-- Which decided from when on.
select version, since, by, why from person_model order by number

-- name: counts
-- How much there is.
select count(*) as records, count(*) filter (where id = person) as persons,
       (select count(*) from person_question where state = 'open') as questions from person_record

-- name: open_questions
-- Those that wait for an answer, the oldest first, each with its case, which is looked up for those of the page alone. A
-- page goes on after the last row of the one before.
select q.id, q.basis, q.system, q.asked, q.weight, q.model, c.id as case_id, c.owner, c.assignee, c.state, c.opened, c.due
from (
    select id, basis, system, asked, coalesce((evidence ->> 'weight')::float8, 1000) as weight, evidence ->> 'model' as model
    from person_question
    where state = 'open'
      and ($1::text is null or system = $1) and ($2::text is null or basis = $2)
      and ($3::float8 is null or (evidence ->> 'weight')::float8 >= $3) and ($4::timestamptz is null or asked <= $4)
      and (($5::text is null and $6::text is null) or id in (
          select split_part(run, ':', 2)::uuid from work_case
          where kind = 'possible-duplicate' and resolved is null and resumes = 'question'
            and ($5::text is null or owner = $5) and ($6::text is null or assignee = $6)))
      and ($7::timestamptz is null or (asked, id) > ($7, $8::uuid))
    order by asked, id limit $9) q
left join lateral (
    select * from work_case c
    where c.kind = 'possible-duplicate' and c.system = q.system and c.message is null and c.event is null
      and c.field = 'question/' || q.id and c.run = 'question:' || q.id and c.subscription is null and c.resolved is null
    limit 1) c on true
order by q.asked, q.id

-- name: likeliest_questions
-- The same, those that weigh most first; what no score asked, a source did, and that comes before all others.
select q.id, q.basis, q.system, q.asked, q.weight, q.model, c.id as case_id, c.owner, c.assignee, c.state, c.opened, c.due
from (
    select id, basis, system, asked, coalesce((evidence ->> 'weight')::float8, 1000) as weight, evidence ->> 'model' as model
    from person_question
    where state = 'open'
      and ($1::text is null or system = $1) and ($2::text is null or basis = $2)
      and ($3::float8 is null or (evidence ->> 'weight')::float8 >= $3) and ($4::timestamptz is null or asked <= $4)
      and (($5::text is null and $6::text is null) or id in (
          select split_part(run, ':', 2)::uuid from work_case
          where kind = 'possible-duplicate' and resolved is null and resumes = 'question'
            and ($5::text is null or owner = $5) and ($6::text is null or assignee = $6)))
      and ($7::float8 is null or (coalesce((evidence ->> 'weight')::float8, 1000), id) < ($7, $8::uuid))
    order by coalesce((evidence ->> 'weight')::float8, 1000) desc, id desc limit $9) q
left join lateral (
    select * from work_case c
    where c.kind = 'possible-duplicate' and c.system = q.system and c.message is null and c.event is null
      and c.field = 'question/' || q.id and c.run = 'question:' || q.id and c.subscription is null and c.resolved is null
    limit 1) c on true
order by q.weight desc, q.id desc

-- name: asked_by_source
-- How many wait, by what made them known, the most first.
select system, count(*) as questions, min(asked) as oldest from person_question
where state = 'open' group by system order by count(*) desc, system

-- name: pairs_of_cases
-- Of open questions, by their cases: whose their records are now, in the order in which the cases are given.
select c.id as case_id, q.id, q.basis, q.system, q.asked, (q.evidence ->> 'weight')::float8 as weight, c.owner, c.assignee,
       a.person as older_person, b.person as newer_person
from unnest($1::uuid[]) with ordinality as shown (id, place)
join work_case c on c.id = shown.id and c.kind = 'possible-duplicate' and c.resolved is null
join person_question q on q.id = split_part(c.run, ':', 2)::uuid and q.state = 'open'
join person_record a on a.id = q.older join person_record b on b.id = q.newer
order by shown.place

-- name: cases_of_questions
-- The open cases of these questions, in the order of the questions.
select c.id from unnest($1::uuid[]) with ordinality as wanted (id, place)
join person_question q on q.id = wanted.id and q.state = 'open'
join work_case c on c.kind = 'possible-duplicate' and c.system = q.system and c.message is null and c.event is null
     and c.field = 'question/' || q.id and c.run = 'question:' || q.id and c.subscription is null and c.resolved is null
order by wanted.place

-- name: distinct_among
-- Which of these persons are known not to be the same.
select a.person as one, b.person as other from person_record a
join person_distinct d on d.older = a.id and d.ended is null
join person_record b on b.id = d.newer
where a.person = any($1::uuid[]) and b.person = any($1::uuid[]) and a.person <> b.person

-- name: sizes_of
-- How many records these persons have.
select person, count(*) as records from person_record where person = any($1::uuid[]) group by person

-- name: size
-- How many records there are.
select count(*) from person_record

-- name: try_teaching
-- Whether this node may count names now; of several one may.
select pg_try_advisory_xact_lock($1, 0)
