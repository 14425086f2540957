"""An Odoo whose changes are followed: the hub polls it, and it tells them to the log."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from careloom.systems.odoo.connector import Odoo
from careloom.systems.odoo.feed.outbox import MODEL, Outbox
from careloom.systems.odoo.feed.polling import Limits, Polling
from careloom.systems.odoo.feed.reading import Reading
from careloom.systems.odoo.feed.waking import Alarm, Door
from careloom.systems.odoo.feed.watches import WATCHES, Watch
from careloom.systems.odoo.settings import Settings
from careloom.systems.reception import Reception
from careloom.systems.seam import Reply, Request, Surroundings

_log = logging.getLogger(__name__)
_CHOSEN: Final = "feed/chosen"
_TICK: Final = 0.5
FORMAT: Final = "odoo"


class FollowedOdoo(Odoo):
    """Writes like `Odoo`, and tells what changes there."""

    def follow(self, around: Surroundings) -> None:
        """Tell the log of these surroundings. Called once, before anything else."""
        self._around = around
        self._feed: Outbox | Polling | None = None
        self._reading = Reading(self._connection, self._schema, self._records)
        self.standing.add("feed", self._told)

    @property
    def every(self) -> float:
        """Seconds between two looks."""
        return min(self.settings.feed_seconds, super().every)

    def _told(self) -> Mapping[str, Any] | None:
        """For the card: which feed it is, and how many changes this process brought to the log."""
        if self._feed is None:
            return None
        return {"kind": "outbox" if isinstance(self._feed, Outbox) else "polling", "told": self._feed.told}

    async def poll(self) -> None:
        """Look how the connection stands, then at what changed."""
        await super().poll()
        await self.look()

    async def look(self) -> None:
        """Tell what changed. See `Outbox.look` and `Polling.look`."""
        if self._feed is None:
            self._feed = await self._chosen()
        await self._feed.look()

    async def close(self) -> None:
        """See `Odoo.close`."""
        self._feed = None
        await super().close()

    async def _chosen(self) -> Outbox | Polling:
        kind = await self._found() if self.settings.feed == "auto" else self.settings.feed
        return self._outbox() if kind == "outbox" else self._polling()

    async def _found(self) -> str:
        """The outbox where there is one. What was chosen stays, since the two feeds know a change by different keys."""
        kept = await self._around.memory.get(_CHOSEN)
        if kept is not None:
            return kept.decode()
        kind = "outbox" if await self._reading.has(MODEL) else "polling"
        await self._around.memory.put(_CHOSEN, kind.encode())
        _log.info("%s: changes are followed by %s", self.system, kind)
        return kind

    def _outbox(self) -> Outbox:
        around, settings = self._around, self.settings
        return Outbox(
            self._reading,
            self._watches(),
            self._reception(),
            around.memory,
            around.troubles,
            epoch=settings.feed_epoch,
        )

    def _polling(self) -> Polling:
        around, settings = self._around, self.settings
        limits = Limits(
            overlap=settings.feed_overlap_seconds, sweep=settings.feed_sweep_seconds, epoch=settings.feed_epoch
        )
        return Polling(
            self._reading,
            self._watches(),
            self._reception(),
            around.memory,
            around.troubles,
            around.clock,
            limits,
        )

    def _watches(self) -> list[Watch]:
        chosen = self.settings.feed_models
        return [watch for watch in WATCHES if not chosen or watch.model in chosen]

    def _reception(self) -> Reception:
        around = self._around
        return Reception(around.system, FORMAT, around.intake, around.clock, around.source)


class WokenOdoo(FollowedOdoo):
    """One that can be told that there is something new: it looks at once, and else as seldom as the settings say."""

    def follow(self, around: Surroundings) -> None:
        """See `FollowedOdoo.follow`."""
        super().follow(around)
        self._alarm = Alarm(around.memory)
        self._door = Door(self._alarm, around, self.settings.feed_wake_secret, self.settings.feed_hint_secret)
        self._looked: float | None = None

    @property
    def every(self) -> float:
        """Seconds until it is asked whether it is time to look."""
        return min(_TICK, self.settings.feed_seconds)

    async def look(self) -> None:
        """Look if it is time to, or if somebody rang."""
        now = self._around.clock.monotonic()
        rang = await self._alarm.rang()
        if rang or self._looked is None or now - self._looked >= self.settings.feed_seconds:
            self._looked = None  # until it went well: else it is tried again at once
            await super().look()
            self._looked = now

    @property
    def authenticates(self) -> bool:
        """Odoo has no API key of ours: it signs, or knows the path."""
        return True

    @property
    def max_body(self) -> int:
        """Octets of the largest call that is heard; what it says is thrown away."""
        return self._door.max_body

    async def answer(self, request: Request) -> Reply:
        """See `Door.answer`."""
        return await self._door.answer(request)


def following(settings: Settings) -> type[Odoo]:
    """The class of an Odoo that is followed, or not, as the settings say."""
    if settings.feed == "none":
        return Odoo
    return WokenOdoo if settings.feed_wake_secret or settings.feed_hint_secret else FollowedOdoo
