-- Intake in one round trip: dedupe, order, chain and insert within one statement, which is its own transaction.

create type append_entry as (
    lane            smallint,
    id              uuid,
    kind            text,
    type            text,
    source          text,
    token           uuid,
    key             bigint,
    time            timestamptz,
    recorded        timestamptz,
    contenttype     text,
    correlation     uuid,
    causation       uuid,
    joins           smallint,
    digest          bytea,
    sender_key      text,   -- of messages; joins have none
    fingerprint     bytea,
    acknowledgement bytea
);

-- Appends the messages whose key is new, and the joins that belong to them; says where each message went.
-- The chain is that of log/chain.py: link = SHA-256(previous link, lane, sequence, digest of the entry).
-- `bodies` are those of the entries, in the same order; apart, since octets in JSON cost more than all the rest.
create function append_messages(entries json, bodies bytea[])
    returns table (message uuid, at_lane smallint, at_seq bigint)
    language plpgsql
    -- Planned once a session, for indexes: a plan made while the tables are empty must serve when they are full.
    set plan_cache_mode = force_generic_plan
    set enable_seqscan = off
    as
$$
declare
    given  append_entry[] := array(select r from json_populate_recordset(null::append_entry, entries) r);
    entry  append_entry;
    held   record;
    fresh  uuid[];
    kept   append_entry[] := '{}';
    filled bytea[] := '{}';
    seqs   bigint[] := '{}';
    links  bytea[] := '{}';
    heads  bigint[];
    hashes bytea[];
begin
    -- In the order of keys, so that two batches with common keys cannot deadlock.
    with claimed as (
        insert into receipt (system, key, id, digest, acknowledgement)
        select g.source, g.sender_key, g.id, g.fingerprint, g.acknowledgement
        from unnest(given) g where g.kind = 'm' order by g.source, g.sender_key
        on conflict (system, key) do nothing
        returning receipt.id
    )
    select array_agg(claimed.id) into fresh from claimed;
    if fresh is null then
        return;
    end if;
    if cardinality(fresh) < (select count(*) from unnest(given) g where g.kind = 'm') then
        for place in 1 .. cardinality(given) loop
            entry := given[place];
            if entry.id = any (fresh) or (entry.kind = 'j' and entry.causation = any (fresh)) then
                kept := kept || entry;
                filled := filled || bodies[place];
            end if;
        end loop;
        given := kept;
        bodies := filled;
    end if;
    -- Held to commit, in lane order: sequences become visible in order, and two appenders never deadlock.
    for held in
        select l.lane, l.head, l.hash from lane l
        where l.lane in (select g.lane from unnest(given) g) order by l.lane for update
    loop
        heads[held.lane] := held.head;
        hashes[held.lane] := held.hash;
    end loop;
    if exists (
        select 1 from subject_key k where k.id = any (array(select g.key from unnest(given) g)) and k.wrapped is null
    ) then
        raise exception 'a subject was erased' using errcode = '40001';  -- as if two writers had met: seal again
    end if;
    foreach entry in array given loop
        heads[entry.lane] := heads[entry.lane] + 1;
        hashes[entry.lane] := sha256(
            hashes[entry.lane] || int2send(entry.lane) || int8send(heads[entry.lane]) || entry.digest);
        seqs := seqs || heads[entry.lane];
        links := links || hashes[entry.lane];
    end loop;
    insert into event (
        lane, seq, id, kind, type, source, token, key, time, recorded, contenttype, correlation, causation, joins, body, hash)
    select g.lane, g.seq, g.id, g.kind, g.type, g.source, g.token, g.key, g.time, g.recorded, g.contenttype,
           g.correlation, g.causation, g.joins, g.body, g.link
    from rows from (unnest(given), unnest(seqs), unnest(links), unnest(bodies)) as g (
        lane, id, kind, type, source, token, key, time, recorded, contenttype, correlation, causation, joins,
        digest, sender_key, fingerprint, acknowledgement, seq, link, body);
    update lane l set head = heads[t.lane], hash = hashes[t.lane], messages = l.messages + t.messages
    from (
        select g.lane, count(*) filter (where g.kind = 'm') as messages from unnest(given) g group by g.lane
    ) t
    where l.lane = t.lane;
    return query
        select g.id, g.lane, g.seq
        from rows from (unnest(given), unnest(seqs)) as g (
            lane, id, kind, type, source, token, key, time, recorded, contenttype, correlation, causation, joins,
            digest, sender_key, fingerprint, acknowledgement, seq)
        where g.kind = 'm';
end
$$;
