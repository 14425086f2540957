-- name: active
-- All keys that may call; they are few, and each node keeps them in memory.
select id, name, digest, scopes, roles from api_key where revoked is null

-- name: create
-- Only the digest is kept.
insert into api_key (id, name, digest, created, scopes, roles) values ($1, $2, $3, $4, $5, $6) on conflict (name) do nothing returning id

-- name: all_keys
-- For the list.
select id, name, scopes, roles, created, revoked from api_key order by created

-- name: revoke
-- It stops working on every node within seconds.
update api_key set revoked = $2 where name = $1 and revoked is null returning id

-- name: assign
-- Its roles from now on; every node knows them within seconds.
update api_key set roles = $2 where name = $1 and revoked is null returning id

-- name: record_calls
-- Written in the background, many at once: a call never waits for its audit.
insert into api_call (at, consumer, consumer_id, method, route, data_class, criticality, status, outcome, seconds)
select * from unnest(
    $1::timestamptz[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::smallint[],
    $9::text[], $10::real[]
)

-- name: calls
-- Newest first, of one consumer or of all; of routes that begin so, and of statuses in between.
select at, consumer, consumer_id, method, route, data_class, criticality, status, outcome, seconds from api_call
where ($1::text is null or consumer = $1) and ($2::text is null or starts_with(route, $2))
  and status between $3 and $4 and ($5::timestamptz is null or at < $5)
order by at desc limit $6
