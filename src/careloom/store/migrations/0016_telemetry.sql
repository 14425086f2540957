-- What is measured and cannot be read from the log at every look: counters, and how much each system sent when.

-- Counters of the whole deployment, to which each process adds what it counted since it last did. `labels` are the values
-- of the labels, in the order of the metric's own list; which metrics there are is in telemetry/catalogue.py.
create table metric_total (
    name   text             not null,
    labels text[]           not null,
    value  double precision not null,
    primary key (name, labels)
);

-- How much each system sent in each hour. longest: the longest silence, in seconds, that ended in it.
create table feed_hour (
    system   text        not null,
    hour     timestamptz not null,
    messages bigint      not null,
    longest  real        not null,
    last     timestamptz not null,
    primary key (system, hour)
);

-- How far each lane is folded into feed_hour: every message of the log is counted there once.
create table feed_fold (
    lane smallint primary key references lane (lane),
    seq  bigint   not null
);

-- What sort of failure it was: schema, mapping, authentication, throttling, business, network, unknown.
alter table work_case
    add column category text not null default 'unknown';
-- The same of what waits for its next try; empty while nothing was tried.
alter table parked
    add column category text not null default '';
-- Stand-ins for messages of several subjects, which are few: how many messages wait is counted without reading these.
create index event_join on event (lane, seq) where kind = 'j';
