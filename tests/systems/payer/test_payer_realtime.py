"""Questions to a payer on a real socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from careloom.core.errors import AmbiguousError, ConfigurationError, ContractBroken, MappingError, Rejected, Unavailable
from careloom.core.outcomes import Done, ErrorKind, Park, Retry, Skip
from careloom.formats import x12
from careloom.model import (
    AuthorizationDenied,
    AuthorizationGranted,
    EligibilityRequested,
    Identifier,
    Organization,
    decode,
    encode,
)
from careloom.systems.http.calls import CredentialsRefused
from careloom.systems.http.fake import Request, answering
from careloom.systems.payer.connector import Payer, Settings
from careloom.systems.payer.fake import FakePayer, http, wrapped
from careloom.systems.payer.trials import request as authorization
from careloom.systems.trial import SURNAME, event
from careloom.testing.clock import VirtualClock
from careloom.testing.surroundings import World

Open = Callable[..., Awaitable[tuple[Payer, FakePayer]]]
Sample = Callable[[str], list[Any]]
STYLES = ["core-mime", "core-soap", "json", "raw"]


def asking(question: EligibilityRequested, member: str) -> EligibilityRequested:
    """The same question about another member."""
    [number] = question.patient.identifier if question.patient else ()
    patient = msgspec.structs.replace(question.patient, identifier=(msgspec.structs.replace(number, value=member),))
    coverage = msgspec.structs.replace(question.request.coverage, subscriber_id=member)
    return msgspec.structs.replace(
        question, patient=patient, request=msgspec.structs.replace(question.request, coverage=coverage)
    )


def recorded(number: int, question: EligibilityRequested) -> Any:
    return msgspec.structs.replace(event(number), type=question.type, data=encode(question))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("member", "active", "outcome"), [("A1", True, "complete"), ("I1", False, "complete"), ("N1", None, "error")]
)
async def test_whether_somebody_is_covered(
    asked: Open, sample: Sample, style: str, member: str, active: bool | None, outcome: str
) -> None:
    payer, _ = await asked(style)
    [question] = sample("270_subscriber.edi")
    answer = await payer.eligibility(asking(question, member))
    assert (answer.response.active, answer.response.outcome) == (active, outcome)
    assert answer.response.request[0] == question.request.identifier[0]


async def test_the_answer_is_in_the_log_and_nothing_is_waited_for(asked: Open, sample: Sample, world: World) -> None:
    payer, _ = await asked()
    [question] = sample("270_subscriber.edi")
    await payer.eligibility(asking(question, "A1"))
    assert [message.type for message in world.intake.messages] == ["x12:271"]
    assert world.expectations.waiting == []


async def test_what_was_not_answered_is_waited_for(asked: Open, sample: Sample, world: World) -> None:
    payer, fake = await asked()
    fake.target.reply = lambda _: None
    [question] = sample("270_subscriber.edi")
    with pytest.raises(Unavailable):
        await payer.eligibility(asking(question, "A1"))
    assert [one.kind for one in world.expectations.waiting] == ["271"]
    fake.target.reply = fake.answer
    await payer.eligibility(asking(question, "A1"))
    assert world.expectations.waiting == []


async def test_the_same_question_has_the_same_number(asked: Open, sample: Sample) -> None:
    payer, fake = await asked()
    [question] = sample("270_subscriber.edi")
    for key in ("", "", "other"):
        await payer.eligibility(asking(question, "A1"), key)
    assert len(fake.target.requests) == 3
    assert len({one.interchange.control_number for one in fake.asked}) == 2


async def test_where_a_claim_stands(asked: Open, sample: Sample) -> None:
    payer, _ = await asked("json")
    question = sample("276_claim_status.edi")[0]
    answer = await payer.status(question)
    assert (answer.response.claim.value, answer.response.state[0].category) == ("ENC-88101", "F1")
    assert answer.response.request.value == "STAT-0001-1"


@pytest.mark.parametrize(("member", "kind"), [("A1", AuthorizationGranted), ("I1", AuthorizationDenied)])
async def test_a_decision(asked: Open, member: str, kind: type) -> None:
    payer, _ = await asked("core-soap")
    outcome = await payer.post(authorization(1, member))
    assert isinstance(outcome, Done)
    sent = decode("authorization.requested.v1", authorization(2, member).data)
    assert isinstance(await payer.authorize(sent), kind)  # type: ignore[arg-type]


async def test_a_delivered_question_is_done_once_its_answer_is_stored(
    asked: Open, sample: Sample, world: World
) -> None:
    payer, fake = await asked()
    [question] = sample("270_subscriber.edi")
    world.intake.fail()
    first = await payer.post(recorded(7, asking(question, "A1")))
    assert isinstance(first, Retry)
    world.intake.recover()
    second = await payer.post(recorded(7, asking(question, "A1")))
    assert isinstance(second, Done)
    assert len(fake.asked) == 1, "the payer knew the repeat by its number"
    assert len(world.intake.messages) == 1


async def test_a_refused_set_waits_for_a_person_and_the_refusal_is_in_the_log(
    asked: Open, sample: Sample, world: World
) -> None:
    payer, _ = await asked()
    [question] = sample("270_subscriber.edi")
    outcome = await payer.post(recorded(1, asking(question, "R1")))
    assert isinstance(outcome, Park) and outcome.kind is ErrorKind.PERMANENT
    assert [message.type for message in world.intake.messages] == ["x12:999"]


async def test_somebody_elses_answer_is_refused_and_kept(asked: Open, sample: Sample, world: World) -> None:
    payer, _ = await asked()
    [question] = sample("270_subscriber.edi")
    with pytest.raises(ContractBroken) as refused:
        await payer.eligibility(asking(question, "S1"))
    assert world.intake.messages == []
    assert len(world.intake.refusals) == 1
    assert "PEPPERCORN" not in str(refused.value)
    assert [one.kind for one in world.expectations.waiting] == ["271"]


async def test_a_request_without_an_answer_is_ambiguous_unless_the_payer_knows_repeats(asked: Open) -> None:
    for knows, expected in ((False, Park), (True, Retry)):
        payer, fake = await asked(knows_repeats=knows)
        fake.target.reply = lambda _: None
        outcome = await payer.post(authorization(1))
        assert isinstance(outcome, expected)
        if isinstance(outcome, Park):
            assert outcome.kind is ErrorKind.AMBIGUOUS


@pytest.mark.parametrize("style", ["core-mime", "core-soap"])
@pytest.mark.parametrize(
    ("code", "error"), [("UnAuthorized", CredentialsRefused), ("Receiver", Unavailable), ("VersionMismatch", Rejected)]
)
async def test_what_the_envelope_says_of_itself(
    asked: Open, sample: Sample, style: str, code: str, error: type[Exception]
) -> None:
    payer, fake = await asked(style)
    fake.target.reply = lambda _: http(*wrapped(style, b"", code))  # type: ignore[arg-type]
    [question] = sample("270_subscriber.edi")
    with pytest.raises(error):
        await payer.eligibility(question)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("body", [b"", b"<a", b"{}", b"--fake\r\n\r\n", b"ISA*short", b'{"x12": 7}', b"\xff\x00"])
async def test_an_answer_that_is_none(asked: Open, sample: Sample, style: str, body: bytes) -> None:
    payer, fake = await asked(style)
    fake.target.reply = lambda _: http('multipart/form-data; boundary="fake"', body)
    [question] = sample("270_subscriber.edi")
    with pytest.raises(ContractBroken):
        await payer.eligibility(question)


async def test_an_answer_in_pieces_of_xml_that_grow_is_refused(asked: Open, sample: Sample) -> None:
    payer, fake = await asked("core-soap")
    bomb = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'
    fake.target.reply = lambda _: http("application/soap+xml", bomb)
    [question] = sample("270_subscriber.edi")
    with pytest.raises(ContractBroken):
        await payer.eligibility(question)


async def test_the_password_stands_in_the_envelope_and_nowhere_else(asked: Open, sample: Sample) -> None:
    payer, fake = await asked("core-mime", user="hospital", password="env:PASSWORD")
    [question] = sample("270_subscriber.edi")
    await payer.eligibility(asking(question, "A1"))
    [request] = fake.target.requests
    assert b'name="Password"\r\n\r\ntrial-password\r\n' in request.body
    assert "trial-password" not in str(request.headers)
    assert b"X12_270_Request_005010X279A1" in request.body


async def test_a_refused_password_stops_the_calls(asked: Open, sample: Sample) -> None:
    payer, fake = await asked()
    fake.target.reply = answering(403)
    [question] = sample("270_subscriber.edi")
    assert isinstance(await payer.post(recorded(1, question)), Park)
    assert isinstance(await payer.post(recorded(2, question)), Retry), "nothing more is asked"
    assert len(fake.target.requests) == 1


async def test_a_payer_that_numbers_all_answers_alike(asked: Open, sample: Sample, world: World) -> None:
    payer, fake = await asked()

    def alike(request: Request) -> bytes:
        answer = fake.take(request)
        control = x12.parse(answer)[0].control_number.encode()
        return http("application/edi-x12", answer.replace(control, b"000000001"))

    fake.target.reply = alike
    [question] = sample("270_subscriber.edi")
    for member in ("A1", "A2", "I3"):
        await payer.eligibility(asking(question, member), key=member)
    assert len(world.intake.messages) == 3


async def test_what_the_event_lacks_is_named(asked: Open, sample: Sample) -> None:
    payer, _ = await asked()
    [question] = sample("270_subscriber.edi")
    anonymous = msgspec.structs.replace(question, patient=None)
    with pytest.raises(MappingError):
        await payer.eligibility(anonymous)
    outcome = await payer.post(recorded(1, anonymous))
    assert isinstance(outcome, Park) and (outcome.case, outcome.field) == ("mapping", "patient")


async def test_other_events_are_none_of_its_business(asked: Open) -> None:
    payer, _ = await asked()
    assert isinstance(await payer.post(event(1)), Skip)


async def test_a_payer_without_a_way_to_ask(world: World, tmp_path: Path, sample: Sample) -> None:
    settings = Settings(sender="A", receiver="B", batch={"outbox": tmp_path})
    payer = Payer(settings, world.around())
    with pytest.raises(ConfigurationError):
        await payer.eligibility(sample("270_subscriber.edi")[0])


async def test_no_error_names_a_person(asked: Open) -> None:
    payer, fake = await asked()
    fake.target.reply = lambda _: http("application/edi-x12", b"ISA" + SURNAME.encode())
    outcome = await payer.post(authorization(1))
    assert SURNAME.lower() not in str(outcome).lower()
    with pytest.raises(AmbiguousError):
        fake.target.reply = lambda _: None
        await payer.authorize(_decoded())


def _decoded() -> Any:
    return decode("authorization.requested.v1", authorization(3).data)


@pytest.mark.parametrize(
    "given",
    [
        {"sender": "A", "receiver": "B"},
        {"sender": "A" * 16, "receiver": "B", "batch": {"outbox": "out"}},
        {"sender": "A", "receiver": "B", "realtime": {"url": "http://edi.example.org/", "password": "env:PASSWORD"}},
        {"sender": "A", "receiver": "B", "realtime": {"url": "https://edi.example.org/", "style": "json", "user": "u"}},
        {"sender": "A", "receiver": "B", "company": "short", "batch": {"outbox": "out"}},
    ],
)
def test_settings_that_cannot_work(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate(given)


async def test_a_request_that_must_not_be_repeated_is_not_sent_again_after_a_crash(asked: Open, world: World) -> None:
    payer, fake = await asked()
    fake.target.reply = lambda _: None
    assert isinstance(await payer.post(authorization(1)), Park)
    fake.target.reply = fake.answer
    outcome = await payer.post(authorization(1))
    assert isinstance(outcome, Park) and outcome.kind is ErrorKind.AMBIGUOUS
    assert len(fake.target.requests) == 1, "nobody knows whether the first took effect"
    assert isinstance(await payer.post(authorization(2)), Done)
    assert isinstance(await payer.post(authorization(2)), Done), "its answer is in the log"
    assert len(fake.target.requests) == 2
    assert len(world.intake.messages) == 1


async def test_one_that_took_no_effect_may_be_sent_again(asked: Open) -> None:
    payer, fake = await asked()
    for refusal in (answering(503), answering(400)):
        fake.target.reply = refusal
        assert not isinstance(await payer.post(authorization(1)), Done)
    fake.target.reply = fake.answer
    assert isinstance(await payer.post(authorization(1)), Done)


async def test_an_answer_that_could_not_be_stored_is_not_asked_for_twice(asked: Open, world: World) -> None:
    payer, fake = await asked()
    world.intake.fail()
    outcome = await payer.post(authorization(1))
    assert isinstance(outcome, Park) and outcome.kind is ErrorKind.AMBIGUOUS
    world.intake.recover()
    assert isinstance(await payer.post(authorization(1)), Park)
    assert len(fake.asked) == 1


async def test_an_answer_that_was_cut_short_is_none(asked: Open, sample: Sample) -> None:
    payer, fake = await asked()

    def cut(request: Request) -> bytes:
        return http("application/edi-x12", fake.take(request))[:-40]

    [question] = sample("270_subscriber.edi")
    fake.target.reply = cut
    with pytest.raises(Unavailable):
        await payer.eligibility(asking(question, "A1"))


async def test_what_was_asked_long_ago_is_forgotten(asked: Open, world: World) -> None:
    payer, _ = await asked()
    await payer.post(authorization(1))
    assert len(world.memory.values) == 2
    assert isinstance(world.clock, VirtualClock)
    await world.clock.advance(200 * 86_400.0)
    await payer.poll()
    assert world.memory.values == {}


async def test_a_question_of_a_flow_is_asked_by_the_desk_and_names_the_payer(asked: Open, sample: Sample) -> None:
    """Flows know the member and the payer's number; a 270 and a 278 need who asks, and the payer by its name too."""
    payer, fake = await asked(
        desk={"provider": "EXAMPLE HOSPITAL", "number": "1999999992", "payers": {"90001": "PLAN"}}
    )
    [question] = sample("270_subscriber.edi")
    insurer = Organization(identifier=(Identifier(value="90001", type="PI"),))
    plain = msgspec.structs.replace(question.request, provider=None, insurer=insurer)
    asking_ = asking(msgspec.structs.replace(question, request=plain), "A1")
    assert isinstance(await payer.post(recorded(1, asking_)), Done)
    wanted = decode("authorization.requested.v1", authorization(2, "A1").data)
    bare = msgspec.structs.replace(wanted.request, provider=None, requester=None, insurer=insurer)  # type: ignore[attr-defined]
    assert isinstance(await payer.authorize(msgspec.structs.replace(wanted, request=bare)), AuthorizationGranted)  # type: ignore[type-var,arg-type]
    for one in fake.asked:
        named = {nm1[1]: (nm1[3], nm1[9]) for nm1 in one.find("NM1")}
        assert named["1P"] == ("EXAMPLE HOSPITAL", "1999999992")
        assert named["PR" if one.set_id == "270" else "X3"] == ("PLAN", "90001")


async def test_without_a_desk_a_question_that_says_nobody_who_asks_waits(asked: Open, sample: Sample) -> None:
    payer, _ = await asked()
    [question] = sample("270_subscriber.edi")
    request = msgspec.structs.replace(question.request, provider=None)
    outcome = await payer.post(recorded(1, msgspec.structs.replace(question, request=request)))
    assert isinstance(outcome, Park) and outcome.field == "request.provider"
