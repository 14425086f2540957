"""Takes a gateway's events into the log, each in the lane of the payment that it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from careloom.mapping.payments import about
from careloom.mapping.reading import Unit, Unread
from careloom.mapping.source import JsonShape
from careloom.systems.reception import Reception, Taken

SHAPE: Final = JsonShape(dialect="payments", type="/type", key="/id", noun="Payment")
"""Where the events say what they are, unless `[sources.NAME.json]` says otherwise."""


class PaymentReception(Reception):
    """A refund must come after its payment, and its event names the payment elsewhere than the payment's own does:
    one pointer, as other JSON has it, could not tell both."""

    async def take_units(self, units: Iterable[Unit | Unread], *, origin: str = "", key: str | None = None) -> Taken:
        return await super().take_units(_about(units), origin=origin, key=key)


def _about(units: Iterable[Unit | Unread]) -> Iterator[Unit | Unread]:
    for one in units:
        found = about(msgspec.json.decode(one.body)) if isinstance(one, Unit) else None
        yield msgspec.structs.replace(one, subject=found) if found and isinstance(one, Unit) else one
