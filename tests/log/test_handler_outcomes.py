"""What becomes of an event for each thing a handler may say about it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from careloom.core.envelope import Recorded
from careloom.core.errors import AmbiguousError, ConfigurationError, HeldBack, MappingError, Rejected, Unavailable
from careloom.core.outcomes import Done, ErrorKind, Park, Retry, Skip
from careloom.core.receipts import Received
from careloom.log.conservation import filtered_reasons
from careloom.log.handling import Handled, Handler, RetryPolicy, Subscription
from careloom.log.lanes import Bank

Message = Callable[..., Received]
Make = Callable[..., Subscription]
CANARY = "Quillfeather"


async def _delivery(log: Any) -> Any:
    """The only delivery to a target."""
    rows = await log.eventually(lambda: log.rows("select * from delivery where subscription = 'deliver'"))
    assert len(rows) == 1
    return rows[0]


async def _parked(log: Any, state: str) -> Any:
    rows = await log.eventually(lambda: log.rows("select * from parked where state = $1", state))
    assert len(rows) == 1
    return rows[0]


async def test_done_is_delivered_once_with_its_reference(
    log: Any, message: Message, translate: Make, deliver: Make, saying: Callable[..., Handler]
) -> None:
    node = await log.node(translate(), deliver(saying(Done("res.partner/42"))))
    await node.intake.accept(message("M1"))
    numbers = await log.settled(1)
    delivery = await _delivery(log)
    assert (delivery["outcome"], delivery["reference"], delivery["attempts"]) == ("done", "res.partner/42", 1)
    assert (numbers.delivered, numbers.filtered) == (1, 0)
    assert await log.value("select count(*) from attempt") == 0


async def test_skip_is_filtered_with_its_reason(
    log: Any, message: Message, translate: Make, deliver: Make, saying: Callable[..., Handler]
) -> None:
    node = await log.node(translate(), deliver(saying(Skip("test patients are not sent"))))
    await node.intake.accept(message("M1"))
    assert (await log.settled(1)).filtered == 1
    assert [tuple(row) for row in await filtered_reasons(log.database)] == [
        ("deliver", "test patients are not sent", 1)
    ]


async def test_a_message_that_is_not_translated_is_filtered(log: Any, message: Message) -> None:
    node = await log.node(Subscription("translate", Bank.MESSAGES, lambda _: Handled(Skip("no flow translates it"))))
    await node.intake.accept(message("M1"))
    assert (await log.settled(1)).filtered == 1
    assert [tuple(row) for row in await filtered_reasons(log.database)] == [("translate", "no flow translates it", 1)]


async def test_an_event_that_nobody_wants_makes_its_message_filtered(
    log: Any, message: Message, translate: Make, deliver: Make, saying: Callable[..., Handler]
) -> None:
    node = await log.node(translate("nobody.cares.v1"), deliver(saying(Done())))
    await node.intake.accept(message("M1"))
    assert (await log.settled(1)).filtered == 1


async def test_a_message_delivered_to_one_and_skipped_by_another_is_delivered(
    log: Any, message: Message, translate: Make, deliver: Make, saying: Callable[..., Handler]
) -> None:
    node = await log.node(translate(), deliver(saying(Done())), deliver(saying(Skip("no")), "other"))
    await node.intake.accept(message("M1"))
    numbers = await log.settled(1)
    assert (numbers.delivered, numbers.filtered) == (1, 0)


async def test_retry_is_tried_again_until_done_and_each_failure_is_on_record(
    log: Any, message: Message, translate: Make, deliver: Make, saying: Callable[..., Handler]
) -> None:
    node = await log.node(translate(), deliver(saying(Retry("not yet"), Unavailable("down"), Done())))
    await node.intake.accept(message("M1"))
    await log.settled(1)
    assert (await _delivery(log))["attempts"] == 3
    attempts = await log.rows("select number, error, reason from attempt order by number")
    assert [tuple(row) for row in attempts] == [(1, "transient", "not yet"), (2, "transient", "down")]
    assert await log.value("select count(*) from parked") == 0
    assert await log.value("select count(*) from work_case") == 0


async def test_when_attempts_run_out_it_is_parked_with_a_case(
    log: Any, message: Message, translate: Make, deliver: Make, saying: Callable[..., Handler]
) -> None:
    retry = RetryPolicy(attempts=3, first_seconds=0.001, longest_seconds=0.002)
    node = await log.node(translate(), deliver(saying(Retry("not yet")), retry=retry))
    await node.intake.accept(message("M1"))
    parked = await _parked(log, "case")
    assert (parked["attempts"], parked["reason"]) == (3, "not yet (given up after 3 attempts)")
    assert await log.value("select count(*) from attempt") == 3
    numbers = await log.numbers()
    assert (numbers.parked, numbers.in_flight, numbers.holds) == (1, 0, True)


@pytest.mark.parametrize(
    ("said", "kind", "case", "field"),
    [
        (Park("wrong plan", field="IN1-2", case="missing-payer-data"), "permanent", "missing-payer-data", "IN1-2"),
        (Rejected("refused by the target", "zip"), "permanent", "rejected-posting", "zip"),
        (MappingError("is empty", "PID-3"), "permanent", "mapping", "PID-3"),
        (AmbiguousError("no answer"), "ambiguous", "ambiguous-outcome", None),
    ],
)
async def test_park_and_lasting_errors_open_one_case_that_says_what_is_wrong(
    log: Any,
    message: Message,
    translate: Make,
    deliver: Make,
    saying: Callable[..., Handler],
    said: Any,
    kind: str,
    case: str,
    field: str | None,
) -> None:
    node = await log.node(translate(), deliver(saying(said)))
    receipt = await node.intake.accept(message("M1"))
    parked = await _parked(log, "case")
    assert (parked["error"], parked["attempts"], parked["message"]) == (kind, 1, receipt.id)
    opened = await log.rows("select * from work_case")
    assert [(row["kind"], row["field"], row["message"], row["system"]) for row in opened] == [
        (case, field, receipt.id, "ehr")
    ]
    assert (opened[0]["lane"], opened[0]["seq"]) == (parked["lane"], parked["seq"])


async def test_a_bug_parks_with_its_type_and_place_and_never_its_text(
    log: Any, message: Message, translate: Make, deliver: Make, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(event: Recorded) -> Handled:
        raise KeyError(event.data.decode())

    with caplog.at_level(logging.DEBUG):
        node = await log.node(translate(), deliver(handler))
        await node.intake.accept(message("M1", body=CANARY))
        parked = await _parked(log, "case")
    assert parked["reason"].startswith("the handler failed: KeyError at test_handler_outcomes.py:")
    stored = await log.rows(
        "select reason from parked union all select reason from attempt union all select reason from work_case"
    )
    assert len(stored) == 3
    assert not any(CANARY in row["reason"] for row in stored)
    assert CANARY not in caplog.text


async def test_a_bug_in_a_translator_parks_the_message(log: Any, message: Message) -> None:
    def translator(_: Recorded) -> Handled:
        raise ZeroDivisionError

    node = await log.node(Subscription("translate", Bank.MESSAGES, translator))
    await node.intake.accept(message("M1"))
    assert "ZeroDivisionError" in (await _parked(log, "case"))["reason"]
    assert (await log.numbers()).parked == 1


@pytest.mark.parametrize("changed", [{"type": "no\0good"}, {"subject": "Patient/\ud800"}, {"time": "naive"}])
async def test_an_event_that_cannot_be_stored_is_a_case_and_holds_up_nobody_else(
    log: Any, message: Message, deliver: Make, sink: Any, event: Any, changed: dict[str, Any]
) -> None:
    def translator(received: Recorded) -> Handled:
        wrong = changed if "time" not in changed else {"time": received.time.replace(tzinfo=None)}
        made = event(received, **wrong) if received.data == b"bad" else event(received)
        return Handled(Done(), (made,))

    async def take(one: Recorded) -> Handled:
        return sink.take(one)

    node = await log.node(Subscription("translate", Bank.MESSAGES, translator), deliver(take))
    await node.intake.accept(message("M1", "Patient/G/1", "bad"))
    await node.intake.accept(message("M2", "Patient/G/2", "good"))
    await sink.until(1)
    assert "cannot be stored" in (await _parked(log, "case"))["reason"]


async def test_words_that_the_database_cannot_take_are_cleaned_not_fatal(
    log: Any, message: Message, translate: Make, deliver: Make, saying: Callable[..., Handler]
) -> None:
    node = await log.node(translate(), deliver(saying(Retry("a\0b\ud800"), Done("x\0y"))))
    await node.intake.accept(message("M1"))
    await log.settled(1)
    assert (await _delivery(log))["reference"] == "x\ufffdy"
    assert await log.value("select reason from attempt") == "a\ufffdb?"


async def test_coroutine_functions_are_found_behind_objects_and_partials(
    log: Any, message: Message, translate: Make, deliver: Make, sink: Any
) -> None:
    class Callable_:
        async def __call__(self, event: Recorded) -> Handled:
            return sink.take(event)

    async def with_extra(_extra: int, event: Recorded) -> Handled:
        return sink.take(event)

    def made(event: Recorded) -> Awaitable[Handled]:
        return with_extra(2, event)

    handlers: list[Any] = [Callable_(), partial(with_extra, 1), made]
    node = await log.node(translate(), *(deliver(one, f"d{place}") for place, one in enumerate(handlers)))
    await node.intake.accept(message("M1"))
    await sink.until(3)
    assert (await log.settled(1)).delivered == 1


async def test_types_that_are_not_wanted_are_passed_over_without_a_trace(
    log: Any, message: Message, translate: Make, deliver: Make, sink: Any
) -> None:
    async def take(event: Recorded) -> Handled:
        return sink.take(event)

    node = await log.node(translate("a.v1", "b.v1"), deliver(take, types=("b.v1",)))
    await node.intake.accept(message("M1"))
    await log.settled(1)
    assert [event.type for event in sink.seen] == ["b.v1"]


async def test_new_events_of_a_delivery_stay_on_the_account_of_their_message(
    log: Any, message: Message, translate: Make, deliver: Make, saying: Callable[..., Handler], event: Any
) -> None:
    async def first(one: Recorded) -> Handled:
        return Handled(Done(), (event(one, "second.v1"),))

    node = await log.node(translate(), deliver(first), deliver(saying(Park("later")), "second", types=("second.v1",)))
    await node.intake.accept(message("M1"))
    await _parked(log, "case")
    numbers = await log.numbers()
    assert (numbers.delivered, numbers.parked, numbers.holds) == (0, 1, True)


async def test_messages_that_could_not_be_accounted_for_are_refused_at_the_start(log: Any, translate: Make) -> None:
    node = await log.node()
    with pytest.raises(ConfigurationError, match="accounted"):
        node.start([translate(types=("hl7v2:ADT^A04",))])
    with pytest.raises(ConfigurationError, match="accounted"):
        node.start([translate(), Subscription("other", Bank.MESSAGES, lambda _: Handled(Done()))])
    assert node.workers == []


def test_kinds_of_errors_are_those_of_the_database() -> None:
    assert {kind.value for kind in ErrorKind} == {"transient", "ambiguous", "permanent"}


async def test_an_outage_of_any_length_uses_up_no_attempt(
    log: Any, message: Message, translate: Make, deliver: Make, saying: Callable[..., Handler]
) -> None:
    """However often the breaker lets a probe through and holds the rest back, nobody has to look at it afterwards."""
    held = [HeldBack("the target is away", retry_after=0.001)] * 20
    node = await log.node(translate(), deliver(saying(*held, Done("x/1")), retry=RetryPolicy(attempts=3)))
    await node.intake.accept(message("M1"))
    numbers = await log.settled(1)

    assert (numbers.delivered, numbers.parked) == (1, 0)
    assert (await _delivery(log))["attempts"] == 1
    assert await log.value("select count(*) from work_case") == 0


async def test_a_message_whose_events_nobody_wants_is_filtered_and_says_so(
    log: Any, message: Message, translate: Make
) -> None:
    node = await log.node(translate("encounter.renamed.v1"))
    await node.intake.accept(message("M1"))
    numbers = await log.settled(1)

    assert numbers.filtered == 1
    reasons = [row["reason"] for row in await filtered_reasons(log.database)]
    assert reasons == ["no subscription wants encounter.renamed.v1"]
