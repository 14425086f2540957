"""Claims and answers as files on a real SFTP server (asyncssh)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from careloom.core.errors import CareloomError
from careloom.core.ids import Uuid7
from careloom.formats import x12
from careloom.model import ClaimSubmitted, encode
from careloom.systems.payer.connector import Payer, Settings, connect
from careloom.systems.payer.trials import report
from careloom.systems.sftp.fake import PASSWORD, FakeServer
from careloom.systems.trial import event
from careloom.testing.surroundings import World

Open = Callable[..., Payer]
SERVER = {"host": "sftp.example.org", "user": "us", "host_key": "ssh-ed25519 AAAA", "password": "env:P", "outbox": "/o"}
PARTIES = {"sender": "EXAMPLEHOSP", "receiver": "EXAMPLEPAYER"}


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    async with FakeServer() as running:
        for name in ("to-payer", "from-payer"):
            (running.folder / name).mkdir()
        yield running


@pytest.fixture
async def open_payer(server: FakeServer, world: World) -> AsyncIterator[Open]:
    opened: list[Payer] = []
    world.secrets["SFTP"] = PASSWORD

    def run(**more: Any) -> Payer:
        sftp = {
            "host": "127.0.0.1", "port": server.port, "user": "trial", "host_key": server.host_key,
            "password": "env:SFTP", "outbox": "/to-payer", "inbox": "/from-payer",
        }  # fmt: skip
        batch = {"sftp": sftp, "stable_seconds": 0, "claims": 1, **more}
        settings = Settings.model_validate({
            **PARTIES, "submitter": "EXAMPLE GENERAL HOSPITAL", "submitter_number": "EXHOSP",
            "submitter_phone": "6145550141", "batch": batch,
        })  # fmt: skip
        opened.append(connect(settings, world.around("northplan")))
        return opened[-1]

    yield run
    for payer in opened:
        await payer.close()


@pytest.fixture
def claim(sample: Callable[[str], list[Any]], world: World) -> Callable[[str], Any]:
    """A claim with this number, as an event of the log."""
    new_id = Uuid7(world.clock)

    def run(number: str) -> Any:
        [first, _] = sample("837p_office_visit.edi")
        identifier = (msgspec.structs.replace(first.claim.identifier[0], value=number),)
        submitted = msgspec.structs.replace(first, claim=msgspec.structs.replace(first.claim, identifier=identifier))
        return msgspec.structs.replace(event(1), id=new_id(), type=ClaimSubmitted.type, data=encode(submitted))

    return run


def sent(folder: Path) -> list[str]:
    """The numbers of the claims in all files there."""
    files = sorted(folder.glob("837-*.edi"), key=lambda file: file.stat().st_mtime_ns)
    return [segment[1] for file in files for one in x12.parse(file.read_bytes())[0].transactions
            for segment in one.find("CLM")]  # fmt: skip


async def test_claims_go_out_and_answers_come_in(
    open_payer: Open, claim: Callable[[str], Any], server: FakeServer, world: World
) -> None:
    payer = open_payer(acknowledge=["999"])
    assert await payer.check() == []
    await payer.post(claim("C1"))
    await payer.poll()
    folder = server.folder / "to-payer"
    assert sent(folder) == ["C1"]
    assert not list(folder.glob(".*"))
    [file] = folder.iterdir()
    for reply in x12.acknowledge(x12.validate(file.read_bytes()), time=world.clock.now(), control=8):
        (server.folder / "from-payer" / "999.edi").write_bytes(reply.data)
    (server.folder / "from-payer" / "277.edi").write_bytes(report(1))
    await payer.poll()
    assert sorted(one.kind for one in world.expectations.waiting) == ["277CA", "835", "TA1"]
    assert sorted(message.type for message in world.intake.messages) == ["x12:277", "x12:999"]
    assert len(list((server.folder / "from-payer" / "archive").iterdir())) == 2
    assert len(list(folder.glob("999-*.edi"))) == 1, "the 277 is acknowledged, the 999 is not"


async def test_a_server_that_is_away_loses_nothing(
    open_payer: Open, claim: Callable[[str], Any], server: FakeServer
) -> None:
    payer = open_payer()
    await server.open(False)
    await payer.post(claim("C1"))
    with pytest.raises(CareloomError):
        await payer.poll()
    assert [one.problem.partition(":")[0] for one in await payer.check()] == ["sftp.outbox", "sftp.inbox"]
    await server.open(True)
    await payer.close()
    later = open_payer()
    await later.poll()
    assert sent(server.folder / "to-payer") == ["C1"]


async def test_a_file_that_still_grows_is_left_where_it_is(open_payer: Open, server: FakeServer, world: World) -> None:
    payer = open_payer(stable_seconds=5)
    whole = report(1)
    file = server.folder / "from-payer" / "277.edi"
    file.write_bytes(whole[:200])
    for _ in range(2):
        await payer.poll()
        await world.clock.advance(3)  # type: ignore[attr-defined]
    file.write_bytes(whole)
    await payer.poll()
    assert world.intake.messages == []
    await world.clock.advance(5)  # type: ignore[attr-defined]
    await payer.poll()
    assert [message.type for message in world.intake.messages] == ["x12:277"]


async def test_a_batch_that_is_refused_is_a_case_with_its_codes(
    open_payer: Open, claim: Callable[[str], Any], server: FakeServer, world: World
) -> None:
    payer = open_payer()
    await payer.post(claim("C1"))
    await payer.poll()
    [file] = (server.folder / "to-payer").iterdir()
    spoiled = file.read_bytes().replace(b"*WP:", b"*").replace(b"NM1*85*", b"NM1*QQ*")
    [reply] = x12.acknowledge(x12.validate(spoiled), time=world.clock.now(), control=8)
    assert reply.verdict == "rejected"
    (server.folder / "from-payer" / "999.edi").write_bytes(reply.data)
    await payer.poll()
    [trouble] = world.troubles.told
    assert (
        trouble.kind == "transmission-refused" and trouble.place is not None and trouble.place.startswith("group HC ")
    )
    assert "set 0001: NM1" in trouble.reason


@pytest.mark.parametrize(
    ("batch", "problem"),
    [
        ({}, "give `outbox`"),
        ({"outbox": "out", "sftp": SERVER}, "one of them"),
        ({"inbox": "in", "sftp": SERVER}, "sftp.inbox"),
        ({"sftp": {**SERVER, "password": None}}, "private_key"),
    ],
)
def test_files_are_exchanged_in_one_place(batch: Any, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Settings.model_validate({**PARTIES, "batch": batch})
