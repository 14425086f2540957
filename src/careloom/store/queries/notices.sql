-- name: claim
-- No row when another step told it, or is about to, within its window; the same step may try again.
insert into notice (token, claim, name, channel, claimed, until) values ($1, $2, $3, $4, $5, $6)
on conflict (token) do update
    set claim = excluded.claim, claimed = excluded.claimed, until = excluded.until, sent = null
    where notice.until <= excluded.claimed or notice.claim = excluded.claim
returning token

-- name: sent
-- It was handed over.
update notice set sent = $3 where token = $1 and claim = $2

-- name: was_sent
-- Whether this claim was handed over.
select true from notice where token = $1 and claim = $2 and sent is not null

-- name: let_go
-- It was refused for good, so that another step may tell it.
delete from notice where token = $1 and claim = $2 and sent is null
