"""A patient who comes: what tests of patient intake begin with, and what it comes to when all goes well."""

from __future__ import annotations

from typing import Any

import msgspec
from tests.flows.house import House
from tests.flows.visits import GEL, LEAD, example

from careloom.model import RegistrationCreated
from careloom.testing.processes import World

REGISTERED: Any = example(RegistrationCreated)
VISIT = "V900871"
ELG, AUT = f"ELG-LAKESIDE-{VISIT}", f"AUT-LAKESIDE-{VISIT}"
HELD = {GEL: 2.0, LEAD: 1.0}
WHOLE = {
    "accounts": ["60054", "MRN700123"],
    "files": [VISIT],
    "forms": [f"intake-{VISIT}.txt"],
    "reserved": HELD,
    "pickings": [(VISIT, "assigned")],
}
ADMITTED = [("intake.admit", "completed")]


def without(**changes: Any) -> Any:
    return msgspec.structs.replace(REGISTERED, **changes)


async def begin(house: House, event: Any = REGISTERED) -> World:
    await house.world.tell(event)
    await house.world.settle()
    return house.world
