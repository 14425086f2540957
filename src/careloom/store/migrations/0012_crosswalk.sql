-- What systems' codes stand for, from when to when, as was known at any time; changes of it that wait for approval.

-- Ranges of text, so that equality of keys and overlap of dates fit one exclusion without an extension.
create type code_range as range (subtype = text, collation = "C");

-- Each change of the crosswalk, in order: who, when, why, and from what: a file, an answer to a case, a synchronisation.
create table crosswalk_version (
    number   bigint      primary key,
    at       timestamptz not null,
    by       text        not null,
    why      text        not null,
    source   text        not null,
    digest   text        not null,
    proposal uuid        unique
);

-- What one system's code stands for. In clear: these are codes of things and organisations. Persons never stand here:
-- who a patient is, is known to the person index, which is sealed.
-- canonical: the thing's id, ours. label: what the system calls it. valid_from, valid_to: the first day that it means
-- that, and the first on which it does not any more; none: since or for ever. since: the version that said so;
-- until: the version from which on it is not said any more.
create table crosswalk_code (
    id         uuid   primary key,
    entity     text   not null,
    system     text   not null check (length(system) between 1 and 200),
    type       text   not null check (length(type) between 1 and 200),
    value      text   not null check (length(value) between 1 and 200),
    canonical  text   not null check (length(canonical) between 1 and 200),
    label      text   not null default '' check (length(label) <= 500),
    valid_from date,
    valid_to   date,
    since      bigint not null references crosswalk_version (number),
    until      bigint references crosswalk_version (number),
    check (valid_from < valid_to),
    check (since < until)
);
alter table crosswalk_code add constraint crosswalk_code_entity check (entity in (
    'provider', 'payer', 'facility', 'department', 'location', 'supplier', 'product', 'charge-code', 'account', 'dimension'));
alter table crosswalk_code add constraint crosswalk_code_once exclude using gist (
    code_range(value, value, '[]') with &&,
    code_range(entity || chr(31) || system || chr(31) || type, entity || chr(31) || system || chr(31) || type, '[]') with &&,
    daterange(valid_from, valid_to) with &&
) where (until is null);
create index crosswalk_code_value on crosswalk_code (entity, system, type, value, since);
create index crosswalk_code_canonical on crosswalk_code (entity, canonical) where until is null;
create index crosswalk_code_since on crosswalk_code (since);
create index crosswalk_code_until on crosswalk_code (until) where until is not null;

create function crosswalk_code_stays() returns trigger language plpgsql as
$$
begin
    if tg_op = 'UPDATE' and old.until is null and new.until is not null
       and (old.id, old.entity, old.system, old.type, old.value, old.canonical, old.label, old.since)
           = (new.id, new.entity, new.system, new.type, new.value, new.canonical, new.label, new.since)
       and (old.valid_from, old.valid_to) is not distinct from (new.valid_from, new.valid_to) then
        return new;
    end if;
    raise exception 'what a code stood for stays on record; another version says otherwise'
        using errcode = '23514', table = 'crosswalk_code', constraint = 'crosswalk_code_stays';
end
$$;
create trigger crosswalk_code_stays before update or delete on crosswalk_code
    for each row execute function crosswalk_code_stays();

-- A change that waits for somebody else's approval, or that was decided. content: its rows, as JSON; digest: what they
-- came to when they were proposed, which must be what they come to when they are approved.
create table crosswalk_proposal (
    id       uuid        primary key,
    at       timestamptz not null,
    by       text        not null,
    why      text        not null,
    source   text        not null,
    content  bytea       not null,
    digest   text        not null,
    outcome  text        check (outcome in ('approved', 'rejected')),
    decided  timestamptz,
    decider  text,
    check ((outcome is null) = (decided is null)),
    check ((outcome is null) = (decider is null))
);
