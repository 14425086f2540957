-- A step that waited for its next attempt, or for what held it back, and then failed for good waits for a person: what
-- it waits for now takes the place of what it waited for then.
create or replace function suspend_run(
    in_run uuid, in_revision integer, in_state text, in_due timestamptz, in_now timestamptz, in_error text,
    in_paths text[], in_sorts text[], in_signals text[], in_keys uuid[], in_dues timestamptz[], in_references uuid[],
    in_used text[])
returns table (revision integer) language plpgsql as
$$
#variable_conflict use_column
begin
    perform pg_advisory_xact_lock(lock) from (
        select distinct hashtextextended(signal || key::text, 0) as lock
        from unnest(in_signals, in_keys) as x (signal, key) where signal is not null and key is not null order by 1) as locks;
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
        -- A run that stops again asks again: what was answered the time before has been acted on.
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
    return query select run.revision from run where run.id = in_run;
end
$$;
