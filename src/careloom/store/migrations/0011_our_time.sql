-- The service level of a run counts our own time: while it waits only for events, the time is the others'.

-- late_left: what was left of its service level when it began to wait for somebody outside; late_at is null meanwhile.
alter table run
    add column late_left interval;

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

-- As the other, and the time stops where in_pauses and the run waits for nothing but events.
create function suspend_run(
    in_run uuid, in_revision integer, in_state text, in_due timestamptz, in_now timestamptz, in_error text,
    in_paths text[], in_sorts text[], in_signals text[], in_keys uuid[], in_dues timestamptz[], in_references uuid[],
    in_used text[], in_pauses boolean)
returns table (revision integer) language plpgsql as
$$
#variable_conflict use_column
begin
    return query select s.revision from suspend_run(
        in_run, in_revision, in_state, in_due, in_now, in_error, in_paths, in_sorts, in_signals, in_keys, in_dues,
        in_references, in_used) as s;
    if not found or not in_pauses or in_state <> 'waiting' then
        return;
    end if;
    if (select bool_and(sort = 'event') from run_wait where run = in_run) then
        update run set late_left = late_at - in_now, late_at = null where run.id = in_run and run.late_at > in_now;
    else
        update run set late_at = in_now + late_left, late_left = null where run.id = in_run and run.late_left is not null;
    end if;
end
$$;
