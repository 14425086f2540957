-- Master data that is kept in step with lists of others: what was read last, what was written, and each synchronisation.

-- key: the digest of the row's key, so that nobody reads numbers of persons here. source: keyed digests of the row as its
-- list has it, of the whole and of each column; written: the same as the record took it. seen: the reading that had it
-- last. gone: it left the list.
create table master_row (
    list    text        not null,
    key     uuid        not null,
    source  bytea       not null,
    written bytea,
    record  bigint,
    seen    uuid        not null,
    gone    timestamptz,
    primary key (list, key)
);

-- One synchronisation; the id is that of its run. fields: which were kept in step. version: the watermark up to which the list was read. reading: the
-- version that `seen` of a row names. Totals are sums of digests modulo 2^128.
create table master_sync (
    id           uuid        primary key,
    list         text        not null,
    began        timestamptz not null,
    fields       text        not null,
    ended        timestamptz,
    version      text        not null default '',
    reading      uuid,
    whole        boolean     not null default false,
    expected     bigint,
    read         bigint      not null default 0,
    written      bigint      not null default 0,
    aside        bigint      not null default 0,
    vanished     bigint      not null default 0,
    source_rows  bigint,
    source_total bytea,
    odoo_rows    bigint,
    odoo_total   bytea,
    differing    bigint
);
create index master_sync_list on master_sync (list, began desc);
