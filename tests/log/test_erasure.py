"""Erasing a subject: its bodies are gone, the log still verifies, everybody else is untouched."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from careloom.core.envelope import Recorded
from careloom.core.receipts import Accepted, Received
from careloom.log.handling import Handled, Subscription
from careloom.log.journey import journey
from careloom.log.operators import Act, NothingThere
from careloom.log.steps import Item
from careloom.log.verification import verify

Message = Callable[..., Received]
Make = Callable[..., Subscription]
ERASED, KEPT = "Patient/G/erased", "Patient/G/kept"


async def _readable(log: Any, node: Any) -> set[str]:
    """Bodies that can still be opened."""
    rows = await log.rows("select * from event where kind <> 'a'")
    async with log.database.acquire() as connection:
        keys = await node.keyring.open(connection, {row["key"] for row in rows})
    return {Item.of(row).opened(keys[row["key"]]).data.decode() for row in rows if row["key"] in keys}


async def test_bodies_of_an_erased_subject_cannot_be_read_and_the_chain_still_verifies(
    log: Any, message: Message, act: Act
) -> None:
    node = await log.node()
    await node.intake.accept(message("M1", ERASED, "secret"))
    await node.intake.accept(message("M2", KEPT, "kept"))
    assert await _readable(log, node) == {"secret", "kept"}
    await log.operators(node).erase(ERASED, act)
    assert await _readable(log, node) == {"kept"}
    assert await _readable(log, await log.node()) == {"kept"}
    assert (await verify(log.database)).broken_at is None


async def test_what_was_not_yet_handled_is_skipped_as_erased(
    log: Any, message: Message, translate: Make, deliver: Make, sink: Any, act: Act
) -> None:
    async def take(event: Recorded) -> Handled:
        return sink.take(event)

    node = await log.node()
    await node.intake.accept(message("M1", ERASED))
    await node.intake.accept(message("M2", KEPT))
    await log.operators(node).erase(ERASED, act)
    node.start([translate(), deliver(take)])
    numbers = await log.settled(2)
    assert (numbers.delivered, numbers.filtered) == (1, 1)
    assert await log.value("select reason from delivery where outcome = 'skipped'") == "the subject was erased"
    assert [event.subject for event in sink.seen] == [KEPT]


async def test_an_erased_subject_that_comes_back_has_a_new_key_and_the_old_stays_closed(
    log: Any, message: Message, translate: Make, deliver: Make, sink: Any, act: Act
) -> None:
    async def take(event: Recorded) -> Handled:
        return sink.take(event)

    node = await log.node()
    await node.intake.accept(message("M1", ERASED, "old"))
    await log.operators(node).erase(ERASED, act)
    assert isinstance(await node.intake.accept(message("M2", ERASED, "new")), Accepted)
    assert await _readable(log, node) == {"new"}
    node.start([translate(), deliver(take)])
    numbers = await log.settled(2)
    assert (numbers.delivered, numbers.filtered, numbers.parked) == (1, 1, 0)
    assert sink.texts() == ["new"]
    assert (await verify(log.database)).broken_at is None


async def test_a_node_that_remembers_the_old_key_does_not_seal_with_it(log: Any, message: Message, act: Act) -> None:
    remembering, erasing = await log.node(), await log.node()
    await remembering.intake.accept(message("M1", ERASED, "old"))
    assert remembering.keyring.cached(ERASED) is not None
    await log.operators(erasing).erase(ERASED, act)
    assert remembering.keyring.cached(ERASED) is not None  # it heard nothing
    assert isinstance(await remembering.intake.accept(message("M2", ERASED, "new")), Accepted)
    assert await _readable(log, await log.node()) == {"new"}


async def test_the_journey_of_an_erased_message_shows_what_happened_without_its_body(
    log: Any, message: Message, act: Act
) -> None:
    node = await log.node()
    receipt = await node.intake.accept(message("M1", ERASED))
    await log.operators(node).erase(ERASED, act)
    found = await journey(log.database, node.keyring, receipt.id)
    assert (found.key, found.system, list(found.events)) == ("M1", "ehr", [])


async def test_erasing_is_on_record_without_the_name_of_the_subject(log: Any, message: Message, act: Act) -> None:
    node = await log.node()
    await node.intake.accept(message("M1", ERASED))
    await log.operators(node).erase(ERASED, act)
    row = (await log.rows("select * from event where kind = 'a'"))[0]
    async with log.database.acquire() as connection:
        keys = await node.keyring.open(connection, {row["key"]})
    content = json.loads(Item.of(row).opened(keys[row["key"]]).data)
    assert (row["type"], content["by"], content["reason"]) == ("subject.erased.v1", act.by, act.reason)
    assert content["targets"] == [str(log.master.token(ERASED))]


async def test_nobody_is_erased_twice_or_by_a_wrong_name(log: Any, message: Message, act: Act) -> None:
    node = await log.node()
    await node.intake.accept(message("M1", ERASED))
    operators = log.operators(node)
    await operators.erase(ERASED, act)
    for subject in (ERASED, "Patient/G/unknown"):
        with pytest.raises(NothingThere, match="no such subject") as refused:
            await operators.erase(subject, act)
        assert subject not in str(refused.value)
