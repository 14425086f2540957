"""Calls that wait: for events, times and people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from careloom.cases.catalogue import APPROVAL
from careloom.cases.kinds import Action
from careloom.log.ports import NewCase
from careloom.model.amounts import Money
from careloom.workflow.answers import Answer, answer_of
from careloom.workflow.approvals import EXPIRED, Approvals, Asked, asked
from careloom.workflow.ballots import Approval
from careloom.workflow.declaration import E, Signal, length_of
from careloom.workflow.ground import Ground
from careloom.workflow.journal import Step, Wait
from careloom.workflow.values import decoded, encoded

_BY_ITSELF = "what it waited for came by itself"


class Awaiting(Ground):
    """What a run waits for."""

    async def wait_for(
        self, event: type[E] | Signal[E], key: str, *, within: str | timedelta | None = None
    ) -> E | None:
        """The next event of this signal with this key that the run has not had; None when none comes `within`. The type
        of an event stands for the signal that the flow declares for it."""
        signal: Signal[E] = (
            event if isinstance(event, Signal) else self._around.registry.signal_for(event, self._workflow.name)
        )
        path = self._place()
        done = self._recorded(path, signal.name, "event")
        if done is None:
            done = await self._await_event(path, signal, key, within)
        return signal.read(done.body) if done.body else None

    async def _await_event(self, path: str, signal: Signal[Any], key: str, within: str | timedelta | None) -> Step:
        await self._may_go_on(path)
        now = self._around.clock.now()
        token = self._around.signal_key(signal.name, key)
        arrived = await self._around.arrival(self._journal, signal.name, token)
        if arrived is not None:
            return await self._keep(path, _taken(signal, *arrived), now)
        known = self._journal.waits.get(path)
        due = known.due if known else now + length_of(within) if within is not None else None
        if due is not None and due <= now:
            return await self._keep(path, Step(signal.name, "event", "done"), now)
        raise self._waits(Wait(path, "event", due, signal.name, token))

    async def sleep(self, length: str | timedelta) -> None:
        """Go on after this long."""
        path = self._place()
        if self._recorded(path, "sleep", "time") is not None:
            return
        await self._may_go_on(path)
        now = self._around.clock.now()
        known = self._journal.waits.get(path)
        due = known.due if known and known.due else now + length_of(length)
        if due > now:
            raise self._waits(Wait(path, "time", due))
        await self._keep(path, Step("sleep", "time", "done"), now)

    async def now(self) -> datetime:
        """The time, the same in every replay."""
        path = self._place()
        done = self._recorded(path, "now", "time")
        if done is None:
            now = self._around.clock.now()
            done = await self._keep(path, Step("now", "time", "done", body=encoded(now, "now")), now)
        return decoded(done.body, datetime)  # type: ignore[no-any-return]

    async def case(
        self,
        kind: str,
        reason: str,
        *,
        field: str | None = None,
        owner: str = "",
        asked_by: str = "",
        within: str | timedelta | None = None,
        actions: Sequence[Action] = (),
    ) -> Answer | None:
        """Ask a person by a case of this kind, and wait for what is decided; None when nobody did `within`.

        `reason` and `field` name no patient. What follows from the answer is for the code to say (`Answer.given_up`);
        the case offers these `actions` of its kind, or all of them. Raises ValueError for one that it has not.
        """
        path = self._place()
        done = self._recorded(path, kind, "case")
        if done is None:
            wanted = self._case(kind, reason, actions, field=field, owner=owner, asked_by=asked_by)
            done = await self._await_case(path, wanted, within)
        return None if done.body is None else answer_of(done.body, kind, self._around.kinds)

    async def _await_case(self, path: str, wanted: NewCase, within: str | timedelta | None) -> Step:
        await self._may_go_on(path)
        now = self._around.clock.now()
        known = self._journal.waits.get(path)
        if known is None:
            raise await self._ask(path, wanted, None if within is None else now + length_of(within))
        if known.answer is None and (known.due is None or known.due > now):
            raise self._waits(known)
        step = Step(wanted.kind, "case", "done", body=known.answer)
        if known.answer is None:
            over = partial(self._around.store.stop_asking, run=self.id, path=path)
            await self._journal.record(path, step, now, first=over)
            return step
        return await self._keep(path, step, now)

    async def approval(
        self,
        reason: str,
        *,
        role: str,
        amount: Money | None = None,
        asked_by: str = "",
        needed: int = 1,
        remind: str | timedelta | None = None,
        escalate: tuple[str | timedelta, str] | None = None,
        within: str | timedelta | None = None,
    ) -> Approval:
        """Have people of this role approve, `needed` of them, none of whom is who `asked_by`; one who rejects decides.

        An `amount` must be within the limits of each. After `remind` it is told of, after `escalate` it is for another
        role, and `within` that time somebody must have decided: all counted from now. `reason` names no patient.
        """
        wanted = asked(reason, role, amount, asked_by, needed, remind, escalate, within)
        path = self._place()
        done = self._recorded(path, APPROVAL, "case")
        if done is None:
            await self._may_go_on(path)
            done = await self._await_approval(path, wanted)
        return decoded(done.body, Approval)  # type: ignore[no-any-return]

    async def _await_approval(self, path: str, wanted: Asked) -> Step:
        now, approvals = self._around.clock.now(), Approvals(self._around.store, self._around.new_id)
        known = self._journal.waits.get(path)
        if known is not None and known.answer is not None:
            return await self._keep(path, Step(APPROVAL, "case", "done", body=known.answer), now)
        standing = await approvals.stand(self.id, path, wanted, now)
        if standing.expired:
            over = Step(APPROVAL, "case", "done", body=encoded(EXPIRED, APPROVAL))
            expire = partial(approvals.expire, run=self.id, path=path, now=now)
            await self._journal.record(path, over, now, first=expire)
            return over
        if known is None:
            raise await self._ask(path, wanted.case(self._workflow.name, now), standing.due)
        self._journal.waits[path] = later = replace(known, due=standing.due)
        raise self._waits(later)

    async def case_unless(
        self, kind: str, reason: str, signal: Signal[E], key: str, *, field: str | None = None, owner: str = "",
        actions: Sequence[Action] = (),
    ) -> Answer | E:  # fmt: skip
        """Ask a person as `case` does, unless an event of this signal and key comes first: then it is given instead,
        and the case is closed."""
        at, event_at = self._place(), self._place()
        answered, came = self._recorded(at, kind, "case"), self._recorded(event_at, signal.name, "event")
        if answered is None:
            case = self._case(kind, reason, actions, field=field, owner=owner)
            answered = await self._first_of(at, case, event_at, signal, key)
        if came is None:
            came = Step(signal.name, "event", "done")
            if answered.body is None:
                arrived = await self._around.arrival(self._journal, signal.name, self._token(signal, key))
                assert arrived is not None, "it was there when the case was closed"
                came = _taken(signal, *arrived)
            await self._keep(event_at, came, self._around.clock.now())
        if answered.body is not None:
            return answer_of(answered.body, kind, self._around.kinds)
        assert came.body, "an answer or an event ended it"
        return signal.read(came.body)

    async def _first_of(self, at: str, case: NewCase, event_at: str, signal: Signal[Any], key: str) -> Step:
        """The case, answered or closed for an event. What a person decided counts, also when an event came meanwhile:
        it is had later."""
        await self._may_go_on(at)
        now = self._around.clock.now()
        known = self._journal.waits.get(at)
        if known is not None and known.answer is not None:
            return await self._keep(at, Step(case.kind, "case", "done", body=known.answer), now)
        token = self._token(signal, key)
        arrived = await self._around.arrival(self._journal, signal.name, token)
        if arrived is None or not arrived[2]:
            self._waits(Wait(event_at, "event", None, signal.name, token))
            raise await self._ask(at, case)
        step = Step(case.kind, "case", "done")
        close = partial(self._around.store.stop_asking, run=self.id, path=at, why=_BY_ITSELF, state="resolved")
        await self._journal.record(at, step, now, first=close if known is not None else None)
        return step

    def _case(self, kind: str, reason: str, actions: Sequence[Action], **named: Any) -> NewCase:
        if lacking := [one.value for one in actions if one not in self._around.kinds.of(kind).actions]:
            raise ValueError(f"cases of {kind!r} have no {', '.join(lacking)}; offer what their kind declares")
        offered = tuple(one.value for one in actions)
        return NewCase(kind, self._workflow.name, reason, actions=offered, **named)

    def _token(self, signal: Signal[Any], key: str) -> UUID:
        return self._around.signal_key(signal.name, key)


def _taken(signal: Signal[Any], event: UUID, type_: str, body: bytes) -> Step:
    return Step(signal.name, "event", "done", reference=event, body=signal.kept(type_, body))
