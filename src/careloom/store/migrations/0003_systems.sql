-- What connectors remember across restarts and nodes: cursors, files seen. Values are sealed under the deployment's key.
create table system_memory (
    system text        not null,
    key    text        not null,
    value  bytea       not null,
    kept   timestamptz not null,
    primary key (system, key)
);

-- Answers that must come: a 999 for each group sent, a 271 for each 270. `key` is a keyed digest, for control numbers of
-- claims are account numbers of patients. An answer that came before its question was committed is kept as well.
create table expectation (
    system   text        not null,
    kind     text        not null,
    key      uuid        not null,
    message  uuid,
    since    timestamptz not null,
    due      timestamptz,
    answered timestamptz,
    alarmed  timestamptz,
    primary key (system, kind, key)
);
create index expectation_open on expectation (due) where answered is null and alarmed is null;
create index expectation_answered on expectation (answered) where answered is not null;

-- Every try to deliver one event to a system that keeps a delivery log.
create table delivery_attempt (
    system  text        not null,
    event   uuid        not null,
    at      timestamptz not null,
    result  text        not null check (result in ('delivered', 'failed', 'refused', 'ambiguous')),
    status  text        not null default '',
    seconds real        not null,
    detail  text        not null default ''
);
create index delivery_attempt_event on delivery_attempt (event);
create index delivery_attempt_system on delivery_attempt (system, at);
create index delivery_attempt_at on delivery_attempt (at);

-- Who called the API, and what came of it; never what was asked or answered.
create table api_call (
    at          timestamptz not null,
    consumer    text        not null,
    consumer_id uuid,
    method      text        not null,
    route       text        not null,
    data_class  text        not null,
    criticality text        not null,
    status      smallint    not null,
    outcome     text        not null,
    seconds     real        not null
);
create index api_call_consumer on api_call (consumer, at);
create index api_call_at on api_call (at);
