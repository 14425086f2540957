"""What comes back: into the log, paired with what was asked, and acknowledged where that is agreed."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Literal

from careloom.core.errors import FormatError
from careloom.formats import x12
from careloom.mapping.reading import Bytes, whole
from careloom.systems.payer.numbers import ControlNumbers
from careloom.systems.payer.settings import Settings
from careloom.systems.reception import Reception, Taken
from careloom.systems.seam import Expectation, Surroundings


class Expected:
    """The timers of answers."""

    def __init__(self, settings: Settings, around: Surroundings) -> None:
        self._within = None if settings.answer_within is None else timedelta(seconds=settings.answer_within)
        self._around = around

    async def of(self, data: bytes, kinds: Sequence[str] = ()) -> None:
        """Expect what these sets wait for, or only answers of these kinds."""
        found = [
            Expectation(one.kind, one.key, self._within or one.within)
            for interchange in x12.parse(data)
            for transaction in interchange.transactions
            for one in x12.expects(transaction)
            if not kinds or one.kind in kinds
        ]
        if found:
            await self._around.expectations.expect(found)

    async def answered(self, keys: Sequence[str]) -> int:
        """These keys were answered; how many of them were waited for."""
        kinds: dict[str, list[str]] = {}
        for key in keys:
            kinds.setdefault(key.partition("|")[0], []).append(key)
        return sum([await self._around.expectations.answered(kind, own) for kind, own in kinds.items()])


class Answers(Reception):
    """A reception that settles what was waited for, and then does whatever comes `after` an interchange was stored."""

    def __init__(
        self, around: Surroundings, expected: Expected, after: Callable[[bytes], Awaitable[None]] | None = None
    ) -> None:
        super().__init__(around.system, "x12", around.intake, around.clock, around.source)
        self._expected = expected
        self._after = after

    async def take(self, data: Bytes, *, origin: str = "", key: str | None = None) -> Taken:
        """Store every set, then settle what was waited for. Raises as `Reception.take`.

        In this order, since an answer that was not stored was not had; a repeat settles again, which changes nothing.
        """
        content = whole(data)
        taken = await super().take(content, origin=origin, key=key)
        if taken.receipts:
            await self._expected.answered(await asyncio.to_thread(answered_by, content))
            if self._after is not None:
                await self._after(content)
        return taken


def answered_by(data: bytes) -> list[str]:
    """The keys of all that these bytes answer; what cannot be read answers nothing."""
    keys: list[str] = []
    for piece in x12.pieces(data):
        try:
            keys += x12.answers(piece)
        except (FormatError, ValueError, StopIteration):
            continue
    return list(dict.fromkeys(keys))


async def acknowledgements(
    data: bytes, settings: Settings, around: Surroundings, numbers: ControlNumbers
) -> list[x12.Reply]:
    """The 999s and TA1s that the settings ask for."""
    wanted = settings.batch.acknowledge if settings.batch is not None else ()
    if not wanted:
        return []
    assessment = await asyncio.to_thread(x12.validate, data)
    now = around.clock.now()
    usage: Literal["P", "T"] = "P" if settings.production else "T"
    replies: list[x12.Reply] = []
    for kind, make in (("TA1", x12.acknowledge_interchange), ("999", x12.acknowledge)):
        if kind in wanted:
            control = await numbers.of(f"{kind}/{hashlib.blake2b(data, digest_size=16).hexdigest()}", now)
            replies += make(assessment, time=now, control=control, usage=usage)
    return replies
