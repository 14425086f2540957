"""What happens to a call between its transport and its work: faults, a worker, credentials, a line in the record."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from careloom.sim.odoo import errors
from careloom.sim.odoo.dispatch import Dispatcher, Invocation
from careloom.sim.odoo.faults import AT_THE_DOOR, Fate, Faults, Page
from careloom.sim.odoo.store import Transaction
from careloom.sim.odoo.users import User
from careloom.sim.odoo.watch import Watch
from careloom.sim.odoo.workers import WorkerKilled, Workers

KEPT_CALLS = 100_000

Authenticate = Callable[[datetime], User]


class Call(NamedTuple):
    """One finished call. `outcome` is `done`, `refused` (a load that answered ids false), `committed and dropped`,
    `dropped`, `killed`, the proxy's status such as `502`, or the exception's name."""

    method: str
    model: str
    rows: int
    outcome: str


class ProxyAnswer(Exception):
    """The proxy answers instead of Odoo."""

    def __init__(self, page: Page) -> None:
        super().__init__(page.status)
        self.page = page


class ConnectionDropped(Exception):
    """The connection closes without an answer."""


class Reception:
    """Takes calls from every transport. `calls` keeps the last 100,000, `outcomes` counts them all."""

    def __init__(self, dispatcher: Dispatcher, workers: Workers, faults: Faults, watch: Watch) -> None:
        self.calls: deque[Call] = deque(maxlen=KEPT_CALLS)
        self.outcomes: Counter[str] = Counter()
        self._dispatcher = dispatcher
        self._workers = workers
        self._faults = faults
        self._watch = watch

    def greet(self, what: str) -> Fate:
        """The fate of a request that calls no method, such as a login. Raises ProxyAnswer."""
        fate = self._faults.draw("", what, AT_THE_DOOR)
        if fate.strikes is not None and fate.strikes.page is not None:
            raise ProxyAnswer(fate.strikes.page)
        return fate

    async def serve(self, call: Invocation, authenticate: Authenticate) -> Any:
        """The result of `call`. Raises OdooError, ProxyAnswer or ConnectionDropped."""
        fate = self._faults.draw(call.model, call.method)
        if fate.strikes is not None and fate.strikes.page is not None:
            self._note(call, str(fate.strikes.page.status))
            raise ProxyAnswer(fate.strikes.page)
        if fate.struck_by("drop"):
            self._note(call, "dropped")
            raise ConnectionDropped
        result = await self._performed(call, authenticate, fate)
        if fate.struck_by("commit_then_drop"):
            self._note(call, "committed and dropped")
            raise ConnectionDropped
        refused = call.method == "load" and result["ids"] is False
        self._note(call, "refused" if refused else "done")
        return result

    async def _performed(self, call: Invocation, authenticate: Authenticate, fate: Fate) -> Any:
        def job(tx: Transaction) -> Any:
            if fate.struck_by("revoked"):
                raise errors.access_denied() if call.legacy else errors.unauthorized()
            return self._dispatcher.run(call, authenticate(tx.now), tx)

        try:
            return await self._workers.perform(job, fate)
        except errors.OdooError as problem:
            self._note(call, problem.name)
            raise
        except WorkerKilled:
            self._note(call, "killed")
            raise ConnectionDropped from None

    def _note(self, call: Invocation, outcome: str) -> None:
        self.calls.append(Call(call.method, call.model, call.rows, outcome))
        self.outcomes[outcome] += 1
        self._watch.notify()
