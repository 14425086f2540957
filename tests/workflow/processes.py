"""Small processes for the tests of what people see of runs, and do with them."""

from __future__ import annotations

from dataclasses import dataclass

from tests.workflow.conftest import House, Outside

from careloom.model import PatientDischarged, examples
from careloom.workflow.calling import Attempt
from careloom.workflow.declaration import Signal, Workflow
from careloom.workflow.reading import RunReader
from careloom.workflow.run import Run

DISCHARGED = Signal("ward.PatientDischarged", PatientDischarged, lambda event: event.patient.identifier[0].value)
EVENT = examples()["patient.discharged.v1"]
SECRET = "Quillfeather"
"""Stands in what a process is given, and must not be shown."""


@dataclass(frozen=True)
class Wish:
    """What is ordered, for whom."""

    what: str
    days: int = 2
    whom: str = SECRET


async def reserve(what: str, outside: Outside, attempt: Attempt) -> str:
    return outside.do(f"reserve {what}", attempt.key)


async def charge(what: str, outside: Outside, attempt: Attempt) -> str:
    return outside.do(f"charge {what}", attempt.key)


async def release(reserved: str, outside: Outside, attempt: Attempt) -> None:
    outside.do(f"release {reserved}", attempt.key)


async def supply(run: Run, wish: Wish) -> str:
    reserved = await run.step(reserve, wish.what, undo=release)
    await run.sleep(f"{wish.days}d")
    return await run.step(charge, reserved)


def about(wish: Wish) -> list[str]:
    return [f"order/{wish.what}"]


SUPPLY = Workflow("ward.supply", supply, about=about)


def versions(*functions: object) -> list[Workflow]:
    """The same workflow, from version 1."""
    return [Workflow("ward.supply", one, version=number) for number, one in enumerate(functions, 1)]  # type: ignore[arg-type]


def reader(house: House) -> RunReader:
    return RunReader(house.database, house.log.keyring, house.clock)
