-- What people did, newest first, for the audit page and the last hour of the overview. Such entries are few.
create index event_audit on event (recorded desc, id desc) where kind = 'a';
-- Exceptions that came or went lately.
create index work_case_opened on work_case (opened desc);
-- What was recorded in a window of time. The log grows in that order, so that a summary of its blocks is enough.
create index event_recorded on event using brin (recorded) with (autosummarize = on);
