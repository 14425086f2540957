-- People who use the console: local users, their sessions, and links by which somebody becomes one.

-- password: a salted Argon2id record; none until the person chose one. roles: what the console lets them do.
-- teams: the roles in which they stand in cases and approvals, as those of an API key.
create table person_account (
    id       uuid        primary key,
    name     text        not null check (name <> ''),
    password text,
    roles    text[]      not null default '{}',
    teams    text[]      not null default '{}',
    created  timestamptz not null,
    disabled timestamptz,
    failed   smallint    not null default 0,
    locked   timestamptz
);
create unique index person_account_name on person_account (lower(name));

-- Only digests are kept: who reads this table can be nobody.
create table person_session (
    digest  bytea       primary key,
    account uuid        not null references person_account (id) on delete cascade,
    created timestamptz not null,
    seen    timestamptz not null,
    ends    timestamptz not null
);
create index person_session_account on person_session (account);
create index person_session_ends on person_session (ends);

create table person_invitation (
    digest  bytea       primary key,
    account uuid        not null references person_account (id) on delete cascade,
    created timestamptz not null,
    ends    timestamptz not null,
    used    timestamptz
);
