-- name: anybody
-- Whether somebody can sign in already, or was asked to and still may.
select exists (select from person_account a where a.disabled is null and (a.password is not null
    or exists (select from person_invitation i where i.account = a.id and i.used is null and i.ends > $1)))

-- name: add
-- Nothing comes back when the name is taken, however it is written.
insert into person_account (id, name, roles, teams, created) values ($1, $2, $3, $4, $5) on conflict do nothing returning id

-- name: invite
-- The newest link is the only one.
with before as (delete from person_invitation where account = $2 and used is null)
insert into person_invitation (digest, account, created, ends) values ($1, $2, $3, $4)

-- name: invited
-- Whose link it is.
select a.id, a.name from person_invitation i join person_account a on a.id = i.account
where i.digest = $1 and i.used is null and i.ends > $2 and a.disabled is null

-- name: accept
-- Once: of two who follow the same link, the slower finds nothing.
with link as (
    update person_invitation set used = $2 where digest = $1 and used is null and ends > $2 returning account)
update person_account a set password = $3, failed = 0, locked = null from link
where a.id = link.account and a.disabled is null
returning a.id, a.name

-- name: by_name
-- For signing in.
select id, name, password, failed, locked from person_account where lower(name) = lower($1) and disabled is null

-- name: failed
-- A wrong password; the account rests from the given number on, until the given time.
update person_account set failed = failed + 1, locked = case when failed + 1 >= $2 then $3 else locked end where id = $1

-- name: begin
-- A session, and the end of whatever failed before.
with fine as (update person_account set failed = 0, locked = null where id = $2)
insert into person_session (digest, account, created, seen, ends) values ($1, $2, $3, $3, $4)

-- name: visitor
-- Who has this session. It moves `seen` at most once a minute, so that most looks only read.
with touched as (
    update person_session set seen = $2 where digest = $1 and ends > $2 and seen < $2 - interval '1 minute')
select a.id, a.name, a.roles, a.teams, s.created from person_session s join person_account a on a.id = s.account
where s.digest = $1 and s.ends > $2 and s.seen > $3 and a.disabled is null

-- name: leave
-- Signed out.
delete from person_session where digest = $1

-- name: everybody
-- For the list.
select id, name, roles, teams, created, disabled, password is not null as active,
       (select max(seen) from person_session s where s.account = a.id) as seen
from person_account a order by lower(name)

-- name: assign
-- What somebody may do from now on.
update person_account set roles = $2, teams = $3 where lower(name) = lower($1) and disabled is null returning id

-- name: disable
-- They are out at once, with all their sessions.
with gone as (update person_account set disabled = $2 where lower(name) = lower($1) and disabled is null returning id),
     out as (delete from person_session where account in (select id from gone))
select id from gone

-- name: prune
-- Sessions and links that are over.
with links as (delete from person_invitation where ends < $1)
delete from person_session where ends < $1
