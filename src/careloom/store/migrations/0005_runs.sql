-- Durable runs of business processes: what each has done, what it waits for, and when it is to be driven next.

-- Every legal move of a run, with no other way round it: the trigger on run refuses what is not here.
create table run_move (
    before text not null,
    after  text not null,
    primary key (before, after)
);
insert into run_move (before, after) values
    ('pending', 'running'), ('pending', 'suspended'), ('pending', 'cancelled'),
    ('running', 'waiting'), ('running', 'suspended'), ('running', 'compensating'), ('running', 'completed'),
    ('running', 'failed'),
    ('waiting', 'running'), ('waiting', 'suspended'), ('waiting', 'compensating'),
    ('suspended', 'running'), ('suspended', 'compensating'), ('suspended', 'cancelled'),
    ('compensating', 'failed'), ('compensating', 'cancelled');

-- state: pending       nothing of it was done
--        running       some of it was done; it goes on as soon as a node has time
--        waiting       for an event, a person, a time, another run, or a step to be tried again
--        suspended     a person, or the lack of its code, holds it; nothing is lost
--        compensating  what it did is being undone, the last first
--        completed, failed, cancelled   it has ended
-- due: when a node is to drive it next; none while only something from outside can wake it, and once it has ended.
-- revision: of two nodes that drive one run the second one's writes are refused.
-- since: what came before it began is not for it. version, code: it finishes on the code that began it.
-- fixed: a person holds it. urgency: 0 live, 1 backfill.
-- Its service level counts our own time: while it waits only for events, the time is the others'. late_left: what was
-- left of the service level when it began to wait for somebody outside; late_at is null meanwhile.
create table run (
    id         uuid        primary key,
    lane       smallint    not null,
    workflow   text        not null,
    version    integer     not null,
    code       text        not null,
    state      text        not null default 'pending' check (state in ('pending', 'running', 'waiting', 'suspended', 'compensating', 'completed', 'failed', 'cancelled')),
    urgency    smallint    not null default 0 check (urgency in (0, 1)),
    key        bigint      not null,
    token      uuid        not null,
    input      bytea       not null,
    correlation uuid       not null,
    causation  uuid,
    parent     uuid        references run (id),
    since      timestamptz not null,
    begun      timestamptz not null,
    changed    timestamptz not null,
    ended      timestamptz,
    due        timestamptz,
    late_at    timestamptz,
    late       timestamptz,
    late_left  interval,
    deadline   timestamptz,
    fixed      boolean     not null default false,
    cancel     text,
    cancel_by  text,
    error      text,
    result     bytea,
    revision   integer     not null default 1,
    check ((state in ('completed', 'failed', 'cancelled')) = (ended is not null)),
    check (ended is null or due is null)
);
create index run_due on run (lane, urgency, due) where due is not null;
create index run_late on run (lane, late_at) where late_at is not null;
create index run_open on run (workflow, state, begun) where ended is null;
create index run_begun on run (begun desc, id desc);
create index run_ended on run (ended) where ended is not null;
create index run_unwell on run (begun desc, id desc) where state in ('failed', 'cancelled');
create index run_parent on run (parent) where parent is not null;
create index run_correlation on run (correlation);

create function run_moves() returns trigger language plpgsql as
$$
begin
    if tg_op = 'INSERT' then
        if new.state <> 'pending' then
            raise exception 'a run begins pending' using errcode = '23514', table = 'run', constraint = 'run_move';
        end if;
        return new;
    end if;
    if new.state <> old.state
       and not exists (select from run_move where before = old.state and after = new.state) then
        raise exception 'a run does not go from % to %', old.state, new.state
            using errcode = '23514', table = 'run', constraint = 'run_move';
    end if;
    return new;
end
$$;
create trigger run_begins before insert on run for each row execute function run_moves();
create trigger run_moves before update of state on run for each row execute function run_moves();

-- Whatever takes it out of the wait has its time go on, and what has ended is late no more.
create function run_time_goes_on() returns trigger language plpgsql as
$$
begin
    if new.ended is not null then
        new.late_left := null;
    elsif old.state = 'waiting' and new.state <> 'waiting' then
        new.late_at := new.changed + new.late_left;
        new.late_left := null;
    end if;
    return new;
end
$$;
create trigger run_time_goes_on before update of state on run for each row when (old.late_left is not null)
execute function run_time_goes_on();

-- What a run did, by its place in the code: `3`, or `3.1.2` within what goes on side by side. Replayed, never done twice.
-- state: tried  it was begun, and nothing tells yet whether it happened
--        retry  it failed, and is tried again when due
--        going  a loop is at its place: one row that each chunk overwrites, however many there were
--        done, failed
--        undone what undoes it was done; left: undoing failed, and a person has the case
create table run_step (
    run      uuid        not null references run (id),
    path     text        not null,
    name     text        not null,
    sort     text        not null,
    state    text        not null check (state in ('tried', 'retry', 'going', 'done', 'failed', 'undone', 'left')),
    attempts integer     not null default 1,
    due      timestamptz,
    reference uuid,
    body     bytea,
    error    text,
    began    timestamptz not null,
    ended    timestamptz,
    primary key (run, path)
);
create index run_step_reference on run_step (reference) where reference is not null;

-- What a run waits for. key: the digest of what tells one event of a signal from another. answer: what came.
create table run_wait (
    run       uuid        not null references run (id),
    path      text        not null,
    sort      text        not null check (sort in ('event', 'time', 'case', 'run', 'hold')),
    signal    text,
    key       uuid,
    due       timestamptz,
    reference uuid,
    since     timestamptz not null,
    answer    bytea,
    answered  timestamptz,
    primary key (run, path)
);
create index run_wait_signal on run_wait (signal, key) where signal is not null;
create index run_wait_reference on run_wait (reference) where reference is not null;

-- Events that runs may wait for, also those that came before anybody did.
create table run_arrival (
    signal   text        not null,
    key      uuid        not null,
    event    uuid        not null,
    recorded timestamptz not null,
    primary key (signal, key, event)
);
create index run_arrival_recorded on run_arrival (recorded);

-- What a run is about, so that all runs of an order are found; and what holds back all steps of some sort about it.
create table run_about (
    key uuid not null,
    run uuid not null references run (id),
    primary key (key, run)
);
create index run_about_run on run_about (run);
create table run_hold (
    key    uuid        not null,
    sort   text        not null,
    run    uuid        not null references run (id),
    reason text        not null,
    since  timestamptz not null,
    primary key (key, sort, run)
);
create index run_hold_run on run_hold (run);

-- Acts of people on runs; only added to.
create table run_act (
    id   uuid        primary key,
    run  uuid        not null references run (id),
    at   timestamptz not null,
    by   text        not null,
    what text        not null check (what in ('began', 'cancelled', 'suspended', 'resumed', 'moved', 'retried', 'looked')),
    why  text        not null
);
create index run_act_run on run_act (run, at);

-- The cases that are for a run, and those about one.
create index work_case_run on work_case (run text_pattern_ops) where run is not null;
create index work_case_about_run on work_case (event) where kind in ('run-failed', 'run-late', 'compensation-failed');

-- Writes one step of a run, if nobody else drove it meanwhile. Gives the new revision, and whether it is to be cancelled
-- or held; no row for a driver that has lost the run.
create function record_step(
    in_run uuid, in_revision integer, in_path text, in_name text, in_sort text, in_state text, in_attempts integer,
    in_due timestamptz, in_reference uuid, in_body bytea, in_error text, in_began timestamptz, in_now timestamptz)
returns table (revision integer, cancel text, fixed boolean) language plpgsql as
$$
#variable_conflict use_column
begin
    return query
    update run set revision = run.revision + 1,
                   state = case when run.state in ('pending', 'waiting', 'suspended') then 'running' else run.state end,
                   changed = in_now
    where run.id = in_run and run.revision = in_revision and run.ended is null
    returning run.revision, run.cancel, run.fixed;
    if not found then
        return;
    end if;
    insert into run_step (run, path, name, sort, state, attempts, due, reference, body, error, began, ended)
    values (in_run, in_path, in_name, in_sort, in_state, in_attempts, in_due, in_reference, in_body, in_error, in_began,
            case when in_state in ('tried', 'retry') then null else in_now end)
    on conflict (run, path) do update
        set state = excluded.state, attempts = excluded.attempts, due = excluded.due, reference = excluded.reference,
            body = excluded.body, error = excluded.error, ended = excluded.ended;
    delete from run_wait where run_wait.run = in_run and run_wait.path = in_path and in_state <> 'tried';
end
$$;

-- The run lets go of its node until something that it waits for comes. No row for a driver that has lost the run.
-- in_used: what waited there before was answered, and the answer was used up.
-- in_pauses: the time of its service level stops while the run waits for nothing but events.
-- Arrivals lock the same key, and so does a run that another began when it ends, so that of an event, or an end, and a wait
-- for it the later one always sees the other.
create function suspend_run(
    in_run uuid, in_revision integer, in_state text, in_due timestamptz, in_now timestamptz, in_error text,
    in_paths text[], in_sorts text[], in_signals text[], in_keys uuid[], in_dues timestamptz[], in_references uuid[],
    in_used text[], in_pauses boolean)
returns table (revision integer) language plpgsql as
$$
#variable_conflict use_column
begin
    perform pg_advisory_xact_lock(lock) from (
        select hashtextextended(signal || key::text, 0) as lock
        from unnest(in_signals, in_keys) as x (signal, key) where signal is not null and key is not null
        union
        select hashtextextended(sort || reference::text, 0)
        from unnest(in_sorts, in_references) as x (sort, reference) where sort = 'run'
        order by 1) as locks;
    update run set state = 'running'
    where run.id = in_run and run.revision = in_revision and in_state = 'waiting' and run.state in ('pending', 'suspended');
    update run set state = in_state, due = in_due, changed = in_now, error = in_error, revision = run.revision + 1
    where run.id = in_run and run.revision = in_revision and run.ended is null;
    if not found then
        return;
    end if;
    delete from run_wait w where w.run = in_run and w.path = any(in_used) and w.answered is not null;
    insert into run_wait (run, path, sort, signal, key, due, reference, since)
    select in_run, path, sort, signal, key, due, reference, in_now
    from unnest(in_paths, in_sorts, in_signals, in_keys, in_dues, in_references)
        as x (path, sort, signal, key, due, reference)
    on conflict (run, path) do update
        -- A run that stops again asks again: what was answered the time before has been acted on. A step that waited for
        -- its next attempt, or for what held it back, and then failed for good waits for a person: what it waits for now
        -- takes the place of what it waited for then.
        set due = excluded.due,
            sort = excluded.sort,
            signal = excluded.signal,
            key = excluded.key,
            reference = excluded.reference,
            since = case when run_wait.sort = excluded.sort then run_wait.since else in_now end,
            answer = case when run_wait.path = 'root' or run_wait.sort <> excluded.sort then null else run_wait.answer end,
            answered = case when run_wait.path = 'root' or run_wait.sort <> excluded.sort
                then null else run_wait.answered end;
    update run set due = in_now
    where run.id = in_run and in_state <> 'suspended' and (
        run.cancel is not null
        or exists (select from run_wait w where w.run = in_run and w.path = any(in_paths) and w.answered is not null)
        or exists (select from run_wait w join run_arrival a on a.signal = w.signal and a.key = w.key
                   where w.run = in_run and w.path = any(in_paths) and a.recorded >= run.since
                     and not exists (select from run_step s
                                     where s.run = in_run and s.reference = a.event and s.sort = 'event'))
        or exists (select from run_wait w join run c on c.id = w.reference
                   where w.run = in_run and w.path = any(in_paths) and w.sort = 'run' and c.ended is not null)
        or exists (select from run_wait w where w.run = in_run and w.path = any(in_paths) and w.sort = 'hold'
                   and not exists (select from run_hold h where h.key = w.key and h.sort = w.signal)));
    if in_pauses and in_state = 'waiting' then
        if (select bool_and(sort = 'event') from run_wait where run = in_run) then
            update run set late_left = late_at - in_now, late_at = null where run.id = in_run and run.late_at > in_now;
        else
            update run set late_at = in_now + late_left, late_left = null
            where run.id = in_run and run.late_left is not null;
        end if;
    end if;
    return query select run.revision from run where run.id = in_run;
end
$$;
