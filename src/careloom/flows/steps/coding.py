"""A service in the codes of the house: its product, the account of its revenue, the dimensions that it counts for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

import msgspec

from careloom.flows.steps.codes import Asked, meanings
from careloom.flows.steps.pricing import Performed
from careloom.identity.crosswalk.codes import Entity
from careloom.model import Identifier, ServiceCompleted
from careloom.workflow.run import Run

_CHARGE: Final = "charge-code"
_FACILITY: Final = "facility"
_DEPARTMENT: Final = "department"
_NPI: Final = "NPI"


async def coded_services(
    run: Run, completed: ServiceCompleted, done: tuple[Performed, ...]
) -> tuple[Performed, ...] | None:
    """The services with what the crosswalk says of them; None when a person gave a code up.

    Asked are who performed it (by the NPI), the product and the account of each charge code, and the dimension of
    facility and department. What nobody maps stays as it came.
    """
    day = (completed.occurred or run.begun).date()
    known = await meanings(run, list(_asked(completed, done, day)))
    if known is None:
        return None
    places = _places(done)
    ours = {place: code for (place, entity), code in known.items() if entity is Entity.DIMENSION}
    dimensions = tuple(ours[place] for place in (_FACILITY, "report.location") if place in ours)
    return tuple(
        msgspec.structs.replace(
            one,
            product=known.get((places[one.code], Entity.PRODUCT), ""),
            account=known.get((places[one.code], Entity.ACCOUNT), ""),
            dimensions=dimensions,
        )
        for one in done
    )


def _asked(completed: ServiceCompleted, done: tuple[Performed, ...], day: date) -> Iterable[Asked]:
    report = completed.report
    if report.performer is not None:
        npi = tuple(one for one in report.performer.identifier if one.type == _NPI)
        yield Asked(field="report.performer", entity=Entity.PROVIDER, numbers=npi, day=day)
    for code, place in _places(done).items():
        number = (Identifier(value=code, type=_CHARGE),)
        for entity in (Entity.PRODUCT, Entity.ACCOUNT):
            yield Asked(field=place, entity=entity, numbers=number, day=day)
    if completed.facility:
        number = (Identifier(value=completed.facility, type=_FACILITY),)
        yield Asked(field=_FACILITY, entity=Entity.DIMENSION, numbers=number, day=day)
    if report.location is not None:
        places = tuple(
            Identifier(value=one.value, assigner=one.assigner, type=_DEPARTMENT) for one in report.location.identifier
        )
        yield Asked(field="report.location", entity=Entity.DIMENSION, numbers=places, day=day)


def _places(done: tuple[Performed, ...]) -> dict[str, str]:
    """Where each code stands first."""
    found: dict[str, str] = {}
    for at, one in enumerate(done):
        found.setdefault(one.code, f"report.service[{at}].code")
    return found
