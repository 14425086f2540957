"""Files as partners really leave them: half-written, doubled, renamed, cut, empty, encrypted, or not for us."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from careloom.core.errors import AccessRefused, ConfigurationError, Unavailable
from careloom.mapping.source import JsonShape
from careloom.mapping.source import Settings as SourceSettings
from careloom.systems.drop import label
from careloom.systems.folder.connector import Settings, connect
from careloom.systems.folder.inbox import FolderIn
from careloom.testing.clock import VirtualClock
from careloom.testing.surroundings import World

SOURCE = SourceSettings(json=JsonShape(dialect="t", key="/id", items="/orders"))
Open = Callable[..., FolderIn]


def orders(*numbers: int) -> bytes:
    return json.dumps({"orders": [{"id": f"D{number}"} for number in numbers]}).encode()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def world(tmp_path: Path, clock: VirtualClock) -> World:
    return World(tmp_path, clock)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "in"
    made.mkdir()
    return made


@pytest.fixture
def open_(world: World, folder: Path) -> Open:
    def make(**settings: object) -> FolderIn:
        given = {"path": str(folder), "format": "json", "stable_seconds": 5.0, **settings}
        made = connect(Settings.model_validate(given), world.around(source=SOURCE))
        assert isinstance(made, FolderIn)
        return made

    return make


def aside(folder: Path, name: str) -> list[str]:
    """What lies in a folder below."""
    return sorted(file.name for file in (folder / name).glob("*"))


async def looks(inbox: FolderIn, clock: VirtualClock, count: int = 2, seconds: float = 10.0) -> None:
    for _ in range(count):
        await inbox.poll()
        await clock.advance(seconds)


async def test_a_file_that_still_grows_is_not_touched(
    open_: Open, folder: Path, world: World, clock: VirtualClock
) -> None:
    inbox, file, whole = open_(), folder / "a.json", orders(1, 2, 3)
    for end in (10, 20, len(whole)):
        file.write_bytes(whole[:end])
        await inbox.poll()
        await clock.advance(4.0)
        assert (world.intake.messages, world.intake.refusals) == ([], [])
    await clock.advance(2.0)
    await inbox.poll()
    assert [message.key for message in world.intake.messages] == ["D1", "D2", "D3"]
    assert (aside(folder, "archive")[0].endswith("-a.json"), file.exists()) == (True, False)


async def test_a_file_that_is_rewritten_to_the_same_size_is_new(
    open_: Open, folder: Path, world: World, clock: VirtualClock
) -> None:
    inbox, file = open_(), folder / "a.json"
    file.write_bytes(orders(1))
    await inbox.poll()
    file.write_bytes(orders(2))
    os.utime(file, (1, 1))
    await clock.advance(6.0)
    await inbox.poll()
    assert world.intake.messages == []
    await clock.advance(6.0)
    await inbox.poll()
    assert [message.key for message in world.intake.messages] == ["D2"]


async def test_the_same_content_under_another_name_is_stored_once(
    open_: Open, folder: Path, world: World, clock: VirtualClock
) -> None:
    for name in ("a.json", "b.json", "a (1).json"):
        (folder / name).write_bytes(orders(1, 2))
    await looks(open_(), clock)
    assert len(world.intake.messages) == 2
    assert len(aside(folder, "archive")) == 3


async def test_a_cut_file_is_rejected_with_its_place_and_nothing_else_waits(
    open_: Open, folder: Path, world: World, clock: VirtualClock
) -> None:
    (folder / "cut.json").write_bytes(orders(1, 2)[:-9])
    (folder / "good.json").write_bytes(orders(3))
    await looks(open_(), clock)
    assert [message.key for message in world.intake.messages] == ["D3"]
    [trouble] = world.troubles.told
    assert (trouble.kind, trouble.place) == ("file-refused", label("cut.json"))
    assert aside(folder, "rejected")[0].endswith("-cut.json")


@pytest.mark.parametrize("name", [".a.json", "a.json.tmp", "a.part", "a.FilePart", "a.json~", "notes.txt"])
async def test_what_is_not_for_us_stays(
    open_: Open, folder: Path, world: World, clock: VirtualClock, name: str
) -> None:
    (folder / name).write_bytes(orders(1))
    await looks(open_(pattern="*.json"), clock)
    assert (world.intake.messages, (folder / name).exists()) == ([], True)


async def test_links_and_folders_are_no_files(
    open_: Open, folder: Path, world: World, clock: VirtualClock, tmp_path: Path
) -> None:
    (tmp_path / "secret.json").write_bytes(orders(1))
    (folder / "link.json").symlink_to(tmp_path / "secret.json")
    (folder / "folder.json").mkdir()
    await looks(open_(), clock)
    assert world.intake.messages == []


async def test_a_file_that_is_never_finished_becomes_a_case_that_ends_by_itself(
    open_: Open, folder: Path, world: World, clock: VirtualClock
) -> None:
    inbox, file = open_(unfinished_seconds=100.0), folder / "slow.json"
    file.touch()
    await looks(inbox, clock, 11)
    assert [trouble.kind for trouble in world.troubles.open.values()] == ["file-unfinished"]
    file.write_bytes(orders(1))
    await looks(inbox, clock, 2)
    assert (len(world.intake.messages), world.troubles.open) == (1, {})


async def test_a_file_that_is_too_long_is_rejected_without_being_read(
    open_: Open, folder: Path, world: World, clock: VirtualClock
) -> None:
    (folder / "long.json").write_bytes(b" " * 2000)
    await looks(open_(largest=1000), clock)
    assert "longer than 1000 octets" in world.troubles.told[0].reason
    assert aside(folder, "rejected")


async def test_while_the_store_is_away_the_file_lies_where_it_lay(
    open_: Open, folder: Path, world: World, clock: VirtualClock
) -> None:
    inbox = open_(stable_seconds=0)
    (folder / "a.json").write_bytes(orders(1))
    world.intake.fail()
    with pytest.raises(Unavailable):
        await inbox.poll()
    assert (folder / "a.json").exists()
    world.intake.recover()
    await inbox.poll()
    assert (len(world.intake.messages), len(aside(folder, "archive"))) == (1, 1)


async def test_files_are_taken_oldest_first(open_: Open, folder: Path, world: World) -> None:
    for number, age in ((1, 300), (2, 100), (3, 200)):
        file = folder / f"{number}.json"
        file.write_bytes(orders(number))
        os.utime(file, (1_000_000 - age, 1_000_000 - age))
    await open_(stable_seconds=0).poll()
    assert [message.key for message in world.intake.messages] == ["D1", "D3", "D2"]


async def test_a_folder_that_is_not_there_is_said_by_the_check(open_: Open, folder: Path) -> None:
    folder.rmdir()
    [finding] = await open_().check()
    assert "is not there" in finding.problem


async def test_a_folder_without_rights_is_said(open_: Open, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(AccessRefused, match="may not be read"):
        await open_().poll()


@pytest.fixture
def keys(world: World) -> Callable[[str], None]:
    """Puts a fresh key pair of `name` among the secrets: `<name>` and `<name>-public`."""
    pysequoia = pytest.importorskip("pysequoia")

    def make(name: str) -> None:
        key = pysequoia.Tsk.generate(f"{name} <{name}@example.org>")
        world.learn({name: str(key), f"{name}-public": str(key.extract_certificate())})

    return make


def encrypted(world: World, data: bytes, to: str, signer: str | None = None) -> bytes:
    import pysequoia

    with warnings.catch_warnings():
        recipient = pysequoia.Cert.from_bytes(world.secrets[f"{to}-public"].encode())
        key = pysequoia.Tsk.from_bytes(world.secrets[signer].encode()).signer() if signer else None
        return bytes(pysequoia.encrypt(recipients=[recipient], bytes=data, signer=key))


@pytest.mark.parametrize(
    ("signed_by", "wanted", "taken"),
    [
        (None, None, True),
        ("partner", None, True),
        ("partner", "partner", True),
        ("thief", "partner", False),
        (None, "partner", False),
    ],
)
async def test_encrypted_files_are_opened_and_signatures_checked(
    open_: Open, folder: Path, world: World, keys: Callable[[str], None],
    signed_by: str | None, wanted: str | None, taken: bool,
) -> None:  # fmt: skip
    for name in ("ours", "partner", "thief"):
        keys(name)
    signer = {"pgp_signer": f"env:{wanted}-public"} if wanted else {}
    inbox = open_(stable_seconds=0, pgp_key="env:ours", **signer)
    (folder / "a.json.pgp").write_bytes(encrypted(world, orders(1), "ours", signed_by))
    await inbox.poll()
    assert bool(world.intake.messages) is taken
    assert bool(aside(folder, "archive")) is taken


async def test_a_file_for_somebody_else_is_rejected(
    open_: Open, folder: Path, world: World, keys: Callable[[str], None]
) -> None:
    for name in ("ours", "other"):
        keys(name)
    (folder / "a.pgp").write_bytes(encrypted(world, orders(1), "other"))
    (folder / "b.pgp").write_bytes(orders(1))
    await open_(stable_seconds=0, pgp_key="env:ours").poll()
    assert world.intake.messages == []
    assert len(aside(folder, "rejected")) == 2


def test_without_the_library_the_settings_say_what_to_install(open_: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pysequoia", None)
    with pytest.raises(ConfigurationError, match=r"careloom\[pgp\]"):
        open_(pgp_key="env:ours")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"format": "edifact"}, "there are hl7v2"),
        ({"archive": "/elsewhere"}, "below"),
        ({"archive": "../up"}, "below"),
        ({"archive": "x", "rejected": "x"}, "two folders"),
        ({"pgp_signer": "env:X"}, "needs pgp_key"),
    ],
)
def test_settings_that_cannot_work_are_refused(folder: Path, settings: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Settings.model_validate({"path": str(folder), **settings})
