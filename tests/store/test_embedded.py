"""The embedded PostgreSQL in quiet times: start, stop, rights, settings."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from careloom.core.errors import ConfigurationError, Unavailable
from careloom.store.database import Database, connect
from careloom.store.embedded import EmbeddedPostgres


def socket_folder(dsn: str) -> Path:
    return Path(parse_qs(urlsplit(dsn).query)["host"][0])


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_what_was_stored_is_there_after_a_restart(embedded: EmbeddedPostgres) -> None:
    connection = await connect(embedded.dsn)
    await connection.execute("CREATE TABLE kept (number integer); INSERT INTO kept VALUES (42)")
    await connection.close()
    first = embedded.pid
    await embedded.stop()
    assert embedded.pid is None
    connection = await connect(await embedded.start())
    assert await connection.fetchval("SELECT number FROM kept") == 42
    assert embedded.pid != first
    await connection.close()


async def test_starting_and_stopping_twice_is_harmless(embedded: EmbeddedPostgres) -> None:
    process = embedded.pid
    assert await embedded.start() == embedded.dsn
    assert embedded.pid == process
    await embedded.stop()
    await embedded.stop()
    with pytest.raises(Unavailable, match="not running"):
        _ = embedded.dsn


async def test_nothing_is_left_behind(embedded: EmbeddedPostgres) -> None:
    sockets, process = socket_folder(embedded.dsn), embedded.pid
    assert process is not None and mode(sockets) == 0o700
    await embedded.stop()
    assert not sockets.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


async def test_it_is_durable_and_checks_its_pages(embedded: EmbeddedPostgres) -> None:
    connection = await connect(embedded.dsn)
    wanted = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on"}
    wanted |= {"listen_addresses": "", "server_encoding": "UTF8", "log_statement": "none"}
    wanted |= {"log_parameter_max_length_on_error": "0", "log_min_error_statement": "panic", "jit": "off"}
    found = {name: await connection.fetchval("SELECT current_setting($1)", name) for name in wanted}
    await connection.close()
    assert found == wanted


async def test_settings_that_durability_rests_on_cannot_be_tuned_away(passable_folder: Path) -> None:
    server = EmbeddedPostgres(passable_folder / "data", tuning={"fsync": "off", "max_connections": "20"})
    connection = await connect(await server.start())
    assert await connection.fetchval("SHOW fsync") == "on"
    assert await connection.fetchval("SHOW max_connections") == "20"
    await connection.close()
    await server.stop()


async def test_the_password_is_needed_on_the_socket(embedded: EmbeddedPostgres) -> None:
    host = str(socket_folder(embedded.dsn))
    nowhere = embedded.data / "absent"  # not the ~/.pgpass of whoever runs this
    for password in (None, "guessed"):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(host=host, user="careloom", database="careloom", password=password, passfile=nowhere)
    assert "trust" not in {
        line.split()[-1]
        for line in (embedded.data / "postgres" / "pg_hba.conf").read_text().splitlines()
        if line and not line.startswith("#")
    }


async def test_the_folder_is_closed_and_its_parents_stay_as_they_are(passable_folder: Path) -> None:
    parents = [passable_folder / "a", passable_folder / "a" / "b"]
    for parent, wanted in zip(parents, (0o751, 0o715), strict=True):
        parent.mkdir()
        parent.chmod(wanted)
    server = EmbeddedPostgres(parents[-1] / "data")
    await server.start()
    assert [mode(parent) for parent in parents] == [0o751, 0o715]
    assert mode(server.data) == (0o711 if os.geteuid() == 0 else 0o700)
    assert mode(server.data / "postgres") == 0o700
    assert {mode(server.data / name) for name in ("password", "lock", "postgres.log")} == {0o600}
    assert (server.data / "password").stat().st_uid == os.geteuid()
    await server.stop()


async def test_a_second_hub_on_the_folder_is_refused(embedded: EmbeddedPostgres) -> None:
    with pytest.raises(ConfigurationError) as refused:
        await EmbeddedPostgres(embedded.data).start()
    assert str(embedded.data) in str(refused.value)
    assert f"process {os.getpid()}" in str(refused.value)
    connection = await connect(embedded.dsn)
    await connection.close()


async def test_a_password_others_can_read_is_refused(embedded: EmbeddedPostgres) -> None:
    await embedded.stop()
    (embedded.data / "password").chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        await embedded.start()
    (embedded.data / "password").chmod(0o600)
    await embedded.start()


async def test_another_password_than_the_clusters_is_told(embedded: EmbeddedPostgres) -> None:
    await embedded.stop()
    (embedded.data / "password").write_text("another\n")
    with pytest.raises(ConfigurationError, match="refuses the password"):
        await embedded.start()
    assert embedded.pid is None


async def test_a_lost_password_is_told(embedded: EmbeddedPostgres) -> None:
    await embedded.stop()
    (embedded.data / "password").unlink()
    with pytest.raises(ConfigurationError, match="restore it from a backup"):
        await embedded.start()


async def test_a_cluster_of_another_version_is_refused(embedded: EmbeddedPostgres) -> None:
    await embedded.stop()
    (embedded.data / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(ConfigurationError, match="made by PostgreSQL 16"):
        await embedded.start()


async def test_a_setting_postgresql_refuses_fails_at_once_with_its_reason(passable_folder: Path) -> None:
    server = EmbeddedPostgres(passable_folder / "data", tuning={"shared_buffers": "much"})
    with pytest.raises(ConfigurationError, match="invalid value for parameter"):
        await server.start()


async def test_an_interrupted_initdb_is_done_again(passable_folder: Path) -> None:
    half = passable_folder / "data" / "postgres.unfinished"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server = EmbeddedPostgres(passable_folder / "data")
    connection = await connect(await server.start())
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()
    await server.stop()
    assert not half.exists()


async def test_a_folder_of_something_else_is_never_replaced(passable_folder: Path) -> None:
    letters = passable_folder / "data" / "postgres" / "letters.txt"
    letters.parent.mkdir(parents=True)
    letters.write_text("mine")
    with pytest.raises(ConfigurationError, match="no PostgreSQL cluster"):
        await EmbeddedPostgres(passable_folder / "data").start()
    assert letters.read_text() == "mine"


async def test_a_folder_others_can_write_to_is_refused(passable_folder: Path) -> None:
    shared = passable_folder / "data"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(ConfigurationError, match="written to by other users"):
        await EmbeddedPostgres(shared).start()
    assert mode(shared) == 0o777


async def test_a_loopback_port_can_be_opened(passable_folder: Path, unused_tcp_port: int) -> None:
    server = EmbeddedPostgres(passable_folder / "data", port=unused_tcp_port)
    password = urlsplit(await server.start()).password
    over_tcp = await Database.open(f"postgresql://careloom:{password}@127.0.0.1:{unused_tcp_port}/careloom")
    async with over_tcp.acquire() as connection:
        assert str(await connection.fetchval("SELECT host(inet_server_addr())")) == "127.0.0.1"
    await over_tcp.close()
    await server.stop()


AS_ORDINARY_USER = """
import asyncio, os, pwd, sys
from pathlib import Path
from careloom.store.database import Database
from careloom.store.data_folder import default_data_folder
from careloom.store.embedded import EmbeddedPostgres
import concurrent.futures.thread, encodings.ascii, encodings.idna, getpass  # loaded late, maybe out of reach then
user = pwd.getpwnam("nobody")
os.setgroups([]); os.setgid(user.pw_gid); os.setuid(user.pw_uid)
async def main():
    server = EmbeddedPostgres(default_data_folder())
    database = await Database.open(await server.start())
    async with database.acquire() as connection:
        print(await connection.fetchval("SELECT current_database()"))
    await database.close()
    await server.stop()
asyncio.run(main())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs every other test as one")
def test_an_ordinary_user_needs_no_rights_but_a_home(passable_folder: Path) -> None:
    home = passable_folder / "home"
    home.mkdir(mode=0o700)
    os.chown(home, 65534, 65534)
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", AS_ORDINARY_USER], env=environment, cwd="/", capture_output=True, text=True, check=False
    )
    assert (ran.stdout, ran.stderr) == ("careloom\n", "")
    assert mode(home / ".local" / "share" / "careloom") == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another user")
async def test_a_folder_the_service_user_cannot_reach_is_told_and_left_closed(passable_folder: Path) -> None:
    closed = passable_folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(ConfigurationError, match="because of") as refused:
        await EmbeddedPostgres(closed / "data").start()
    assert str(closed) in str(refused.value)
    assert mode(closed) == 0o700
