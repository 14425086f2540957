"""A message is found by what people know of it, and its journey shows everything that came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from careloom.core.envelope import Kind, Recorded
from careloom.core.outcomes import Done, Park, Retry
from careloom.core.receipts import Received
from careloom.log.handling import Handled, Handler, Subscription
from careloom.log.journey import find, journey

Message = Callable[..., Received]
Make = Callable[..., Subscription]


async def test_a_message_is_found_by_its_id_its_events_the_senders_id_and_its_patient(
    log: Any, message: Message, translate: Make
) -> None:
    node = await log.node(translate("nobody.v1"))
    receipt = await node.intake.accept(message("M1", "Patient/GENHOSP/MRN42"))
    await node.intake.accept(message("M2", "Patient/GENHOSP/MRN43"))
    await log.settled(2)
    event = await log.value("select id from event where kind = 'e' and correlation = $1", receipt.id)
    for wanted in (str(receipt.id), str(event), "M1", "MRN42", "Patient/GENHOSP/MRN42"):
        assert await find(log.database, node.keyring, wanted) == [receipt.id], wanted


async def test_the_messages_of_a_patient_come_newest_first(log: Any, message: Message) -> None:
    node = await log.node()
    receipts = [await node.intake.accept(message(f"M{number}")) for number in range(3)]
    assert await find(log.database, node.keyring, "MRN1") == [receipt.id for receipt in reversed(receipts)]


async def test_the_same_id_of_two_senders_finds_both(log: Any, message: Message) -> None:
    node = await log.node()
    receipts = [await node.intake.accept(message("M1", system=system)) for system in ("ehr", "lab", "portal")]
    found = await find(log.database, node.keyring, "M1")
    assert sorted(found) == sorted(receipt.id for receipt in receipts)


async def test_nothing_is_found_for_what_is_not_there(log: Any, message: Message) -> None:
    node = await log.node()
    assert await find(log.database, node.keyring, "M1") == []
    await node.intake.accept(message("M1"))
    assert await find(log.database, node.keyring, "M2") == []
    assert await find(log.database, node.keyring, str(uuid4())) == []
    assert await journey(log.database, node.keyring, uuid4()) is None


async def test_the_journey_shows_events_deliveries_attempts_and_what_is_parked(
    log: Any, message: Message, translate: Make, deliver: Make, saying: Callable[..., Handler]
) -> None:
    async def park(_: Recorded) -> Handled:
        return Handled(Park("wrong"))

    node = await log.node(translate(), deliver(saying(Retry("not yet"), Done("res.partner/1"))), deliver(park, "parks"))
    receipt = await node.intake.accept(message("M1", body="hello", others=("Patient/GENHOSP/MRN2",)))
    await log.eventually(lambda: log.value("select count(*) from delivery where subscription = 'deliver'"))
    await log.eventually(lambda: log.value("select count(*) from parked where state = 'case'"))
    found = await journey(log.database, node.keyring, receipt.id)
    assert (found.message, found.key, found.system) == (receipt.id, "M1", "ehr")
    assert [(event.kind, event.data) for event in found.events] == [(Kind.MESSAGE, b"hello"), (Kind.EVENT, b"hello")]
    assert found.events[1].causation == receipt.id
    assert {(row["subscription"], row["outcome"]) for row in found.deliveries} == {
        ("translate", "done"),
        ("deliver", "done"),
    }
    assert [(row["subscription"], row["reason"]) for row in found.attempts if row["subscription"] == "deliver"] == [
        ("deliver", "not yet")
    ]
    assert [(row["subscription"], row["state"]) for row in found.parked] == [("parks", "case")]
