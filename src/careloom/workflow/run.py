"""What the code of a process works with. Each call is a step that is done once; replayed, it gives what it gave.

    async def admit(run: Run, registration: RegistrationCreated) -> None:
        coverage = await run.step(verify_eligibility, registration.coverage)
        if not coverage.active:
            answer = await run.case("missing-payer-data", "no active coverage was found")
        account = await run.step(open_account, registration.patient, undo=close_account)
        decided = await run.wait_for(AuthorizationDecided, account.order, within="10d")

Between two calls the code only computes: no clock, no chance, no reading, else a replay would go another way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid5

from careloom.core.envelope import Event
from careloom.mapping.subject import subjects_of
from careloom.model import CanonicalEvent, encode
from careloom.workflow.awaiting import Awaiting
from careloom.workflow.declaration import Workflow
from careloom.workflow.errors import Cancelled, Diverged, RunFailed, Stale
from careloom.workflow.ground import Numbering, numbering
from careloom.workflow.journal import Step, Wait
from careloom.workflow.stepping import Stepping
from careloom.workflow.values import Failure, decoded, encoded, result_type


class Run(Stepping, Awaiting):
    """One run, in the hands of its code."""

    async def parallel(self, *branches: Coroutine[Any, Any, Any]) -> list[Any]:
        """Go on side by side. When one fails the others go on to their next step that is not done, then it raises."""
        path = self._place()

        async def branch(number: int, work: Coroutine[Any, Any, Any]) -> Any:
            numbering.set(Numbering(f"{path}.{number}."))
            return await work

        tasks = [asyncio.create_task(branch(number, work)) for number, work in enumerate(branches, 1)]
        try:
            await asyncio.wait(tasks)
        except asyncio.CancelledError:
            for task in tasks:
                task.cancel()
            raise
        return _together(tasks)

    async def child(self, workflow: Workflow, given: Any, *, name: str = "") -> Any:
        """Begin another run and wait for what it gives. Raises RunFailed when it fails or is cancelled."""
        path, name = self._place(), name or workflow.name
        done = self._recorded(path, name, "run")
        if done is None:
            done = await self._await_child(path, name, workflow, given)
        if done.state == "failed":
            state, _, reason = (decoded(done.body, Failure).reason).partition(": ")
            raise RunFailed(workflow.name, state, reason)
        return decoded(done.body, result_type(workflow.function))

    async def _await_child(self, path: str, name: str, workflow: Workflow, given: Any) -> Step:
        await self._may_go_on(path)
        now = self._around.clock.now()
        child = uuid5(self.id, path)
        if path not in self._journal.waits:
            await self._around.begin_child(self._journal, child, workflow, given)
        ended = await self._around.ended(child)
        if ended is None:
            raise self._waits(Wait(path, "run", reference=child))
        state, body, error = ended
        if state == "completed":
            return await self._keep(path, Step(name, "run", "done", reference=child, body=body), now)
        failure = encoded(Failure(reason=f"{state}: {error or 'no reason is known'}"), name)
        failed = Step(
            name, "run", "failed", reference=child, body=failure, error=f"it {state}" if error is None else error
        )
        return await self._keep(path, failed, now)

    async def emit(self, *events: CanonicalEvent) -> None:
        """Append these to the log, once, together with the record that it was done."""
        path = self._place()
        if self._recorded(path, "emit", "event out") is not None:
            return
        await self._may_go_on(path)
        now = self._around.clock.now()
        made = [self._event(path, number, event, now) for number, event in enumerate(events)]
        await self._journal.record(path, Step("emit", "event out", "done", reference=made[0].id), now, events=made)

    async def hold(self, sort: str, key: str, reason: str) -> None:
        """From now on steps of this sort wait, in every run, where they are about this key; until this run lets go of
        them or ends."""
        path = self._place()
        if self._recorded(path, f"hold {sort}", "hold") is None:
            await self._may_go_on(path)
            now = self._around.clock.now()
            await self._around.hold(self._journal, sort, key, reason)
            await self._keep(path, Step(f"hold {sort}", "hold", "done"), now)

    async def release(self, sort: str, key: str) -> None:
        """What this run held back goes on where it stopped, unless another run holds it back too."""
        path = self._place()
        if self._recorded(path, f"release {sort}", "hold") is None:
            now = self._around.clock.now()
            await self._around.release(self._journal, sort, key)
            await self._keep(path, Step(f"release {sort}", "hold", "done"), now)

    def _event(self, path: str, number: int, event: CanonicalEvent, now: datetime) -> Event:
        subject, others = subjects_of(event)
        return Event(
            id=uuid5(self.id, f"{path}/{number}"),
            type=event.type,
            source=self._workflow.name,
            subject=subject,
            time=event.occurred or now,
            data=encode(event),
            correlation=self._correlation,
            causation=self._journal.row["causation"],
            others=others,
        )


def _together(tasks: Sequence[asyncio.Task[Any]]) -> list[Any]:
    """The results; or what was raised, what ends the run before what only lets go of it."""
    raised = [error for task in tasks if (error := task.exception()) is not None]
    for sort in (Stale, Diverged, Cancelled, Exception, BaseException):
        for error in raised:
            if isinstance(error, sort):
                raise error
    return [task.result() for task in tasks]
