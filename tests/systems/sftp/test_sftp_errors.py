"""What an SFTP server may do to us, and what we then say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncssh
import pytest

from careloom.core.errors import AccessRefused, ConfigurationError, ContractBroken, FormatError, Unavailable
from careloom.systems.sftp.connector import Settings, connect
from careloom.systems.sftp.fake import PASSWORD, FakeServer
from careloom.systems.sftp.outbox import SftpOut
from careloom.systems.trial import Behaviour, event
from careloom.testing.surroundings import World


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    async with FakeServer() as running:
        yield running


def opened(server: FakeServer, world: World, **settings: object) -> SftpOut:
    account = {"host": "127.0.0.1", "port": server.port, "user": "trial", "host_key": server.host_key, "path": "/"}
    given = {**account, "password": "env:PASSWORD", "direction": "out", **settings}
    made = connect(Settings.model_validate(given), world.around())
    assert isinstance(made, SftpOut)
    return made


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, secrets={"PASSWORD": PASSWORD})


async def test_another_host_key_is_another_server(server: FakeServer, world: World) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    line = opened(server, world, host_key=other)
    with pytest.raises(AccessRefused, match="another host key"):
        await line.write("a.txt", b"a")
    assert line.retry_after > 0
    await line.close()


async def test_a_wrong_password_stops_the_connection_and_a_new_one_opens_it(server: FakeServer, world: World) -> None:
    world.secrets["PASSWORD"] = "wrong"
    line = opened(server, world)
    with pytest.raises(AccessRefused, match="refuses our account"):
        await line.write("a.txt", b"a")
    world.secrets["PASSWORD"] = PASSWORD
    await world.clock.advance(3600)  # type: ignore[attr-defined]
    await line.write("a.txt", b"a")
    assert (server.folder / "a.txt").read_bytes() == b"a"
    await line.close()


async def test_a_folder_that_is_not_there_is_a_broken_contract(server: FakeServer, world: World) -> None:
    line = opened(server, world, path="/nowhere")
    with pytest.raises(ContractBroken, match="not there"):
        await line.write("a.txt", b"a")
    assert "not there" in (await line.check())[0].problem
    await line.close()


async def test_nobody_sees_a_part_of_a_file(server: FakeServer, world: World) -> None:
    line = opened(server, world)
    (server.folder / "a.txt").write_bytes(b"old and longer")
    await line.write("a.txt", b"new")
    assert sorted(file.name for file in server.folder.iterdir()) == ["a.txt"]
    assert (server.folder / "a.txt").read_bytes() == b"new"
    await line.close()


async def test_a_session_that_broke_is_opened_again(server: FakeServer, world: World) -> None:
    line = opened(server, world)
    await line.write("a.txt", b"a")
    await server.open(False)
    with pytest.raises(Unavailable):
        await line.write("b.txt", b"b")
    await server.open(True)
    await line.write("b.txt", b"b")
    assert (server.folder / "b.txt").exists()
    await line.close()


async def test_a_key_that_is_none_is_said_without_quoting_it(server: FakeServer, world: World) -> None:
    world.secrets["KEY"] = "no key at all"
    line = opened(server, world, password=None, private_key="env:KEY")
    with pytest.raises(ConfigurationError, match="holds no private key") as raised:
        await line.post(event(1))
        await line.write("a.txt", b"a")
    assert "no key at all" not in str(raised.value)
    await line.close()


async def test_a_file_that_is_too_long_is_not_read(server: FakeServer, world: World) -> None:
    (server.folder / "long").write_bytes(b" " * 2000)
    line = opened(server, world)
    from careloom.systems.sftp.place import SftpPlace

    with pytest.raises(FormatError, match="longer than 1000"):
        await SftpPlace(line._line, "/").open("long", 1000)
    await line.close()


async def test_a_server_that_fails_is_tried_again(server: FakeServer, world: World) -> None:
    line = opened(server, world)
    server.behaviour = Behaviour.FAILING
    with pytest.raises(Unavailable):
        await line.write("a.txt", b"a")
    await line.close()
