-- name: ask
-- Once for each place of a run, whoever drives it again.
insert into approval (id, run, path, role, amount, currency, needed, asked_by, asker, asked, remind_at, escalate_at,
                      escalate_to, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
on conflict (run, path) do nothing

-- name: asked
-- How it stands.
select * from approval where run = $1 and path = $2

-- name: locked
-- How it stands, for a vote.
select * from approval where run = $1 and path = $2 for update

-- name: vote
-- The database refuses a second one, that of the asker, and any on what was decided or is over.
insert into approval_vote (approval, voter, by, in_place_of, authority, role, approves, at)
values ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: votes
-- All of them, in order.
select voter, by, in_place_of, authority, role, approves, at from approval_vote where approval = $1 order by at, voter

-- name: finish
-- It is decided, or over.
update approval set outcome = $2, ended = $3 where id = $1 and outcome is null returning id

-- name: withdraw
-- The run is undone: nobody need decide any more.
update approval set outcome = 'withdrawn', ended = $2 where run = $1 and outcome is null

-- name: remind
-- Once, whichever node comes first.
update approval set reminded = $2 where id = $1 and reminded is null and remind_at <= $2 and outcome is null
returning id

-- name: escalate
-- Once; from now on it is for the other role.
update approval set escalated = $2, role = escalate_to
where id = $1 and escalated is null and escalate_at <= $2 and outcome is null
returning id

-- name: remind_case
-- Its history says so.
update work_case set escalated = 50, changed = $2, changed_by = 'careloom', changed_why = ''
where run = $1 and kind = 'approval' and resolved is null and escalated < 50 returning *

-- name: hand_on_case
-- Nobody has it, and the other role answers for it.
update work_case set escalated = 100, owner = $3, state = 'open', assignee = null, changed = $2,
    changed_by = 'careloom', changed_why = 'nobody decided in time'
where run = $1 and kind = 'approval' and resolved is null returning *

-- name: hand_on
-- A role is handed on.
insert into delegation (id, role, principal, handed_by, delegate, handed_to, since, until, why, made)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: take_back
-- From now on it is not handed on.
update delegation set withdrawn = $2, withdrawn_by = $3 where id = $1 and withdrawn is null and until > $2
returning id, principal

-- name: delegations
-- Those that hold, or will: few, and an index has just those that were not taken back.
select id, role, handed_by, handed_to, since, until, why, made from delegation
where withdrawn is null and until > $1 and ($2::text is null or principal = $2) and ($3::text is null or delegate = $3)
order by since, id limit $4

-- name: standing_in
-- In whose place somebody has a role now. A key that was withdrawn, or lost the role, hands nothing on.
select d.handed_by from delegation d
where d.delegate = $1 and d.role = $2 and d.since <= $3 and d.until > $3 and d.withdrawn is null and d.principal <> $4
  and not exists (select from api_key k where k.name = d.handed_by
                  and (k.revoked is not null or not d.role = any(coalesce(k.roles, '{}'))))
order by d.since, d.id
