"""Open cases about which nothing is parked: seen, closed with an audit entry, and never mixed up with parked ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from careloom.core.envelope import Recorded
from careloom.core.outcomes import Done, Park
from careloom.core.receipts import Conflicting, Received
from careloom.log.handling import Handled, Subscription
from careloom.log.lanes import Bank
from careloom.log.operators import Act, NothingThere
from careloom.log.steps import Item

Message = Callable[..., Received]
Make = Callable[..., Subscription]


async def _audits(log: Any, node: Any) -> list[tuple[str, dict[str, Any]]]:
    rows = await log.rows("select * from event where kind = 'a' order by recorded, seq")
    async with log.database.acquire() as connection:
        keys = await node.keyring.open(connection, {row["key"] for row in rows})
    opened = [Item.of(row).opened(keys[row["key"]]) for row in rows]
    return [(one.type, json.loads(one.data)) for one in opened]


async def _reused(log: Any, message: Message) -> tuple[Any, Any]:
    """A node whose sender used an id twice, and the case that this opened."""
    node = await log.node()
    await node.intake.accept(message("M1", body="one"))
    assert isinstance(await node.intake.accept(message("M1", body="other")), Conflicting)
    (case,) = await log.operators(node).loose_cases()
    return node, case


async def test_a_reused_message_id_is_an_open_case_that_can_be_seen(log: Any, message: Message) -> None:
    node, case = await _reused(log, message)
    operators = log.operators(node)
    assert (case["kind"], case["field"], case["system"], case["type"], case["parked"], case["behind"]) == (
        "delivery", "message id", "ehr", "hl7v2:ADT^A04", False, 0
    )  # fmt: skip
    assert (case["subscription"], case["lane"], case["seq"]) == (None, None, None)
    for id_ in (case["case_id"], case["message"]):
        assert len(await operators.loose_cases(id_)) == 1
    assert await operators.loose_cases(uuid4()) == []
    assert await operators.parked() == []


async def test_it_is_closed_once_with_who_and_why(log: Any, message: Message, act: Act) -> None:
    node, case = await _reused(log, message)
    operators = log.operators(node)
    await operators.resolve(case["case_id"], act)
    (row,) = await log.rows("select state, resolution, resolved_by from work_case")
    assert tuple(row) == ("resolved", act.reason, act.by)
    expected = {"by": act.by, "reason": act.reason, "subscription": "", "targets": [str(case["case_id"])]}
    assert await _audits(log, node) == [("case.resolved.v1", expected)]
    assert await operators.loose_cases() == []
    with pytest.raises(NothingThere, match="no open case"):
        await operators.resolve(case["case_id"], act)
    assert len(await _audits(log, node)) == 1, "what was not done leaves no audit"


async def test_the_case_stays_open_when_the_audit_entry_cannot_be_written(
    log: Any, message: Message, act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    node, case = await _reused(log, message)

    async def fail(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(node.writer, "write", fail)
    with pytest.raises(OSError, match="no room"):
        await log.operators(node).resolve(case["case_id"], act)
    assert await log.value("select state from work_case") == "open"


async def test_the_same_mistake_after_it_was_resolved_is_a_new_case(log: Any, message: Message, act: Act) -> None:
    node, case = await _reused(log, message)
    await node.intake.accept(message("M1", body="other again"))
    assert await log.value("select count(*) from work_case") == 1
    await log.operators(node).resolve(case["case_id"], act)
    await node.intake.accept(message("M1", body="other again"))
    (again,) = await log.operators(node).loose_cases()
    assert again["case_id"] != case["case_id"]


async def test_the_case_of_a_parked_event_is_not_loose_and_cannot_be_resolved_past_it(
    log: Any, message: Message, act: Act
) -> None:
    def translator(_: Recorded) -> Handled:
        return Handled(Park("unreadable"))

    node = await log.node(Subscription("translate", Bank.MESSAGES, translator))
    await node.intake.accept(message("M1"))
    await log.eventually(lambda: log.value("select count(*) from parked"))
    operators = log.operators(node)
    (parked,) = await operators.parked()
    assert (parked["parked"], await operators.loose_cases()) == (True, [])
    with pytest.raises(NothingThere, match="retried or discarded"):
        await operators.resolve(parked["case_id"], act)
    assert await log.value("select count(*) from event where kind = 'a'") == 0
    await log.rows("delete from parked")
    assert [row["case_id"] for row in await operators.loose_cases()] == [parked["case_id"]], "left over, so it shows"


async def test_a_replay_of_an_unknown_subscription_is_no_empty_set(log: Any, message: Message) -> None:
    node = await log.node()
    moment = log.clock.now()
    with pytest.raises(NothingThere, match="careloom status"):
        await log.operators(node).preview("delivr", moment, moment, None, None, 10)


@pytest.fixture
async def erasing(log: Any, message: Message) -> Any:
    """A node that took in messages of one number under two assigners, of a number with a slash, and of nobody."""

    async def done(_: Recorded) -> Handled:
        return Handled(Done())

    node = await log.node(Subscription("translate", Bank.MESSAGES, done))
    subjects = ("Patient/NORTH/1", "Patient/NORTH/1", "Patient/SOUTH/1", "Patient/NORTH/A%2F2", "Message/ORU/LAB")
    for number, subject in enumerate(subjects):
        await node.intake.accept(message(f"M{number}", subject))
    await log.settled(len(subjects))
    return node


async def test_a_record_number_is_looked_up_under_every_assigner(log: Any, erasing: Any, act: Act) -> None:
    operators = log.operators(erasing)
    found = await operators.erasable("1")
    assert [(one.subject, one.messages, one.events, one.parked) for one in found] == [
        ("Patient/NORTH/1", 2, 0, 0), ("Patient/SOUTH/1", 1, 0, 0),
    ]  # fmt: skip
    assert found[0].first is not None and found[0].last is not None and found[0].first <= found[0].last
    assert [one.subject for one in await operators.erasable("Patient/SOUTH/1")] == ["Patient/SOUTH/1"]
    assert [one.subject for one in await operators.erasable("A/2")] == ["Patient/NORTH/A%2F2"]
    await operators.erase("Patient/NORTH/1", act)
    assert [one.subject for one in await operators.erasable("1")] == ["Patient/SOUTH/1"]


async def test_only_patients_are_found_never_the_log_of_acts(log: Any, erasing: Any, act: Act) -> None:
    operators = log.operators(erasing)
    await operators.pause("translate", act)
    for name in (act.by, f"Audit/{act.by}", "LAB", "Message/ORU/LAB", "2", "Patient/NORTH/2", "Patient/NORTH", ""):
        assert await operators.erasable(name) == [], name


async def test_subscriptions_say_who_paused_them(log: Any, erasing: Any, act: Act) -> None:
    operators = log.operators(erasing)
    await operators.pause("translate", act)
    (row,) = await operators.subscriptions()
    assert tuple(row) == ("translate", "m", True, act.reason, act.by)
