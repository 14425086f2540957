"""One look-up: refused without bounds, asked once, answered within the budget, kept no longer than declared."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.gateway.asking import Behind

from careloom.core.errors import ConfigurationError, PermanentError, Throttled, Unavailable
from careloom.gateway.classes import DataClass
from careloom.gateway.desk import KEEP_SECONDS, MOST_KEPT, Answered, Desk, Later
from careloom.gateway.lookup import Found, NotFound, Pending
from careloom.gateway.lookup_shapes import ELIGIBILITY, SHAPES, STOCK, StockQuery
from careloom.gateway.lookups import Lookups
from careloom.testing.clock import VirtualClock

ANNA, BERT = UUID(int=1), UUID(int=2)
GLOVES, MASKS = StockQuery(product="GLOVE-M"), StockQuery(product="MASK-S")


def opened(**bounds: Any) -> tuple[Desk, Behind, VirtualClock]:
    clock, behind = VirtualClock(), Behind()
    return Desk(behind.lookup(**bounds), clock), behind, clock


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"owner": ""}, "needs an owner"),
        ({"reason": "faster"}, "needs a reason"),
        ({"data_class": DataClass.PUBLIC}, "its class must be"),
        ({"systems": ()}, "must name the systems"),
        ({"systems": ("a", "b", "c")}, "must name the systems"),
        ({"systems": ("a", "b"), "max_systems": 1}, "must name the systems"),
        ({"systems": ("a",), "max_systems": 3}, "must name the systems"),
        ({"budget_seconds": 0.0}, "budget_seconds must be"),
        ({"budget_seconds": 11.0}, "budget_seconds must be"),
        ({"budget_seconds": 3.0, "timeout_seconds": 2.0}, "budget_seconds must be"),
        ({"timeout_seconds": 500.0}, "timeout_seconds must be"),
        ({"concurrency": 0}, "concurrency must be"),
        ({"retries": 1}, "neither retry nor transform"),
        ({"transformations": 1}, "neither retry nor transform"),
        ({"cache_seconds": -1.0}, "cache_seconds must not"),
        ({"data_class": DataClass.PHI, "cache_seconds": 3600.0}, "for phi at most"),
        ({"stale_seconds": -1.0}, "stale_seconds must be"),
        ({"stale_seconds": 100_000.0}, "stale_seconds must be"),
        ({"name": "Stock Level"}, "its name must be"),
        ({"example_parameters": {}}, "its example is no StockQuery"),
        ({"example_answer": {}}, "its example is no StockAnswer"),
    ],
)
def test_a_look_up_without_its_bounds_is_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        replace(Behind().lookup(), **changed)


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="two look-ups named 'stock'"):
        Lookups([Behind().lookup(), Behind().lookup()])


def test_the_standard_shapes_have_bounds_and_examples() -> None:
    assert {shape.name for shape in SHAPES} == {
        "patient",
        "appointment",
        "eligibility",
        "invoice-status",
        "stock",
        "supplier",
        "partner",
        "balance",
        "dimensions",
    }
    assert all(Behind(shape).lookup().name == shape.name for shape in SHAPES)


async def test_an_answer_has_the_shape_that_was_declared() -> None:
    desk, behind, _ = opened()
    found = await desk.ask(GLOVES, ANNA)
    assert isinstance(found, Answered)
    assert STOCK.answer.model_validate_json(found.body) == STOCK.answer.model_validate(STOCK.example_answer)
    assert behind.asked == [GLOVES]


async def test_nothing_found_is_an_answer() -> None:
    desk, behind, _ = opened(cache_seconds=60)
    behind.answer = NotFound()
    assert await desk.ask(GLOVES, ANNA) == NotFound()
    behind.answer = Found(STOCK.example_answer)
    assert isinstance(await desk.ask(GLOVES, ANNA), Answered)


async def test_at_the_end_of_the_budget_the_caller_is_told_to_come_back_and_the_call_goes_on() -> None:
    desk, behind, clock = opened(budget_seconds=2.0, timeout_seconds=30.0)
    behind.hold()
    asking = asyncio.ensure_future(desk.ask(GLOVES, ANNA))
    await behind.until(1)
    await clock.until_sleeping(2)
    await clock.advance(1.9)
    assert not asking.done()
    await clock.advance(0.1)
    later = await asking
    assert isinstance(later, Later)
    behind.release()
    assert isinstance(await desk.fetch(later.ticket, ANNA), Answered)
    assert isinstance(await desk.fetch(later.ticket, ANNA), Answered)
    assert len(behind.asked) == 1
    assert (desk.figures.pending, desk.figures.outcomes["found"]) == (1, 1)


async def test_a_caller_may_wait_less_than_the_budget_and_never_longer() -> None:
    desk, behind, clock = opened(budget_seconds=2.0)
    behind.hold()
    hasty = asyncio.ensure_future(desk.ask(GLOVES, ANNA, 0.5))
    patient = asyncio.ensure_future(desk.ask(MASKS, ANNA, 60.0))
    await behind.until(2)
    await clock.until_sleeping(4)
    await clock.advance(0.5)
    assert isinstance(await hasty, Later)
    assert not patient.done()
    await clock.advance(1.5)
    assert isinstance(await patient, Later)
    await desk.close()


async def test_a_call_is_given_up_at_its_timeout() -> None:
    desk, behind, clock = opened(budget_seconds=2.0, timeout_seconds=3.0)
    behind.hold()
    asking = asyncio.ensure_future(desk.ask(GLOVES, ANNA))
    await behind.until(1)
    await clock.until_sleeping(2)
    await clock.advance(2.0)
    later = await asking
    await clock.advance(1.0)
    with pytest.raises(Unavailable, match="within 3 s"):
        await desk.fetch(later.ticket, ANNA)
    assert desk.figures.under_way == 0


async def test_a_ticket_is_only_for_whom_it_was_given_and_not_for_ever() -> None:
    desk, behind, clock = opened()
    behind.answer = Pending(3.0)
    later = await desk.ask(GLOVES, ANNA)
    assert later == Later(later.ticket, 3.0)
    behind.answer = Found(STOCK.example_answer)
    assert await desk.fetch(later.ticket, BERT) is None
    assert await desk.fetch(uuid4(), ANNA) is None
    assert isinstance(await desk.fetch(later.ticket, ANNA), Answered)
    await clock.advance(KEEP_SECONDS)
    assert await desk.fetch(later.ticket, ANNA) is None


async def test_a_system_that_asks_for_patience_is_asked_again_when_the_caller_comes_back() -> None:
    desk, behind, _ = opened()
    behind.answer = Pending(3.0)
    first = await desk.ask(GLOVES, ANNA)
    again = await desk.fetch(first.ticket, ANNA)
    assert isinstance(again, Later)
    behind.answer = Found(STOCK.example_answer)
    assert isinstance(await desk.fetch(again.ticket, ANNA), Answered)
    assert len(behind.asked) == 3


async def test_tickets_are_bounded() -> None:
    desk, behind, _ = opened()
    behind.answer = Pending(1.0)
    tickets = [(await desk.ask(StockQuery(product=f"P-{n}"), ANNA)).ticket for n in range(MOST_KEPT + 5)]
    assert await desk.fetch(tickets[0], ANNA) is None
    assert isinstance(await desk.fetch(tickets[-1], ANNA), Later)


async def test_equal_questions_at_one_time_are_one_call() -> None:
    desk, behind, _ = opened()
    behind.hold()
    asking = [asyncio.ensure_future(desk.ask(GLOVES, who)) for who in (ANNA, BERT, ANNA)]
    other = asyncio.ensure_future(desk.ask(MASKS, ANNA))
    await behind.until(2)
    behind.release()
    answers = await asyncio.gather(*asking)
    assert len({one.body for one in answers}) == 1
    await other
    assert (len(behind.asked), desk.figures.coalesced) == (2, 2)


async def test_too_many_questions_at_once_are_refused_and_equal_ones_still_join() -> None:
    desk, behind, _ = opened(concurrency=1)
    behind.hold()
    asking = asyncio.ensure_future(desk.ask(GLOVES, ANNA))
    await behind.until(1)
    with pytest.raises(Throttled):
        await desk.ask(MASKS, ANNA)
    joining = asyncio.ensure_future(desk.ask(GLOVES, BERT))
    behind.release()
    assert isinstance(await asking, Answered)
    assert isinstance(await joining, Answered)
    assert isinstance(await desk.ask(MASKS, ANNA), Answered)
    assert desk.figures.outcomes["busy"] == 1


async def test_an_answer_is_kept_for_as_long_as_was_declared() -> None:
    desk, behind, clock = opened(cache_seconds=30)
    first = await desk.ask(GLOVES, ANNA)
    await clock.advance(29.0)
    kept = await desk.ask(GLOVES, BERT)
    assert (kept.body, kept.etag, kept.age) == (first.body, first.etag, 29.0)
    await clock.advance(1.0)
    assert (await desk.ask(GLOVES, ANNA)).age == 0.0
    assert (len(behind.asked), desk.figures.hit_ratio) == (2, 1 / 3)


async def test_an_event_ends_what_is_kept() -> None:
    desk, behind, _ = opened(cache_seconds=30, invalidated_by=frozenset({"patient.updated.v1"}))
    await desk.ask(GLOVES, ANNA)
    await desk.ask(MASKS, ANNA)
    assert desk.invalidate("patient.merged.v1") == 0
    assert desk.invalidate("patient.updated.v1") == 2
    await desk.ask(GLOVES, ANNA)
    assert len(behind.asked) == 3


async def test_what_was_asked_before_an_event_is_neither_kept_nor_joined_after_it() -> None:
    desk, behind, _ = opened(cache_seconds=30, invalidated_by=frozenset({"patient.updated.v1"}))
    behind.hold()
    before = asyncio.ensure_future(desk.ask(GLOVES, ANNA))
    await behind.until(1)
    desk.invalidate("patient.updated.v1")
    after = asyncio.ensure_future(desk.ask(GLOVES, ANNA))
    await behind.until(2)
    assert desk.figures.coalesced == 0
    desk.invalidate("patient.updated.v1")
    behind.release()
    await asyncio.gather(before, after)
    await desk.ask(GLOVES, ANNA)
    assert (len(behind.asked), desk.figures.hits) == (3, 0)
    assert (await desk.ask(GLOVES, ANNA)).age == 0.0
    assert (len(behind.asked), desk.figures.hits) == (3, 1)


@pytest.mark.parametrize("error", [Unavailable("away"), PermanentError("no")])
async def test_a_failing_system_is_told_not_asked_again_and_not_kept(error: Exception) -> None:
    desk, behind, _ = opened(cache_seconds=30)
    behind.answer = error
    with pytest.raises(type(error)):
        await desk.ask(GLOVES, ANNA)
    assert len(behind.asked) == 1
    behind.answer = Found(STOCK.example_answer)
    assert isinstance(await desk.ask(GLOVES, ANNA), Answered)


async def test_a_bug_behind_a_look_up_is_told_by_its_type(caplog: pytest.LogCaptureFixture) -> None:
    desk, behind, _ = opened()
    behind.answer = KeyError("QUILLFEATHER")
    with pytest.raises(PermanentError) as told:
        await desk.ask(GLOVES, ANNA)
    assert "KeyError" in caplog.text
    assert "QUILLFEATHER" not in caplog.text + str(told.value)


async def test_a_run_that_is_no_coroutine_is_a_bug_and_no_crash() -> None:
    def broken(asked: Any, budget: float) -> Any:
        raise TypeError("QUILLFEATHER")

    desk = Desk(replace(Behind().lookup(), run=broken), VirtualClock())
    with pytest.raises(PermanentError):
        await desk.ask(GLOVES, ANNA)
    assert desk.figures.outcomes == {"failed": 1}


async def test_an_answer_of_another_shape_is_refused() -> None:
    desk, behind, _ = opened()
    behind.answer = Found({"product": "GLOVE-M", "surprise": "QUILLFEATHER"})
    with pytest.raises(PermanentError) as told:
        await desk.ask(GLOVES, ANNA)
    assert "QUILLFEATHER" not in str(told.value)


async def test_closing_stops_what_is_under_way() -> None:
    clock, behind = VirtualClock(), Behind(ELIGIBILITY)
    lookups = Lookups([behind.lookup()], clock)
    behind.hold()
    (desk,) = lookups
    asking = asyncio.ensure_future(desk.ask(ELIGIBILITY.parameters(payer="1", member="2"), ANNA))
    await behind.until(1)
    await lookups.close()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert desk.figures.under_way == 0


async def test_figures_say_what_outgrew_its_bounds() -> None:
    desk, behind, clock = opened(budget_seconds=1.0, timeout_seconds=9.0)
    assert (desk.figures.p95, desk.figures.hit_ratio, desk.figures.outgrown()) == (None, None, [])
    behind.answer = Found(STOCK.example_answer, frozenset({"erp", "warehouse", "supplier"}), attempts=2)
    behind.hold()
    for number in range(20):
        asking = asyncio.ensure_future(desk.ask(StockQuery(product=f"P-{number}"), ANNA))
        await behind.until(number + 1)
        await clock.until_sleeping(2)
        await clock.advance(1.5)
        await asking
        behind.release()
        await desk.fetch((await asking).ticket, ANNA)
        behind.hold()
    assert desk.figures.p95 == 1.5
    reasons = " ".join(desk.figures.outgrown())
    assert "asks 3 systems, at most 2" in reasons
    assert "it retries" in reasons
    assert "longer than its budget of 1 s" in reasons
    assert "has to come back" in reasons


async def test_one_undeclared_system_is_noticed() -> None:
    desk, behind, _ = opened()
    behind.answer = Found(STOCK.example_answer, frozenset({"warehouse"}))
    await desk.ask(GLOVES, ANNA)
    assert desk.figures.outgrown() == ["asks a system that it does not declare"]
