"""Every delivery verifies with the published library, has its line in the log, and waits where it must."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook as Reference
from standardwebhooks import WebhookVerificationError

from careloom.core.clock import SystemClock
from careloom.core.errors import Unavailable
from careloom.core.outcomes import Done, ErrorKind, Park, Retry, Skip
from careloom.log.handling import Handled
from careloom.log.steps import Held, Item, step_of
from careloom.systems.http.fake import answering
from careloom.systems.seam import Target
from careloom.systems.trial import Behaviour, event
from careloom.systems.webhook_out.fake import SECRET
from careloom.systems.webhook_out.schedule import schedule_of
from careloom.systems.webhook_out.settings import SCHEDULE, Settings
from careloom.systems.webhook_out.standing import enable

NEW = "whsec_" + base64.b64encode(b"the next secret, of 32 octets...").decode()


@pytest.fixture
def clock() -> SystemClock:
    """The published library has no clock but the machine's."""
    return SystemClock()


def verified(request, secret: str = SECRET):
    return Reference(secret).verify(request.body, request.headers)


async def test_the_published_library_accepts_every_delivery(endpoint, target) -> None:
    made = target()
    assert isinstance(made, Target)
    for number in range(1, 101):
        assert await made.post(event(number)) == Done("HTTP 204")
    for number, request in enumerate(endpoint.target.requests, 1):
        said = verified(request)
        assert said["id"] == request.headers["webhook-id"] == str(event(number).id)
        assert (said["type"], said["specversion"]) == ("patient.updated.v1", "1.0")
        assert said["subject"] == str(event(number).token)
        assert said["data"]["facility"] == "LAKESIDE"
    tampered = replace(endpoint.target.requests[0], body=b"{}")
    with pytest.raises(WebhookVerificationError):
        verified(tampered)


async def test_during_a_rotation_both_secrets_verify_and_afterwards_one(world, endpoint, target, clock) -> None:
    world.learn({"NEW": NEW})
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    await target(secrets=[{"ref": "env:HOOK", "until": until}, {"ref": "env:NEW"}]).post(event(1))
    (first,) = endpoint.target.requests
    assert verified(first, SECRET) and verified(first, NEW)
    ended = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    await target(secrets=[{"ref": "env:HOOK", "until": ended}, {"ref": "env:NEW"}]).post(event(2))
    second = endpoint.target.requests[-1]
    assert verified(second, NEW)
    with pytest.raises(WebhookVerificationError):
        verified(second, SECRET)


async def test_without_a_secret_nothing_is_sent_and_a_new_one_goes_on_at_once(world, endpoint, target) -> None:
    made = target()
    del world.secrets["HOOK"]
    assert isinstance(await made.post(event(1)), Park)
    held = await made.post(event(2))
    assert isinstance(held, Retry) and not held.counted
    assert (endpoint.target.requests, made.state) == ([], "refused")
    world.learn({"HOOK": SECRET})
    assert await made.post(event(2)) == Done("HTTP 204")


@pytest.mark.parametrize(
    ("status", "result", "outcome"),
    [(204, "delivered", Done), (500, "failed", Retry), (429, "failed", Retry), (400, "refused", Park),
     (404, "refused", Park), (301, "refused", Park), (403, "refused", Park), (410, "refused", Retry)],
)  # fmt: skip
async def test_each_attempt_is_on_record(world, endpoint, target, status, result, outcome) -> None:
    endpoint.target.reply = answering(status)
    assert isinstance(await target().post(event(7)), outcome)
    (attempt,) = world.attempts.recorded
    assert (attempt.event, attempt.result, attempt.status) == (event(7).id, result, str(status))
    assert attempt.seconds >= 0 and ("answered" in attempt.detail) == (status != 204)


async def test_attempts_without_an_answer_are_on_record_too(world, endpoint, target) -> None:
    await endpoint.behave(Behaviour.MUTE)
    outcome = await target().post(event(1))
    assert isinstance(outcome, Retry)
    await endpoint.behave(Behaviour.DOWN)
    await target().post(event(1))
    assert [(one.result, one.status) for one in world.attempts.recorded] == [("ambiguous", ""), ("failed", "")]


async def test_an_endpoint_that_keeps_no_ids_is_not_sent_a_second_one_blindly(endpoint, target) -> None:
    await endpoint.behave(Behaviour.MUTE)
    outcome = await target(idempotent=False).post(event(1))
    assert isinstance(outcome, Park) and outcome.kind is ErrorKind.AMBIGUOUS


async def test_a_delivery_counts_although_its_line_could_not_be_kept(world, target) -> None:
    async def failing(attempt) -> None:
        raise Unavailable("the store was told to fail")

    world.attempts.record = failing
    assert await target().post(event(1)) == Done("HTTP 204")


@pytest.mark.parametrize(
    ("filters", "taken"),
    [({}, True), ({"facilities": ["LAKESIDE"]}, True), ({"facilities": ["NORTH"]}, False),
     ({"sources": ["trial"]}, True), ({"sources": ["lab"]}, False),
     ({"facilities": ["LAKESIDE"], "sources": ["lab"]}, False)],
)  # fmt: skip
async def test_an_endpoint_gets_the_facilities_and_sources_it_is_for(endpoint, target, filters, taken) -> None:
    outcome = await target(**filters).post(event(1))
    assert isinstance(outcome, Done if taken else Skip)
    assert len(endpoint.target.requests) == taken


async def test_data_that_names_no_facility_is_of_none(target) -> None:
    made = target(facilities=["LAKESIDE"])
    for change in ({"data": b"a;b", "datacontenttype": "text/csv"}, {"data": b"["}):
        assert isinstance(await made.post(msgspec.structs.replace(event(1), **change)), Skip)


def test_the_log_follows_the_schedule_and_then_opens_a_case() -> None:
    policy = schedule_of((5, 300, 1800))
    item = Item(event(1).position, event(1).id, event(1).kind, "t", "s", event(1).token, event(1).id, None, 0, 1, None)
    now = datetime(2026, 3, 1, tzinfo=UTC)
    steps = [step_of(replace(item, attempts=made), Handled(Retry("down")), policy, now, 0) for made in range(4)]
    waits = [(step.due - now).total_seconds() for step in steps if isinstance(step, Held) and step.due]
    assert [low <= wait <= low * 1.1 for low, wait in zip((5, 300, 1800), waits, strict=True)] == [True] * 3
    last = steps[-1]
    assert isinstance(last, Held) and (last.state, "after 4 attempts" in last.reason) == ("case", True)
    assert schedule_of(SCHEDULE).attempts == 10


def test_what_the_receiver_asks_for_goes_before_the_schedule() -> None:
    item = Item(event(1).position, event(1).id, event(1).kind, "t", "s", event(1).token, event(1).id, None, 0, 1, None)
    now = datetime(2026, 3, 1, tzinfo=UTC)
    step = step_of(item, Handled(Retry("busy", after=42)), schedule_of((5,)), now, 0)
    assert isinstance(step, Held) and step.due == now + timedelta(seconds=42)


async def test_events_that_leave_a_disabled_endpoint_alone_go_when_it_is_enabled(world, endpoint, target) -> None:
    endpoint.target.reply = answering(410)
    made = target()
    first = await made.post(event(1))
    assert isinstance(first, Retry) and not first.counted
    endpoint.target.reply = endpoint._answer
    assert isinstance(await made.post(event(2)), Retry)
    assert len(endpoint.target.requests) == 1
    await enable(world.memory)
    assert await target().post(event(1)) == Done("HTTP 204")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "http://hooks.example.org/"}, "https only"),
        ({"url": "https://10.0.0.7/"}, "not public"),
        ({"url": "https://hooks.example.org/", "secret": None}, "every webhook is signed"),
        ({"url": "https://hooks.example.org/", "secret": SECRET}, "reference"),
        ({"url": "https://hooks.example.org/", "schedule": []}, "at least one wait"),
        ({"url": "https://hooks.example.org/", "headers": {"webhook-id": "1"}}, "set by careloom"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Settings.model_validate({"secret": "env:HOOK", **settings})
