-- What people approve: who may, how many of them, until when; each vote once; roles that are handed on for a time.

-- An approval is asked by a run and worked as a case of kind `approval`; `run` and `path` are the place that waits.
-- asker, voter, principal, delegate, authority: names without regard to case and spaces, so that nobody is two people.
-- remind_at, escalate_at: when somebody is told; reminded, escalated: when that was done. expires_at: from then on
-- nobody may vote. outcome: withdrawn when the run does not wait for it any more.
create table approval (
    id          uuid        primary key,
    run         uuid        not null references run (id),
    path        text        not null,
    role        text        not null,
    amount      numeric,
    currency    text,
    needed      smallint    not null check (needed between 1 and 9),
    asked_by    text        not null,
    asker       text        not null,
    asked       timestamptz not null,
    remind_at   timestamptz,
    reminded    timestamptz,
    escalate_at timestamptz,
    escalate_to text,
    escalated   timestamptz,
    expires_at  timestamptz,
    outcome     text        check (outcome in ('approved', 'rejected', 'expired', 'withdrawn')),
    ended       timestamptz,
    unique (run, path),
    check ((amount is null) = (currency is null)),
    check ((escalate_at is null) = (escalate_to is null)),
    check ((outcome is null) = (ended is null))
);

-- in_place_of: whose role it was, where it was handed on; authority: that person, else the voter. Neither votes twice.
create table approval_vote (
    approval    uuid        not null references approval (id),
    voter       text        not null,
    by          text        not null,
    in_place_of text,
    authority   text        not null,
    role        text        not null,
    approves    boolean     not null,
    at          timestamptz not null,
    primary key (approval, voter),
    unique (approval, authority)
);

-- A role that somebody hands on to somebody else, from `since` until `until` or until it is taken back.
create table delegation (
    id        uuid        primary key,
    role      text        not null,
    principal text        not null,
    handed_by text        not null,
    delegate  text        not null,
    handed_to text        not null,
    since     timestamptz not null,
    until     timestamptz not null,
    why       text        not null,
    made      timestamptz not null,
    withdrawn timestamptz,
    withdrawn_by text,
    check (since < until),
    check (principal <> delegate),
    check ((withdrawn is null) = (withdrawn_by is null))
);
create index delegation_delegate on delegation (delegate, role) where withdrawn is null;

-- Locks the approval, so that of two votes the later one always sees the other.
create function approval_vote_counts() returns trigger language plpgsql as
$$
declare
    asked approval%rowtype;
begin
    select * into asked from approval where id = new.approval for update;
    if asked.outcome is not null then
        raise exception 'what was decided takes no vote'
            using errcode = '23514', table = 'approval_vote', constraint = 'approval_vote_open';
    end if;
    if asked.expires_at <= new.at then
        raise exception 'the time for votes is over'
            using errcode = '23514', table = 'approval_vote', constraint = 'approval_vote_in_time';
    end if;
    if asked.asker <> '' and asked.asker in (new.voter, new.authority) then
        raise exception 'whoever asked has no vote'
            using errcode = '23514', table = 'approval_vote', constraint = 'approval_vote_four_eyes';
    end if;
    return new;
end
$$;
create trigger approval_vote_counts before insert on approval_vote for each row execute function approval_vote_counts();

-- Votes are only added to; they go with their run, once it has ended, and never else.
create function approval_vote_stays() returns trigger language plpgsql as
$$
begin
    if tg_op = 'DELETE' and current_setting('careloom.retention', true) = 'on'
       and exists (select from approval a join run r on r.id = a.run where a.id = old.approval and r.ended is not null) then
        return old;
    end if;
    raise exception 'votes are only added to'
        using errcode = '23514', table = 'approval_vote', constraint = 'approval_vote_stays';
end
$$;
create trigger approval_vote_stays before update or delete on approval_vote for each row execute function approval_vote_stays();

-- Its terms stay as they were asked, and nothing is approved without the votes for it.
create function approval_stays() returns trigger language plpgsql as
$$
begin
    if old.outcome is not null
       or (new.run, new.path, new.needed, new.asker) is distinct from (old.run, old.path, old.needed, old.asker)
       or (new.amount, new.currency, new.expires_at) is distinct from (old.amount, old.currency, old.expires_at) then
        raise exception 'what was asked, or decided, stays as it is'
            using errcode = '23514', table = 'approval', constraint = 'approval_stays';
    end if;
    if new.outcome = 'approved'
       and (select count(*) from approval_vote where approval = new.id and approves) < new.needed
       or new.outcome = 'rejected'
       and not exists (select from approval_vote where approval = new.id and not approves) then
        raise exception 'the votes do not say so'
            using errcode = '23514', table = 'approval', constraint = 'approval_voted';
    end if;
    return new;
end
$$;
create trigger approval_stays before update on approval for each row execute function approval_stays();

-- The roles that the person or program behind a key stands in; none: it was never said.
alter table api_key
    add column roles text[];
