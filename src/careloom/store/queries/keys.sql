-- name: active
-- All keys that may call; they are few, and each node keeps them in memory.
select id, name, digest from api_key where revoked is null

-- name: create
-- Only the digest is kept.
insert into api_key (id, name, digest, created) values ($1, $2, $3, $4) on conflict (name) do nothing returning id

-- name: all_keys
-- For the list.
select id, name, created, revoked from api_key order by created

-- name: revoke
-- It stops working on every node within seconds.
update api_key set revoked = $2 where name = $1 and revoked is null returning id
