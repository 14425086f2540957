-- The steps by which delays are measured, by when they ended. They are few among all steps; the names are those of
-- `measured_steps` in store/queries/figures.sql.
create index run_step_measured on run_step (ended)
    where state = 'done' and name in ('issue', 'draft_bill', 'bill_claim', 'post', 'settle', 'pay');
