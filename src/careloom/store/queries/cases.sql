-- name: open_cases
-- A subject parked twice, or a sender repeating its mistake, is one case. In one order, so that two nodes cannot deadlock.
insert into work_case (id, kind, system, subscription, lane, seq, event, message, field, reason, opened, changed, owner,
                       type, run, cause, priority, asked_by, due, escalate_at, quiet, category, offers)
select new.id, new.kind, new.system, new.subscription, new.lane, new.seq, new.event, new.message, new.field, new.reason,
       $10, $10, new.owner, new.type, new.run, new.cause, new.priority, new.asked_by, new.due, new.escalate_at, new.quiet,
       new.category, new.offers
from unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::bigint[], $7::uuid[], $8::uuid[], $9::text[],
    $11::text[], $12::text[], $13::text[], $14::text[], $15::uuid[], $16::smallint[], $17::text[], $18::timestamptz[],
    $19::timestamptz[], $20::boolean[], $21::text[], $22::text[]
) as new (id, kind, system, subscription, lane, seq, event, message, field, reason, owner, type, run, cause, priority,
          asked_by, due, escalate_at, quiet, category, offers)
order by new.subscription, new.lane, new.seq, new.kind, new.system, new.message, new.event, new.field
on conflict do nothing
returning *

-- name: resolve_at
-- A case ends in the transaction that ends what it was about.
update work_case set state = $7, resolved = $4, resolution = $5, resolved_by = $6, changed = $4, changed_by = $6,
    changed_why = $5
from unnest($2::smallint[], $3::bigint[]) as place (lane, seq)
where work_case.subscription = $1 and work_case.lane = place.lane and work_case.seq = place.seq
  and work_case.resolved is null
returning work_case.*

-- name: resolve_loose
-- Only when nothing is parked for it: what is parked is retried or discarded, which ends its case.
update work_case c set state = 'resolved', resolved = $2, resolution = $3, resolved_by = $4, changed = $2,
    changed_by = $4, changed_why = $3
where c.id = $1 and c.resolved is null and c.run is null
  and not exists (select 1 from parked p
                  where p.subscription = c.subscription and p.lane = c.lane and p.seq = c.seq and p.state = 'case')
returning *

-- name: settle
-- What a connector reported is over.
update work_case set state = 'resolved', resolved = $4, resolution = $5, resolved_by = 'careloom', changed = $4,
    changed_by = 'careloom', changed_why = $5
where system = $1 and kind = $2 and field is not distinct from $3 and subscription is null and event is null
  and resumes in ('nothing', 'question') and resolved is null
returning *

-- name: end_of_run
-- What a run asked, and does not wait for any more.
update work_case set state = $5, resolved = $2, resolution = $3, resolved_by = $4, changed = $2,
    changed_by = $4, changed_why = $3
where run like $1 and resolved is null
returning *

-- name: requested
-- Whether a call under this request is on record.
select id from case_history where case_id = $1 and request = $2

-- name: open_by_kind
-- How many wait for a person, by kind.
select kind, count(*) as open, min(opened) as oldest from work_case where resolved is null group by kind order by kind

-- name: of_message
-- Everything a person was asked about one message.
select * from work_case where message = $1 order by opened

-- name: one
-- A case as it stands.
select * from work_case where id = $1

-- name: locked
-- A case that is about to be acted on.
select * from work_case where id = $1 for update

-- name: change
-- A case passes on; the trigger refuses what is no move and puts the others on record.
update work_case set state = $2, assignee = $3, owner = $4, changed = $5, changed_by = $6, changed_why = $7
where id = $1 returning *

-- name: finish
-- A person decided, about what they saw.
update work_case set state = $2, resolved = $3, resolution = $4, resolved_by = $5, changed = $3, changed_by = $5,
    changed_why = $4, request = $6
where id = $1 and revision = $7 and resolved is null returning *

-- name: note
-- What else belongs to the record of a case. Said twice under one request it is there once.
insert into case_history (id, case_id, at, by, what, owner, assignee, why, entry, key, body, request)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
on conflict (case_id, request) where request is not null do nothing
returning id

-- name: history
-- What happened to a case, oldest first.
select id, number, at, by, what, before, after, owner, assignee, share, why, entry, key, body
from case_history where case_id = $1 and number > $2 order by number limit $3

-- name: page
-- The queue: the most urgent first. Each page goes on after the last row of the one before.
select * from work_case
where resolved is null
  and ($1::text is null or kind = $1) and ($2::text is null or owner = $2) and ($3::text is null or state = $3)
  and ($4::text is null or system = $4) and ($5::uuid is null or cause = $5)
  and ($6::text is null or assignee = $6) and ($7::timestamptz is null or opened <= $7)
  and ($8::text is null or category = $8)
  and ($9::smallint is null or (priority, due, id) > ($9, $10::timestamptz, $11::uuid))
order by priority, due, id limit $12

-- name: page_ended
-- What is over, newest first.
select * from work_case
where resolved is not null
  and ($1::text is null or kind = $1) and ($2::text is null or owner = $2) and ($3::text is null or state = $3)
  and ($4::text is null or system = $4) and ($5::uuid is null or cause = $5)
  and ($6::text is null or assignee = $6) and ($7::timestamptz is null or opened <= $7)
  and ($8::text is null or category = $8)
  and ($9::timestamptz is null or (resolved, id) < ($9, $10::uuid))
order by resolved desc, id desc limit $11

-- name: groups
-- What waits, by what caused it: the largest first. One case of each tells what all of them are.
select cause, count(*) as cases, count(*) filter (where state = 'open') as unclaimed, min(opened) as oldest,
       min(due) as due, min(priority) as priority, count(*) filter (where due <= $3) as overdue,
       min(kind) as kind, min(system) as system, min(subscription) as subscription, min(type) as type,
       min(owner) as owner, min(field) as field, min(reason) as reason
from work_case
where resolved is null and ($1::text is null or kind = $1) and ($2::text is null or owner = $2)
group by cause order by count(*) desc, cause limit $4

-- name: retryable
-- The cases of a group that a retry would touch, oldest first: those whose event is parked for them, and that nobody
-- else has.
select c.id, c.system, c.kind, c.type, c.opened, c.owner
from work_case c
join parked p on p.subscription = c.subscription and p.lane = c.lane and p.seq = c.seq and p.state = 'case'
where c.resolved is null and c.cause = $1 and (c.assignee is null or c.assignee = $2)
order by c.id limit $3

-- name: keep_set
-- What was shown, so that an act touches just that.
insert into case_set (id, cause, cases, made, made_by) values ($1, $2, $3, $4, $5)

-- name: use_set
-- Once.
update case_set set used = $2, used_by = $3 where id = $1 and used is null returning cases

-- name: set_known
-- What was shown under a token, and what became of it.
select cause, cases, made, made_by, used, used_by from case_set where id = $1

-- name: members
-- The cases of a set, in the order in which they were shown.
select c.id, c.kind, c.system, c.type, c.opened, c.state
from unnest($1::uuid[]) with ordinality as shown (id, place) join work_case c on c.id = shown.id order by shown.place

-- name: of_set
-- What of a set still waits, and for nobody else than who acts.
select c.* from work_case c
join parked p on p.subscription = c.subscription and p.lane = c.lane and p.seq = c.seq and p.state = 'case'
where c.id = any($1::uuid[]) and c.resolved is null and (c.assignee is null or c.assignee = $2) order by c.id

-- name: due_for_telling
-- Locked, so that of several nodes one tells; told in the same transaction.
select id, opened, due, escalated from work_case where escalate_at <= $1 order by escalate_at limit $2
for update skip locked

-- name: escalate
-- How far it is told now, and when it is told of next.
update work_case c set escalated = told.share, escalate_at = told.next, changed = $4, changed_by = 'careloom',
    changed_why = ''
from unnest($1::uuid[], $2::smallint[], $3::timestamptz[]) as told (id, share, next)
where c.id = told.id returning c.*

-- name: parked_body
-- The entry that a case is about, with what stands in for its body: also once that was handled, as the case has it.
select e.lane, e.seq, e.id, e.kind, e.type, e.source, e.token, e.time, e.recorded, coalesce(r.contenttype, e.contenttype)
       as contenttype, e.correlation, e.causation, e.joins, coalesce(r.key, e.key) as key, coalesce(r.body, e.body) as body,
       r.id as edited, e.key as first_key, e.body as first_body
from event e
left join parked p on p.subscription = $2 and p.lane = e.lane and p.seq = e.seq
left join lateral (select entry from case_history where case_id = $3 and what = 'edited' order by number desc limit 1) h
       on true
left join event r on r.id = coalesce(h.entry, p.edited)
where e.id = $1
