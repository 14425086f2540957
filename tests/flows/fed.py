"""The samples of `examples/`, as the events that they are."""

from __future__ import annotations

from pathlib import Path

import msgspec

from careloom.model import CanonicalEvent, decode
from careloom.testing.processes import World

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


class Sample(msgspec.Struct, forbid_unknown_fields=True):
    """One event, as it stands in a file of samples."""

    type: str
    event: msgspec.Raw


def samples(name: str) -> list[CanonicalEvent]:
    """The events of `examples/<name>`, in their order."""
    path = EXAMPLES / name if name.endswith(".json") else EXAMPLES / name / "events.json"
    found = msgspec.json.decode(path.read_bytes(), type=list[Sample])
    return [decode(one.type, bytes(one.event)) for one in found]


async def fed(world: World, name: str) -> None:
    """Tell the events of `examples/<name>`, one after the other."""
    for event in samples(name):
        await world.tell(event)
        await world.settle()
