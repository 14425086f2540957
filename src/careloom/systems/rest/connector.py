"""A system with a REST API: its lists are looked into, and it is told of events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from careloom.core.envelope import Recorded
from careloom.core.errors import CareloomError, ConfigurationError, PermanentError
from careloom.core.outcomes import Done, Outcome
from careloom.mapping.declared import Rules
from careloom.mapping.source import JsonShape
from careloom.systems.listing import Listing, ListPlace
from careloom.systems.rest.auth import Caller
from careloom.systems.rest.looking import List, Look
from careloom.systems.rest.sending import tellings
from careloom.systems.rest.settings import Resource, Settings
from careloom.systems.seam import Finding, Obstacle, Surroundings, Trouble

__all__ = ["Rest", "Settings", "connect"]

FAILING: Final = "list-failing"
CONFLICT: Final = "list-conflict"
_UNTYPED: Final = JsonShape(dialect="rest", type="/resource")
_PATIENCE: Final = 5
_IDLE: Final = 3600.0


class Rest:
    """One system. `looked` is what the last look into all its lists found."""

    def __init__(self, settings: Settings, around: Surroundings) -> None:
        """Raises ConfigurationError for operations whose paths or documents their events do not hold."""
        rules = around.source.rules if isinstance(around.source.rules, Rules) else None
        shape = around.source.json or _UNTYPED
        self._system = around.system
        self._caller = Caller(settings, around)
        self._telling = tellings(settings.operations, rules.outgoing if rules else {}, self._caller, around.system)
        said = {"id": shape.key or "/id", "updated": rules.version if rules else ""}
        self._lists = {
            name: List(name, _completed(one, said), shape, self._caller, around)
            for name, one in settings.resources.items()
        }
        self.every = min((one.every for one in settings.resources.values()), default=_IDLE)
        self._turns = {name: max(1, round(one.every / self.every)) for name, one in settings.resources.items()}
        self._troubles = around.troubles
        self._polls = 0
        self._failed: dict[str, int] = {}
        self.looked = Look()

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""
        return self._caller.retry_after

    async def poll(self) -> None:
        """Look into each list whose turn it is; one that fails keeps no other back. Raises the first error."""
        self.looked = Look()
        first: CareloomError | None = None
        for name in [name for name, turn in self._turns.items() if self._polls % turn == 0]:
            try:
                await self._look(name)
            except CareloomError as error:
                await self._failing(name, error)
                first = first or error
        self._polls += 1
        if first is not None:
            raise first

    async def post(self, event: Recorded) -> Outcome:
        """Tell it of one event. An event that no operation is about is a mistake in the settings, and waits."""
        telling = self._telling.get(event.type)
        try:
            if telling is None:
                raise ConfigurationError(f"{self._system}: no operation is about {event.type}; declare one")
            return Done(await telling.tell(event))
        except CareloomError as error:
            return error.outcome()

    @property
    def system(self) -> str:
        """See `Listed`."""
        return self._system

    async def rows(
        self,
        name: str,
        since: str,
        place: ListPlace | None,
        limit: int,  # noqa: ARG002 - the list's own pages
    ) -> Listing:
        """See `Listed.rows`; `name` is that of a list. A page is as long as the system makes it."""
        if name not in self._lists:
            known = ", ".join(sorted(self._lists)) or "none"
            raise ConfigurationError(f"systems.{self._system}.resources: there is no list {name!r}; there is {known}")
        return await self._lists[name].listing(since, place)

    async def check(self) -> Sequence[Obstacle]:
        """Ask for the first page of each list."""
        found: list[Obstacle] = []
        for name, one in self._lists.items():
            try:
                await one.reach()
            except CareloomError as error:
                found.append(Finding(f"list {name}: {error}", "correct this and check again"))
        return found

    async def close(self) -> None:
        """Close the connections."""
        await self._caller.close()

    async def _look(self, name: str) -> None:
        found = await self._lists[name].look()
        self.looked.accepted += found.accepted
        self.looked.repeated += found.repeated
        self.looked.conflicting += found.conflicting
        self.looked.refused += found.refused
        if found.conflicting:
            reason = f"{found.conflicting} items came with other content and no new version; what is stored stays"
            await self._troubles.report(Trouble(CONFLICT, reason, name))
        if self._failed.get(name, 1):  # a case may be open from before this process began
            await self._troubles.settle(FAILING, name, resolution="a look went through")
        self._failed[name] = 0

    async def _failing(self, name: str, error: CareloomError) -> None:
        """A person is told at once of what only a person can change, and of the rest when it does not pass."""
        self._failed[name] = self._failed.get(name, 0) + 1
        if isinstance(error, PermanentError) or self._failed[name] >= _PATIENCE:
            await self._troubles.report(Trouble(FAILING, f"it cannot be read: {error}", name))


def _completed(resource: Resource, said: Mapping[str, str]) -> Resource:
    """The list with what the mapping says of its items, where the settings say nothing."""
    return resource.model_copy(update={name: text for name, text in said.items() if not getattr(resource, name)})


def connect(settings: Settings, around: Surroundings) -> Rest:
    """What the hub works with."""
    return Rest(settings, around)
