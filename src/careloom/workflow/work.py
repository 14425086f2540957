"""Everything that is done with runs, put together once for whoever serves people: the API, the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from careloom.workflow.backfill import Backfill
from careloom.workflow.backfilling import Backfills
from careloom.workflow.desk import RunDesk, Told
from careloom.workflow.diagram import diagram, drawn
from careloom.workflow.errors import NoSuchRun, NoSuchWorkflow
from careloom.workflow.graph import Graph, graph_of
from careloom.workflow.reading import RunReader
from careloom.workflow.rehearsal import rehearse
from careloom.workflow.standing import RunStory
from careloom.workflow.starting import Begun, start
from careloom.workflow.surroundings import Surroundings
from careloom.workflow.versions import VersionStanding, compare


@dataclass(frozen=True, slots=True)
class RunWork:
    """The runs of one deployment."""

    around: Surroundings
    reader: RunReader
    desk: RunDesk
    backfills: Backfills

    async def start(
        self, workflow: str, body: bytes, told: Told, *, key: str | None = None, subject: str | None = None
    ) -> Begun:
        """See `careloom.workflow.starting.start`."""
        return await start(self.desk, workflow, body, told, key=key, subject=subject)

    async def compare(self) -> Sequence[VersionStanding]:
        """What a deploy of the code that is here would strand."""
        return await compare(self.around)

    def picture(self, name: str, version: int | None = None) -> str:
        """A process as Mermaid. Raises NoSuchWorkflow, and NotPossible where the source cannot be read."""
        registry = self.around.registry
        workflow = registry.current(name) if version is None else registry.of(name, version)
        if workflow is None:
            which = name if version is None else f"{name} version {version}"
            raise NoSuchWorkflow(f"there is no workflow {which} in the code; look at hub.flows of the settings")
        return diagram(workflow, registry)

    async def picture_of_run(self, run: UUID) -> str:
        """The same, with how far a run is. Raises NoSuchRun too."""
        return drawn(await self.graph_of_run(await self.reader.story(run)))

    async def graph_of_run(self, story: RunStory) -> Graph:
        """As boxes and arrows, with how far the run of this story is. Raises as `picture`."""
        workflow = self.around.registry.of(story.run.workflow, story.run.version)
        if workflow is None:
            raise NoSuchWorkflow(f"the code of this run, {story.run.workflow} version {story.run.version}, is not here")
        try:
            journal = await self.around.store.load(story.run.id)
            lines = (await rehearse(journal, workflow, self.around)).lines
        except NoSuchRun:
            lines = {}  # whom it was about was erased: its steps are found by their names alone
        return graph_of(workflow, self.around.registry, story, lines)


def runwork(around: Surroundings, desk: RunDesk | None = None, backfills: Sequence[Backfill] = ()) -> RunWork:
    """Over these runs, and the backfills that the flows declare."""
    reader = RunReader(around.store.database, around.store.keyring, around.clock)
    acting = desk or RunDesk(around)
    return RunWork(around, reader, acting, Backfills(acting, reader, backfills))
