-- What people were told, so that nobody is told the same twice.

-- token: the digest of template, channel, recipient and key. claim: the step of a run that tells it, in all its tries.
-- Until `until` no other step tells it again. sent: when it was handed over.
create table notice (
    token   uuid        primary key,
    claim   uuid        not null,
    name    text        not null,
    channel text        not null,
    claimed timestamptz not null,
    until   timestamptz not null,
    sent    timestamptz,
    check (claimed < until)
);
create index notice_until on notice (until);
