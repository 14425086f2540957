-- Runs that ended long ago are let go of, with all that was kept of them.

-- Lets go of these, what refers to a run before the run itself; how many they were.
create function let_go_of_runs(in_runs uuid[]) returns bigint language plpgsql as
$$
begin
    perform set_config('careloom.retention', 'on', true);
    delete from schedule_fire where run = any(in_runs);
    delete from run_progress where run = any(in_runs);
    delete from approval_vote where approval in (select id from approval where run = any(in_runs));
    perform set_config('careloom.retention', 'off', true);
    delete from approval where run = any(in_runs);
    delete from run_step where run = any(in_runs);
    delete from run_wait where run = any(in_runs);
    delete from run_about where run = any(in_runs);
    delete from run_hold where run = any(in_runs);
    delete from run_act where run = any(in_runs);
    delete from run where id = any(in_runs) and ended is not null;
    return cardinality(in_runs);
end
$$;
