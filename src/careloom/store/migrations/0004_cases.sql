-- Exceptions as a queue that people work: drawn moves, owners and due times, groups by cause, a history for ever.

-- Every legal move of a case, with no other way round it: the trigger on work_case refuses what is not here.
create table case_move (
    before text not null,
    after  text not null,
    primary key (before, after)
);
insert into case_move (before, after) values
    ('open', 'claimed'), ('open', 'resolved'), ('open', 'waived'), ('open', 'discarded'),
    ('claimed', 'open'), ('claimed', 'waiting'),
    ('claimed', 'resolved'), ('claimed', 'waived'), ('claimed', 'discarded'),
    ('waiting', 'open'), ('waiting', 'claimed'), ('waiting', 'resolved'), ('waiting', 'waived'), ('waiting', 'discarded');

alter table work_case drop constraint work_case_state_check;
alter table work_case drop constraint work_case_check;
-- state: open       nobody has it
--        claimed    a person has it
--        waiting    a person has it and waits for data
--        resolved   what it was about goes on
--        waived     it goes on without
--        discarded  it was given up
-- resumes: what goes on when it ends: a run, or what else stands before the colon of `run`. escalate_at: when it is told of next; none once it has ended.
-- quiet: nothing is told of it in the log, since it is about a delivery of just that.
-- category: what sort of failure it was: schema, mapping, authentication, throttling, business, network, unknown.
-- offers: of the actions of its kind those that whoever opened the case can follow, apart by spaces; empty: all of them.
alter table work_case
    add column type text not null default '',
    add column run text,
    add column resumes text generated always as (
        case when run ~ '^[a-z-]+:' then split_part(run, ':', 1) when run is not null then 'run'
             when subscription is not null then 'subscription' else 'nothing' end) stored,
    add column cause uuid not null default gen_random_uuid(),
    add column priority smallint not null default 3 check (priority between 1 and 4),
    add column asked_by text not null default '',
    add column assignee text,
    add column due timestamptz not null default now() + interval '1 day',
    add column escalated smallint not null default 0 check (escalated in (0, 50, 100)),
    add column escalate_at timestamptz,
    add column quiet boolean not null default false,
    add column category text not null default 'unknown',
    add column offers text not null default '',
    add column changed timestamptz not null default now(),
    add column changed_by text not null default 'careloom',
    add column changed_why text not null default '',
    add column request uuid,
    add column revision integer not null default 1;
update work_case set due = opened + interval '1 day', changed = coalesce(resolved, opened);
alter table work_case
    add constraint work_case_state check (state in ('open', 'claimed', 'waiting', 'resolved', 'waived', 'discarded')),
    add constraint work_case_ended check ((state in ('resolved', 'waived', 'discarded')) = (resolved is not null)),
    add constraint work_case_held check (state not in ('claimed', 'waiting') or assignee is not null),
    add constraint work_case_free check (state <> 'open' or assignee is null);

drop index work_case_open_at;
drop index work_case_open_about;
drop index work_case_open;
create unique index work_case_open_at on work_case (subscription, lane, seq) where resolved is null;
create unique index work_case_open_about on work_case (kind, system, message, event, field, run) nulls not distinct
    where resolved is null and subscription is null;
create index work_case_open on work_case (opened) where resolved is null;
create index work_case_queue on work_case (priority, due, id) where resolved is null;
create index work_case_owner on work_case (owner, priority, due, id) where resolved is null;
create index work_case_kind on work_case (kind, priority, due, id) where resolved is null;
create index work_case_cause on work_case (cause, id) where resolved is null;
create index work_case_ended on work_case (resolved desc, id desc) where resolved is not null;
create index work_case_escalation on work_case (escalate_at) where escalate_at is not null;

-- What happened to each case, in order; only added to. `body` is sealed under the case's own key: what somebody wrote or
-- supplied. `entry` is the entry of the log that an edit made. approved: by a vote that leaves the case open.
create table case_history (
    id       uuid        primary key default gen_random_uuid(),
    number   bigint      not null generated always as identity,
    case_id  uuid        not null references work_case (id),
    at       timestamptz not null,
    by       text        not null,
    what     text        not null check (what in ('opened', 'moved', 'assigned', 'escalated', 'commented', 'supplied', 'edited', 'looked', 'approved')),
    before   text,
    after    text,
    owner    text        not null default '',
    assignee text,
    share    smallint,
    why      text        not null default '',
    entry    uuid,
    key      bigint,
    body     bytea,
    request  uuid
);
create index case_history_case on case_history (case_id, number);
create unique index case_history_request on case_history (case_id, request) where request is not null;

-- Sets that somebody looked at before acting: the act touches these cases, once, and no other.
create table case_set (
    id      uuid primary key,
    cause   uuid        not null,
    cases   uuid[]      not null,
    made    timestamptz not null,
    made_by text        not null,
    used    timestamptz,
    used_by text
);

-- The entry of the log whose body stands in for that of a parked one; the original stays as it came.
alter table parked
    add column edited uuid;

create function work_case_moves() returns trigger language plpgsql as
$$
begin
    if tg_op = 'INSERT' then
        if new.state <> 'open' then
            raise exception 'a case begins open' using errcode = '23514', table = 'work_case', constraint = 'case_move';
        end if;
        return new;
    end if;
    if old.resolved is not null then
        raise exception 'a case that has ended stays as it is'
            using errcode = '23514', table = 'work_case', constraint = 'case_move';
    end if;
    if new.state <> old.state
       and not exists (select from case_move where before = old.state and after = new.state) then
        raise exception 'a case does not go from % to %', old.state, new.state
            using errcode = '23514', table = 'work_case', constraint = 'case_move';
    end if;
    if new.resolved is not null then
        new.escalate_at := null;
    end if;
    new.revision := old.revision + 1;
    return new;
end
$$;
create trigger work_case_moves before insert or update on work_case for each row execute function work_case_moves();

-- Nobody who moves a case can leave it off the record.
create function work_case_recorded() returns trigger language plpgsql as
$$
begin
    if tg_op = 'INSERT' then
        insert into case_history (case_id, at, by, what, after, owner)
        values (new.id, new.opened, new.changed_by, 'opened', new.state, new.owner);
    elsif new.state <> old.state or new.assignee is distinct from old.assignee or new.owner <> old.owner then
        insert into case_history (case_id, at, by, what, before, after, owner, assignee, why)
        values (new.id, new.changed, new.changed_by, case when new.state <> old.state then 'moved' else 'assigned' end,
                old.state, new.state, new.owner, new.assignee, new.changed_why);
    elsif new.escalated <> old.escalated then
        insert into case_history (case_id, at, by, what, owner, assignee, share)
        values (new.id, new.changed, new.changed_by, 'escalated', new.owner, new.assignee, new.escalated);
    end if;
    return null;
end
$$;
create trigger work_case_recorded after insert or update on work_case for each row execute function work_case_recorded();

create function case_history_stays() returns trigger language plpgsql as
$$
begin
    raise exception 'the history of cases is only added to'
        using errcode = '23514', table = 'case_history', constraint = 'case_history_stays';
end
$$;
create trigger case_history_stays before update or delete on case_history for each row execute function case_history_stays();
create trigger case_history_whole before truncate on case_history execute function case_history_stays();
