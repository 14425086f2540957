-- name: open_cases
-- A subject parked twice, or a sender repeating its mistake, is one case.
insert into work_case (id, kind, system, subscription, lane, seq, event, message, field, reason, opened, owner)
select new.* from unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::bigint[],
    $7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::timestamptz[],
    $12::text[]
) as new (id, kind, system, subscription, lane, seq, event, message, field, reason, opened, owner)
on conflict do nothing

-- name: resolve_at
-- A case ends in the transaction that ends what it was about.
update work_case set state = 'resolved', resolved = $4, resolution = $5, resolved_by = $6
from unnest($2::smallint[], $3::bigint[]) as place (lane, seq)
where work_case.subscription = $1 and work_case.lane = place.lane and work_case.seq = place.seq
  and work_case.state = 'open'

-- name: open_by_kind
-- How many wait for a person, by kind.
select kind, count(*) as open, min(opened) as oldest from work_case where state = 'open' group by kind order by kind

-- name: of_message
-- Everything a person was asked about one message.
select * from work_case where message = $1 order by opened
