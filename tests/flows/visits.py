"""What the processes of visits and appointments need: supplies in the store room, and payers that answer."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
from tests.flows.house import Furnish, House

from careloom.flows.steps.packages import Supply, packages
from careloom.model import CanonicalEvent, EligibilityAnswered, EligibilityRequested, Identifier
from careloom.model.examples import examples

HERE = (1,)
"""The company of the store room; another has one too."""
GEL, LEAD = "S-GEL-5", "S-LEAD-3"
packages.needs("CAR", Supply(GEL, Decimal(2)), Supply(LEAD))
packages.needs("93306", Supply(GEL, Decimal(2)), Supply(LEAD))


def example(event: type[CanonicalEvent]) -> Any:
    return examples()[event.type]


@cache
def supplied(gel: int = 10, lead: int = 10) -> Furnish:
    """A store room with so much of each."""

    async def furnish(house: House) -> None:
        await house.fill(await house.product(GEL), str(gel))
        await house.fill(await house.product(LEAD), str(lead))

    return furnish


def covers(*, active: bool | None = True, leave: bool = False) -> Any:
    """A payer that answers each question about eligibility."""
    told: Any = example(EligibilityAnswered)

    def answer(event: EligibilityRequested) -> Iterable[EligibilityAnswered]:
        benefit = msgspec.structs.replace(told.response.benefit[0], authorization_required=leave)
        response = msgspec.structs.replace(
            told.response, request=event.request.identifier, active=active, benefit=(benefit,)
        )
        return [msgspec.structs.replace(told, response=response)]

    return answer


def decision(event: type[CanonicalEvent], number: str, order: tuple[Identifier, ...] = ()) -> Any:
    """A payer's decision on the request with this trace number."""
    told: Any = example(event)
    found = msgspec.structs.replace(told.authorization, request=(Identifier(value=number),), order=order)
    return msgspec.structs.replace(told, authorization=found)
