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
