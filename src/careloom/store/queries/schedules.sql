-- name: enrol
-- A new schedule, and one that is due at other times now, begins from here: nothing past is made up for.
insert into schedule (name, spec, upto, since) values ($1, $2, $3, $3)
on conflict (name) do update
    set upto = case when schedule.spec = excluded.spec then schedule.upto else excluded.upto end, spec = excluded.spec
returning upto

-- name: lock_schedule
-- Two nodes that both believe it is theirs take turns, and the second finds it done.
select upto from schedule where name = $1 for update

-- name: keep_fires
-- With the runs, in one transaction.
insert into schedule_fire (schedule, due, run, at)
select $1, due, run, $4 from unnest($2::timestamptz[], $3::uuid[]) as x (due, run)
on conflict do nothing

-- name: handled_upto
-- These due times are dealt with.
update schedule set upto = $2, passed = coalesce($3, passed) where name = $1

-- name: standing
-- Each with the last that was begun, and what became of it.
select s.name, s.upto, s.passed, f.due, f.run, r.state, r.ended
from schedule s
left join lateral (select due, run from schedule_fire where schedule = s.name order by due desc limit 1) f on true
left join run r on r.id = f.run
where s.name = any($1::text[])
