-- offers: of the actions of its kind those that whoever opened the case can follow, apart by spaces; empty: all of them.
alter table work_case
    add column offers text not null default '';
