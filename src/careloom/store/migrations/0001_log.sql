-- The log: lanes, entries, receipts; the readers' cursors; what is parked; what came of everything.

-- One row per lane. Its lock, held to commit, is what makes sequences appear in order.
-- bank: 'm' for messages as received, 'e' for events. Two banks, so that intake and translation never wait for each other.
create table lane (
    lane     smallint primary key,
    bank     text     not null check (bank in ('m', 'e')),
    head     bigint   not null default 0,
    messages bigint   not null default 0,
    hash     bytea    not null
) with (fillfactor = 50);

-- A data key per subject, wrapped by the deployment's key. Deleting `wrapped` erases the person; the chain still verifies.
-- An erased subject that comes back gets a new row: what was sealed under the old key stays closed.
create table subject_key (
    id      bigint generated always as identity primary key,
    token   uuid not null,
    wrapped bytea,
    erased  timestamptz,
    check ((wrapped is null) = (erased is not null))
);
create unique index subject_key_live on subject_key (token) where wrapped is not null;

-- Assigners seen so far (`Patient/GENHOSP`), so that a bare MRN can be looked up without an index over people.
create table subject_space (
    space text primary key
);

create table event (
    lane        smallint    not null,
    seq         bigint      not null,
    id          uuid        not null,
    kind        text        not null check (kind in ('m', 'e', 'a', 'j')),
    type        text        not null,
    source      text        not null,
    token       uuid        not null,
    key         bigint      not null,
    time        timestamptz not null,
    recorded    timestamptz not null,
    contenttype text        not null,
    correlation uuid        not null,
    causation   uuid,
    joins       smallint    not null,
    body        bytea       not null,
    hash        bytea       not null,
    primary key (lane, seq)
);
-- Sealed bytes do not compress; do not let TOAST try.
alter table event alter column body set storage external;
create index event_id on event (id);
create index event_correlation on event (correlation) where kind = 'e';
create index event_token on event (token);
-- Of messages of several subjects, which are few: how many messages wait is counted without reading these.
create index event_join on event (lane, seq) where kind = 'j';

-- One row per message ever accepted: the ground of dedupe, for ever.
create table receipt (
    system          text  not null,
    key             text  not null,
    id              uuid  not null,
    digest          bytea not null,
    acknowledgement bytea not null,
    primary key (system, key)
);
create index receipt_id on receipt (id);

-- Bodies that were not accepted, kept for the operators. Sealed; bounded by the writer.
create table refusal (
    id       uuid primary key,
    system   text        not null,
    recorded timestamptz not null,
    reason   text        not null,
    location text        not null,
    peer     text        not null,
    key      bigint      not null,
    body     bytea       not null
);
create index refusal_system on refusal (system, id);

create table subscription (
    name   text primary key,
    bank   text not null check (bank in ('m', 'e')),
    paused boolean not null default false,
    reason text not null default '',
    by     text not null default ''
);

-- epoch: counts who took the lane. Whoever holds an older one has lost it, and can commit nothing.
create table cursor (
    subscription text     not null references subscription (name),
    lane         smallint not null references lane (lane),
    seq          bigint   not null default 0,
    epoch        bigint   not null default 0,
    primary key (subscription, lane)
) with (fillfactor = 50);

-- How many messages ended, counted by whoever ended them (one writer per row, so nobody waits).
create table tally (
    subscription text     not null references subscription (name),
    lane         smallint not null references lane (lane),
    delivered    bigint   not null default 0,
    filtered     bigint   not null default 0,
    primary key (subscription, lane)
) with (fillfactor = 50);

-- Translated messages that still owe deliveries. A row goes when the last one is done.
create table flight (
    message uuid primary key,
    owed    integer not null,
    done    integer not null default 0,
    counted boolean not null default true  -- false: a replay of a message that ended before
) with (fillfactor = 70);

-- state: retry    due again by itself
--        case     waits for a person
--        behind   waits for an earlier event of its subject
--        join     stands in for an event of several subjects, until that event is handled
--        waiting  an event of several subjects, until each of them has come to it
--        replay   to be handled once more on request
create table parked (
    subscription text        not null references subscription (name),
    lane         smallint    not null,
    seq          bigint      not null,
    token        uuid        not null,
    event        uuid        not null,
    message      uuid        not null,
    state        text        not null check (state in ('retry', 'case', 'behind', 'join', 'waiting', 'replay')),
    attempts     integer     not null default 0,
    due          timestamptz,
    error        text        not null default '',
    reason       text        not null default '',
    category     text        not null default '',  -- what sort of failure it was; empty while nothing was tried
    since        timestamptz not null,
    primary key (subscription, lane, seq),
    check ((state = 'case') = (due is null))
);
create index parked_subject on parked (subscription, token, seq);
create index parked_message on parked (message);

-- What each subscription made of each event: once per event, for ever.
create table delivery (
    subscription text        not null,
    lane         smallint    not null,
    seq          bigint      not null,
    event        uuid        not null,
    outcome      text        not null check (outcome in ('done', 'skipped', 'discarded')),
    reference    text,
    reason       text,
    attempts     integer     not null,
    replays      integer     not null default 0,
    at           timestamptz not null,
    primary key (subscription, lane, seq)
);
create index delivery_event on delivery (event);

-- Attempts that did not end a delivery.
create table attempt (
    subscription text        not null,
    lane         smallint    not null,
    seq          bigint      not null,
    number       integer     not null,
    event        uuid        not null,
    error        text        not null,
    reason       text        not null,
    at           timestamptz not null
);
create index attempt_event on attempt (event);

-- A human work item; the screen says "Exception".
create table work_case (
    id           uuid primary key,
    kind         text        not null,
    state        text        not null default 'open' check (state in ('open', 'resolved')),
    system       text        not null,
    subscription text,
    lane         smallint,
    seq          bigint,
    event        uuid,
    message      uuid,
    field        text,
    reason       text        not null,
    owner        text        not null default '',
    opened       timestamptz not null,
    resolved     timestamptz,
    resolution   text,
    resolved_by  text,
    check ((state = 'resolved') = (resolved is not null))
);
create unique index work_case_open_at on work_case (subscription, lane, seq) where state = 'open';
create unique index work_case_open_about on work_case (kind, system, message, event, field) nulls not distinct
    where state = 'open' and subscription is null;
create index work_case_open on work_case (opened) where state = 'open';
create index work_case_message on work_case (message);

create table api_key (
    id      uuid primary key,
    name    text        not null unique,
    digest  bytea       not null unique,
    scopes  text[]      not null,
    created timestamptz not null,
    revoked timestamptz
);

-- What was last sent for each record of another system, so that unchanged rows are not sent again.
-- External ids contain record numbers of patients: only a keyed digest of them is kept.
create table link (
    system   text        not null,
    model    text        not null,
    external uuid        not null,
    record   bigint      not null,
    digest   bytea       not null,
    as_of    timestamptz not null,
    primary key (system, model, external)
);

-- How new the newest fact about a record was, by the source's own time: older news that arrives late is dropped.
create table newest (
    system   text        not null,
    external uuid        not null,
    occurred timestamptz not null,
    merged_by uuid,  -- the event that merged this record into another
    primary key (system, external)
);
