-- Who is who: records as systems sent them, what says that two are of one person, and what a person decided of them.

-- A patient as one source knows it. number: the keyed digest of source and number. person: the oldest record of those
-- that it is linked to, directly or by way of others; derived from the links, kept for speed. known: the number itself;
-- features: what matching compares; content: what the source said last. All three are sealed under a key of the
-- deployment's and bound to the record: deleting the row is erasure. digest and compared: keyed fingerprints of the
-- content and of the features.
-- keys: keyed digests of what a record may be found by. retired: its source ended it in favour of another.
create table person_record (
    id       uuid    primary key,
    number   uuid    not null unique,
    source   text    not null,
    person   uuid    not null references person_record (id) deferrable initially deferred,
    retired  boolean not null default false,
    digest   bytea   not null check (octet_length(digest) = 16),
    compared bytea   not null check (octet_length(compared) = 16),
    keys     bigint[] not null,
    known    bytea   not null,
    features bytea   not null,
    content  bytea   not null,
    check (person <= id)
) with (fillfactor = 90);
create index person_record_person on person_record (person);
create index person_record_keys on person_record using gin (keys) with (fastupdate = off);

-- Keys that so many records share that to share one says nothing: the telephone of an institution, a placeholder that
-- nobody knew to be one. Nobody is compared by them, and nobody waits for another who has the same one.
create table person_crowded_key (
    key   bigint      primary key,
    since timestamptz not null
);

-- Two records are of one person. evidence: levels and weights of a comparison, without any value of either record.
-- retired: the one that its source ended. A link is never changed, but ended, once.
create table person_link (
    id        uuid        primary key,
    older     uuid        not null references person_record (id) on delete cascade,
    newer     uuid        not null references person_record (id) on delete cascade,
    basis     text        not null check (basis in ('identifier', 'score', 'source', 'steward', 'batch')),
    retired   uuid        check (retired in (older, newer)),
    evidence  jsonb,
    made      timestamptz not null,
    by        text        not null,
    why       text        not null,
    ended     timestamptz,
    ended_by  text,
    ended_why text,
    check (older < newer),
    check ((retired is not null) = (basis = 'source')),
    check (basis <> 'score' or evidence is not null),
    check ((ended is null) = (ended_by is null) and (ended is null) = (ended_why is null)),
    check (ended >= made)
);
create unique index person_link_active on person_link (older, newer, basis) where ended is null;
create index person_link_older on person_link (older);
create index person_link_newer on person_link (newer);

-- "Not the same", said by a person, and never asked again. It stays for ever; a steward who merges the two after all
-- ends it by name.
create table person_distinct (
    id        uuid        primary key,
    older     uuid        not null references person_record (id) on delete cascade,
    newer     uuid        not null references person_record (id) on delete cascade,
    made      timestamptz not null,
    by        text        not null,
    why       text        not null,
    ended     timestamptz,
    ended_by  text,
    ended_why text,
    check (older < newer),
    check ((ended is null) = (ended_by is null) and (ended is null) = (ended_why is null))
);
create unique index person_distinct_active on person_distinct (older, newer) where ended is null;
create index person_distinct_newer on person_distinct (newer);

-- Two records that may be of one person: each pair is asked about once, whatever comes in later. The case that is open
-- for it is of `system` and has the field `question/<id>`. state: open, same (they became one person), distinct (a person said so).
create table person_question (
    id       uuid        primary key,
    older    uuid        not null references person_record (id) on delete cascade,
    newer    uuid        not null references person_record (id) on delete cascade,
    basis    text        not null check (basis in ('identifier', 'score', 'source')),
    evidence jsonb,
    system   text        not null,
    asked    timestamptz not null,
    state    text        not null default 'open' check (state in ('open', 'same', 'distinct')),
    answered timestamptz,
    by       text,
    unique (older, newer, basis),
    check (older < newer),
    check ((state = 'open') = (answered is null) and (answered is null) = (by is null))
);
create index person_question_newer on person_question (newer);
create index person_question_open on person_question (asked, id) where state = 'open';
create index person_question_likeliest on person_question (coalesce((evidence ->> 'weight')::float8, 1000), id)
    where state = 'open';

-- The models that decided, newest last; the last one is in use. body is sealed: it lists how frequent names are.
create table person_model (
    number  bigint      primary key generated always as identity,
    version text        not null,
    body    bytea       not null,
    since   timestamptz not null,
    by      text        not null,
    why     text        not null
);

-- What was decided stays on record: a link, a "not the same" or an answer is ended once, and not rewritten.
create function person_decision_stays() returns trigger language plpgsql as
$$
begin
    if old.ended is not null
       or (new.id, new.older, new.newer, new.made, new."by", new.why)
          is distinct from (old.id, old.older, old.newer, old.made, old."by", old.why) then
        raise exception 'what was decided of two records stays as it is'
            using errcode = '23514', table = tg_table_name, constraint = 'person_decision_stays';
    end if;
    return new;
end
$$;
create trigger person_link_stays before update on person_link for each row execute function person_decision_stays();
create trigger person_distinct_stays before update on person_distinct
    for each row execute function person_decision_stays();

create function person_model_stays() returns trigger language plpgsql as
$$
begin
    raise exception 'the history of models is only added to'
        using errcode = '23514', table = 'person_model', constraint = 'person_model_stays';
end
$$;
create trigger person_model_stays before update or delete on person_model
    for each row execute function person_model_stays();

-- One round trip before records are written: waits for acts of stewards (gate), takes the locks in order, so that two
-- nodes that write records with a key in common go one after the other, and then looks, after the wait. whose and shared
-- are parallel: which arrival has which key. Of each arrival's candidates the `most` that share most keys come back, each
-- with how many there were.
create function person_candidates(gate bigint, locks bigint[], whose integer[], shared bigint[], most integer)
returns table (arrival integer, id uuid, person uuid, features bytea, common integer, many bigint) language plpgsql as
$$
declare
    crowded bigint[] := array(select c.key from person_crowded_key c where c.key = any (shared));
begin
    -- Nobody waits for the disk here: who somebody is becomes known by what is committed to the log afterwards, and that
    -- commit takes along all that was written before it. After a crash in between it is asked, and decided, again.
    perform set_config('synchronous_commit', 'off', true);
    perform pg_advisory_xact_lock_shared(gate);
    perform pg_advisory_xact_lock(one) from (
        select distinct k as one from unnest(locks) k where k <> all (crowded) order by 1) ordered;
    return query
        select asked.arrival, found.* from (
            select w as arrival, array_agg(k) as keys from unnest(whose, shared) as pair (w, k)
            where k <> all (crowded) group by w) asked
        cross join lateral (
            select r.id, r.person, r.features,
                   (select count(*)::integer from unnest(r.keys) as one (key) where one.key = any (asked.keys)) as common,
                   count(*) over () as many
            from person_record r where r.keys && asked.keys
            order by 4 desc, r.id limit most) found;
end
$$;
