"""Each seeded fault lands in its own category: of the error, of the attempt, of the case."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from tests.telemetry.test_silence import MASTER

from careloom.cases.book import Cases
from careloom.cases.catalogue import shipped
from careloom.core.clock import SystemClock
from careloom.core.errors import (
    AccessRefused,
    AmbiguousError,
    CareloomError,
    ContractBroken,
    FormatError,
    HeldBack,
    MappingError,
    Rejected,
    Throttled,
    Unavailable,
)
from careloom.core.ids import Uuid7
from careloom.core.outcomes import Category, Park
from careloom.core.receipts import Received
from careloom.log.handling import Handled, RetryPolicy, Subscription
from careloom.log.lanes import Bank
from careloom.log.node import LogNode
from careloom.store.database import Database
from careloom.systems.http.calls import CredentialsRefused
from careloom.systems.odoo.faults import Fault, OdooAccessRefused, OdooAmbiguous, OdooUnavailable, make, raised
from careloom.telemetry.categories import of_error
from careloom.telemetry.tally import Tally
from careloom.telemetry.watching import CountedSteps

FAULTS: dict[Category, list[Exception]] = {
    Category.SCHEMA: [FormatError("no segment", "PID"), ContractBroken("no such model")],
    Category.MAPPING: [MappingError("no number", "PID-3")],
    Category.AUTHENTICATION: [AccessRefused("a key ended"), CredentialsRefused("401")],
    Category.THROTTLING: [Throttled("429", 1.0)],
    Category.BUSINESS: [Rejected("the period is locked")],
    Category.NETWORK: [Unavailable("no route"), HeldBack("a breaker"), AmbiguousError("no answer")],
    Category.UNKNOWN: [ValueError("a bug"), KeyError("x")],
}
ALL = [(category, fault) for category, faults in FAULTS.items() for fault in faults]


@pytest.mark.parametrize(("category", "fault"), ALL, ids=lambda one: getattr(one, "value", type(one).__name__))
def test_an_error_is_of_its_category(category: Category, fault: Exception) -> None:
    assert of_error(fault) is category


def test_a_fault_of_odoo_is_of_the_category_of_what_it_is() -> None:
    fault = Fault("x", "res.partner", "create")
    assert of_error(make(OdooAccessRefused, fault, "x")) is Category.AUTHENTICATION
    assert of_error(make(OdooUnavailable, fault, "x")) is Category.NETWORK
    assert of_error(make(OdooAmbiguous, fault, "x")) is Category.NETWORK
    assert of_error(raised(Fault("odoo.exceptions.ValidationError", "res.partner", "create"))) is Category.BUSINESS


def test_every_error_of_ours_has_said_what_it_is() -> None:
    def below(one: type[CareloomError]) -> set[type[CareloomError]]:
        return {one, *(more for child in one.__subclasses__() for more in below(child))}

    assert all(isinstance(one.category, Category) for one in below(CareloomError))


def test_every_kind_of_case_has_a_category() -> None:
    assert {kind.category for kind in shipped()} <= set(Category)
    expected = {"mapping": "mapping", "rejected-posting": "business", "key-expiry": "authentication",
                "silence": "network", "file-refused": "schema", "delivery": "unknown",
                "unknown-code": "mapping"}  # fmt: skip
    assert {name: shipped().of(name).category.value for name in expected} == expected


@pytest.fixture
async def seeded(database: Database) -> AsyncIterator[Callable[[Exception], Any]]:
    """Plays one fault through a log of its own, and gives the category of its case and the counted ones."""
    clock = SystemClock()
    new_id = Uuid7(clock)
    nodes: list[LogNode] = []

    async def play(fault: Exception) -> tuple[str, dict[Any, float]]:
        tally = Tally()
        node = await LogNode.open(database, MASTER, Cases(clock, new_id), clock, new_id, lanes=2)
        nodes.append(node)
        node.watch = CountedSteps(tally, clock, lambda name: name, {})

        def handle(_: object) -> Handled:
            if isinstance(fault, CareloomError):
                return Handled(fault.outcome())  # as connectors do
            raise fault

        node.start([Subscription("translate", Bank.MESSAGES, handle, retry=RetryPolicy(attempts=1))])
        answer = await node.intake.accept(
            Received(
                system="ehr", key=str(new_id()), type="json:x", subject=f"Thing/{new_id()}", body=b"{}",
                acknowledgement=b"", time=clock.now(),
            )
        )  # fmt: skip
        sql = "select category from work_case where message = $1"
        while True:
            async with database.acquire() as connection:
                if (category := await connection.fetchval(sql, answer.id)) is not None:
                    break
        while not (counted := tally.take()):
            async with database.acquire() as connection:
                await connection.fetchval("select 1")
        return category, dict(counted)

    yield play
    for node in nodes:
        await node.close()


@pytest.mark.parametrize(
    ("category", "fault"),
    [one for one in ALL if not isinstance(one[1], HeldBack)],
    ids=lambda one: getattr(one, "value", type(one).__name__),
)
async def test_a_seeded_fault_is_a_case_of_its_category(
    seeded: Callable[[Exception], Any], category: Category, fault: Exception
) -> None:
    stored, counted = await seeded(fault)
    assert stored == category
    assert counted["failures_total", ("translate", category.value)] == 1


async def test_what_a_handler_parks_by_itself_has_the_category_of_its_case(
    seeded: Callable[[Exception], Any],
) -> None:
    class Unroutable(CareloomError):
        def outcome(self) -> Park:
            return Park("no rule", case="unroutable")

    stored, _ = await seeded(Unroutable("x"))
    assert stored == Category.BUSINESS
