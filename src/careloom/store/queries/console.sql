-- What only pages ask.

-- name: approvals
-- What waits for somebody's approval, the most urgent first: of their own roles, and of those that were handed to them.
-- $1 the person, $2 their roles or null for each, $3 now; each page goes on after the last row of the one before.
-- Only those of runs: what `run` names of other approvals, such as codes of the crosswalk, is no run's id.
select c.id, c.reason, c.opened, c.due, c.priority, c.owner, c.assignee, c.revision, a.run, r.workflow, a.amount,
       a.currency, a.needed, a.asked_by, a.expires_at, (a.asker = $1) as own,
       (select count(*) from approval_vote v where v.approval = a.id) as votes,
       exists (select from approval_vote v where v.approval = a.id and $1 in (v.voter, v.authority)) as voted
from work_case c
join approval a on a.run = case when c.resumes = 'run' then left(c.run, 36)::uuid end and a.path = substr(c.run, 38)
join run r on r.id = a.run
where c.kind = 'approval' and c.resolved is null and a.outcome is null
  and ($2::text[] is null or c.owner = any($2)
       or exists (select from delegation d where d.delegate = $1 and d.role = c.owner and d.withdrawn is null
                  and d.since <= $3 and d.until > $3 and d.principal <> a.asker))
  and ($4::smallint is null or (c.priority, c.due, c.id) > ($4, $5::timestamptz, $6::uuid))
order by c.priority, c.due, c.id limit $7
