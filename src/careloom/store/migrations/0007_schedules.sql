-- Runs that begin by the clock, loops over many items, and their progress.

-- Each schedule as far as it was looked at. upto: the due time that was handled last, by a run or by being passed over;
-- passed: the last that was passed over, since nobody was there to begin it. spec: the fingerprint of when it is due.
create table schedule (
    name   text        primary key,
    spec   text        not null,
    upto   timestamptz not null,
    passed timestamptz,
    since  timestamptz not null
);

-- What was begun, for which due time; written with the run, in one transaction.
create table schedule_fire (
    schedule text        not null references schedule (name),
    due      timestamptz not null,
    run      uuid        not null references run (id),
    at       timestamptz not null,
    primary key (schedule, due)
);
create index schedule_fire_run on schedule_fire (run);

-- How far a loop is. pace: items a second, as they went lately.
create table run_progress (
    run     uuid             not null references run (id),
    path    text             not null,
    name    text             not null,
    done    bigint           not null,
    aside   bigint           not null,
    total   bigint,
    pace    double precision,
    began   timestamptz      not null,
    changed timestamptz      not null,
    primary key (run, path)
);

-- Writes the place of a loop, as record_step writes a step, with its progress.
create function record_place(
    in_run uuid, in_revision integer, in_path text, in_name text, in_attempts integer, in_due timestamptz, in_body bytea,
    in_began timestamptz, in_now timestamptz, in_done bigint, in_aside bigint, in_total bigint, in_pace double precision)
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
    insert into run_step (run, path, name, sort, state, attempts, due, body, began)
    values (in_run, in_path, in_name, 'each', 'going', in_attempts, in_due, in_body, in_began)
    on conflict (run, path) do update
        set attempts = excluded.attempts, due = excluded.due, body = excluded.body;
    insert into run_progress (run, path, name, done, aside, total, pace, began, changed)
    values (in_run, in_path, in_name, in_done, in_aside, in_total, in_pace, in_began, in_now)
    on conflict (run, path) do update
        set done = excluded.done, aside = excluded.aside, total = excluded.total, pace = excluded.pace,
            changed = excluded.changed;
    delete from run_wait where run_wait.run = in_run and run_wait.path = in_path;
end
$$;
