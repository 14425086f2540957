"""Events delivered to a receiver by MLLP: the message it gets, and what is said of each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from uuid import UUID

import msgspec
import pytest

from careloom import model
from careloom.core.clock import SystemClock
from careloom.core.envelope import Recorded
from careloom.core.errors import ConfigurationError
from careloom.core.outcomes import Done, ErrorKind, Park, Retry, Skip
from careloom.core.secrets import SecretRef
from careloom.formats import hl7v2
from careloom.mapping import translate
from careloom.systems.mllp.connector import Settings, open_target
from careloom.systems.mllp.fake import FakeReceiver, answering
from careloom.systems.mllp.target import MllpTarget, control_id_of
from careloom.systems.trial import event

Deliver = Callable[..., MllpTarget]


def no_secrets(ref: SecretRef) -> str:
    raise ConfigurationError("this test has no secrets")


@pytest.fixture
async def receiver() -> AsyncIterator[FakeReceiver]:
    async with FakeReceiver(answering("AA")) as lab:
        yield lab


@pytest.fixture
async def target(receiver: FakeReceiver) -> AsyncIterator[Deliver]:
    made: list[MllpTarget] = []

    def open_(**settings: object) -> MllpTarget:
        given = Settings.model_validate({"direction": "out", "port": receiver.port, "answer_timeout": 0.2} | settings)
        made.append(open_target("lab", given, secrets=no_secrets, clock=SystemClock()))
        return made[-1]

    yield open_
    for one in made:
        await one.close()


async def test_the_receiver_gets_the_event_as_a_message(receiver: FakeReceiver, target: Deliver) -> None:
    told = event(1)
    names = {"receiving_application": "LAB", "receiving_facility": "NORTH", "version": "2.4", "processing_id": "T"}
    outcome = await target(**names).post(told)
    message = hl7v2.parse(receiver.messages[0])
    assert outcome == Done(f"AA {message.control_id}")
    assert [message.get(f"MSH-{field}") for field in (3, 4, 5, 6, 11, 12)] == [
        "CARELOOM", "LAKESIDE", "LAB", "NORTH", "T", "2.4",
    ]  # fmt: skip
    (read,) = translate(message).events
    original = model.decode(told.type, told.data)
    assert isinstance(read, model.PatientUpdated)
    assert isinstance(original, model.PatientUpdated)
    assert read.patient == original.patient


async def test_a_repeat_is_the_same_message_to_the_byte(receiver: FakeReceiver, target: Deliver) -> None:
    one = target(sending_facility="HUB")
    for _ in range(2):
        assert isinstance(await one.post(event(7)), Done)
    assert receiver.messages[0] == receiver.messages[1]
    assert hl7v2.parse_time(hl7v2.peek(receiver.messages[0]).time).datetime == event(7).time
    assert hl7v2.peek(receiver.messages[0]).sending_facility == "HUB"


async def test_what_has_no_form_is_skipped_unsent(receiver: FakeReceiver, target: Deliver) -> None:
    outcome = await target().post(event(1, type="invoice.issued.v1"))
    assert outcome == Skip("there is no HL7 v2 message for invoice.issued.v1")
    assert receiver.messages == []


async def test_what_is_no_event_of_its_type_waits_for_a_person(target: Deliver) -> None:
    broken: Recorded = msgspec.structs.replace(event(1), data=b'{"patient": 1}')
    outcome = await target().post(broken)
    assert isinstance(outcome, Park)
    assert outcome.field == "$.patient"


def test_versions_that_cannot_carry_every_message_are_refused() -> None:
    with pytest.raises(ValueError, match="version"):
        Settings.model_validate({"direction": "out", "port": 1, "version": "2.2"})


@pytest.mark.parametrize(("code", "expected"), [("AE", Park), ("AR", Retry)])
async def test_a_refusal_is_told(receiver: FakeReceiver, target: Deliver, code: str, expected: type) -> None:
    receiver.reply = answering(code)
    assert isinstance(await target().post(event(1)), expected)


async def test_silence_is_ambiguous(receiver: FakeReceiver, target: Deliver) -> None:
    receiver.reply = lambda _: None
    outcome = await target().post(event(1))
    assert isinstance(outcome, Park)
    assert outcome.kind is ErrorKind.AMBIGUOUS


async def test_a_receiver_that_is_away_holds_calls_back(receiver: FakeReceiver, target: Deliver) -> None:
    one = target()
    await receiver.open(False)
    outcomes = [await one.post(event(number)) for number in range(1, 20)]
    assert all(isinstance(outcome, Retry) for outcome in outcomes)
    assert one.retry_after > 0
    assert outcomes[-1] != outcomes[0]  # the last ones were not tried, and do not count
    assert isinstance(outcomes[-1], Retry)
    assert not outcomes[-1].counted


def test_control_ids_differ_as_their_events_do_and_fit() -> None:
    ids = {control_id_of(UUID(int=number)) for number in (*range(1000), 2**99, 2**100 - 1)}
    assert len(ids) == 1002
    assert {len(one) for one in ids} == {20}
    assert control_id_of(UUID(int=33)) == "00000000000000000011"
    assert all(one.isascii() and one.isalnum() for one in ids)


def test_settings_of_the_other_direction_are_refused() -> None:
    with pytest.raises(ValueError, match="does not use sending_application"):
        Settings(port=0, sending_application="HUB")
