"""A folder that partners drop files into."""

from __future__ import annotations

from collections.abc import Sequence

from careloom.core.errors import CareloomError
from careloom.systems.drop import Place, Sweep
from careloom.systems.seam import Finding


class FolderIn:
    """Looks through its place again and again."""

    def __init__(self, place: Place, sweep: Sweep, every: float) -> None:
        self._place = place
        self._sweep = sweep
        self._every = every

    @property
    def every(self) -> float:
        """Seconds between two looks."""
        return self._every

    async def poll(self) -> None:
        """Take every file that is whole. Raises Unavailable."""
        await self._sweep.run()

    async def check(self) -> Sequence[Finding]:
        """Whether the place can be listed."""
        try:
            await self._place.list()
        except CareloomError as error:
            return [Finding(str(error), "correct `path`, or the rights of the user that runs Careloom")]
        return []

    async def close(self) -> None:
        """Nothing is open between two looks."""
