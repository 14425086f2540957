"""X12 that comes back: into the log, paired with what was sent, and acknowledged where that is agreed."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from typing import Final, Literal, TypeAlias
from uuid import UUID

import msgspec

from careloom.core.errors import FormatError
from careloom.formats import x12
from careloom.mapping.reading import Bytes, whole
from careloom.mapping.reading.x12 import assess
from careloom.systems.control_numbers import ControlNumbers
from careloom.systems.functional import older
from careloom.systems.reception import Reception, Taken
from careloom.systems.seam import Expectation, Surroundings, Trouble

REFUSED: Final = "transmission-refused"
Acknowledgement: TypeAlias = Literal["997", "999", "TA1"]
Within: TypeAlias = Callable[[x12.Expectation], timedelta | None]
"""How long an answer may take; None: it is not waited for."""
_MOST_COMPLAINTS: Final = 5
_CODE: Final = re.compile(r"[A-Za-z0-9]{1,9}")


class Expected:
    """The timers of answers."""

    def __init__(self, around: Surroundings, within: Within) -> None:
        self._around = around
        self._within = within

    async def of(self, data: bytes, kinds: Sequence[str] = (), message: UUID | None = None) -> None:
        """Expect what these sets wait for, or only answers of these kinds. `message` is what they came from."""
        found = [
            Expectation(one.kind, one.key, within, message)
            for interchange in x12.parse(data)
            for transaction in interchange.transactions
            for one in x12.expects(transaction)
            if (not kinds or one.kind in kinds) and (within := self._within(one)) is not None
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
    """A reception that settles what was waited for, and then does whatever comes `after` an interchange was stored or
    refused: what is wrong with it is told either way.

    With `held`, what our acknowledgement rejects is refused, so that nobody is told one thing while another is done.
    """

    def __init__(
        self,
        around: Surroundings,
        expected: Expected,
        after: Callable[[bytes], Awaitable[None]] | None = None,
        *,
        held: bool = False,
    ) -> None:
        source = around.source
        if held and source.strict is None:
            source = msgspec.structs.replace(source, strict=False)
        super().__init__(around.system, "x12", around.intake, around.clock, source)
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
        if self._after is not None and (taken.receipts or taken.refused):
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


async def report_refusals(data: bytes, around: Surroundings) -> None:
    """A case for each group or interchange of ours that these acknowledgements refuse, all or in part; one that they
    accept closes it. The case names places and codes, never a value."""
    for place, reason in await asyncio.to_thread(lambda: list(_verdicts(data))):
        if reason:
            await around.troubles.report(Trouble(REFUSED, reason, place))
        else:
            await around.troubles.settle(REFUSED, place, resolution="the other side accepted it after all")


def _verdicts(data: bytes) -> Iterator[tuple[str, str]]:
    """What each acknowledgement is about, and why it refuses that; an empty reason where it does not."""
    for piece in x12.pieces(data):
        if piece.error is not None or piece.set_id not in ("997", "999", "TA1"):
            continue
        [interchange] = x12.parse(piece.data)
        try:
            for segment in interchange.acknowledgements:
                about = x12.read_interchange_acknowledgement(segment)
                reason = f"the interchange was refused: TA1 {_code(about.note)}" if about.verdict == "rejected" else ""
                yield f"interchange {_code(about.control)}", reason
            for transaction in interchange.transactions:
                group = x12.read_acknowledgement(transaction)
                yield f"group {_code(group.functional)} {_code(group.control)}", _refusal(group)
        except FormatError:
            continue  # what cannot be read is in the log, where its translation is parked


def _refusal(group: x12.GroupAnswer) -> str:
    if group.verdict in ("accepted", "accepted-with-errors"):
        return ""
    refused = [one for one in group.sets if one.verdict == "rejected"]
    found = [_complaint(one, complaint) for one in refused for complaint in one.complaints]
    found += [f"set {_code(one.control)}: {', '.join(map(_code, one.codes))}" for one in refused if not one.complaints]
    found += [f"group: {_code(code)}" for code in group.codes]
    more = f", and {len(found) - _MOST_COMPLAINTS} more" if len(found) > _MOST_COMPLAINTS else ""
    told = "; ".join(found[:_MOST_COMPLAINTS]) or "no code says why"
    return f"{'part of ' if group.verdict == 'partly-accepted' else ''}the group was refused: {told}{more}"


def _complaint(answer: x12.SetAnswer, one: x12.Complaint) -> str:
    place = _code(one.segment_id) + (f"{one.element:02}" if one.element else "")
    return f"set {_code(answer.control)}: {place} at segment {one.segment}, code {_code(one.code)}"


def _code(text: str) -> str:
    """A code or a number; anything else is no code, and may be a value."""
    found = text.strip()
    return found if _CODE.fullmatch(found) else "?"


async def acknowledgements(
    data: bytes,
    wanted: Sequence[Acknowledgement],
    usage: Literal["P", "T"],
    around: Surroundings,
    numbers: ControlNumbers,
) -> list[tuple[str, bytes]]:
    """The acknowledgements of these kinds, each as the name of its file and what is in it."""
    if not wanted:
        return []
    assessment = await asyncio.to_thread(assess, data, around.source)
    now = around.clock.now()
    found: list[tuple[str, bytes]] = []
    for kind in wanted:
        control = await numbers.of(f"{kind}/{hashlib.blake2b(data, digest_size=16).hexdigest()}", now)
        make = x12.acknowledge_interchange if kind == "TA1" else x12.acknowledge
        for number, reply in enumerate(make(assessment, time=now, control=control, usage=usage), control):
            content = older(reply.data, time=now, usage=usage) if kind == "997" else reply.data
            found.append((f"{kind}-{number:09}.edi", content))
    return found
