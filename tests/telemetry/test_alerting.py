"""Alerts: to the owner, once for a cause, more people when overdue, none for what is over; by mail and chat."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web
from tests.hub.hospital import Hospital, adt
from tests.telemetry.test_silence import MASTER, House

from careloom.cases.book import Cases
from careloom.cases.escalation import Escalations
from careloom.cases.kinds import PRIORITIES
from careloom.cases.recording import Recorder
from careloom.core.errors import AmbiguousError, ConfigurationError, Unavailable
from careloom.core.ids import Uuid7
from careloom.hub.configuration import load
from careloom.hub.node import running_node
from careloom.log.node import LogNode
from careloom.log.ports import NewCase
from careloom.store.database import Database
from careloom.telemetry.alerting import EVERYBODY, Told, alerting
from careloom.telemetry.chat import ChatChannel
from careloom.telemetry.tally import Tally
from careloom.testing.clock import VirtualClock
from careloom.workflow.notifying import Message, Notifier, Recipient
from careloom.workflow.templates import SHIPPED, Templates


@dataclass
class Heard:
    """A channel that keeps what it is told; `fails` are raised first."""

    told: list[tuple[str, str, str]] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)

    async def tell(self, recipient: Recipient, message: Message) -> str:
        if self.fails:
            raise self.fails.pop(0)
        self.told.append((message.notice, recipient.mail, message.text))
        return ""


@dataclass
class Office:
    """A house whose alerts are heard."""

    house: House
    mail: Heard
    chat: Heard
    tally: Tally
    escalations: Escalations
    subscriptions: int = 0

    async def open(self, *cases: NewCase) -> None:
        async with self.house.database.acquire() as connection, connection.transaction():
            await self.house.recorder.open(connection, list(cases))
        await self.settle()

    async def settle(self) -> None:
        """Until the alerts have read the log and nothing of theirs is due."""
        behind = (
            "select 1 from cursor c join lane l using (lane) where c.subscription = 'alerts' and l.head > c.seq"
            " union all select 1 from parked where subscription = 'alerts' and due <= $1 limit 1"
        )
        for _ in range(2):
            while not await self.house.rows(
                "select 1 from cursor where subscription = 'alerts'"
            ) or await self.house.rows(behind, self.house.clock.now()):
                for worker in self.house.log.workers:
                    worker.wake(parked=True)
            await self.house.clock.advance(1.0)


def case(kind: str = "silence", system: str = "ehr", *, owner: str = "integration", **more: Any) -> NewCase:
    return NewCase(kind=kind, system=system, reason="nothing came", field="feed", owner=owner, **more)


@asynccontextmanager
async def office(database: Database, **told: Any) -> AsyncIterator[Office]:
    clock = VirtualClock()
    new_id = Uuid7(clock)
    book = Cases(clock, new_id)
    log = await LogNode.open(database, MASTER, book, clock, new_id, lanes=2)
    mail, chat, tally = Heard(), Heard(), Tally()
    recorder = Recorder(log.keyring, book, clock, new_id)
    notifier = Notifier(database, MASTER, Templates(SHIPPED), clock, {"mail": mail, "chat": chat})
    usual = Told(
        notifier=notifier,
        ways=(("mail", "integration@example.org"), ("chat", "")),
        later=("boss@example.org",),
        least=PRIORITIES["normal"],
        window=timedelta(hours=4),
        link="https://careloom.example.org/cases/",
    )
    owners = {"integration": replace(usual, **told)}
    log.start([alerting(owners, tally)])
    escalations = Escalations(database, recorder, clock, new_id)
    yield Office(House(database, log, clock, recorder), mail, chat, tally, escalations)
    await log.close()


async def test_the_owner_is_told_once_of_one_cause(database: Database) -> None:
    async with office(database) as here:
        for _ in range(3):
            await here.open(*(case("mapping", message=uuid4()) for _ in range(5)))
        assert len(await here.house.cases()) == 15
        assert [(notice, to) for notice, to, _ in here.mail.told] == [("case-opened", "integration@example.org")]
        assert len(here.chat.told) == 1
        [row] = await here.house.rows("select id::text as id from work_case order by opened, id limit 1")
        assert f"https://careloom.example.org/cases/{row['id']}" in here.mail.told[0][2] or len(here.mail.told) == 1


async def test_after_the_window_the_same_cause_is_told_again(database: Database) -> None:
    async with office(database) as here:
        await here.open(case("mapping", message=uuid4()))
        await here.house.clock.advance(4 * 3600 + 1)
        await here.open(case("mapping", message=uuid4()))
        assert len(here.mail.told) == 2


async def test_another_cause_is_another_alert(database: Database) -> None:
    async with office(database) as here:
        await here.open(case(), case(system="lab"))
        assert len(here.mail.told) == 2


async def test_others_are_not_told_and_what_is_minor_tells_nobody(database: Database) -> None:
    async with office(database, least=PRIORITIES["high"]) as here:
        await here.open(case("mapping", message=uuid4()), case(system="lab", owner="finance"))
        assert here.mail.told == []
        await here.open(case())
        assert len(here.mail.told) == 1


async def test_a_case_that_is_overdue_is_told_to_more_people_once(database: Database) -> None:
    async with office(database) as here:
        await here.open(case())
        for _ in range(6):
            await here.house.clock.advance(3600)
            await here.escalations.look()
            await here.settle()
        told = [(notice, to) for notice, to, _ in here.mail.told]
    assert told == [
        ("case-opened", "integration@example.org"),
        ("case-overdue", "integration@example.org"),
        ("case-overdue", "boss@example.org"),
    ]


async def test_a_channel_that_fails_is_tried_again_and_the_other_is_not_told_twice(database: Database) -> None:
    async with office(database) as here:
        here.chat.fails = [Unavailable("no route"), Unavailable("no route")]
        await here.open(case())
        assert (len(here.mail.told), len(here.chat.told)) == (1, 0)
        for _ in range(8):
            await here.house.clock.advance(60)
            await here.settle()
        assert (len(here.mail.told), len(here.chat.told)) == (1, 1)
    counted = dict(here.tally.take())
    assert counted["notices_total", ("chat", "failed")] == 2
    assert counted["notices_total", ("chat", "sent")] == 1


async def test_what_may_have_been_told_is_not_told_again(database: Database) -> None:
    async with office(database) as here:
        here.chat.fails = [AmbiguousError("no answer")]
        await here.open(case())
        for _ in range(4):
            await here.house.clock.advance(600)
            await here.settle()
        assert here.chat.told == []
        assert here.chat.fails == []


async def test_a_case_that_ended_before_anybody_was_told_tells_nobody(database: Database) -> None:
    async with office(database) as here:
        async with here.house.database.acquire() as connection, connection.transaction():
            book = here.house.recorder.book
            events = [*await book.open(connection, [case()])]
            events += await book.settle(connection, "ehr", "silence", "feed", "messages come again")
            await here.house.recorder.write(connection, events)
        await here.settle()
        assert here.mail.told == []


async def test_everybody_else_has_a_star(database: Database) -> None:
    told = alerting({EVERYBODY: None}, Tally())  # type: ignore[dict-item]
    assert told.types == ("exception.raised.v1", "exception.escalated.v1")


@asynccontextmanager
async def room(status: int = 200) -> AsyncIterator[tuple[str, list[dict[str, str]]]]:
    """The incoming webhook of a chat."""
    posted: list[dict[str, str]] = []

    async def take(request: web.Request) -> web.Response:
        posted.append(await request.json())
        return web.Response(status=status, text="ok")

    app = web.Application()
    app.router.add_post("/services/T000/B000/secret", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    yield f"http://127.0.0.1:{port}/services/T000/B000/secret", posted
    await runner.cleanup()


async def test_a_chat_gets_a_text() -> None:
    async with room() as (url, posted):
        clock = VirtualClock()
        channel = ChatChannel(url, clock)
        await channel.tell(Recipient("chat", "staff"), Message("n", "A case", "look", uuid4(), clock.now()))
        await channel.close()
    assert posted == [{"text": "A case\nlook"}]


async def test_an_error_of_a_chat_does_not_tell_its_secret() -> None:
    async with room(status=404) as (url, _):
        channel = ChatChannel(url, VirtualClock())
        with pytest.raises(Exception, match=r".") as failed:
            await channel.tell(Recipient("chat", "staff"), Message("n", "s", "t", uuid4(), VirtualClock().now()))
        await channel.close()
    assert "secret" not in str(failed.value)


@pytest.mark.parametrize("url", ["http://chat.example.org/x", "ftp://127.0.0.1/x", "nonsense"])
def test_a_chat_that_anybody_could_read_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="an https URL") as failed:
        ChatChannel(url, VirtualClock())
    assert "example" not in str(failed.value)


async def test_a_running_hub_tells_its_chat(hospital: Hospital) -> None:
    async with room() as (url, posted):
        (hospital.folder / "chat").write_text(url)
        hospital.configure('[alerts."*"]\nchat = "file:chat"\nlink = "https://careloom.example.org/cases/"\n')
        async with hospital.running() as hub:
            await hub.send(adt("A04", "C1"))
            assert (await hub.ehr.send(adt("A04", "C1", pid={8: "M"}))).code == "AE"
            async with asyncio.timeout(30):
                while not posted:
                    await hub.rows("select 1")
            [row] = await hub.rows("select id::text as id from work_case")
    [text] = [one["text"] for one in posted]
    assert row["id"] in text
    assert "Weaver" not in json.dumps(posted)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('mail = ["a@example.org"]', "name a system of kind smtp"),
        ("webhook = true", "name a system of kind webhook_out"),
        ("", "say how"),
    ],
)
async def test_alerts_that_would_reach_nobody_stop_the_start(hospital: Hospital, settings: str, words: str) -> None:
    hospital.configure(f"[alerts.integration]\n{settings}\n")
    with pytest.raises(ConfigurationError, match=words):
        async with running_node(load(hospital.config)):
            pass
    assert Path(hospital.config).exists()
