"""Notices: by mail to an independent server and by webhook to one that verifies; consent, quiet hours, once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiosmtpd.smtp import SMTP
from tests.workflow.conftest import MASTER, House, house_on

from careloom.core.clock import SystemClock
from careloom.core.errors import ConfigurationError, Rejected, Unavailable
from careloom.store.database import Database
from careloom.systems.registry import kinds
from careloom.systems.smtp.connector import Settings, connect
from careloom.systems.webhook_out.connector import WebhookTarget
from careloom.systems.webhook_out.fake import SECRET, Endpoint
from careloom.testing.clock import VirtualClock
from careloom.testing.surroundings import World
from careloom.workflow.declaration import Workflow
from careloom.workflow.notifying import (
    MailChannel,
    Message,
    Notified,
    Notifier,
    Quiet,
    Recipient,
    WebhookChannel,
    notify,
)
from careloom.workflow.run import Run
from careloom.workflow.templates import APPROVAL_WAITS, SHIPPED, CaseTold, Notice, Templates


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    day: str
    diagnosis: str


VISIT = Notice("visit", Visit, "patient")
OTTILIE = Recipient("MRN-7", "patient", "ottilie@example.org", frozenset({"mail", "webhook"}))
NIGHT = Quiet(time(20), time(8), "America/Chicago")


class Box:
    """A channel in memory; `fail` is raised first."""

    def __init__(self) -> None:
        self.told: list[tuple[Recipient, Message]] = []
        self.fail: list[Exception] = []

    async def tell(self, recipient: Recipient, message: Message) -> str:
        if self.fail:
            raise self.fail.pop(0)
        self.told.append((recipient, message))
        return ""


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def templates(tmp_path: Path) -> Templates:
    (tmp_path / "notices").mkdir()
    (tmp_path / "notices" / "visit.txt").write_text("Subject: Your visit\n\nPlease come on {day}.\n")
    return Templates([*SHIPPED, VISIT], tmp_path)


def telling(to: Recipient, **options: Any) -> Workflow:
    async def remind(run: Run, key: str) -> Notified:
        return await notify(run, VISIT, to, Visit(day="2 March", diagnosis="flu"), key=key, **options)

    return Workflow("remind", remind)


def notifier(database: Database, clock: Any, templates: Templates, **channels: Any) -> Notifier:
    return Notifier(database, MASTER, templates, clock, channels)


async def told(house: House, workflow: Workflow, key: str = "visit-1") -> Notified:
    run = await house.begin(workflow, key)
    await house.settle()
    return await outcome(house, run)


async def outcome(house: House, run: Any) -> Notified:
    return msgspec.json.decode((await house.result(run))[1], type=Notified)


async def test_told_once_for_a_key_within_the_window(
    database: Database, clock: VirtualClock, box: Box, templates: Templates
) -> None:
    workflow = telling(OTTILIE, window="1d")
    async with house_on(
        database, [workflow], clock=clock, further=[notifier(database, clock, templates, mail=box)]
    ) as house:
        assert (await told(house, workflow)).sent
        assert await told(house, workflow) == Notified(sent=False, why="it was told before")
        assert (await told(house, workflow, "visit-2")).sent
        await house.later(86_400)
        assert (await told(house, workflow)).sent
    assert [message.text for _, message in box.told] == ["Please come on 2 March.\n"] * 3
    rows = await house.rows("select name || channel || token as row from notice")
    assert "MRN-7" not in str([dict(row) for row in rows])


@pytest.mark.parametrize("channel", ["mail", "webhook"])
async def test_without_consent_to_that_channel_nobody_is_told(
    database: Database, clock: VirtualClock, box: Box, templates: Templates, channel: Any
) -> None:
    other = frozenset({"mail", "webhook"} - {channel})
    workflow = telling(replace(OTTILIE, consents=other), channel=channel)
    async with house_on(
        database, [workflow], clock=clock, further=[notifier(database, clock, templates, mail=box, webhook=box)]
    ) as house:
        assert await told(house, workflow) == Notified(sent=False, why=f"there is no consent to {channel}")
        assert await house.rows("select * from notice") == []
    assert box.told == []


@pytest.mark.parametrize("urgent", [False, True])
async def test_in_quiet_hours_the_run_sleeps_unless_it_is_urgent(
    database: Database, box: Box, templates: Templates, urgent: bool
) -> None:
    clock = VirtualClock(datetime(2026, 3, 2, 4, 30, tzinfo=UTC))  # 22:30 in Chicago
    workflow = telling(replace(OTTILIE, quiet=NIGHT), urgent=urgent)
    async with house_on(
        database, [workflow], clock=clock, further=[notifier(database, clock, templates, mail=box)]
    ) as house:
        run = await house.begin(workflow, "visit-1")
        await house.settle()
        assert len(box.told) == (1 if urgent else 0)
        if not urgent:
            await house.later(9.5 * 3600 - 1)
            assert box.told == []
            await house.later(1)
        assert (await outcome(house, run)).sent and len(box.told) == 1


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-03-02T01:59:59Z", None),
        ("2026-03-02T02:00:00Z", "2026-03-02T14:00:00Z"),
        ("2026-03-02T13:59:59Z", "2026-03-02T14:00:00Z"),
        ("2026-03-02T14:00:00Z", None),
        ("2026-03-08T05:00:00Z", "2026-03-08T13:00:00Z"),  # clocks go forward meanwhile
        ("2026-11-01T04:00:00Z", "2026-11-01T14:00:00Z"),  # and back
    ],
)
def test_quiet_hours_are_those_of_the_clock_on_the_wall(now: str, end: str | None) -> None:
    found = NIGHT.until(datetime.fromisoformat(now))
    assert found == (None if end is None else datetime.fromisoformat(end))


def test_quiet_hours_in_the_hour_that_comes_twice_end_after_now() -> None:
    quiet = Quiet(time(0), time(1, 30), "America/Chicago")
    second = datetime(2026, 11, 1, 7, 10, tzinfo=UTC)  # 01:10 for the second time
    assert quiet.until(second) == second + timedelta(minutes=20)


@pytest.mark.parametrize(
    ("begin", "end", "zone"),
    [(time(8), time(8), "UTC"), (time(8), time(9), "Mars/Olympus"), (time(8, tzinfo=UTC), time(9), "UTC")],
)
def test_hours_that_are_none_are_refused(begin: time, end: time, zone: str) -> None:
    with pytest.raises(ConfigurationError):
        Quiet(begin, end, zone)


@pytest.mark.parametrize("error", [Unavailable("away"), Rejected("no such box")])
async def test_what_was_not_handed_over_may_be_told_by_another(
    database: Database, clock: VirtualClock, box: Box, templates: Templates, error: Exception
) -> None:
    workflow = telling(OTTILIE)
    box.fail = [error]
    async with house_on(
        database, [workflow], clock=clock, further=[notifier(database, clock, templates, mail=box)]
    ) as house:
        first = await house.begin(workflow, "visit-1")
        await house.settle()
        assert await house.state(first) == ("waiting" if isinstance(error, Unavailable) else "failed")
        assert (await told(house, workflow)).sent
        if isinstance(error, Unavailable):
            await house.later(10)
            assert await outcome(house, first) == Notified(sent=False, why="it was told before")
    assert len(box.told) == 1


async def test_the_same_step_tries_again_after_its_node_died(
    database: Database, clock: VirtualClock, box: Box, templates: Templates
) -> None:
    workflow = telling(OTTILIE)
    box.fail = [asyncio.CancelledError()]  # it ends in the midst of telling
    for _ in range(2):
        async with house_on(
            database, [workflow], clock=clock, further=[notifier(database, clock, templates, mail=box)]
        ) as house:
            run = await house.begin(workflow, "visit-1", run=MASTER.token("a run"))
            await house.settle()
    assert (await outcome(house, run)).sent and len(box.told) == 1


async def test_who_is_no_patient_gets_nothing_of_one(
    database: Database, clock: VirtualClock, box: Box, templates: Templates
) -> None:
    clerk = replace(OTTILIE, audience="staff")
    workflow = telling(clerk)
    async with house_on(
        database, [workflow], clock=clock, further=[notifier(database, clock, templates, mail=box)]
    ) as house:
        run = await house.begin(workflow, "visit-1")
        await house.settle()
        state, _, error = await house.result(run)
        assert (state, "visit is for patient, not for staff" in error) == ("failed", True)
    assert box.told == []


class Kept:
    """An independent server's handler."""

    def __init__(self) -> None:
        self.envelopes: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.envelopes.append(envelope)
        return "250 kept"


@pytest.fixture
async def kept() -> AsyncIterator[tuple[Kept, int]]:
    handler = Kept()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, loop=asyncio.get_running_loop()), "127.0.0.1"
    )
    yield handler, server.sockets[0].getsockname()[1]
    server.close()


async def test_by_mail_to_one_person_with_what_the_template_names(
    database: Database, clock: VirtualClock, templates: Templates, kept: tuple[Kept, int], tmp_path: Path
) -> None:
    handler, port = kept
    given = {
        "host": "127.0.0.1", "port": port, "security": "none", "sender": "hub@example.org",
        "recipients": ["desk@example.org"],
    }  # fmt: skip
    mailer = connect(Settings.model_validate(given), World(tmp_path).around())
    workflow = telling(OTTILIE)
    async with house_on(
        database, [workflow], clock=clock, further=[notifier(database, clock, templates, mail=MailChannel(mailer))]
    ) as house:
        assert (await told(house, workflow)).sent
    [envelope] = handler.envelopes
    mail = message_from_bytes(envelope.content)
    assert (envelope.rcpt_tos, mail["Subject"]) == (["ottilie@example.org"], "Your visit")
    assert b"Please come on 2 March." in envelope.content and b"flu" not in envelope.content


@pytest.mark.parametrize(("mail", "why"), [("", "no mail address is known"), ("a@example.org\nBcc: b@x", "")])
async def test_an_address_that_cannot_be_written_to(
    database: Database, templates: Templates, tmp_path: Path, mail: str, why: str
) -> None:
    given = {"host": "127.0.0.1", "security": "none", "sender": "hub@example.org", "recipients": ["desk@example.org"]}
    channel = MailChannel(connect(Settings.model_validate(given), World(tmp_path).around()))
    message = Message("visit", "x", "x", MASTER.token("key"), datetime(2026, 3, 1, tzinfo=UTC))
    if why:
        assert await channel.tell(replace(OTTILIE, mail=mail), message) == why
    else:
        with pytest.raises(Rejected, match="cannot stand in a mail"):
            await channel.tell(replace(OTTILIE, mail=mail), message)


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    async with Endpoint() as opened:
        yield opened


@pytest.fixture
async def target(tmp_path: Path, endpoint: Endpoint) -> AsyncIterator[WebhookTarget]:
    world = World(tmp_path, SystemClock())  # the published library has no clock but the machine's
    world.learn(Endpoint.secrets)
    kind = kinds()["webhook_out"]
    made = kind.connect(kind.read(dict(endpoint.settings), world.base), world.around("staff"))
    assert isinstance(made, WebhookTarget)
    yield made
    await made.close()


async def test_by_a_signed_webhook_with_links_and_ids(
    database: Database, clock: VirtualClock, templates: Templates, target: WebhookTarget, endpoint: Endpoint
) -> None:
    from standardwebhooks import Webhook

    case = CaseTold(case=MASTER.token("case"), link="https://hub.example.org/cases/1")
    clerk = Recipient("kim", "staff", consents=frozenset({"webhook"}))

    async def call(run: Run, key: str) -> Notified:
        return await notify(run, APPROVAL_WAITS, clerk, case, key=key, channel="webhook")

    workflow = Workflow("call", call)
    channel = WebhookChannel(target, MASTER)
    async with house_on(
        database, [workflow], clock=clock, further=[notifier(database, clock, templates, webhook=channel)]
    ) as house:
        assert (await told(house, workflow)).sent
    [request] = endpoint.target.requests
    data = Webhook(SECRET).verify(request.body, request.headers)["data"]
    assert json.loads(request.body)["type"] == "notice.told"
    assert data["recipient"] == str(MASTER.token("notice recipient/kim")) and str(case.case) in data["text"]
    assert "kim" not in request.body.decode()


@pytest.mark.parametrize("missing", ["sms", "webhook"])
async def test_a_channel_that_is_not_there_is_told(
    database: Database, clock: VirtualClock, box: Box, templates: Templates, missing: Any
) -> None:
    workflow = telling(replace(OTTILIE, consents=frozenset({missing})), channel=missing)
    async with house_on(
        database, [workflow], clock=clock, further=[notifier(database, clock, templates, mail=box)]
    ) as house:
        run = await house.begin(workflow, "visit-1")
        await house.settle()
        assert f"tell people by {missing}" in (await house.result(run))[2]
