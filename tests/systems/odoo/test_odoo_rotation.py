"""A new API key: after every step, and after a failure of any, the file holds a key that works."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.systems.odoo.conftest import LeapingClock

from careloom.core.errors import AccessRefused, CareloomError, ConfigurationError
from careloom.sim.odoo.faults import Fault
from careloom.sim.odoo.server import SimulatedOdoo
from careloom.systems.odoo import Odoo, Settings
from careloom.systems.odoo import rotation as rotations
from careloom.systems.odoo.keyfile import KeyFile
from careloom.systems.odoo.rotation import GRACE_SECONDS, Rotated, Rotation
from careloom.testing.surroundings import World


class Ward:
    """A hub's corner with one Odoo, whose key is in a file."""

    def __init__(self, base: Path, sim: SimulatedOdoo) -> None:
        self.sim = sim
        self.clock = LeapingClock()
        self.world = World(base, clock=self.clock)
        self.world.learn({"PASSWORD": sim.password})
        self.file = base / "odoo.key"
        self.file.write_text(f"{sim.api_key}\n", "utf-8")

    @property
    def key(self) -> str:
        return self.file.read_text("utf-8").strip()

    @property
    def listed(self) -> list[str]:
        uid = self.sim.uid
        return [row["name"] for row in self.sim.records("res.users.apikeys") if row["user_id"] == uid]

    def settings(self, **more: Any) -> Settings:
        given = {"url": self.sim.url, "database": self.sim.database, "login": self.sim.login}
        return Settings.model_validate({**given, "api_key": f"file:{self.file}", "password": "env:PASSWORD", **more})

    async def rotate(self, **how: Any) -> Rotated:
        return await Rotation(self.settings(), self.world.around("erp")).run(**how)

    async def works(self, key: str) -> bool:
        async with Odoo("erp", self.settings(), secrets=lambda _: key, clock=self.clock) as odoo:
            try:
                await odoo.search_read("res.country", [], ["code"], limit=1)
            except AccessRefused:
                return False
        return True


@pytest.fixture
async def ward(tmp_path: Path, sim: SimulatedOdoo) -> AsyncIterator[Ward]:
    yield Ward(tmp_path, sim)


async def test_the_new_key_works_and_the_old_one_does_not(ward: Ward) -> None:
    old = ward.key
    assert await ward.works(old)  # the workers of Odoo 18 remember it
    rotated = await ward.rotate()
    assert ward.key != old
    assert (await ward.works(ward.key), await ward.works(old)) == (True, False)
    assert (rotated.removed, rotated.advice) == (("careloom",), ())
    assert ward.listed == [rotated.key.name]
    assert rotated.key.name.startswith("Careloom erp 2026-01-01 ")
    assert rotated.key.expires is not None
    assert (rotated.key.expires - datetime.now(UTC)).days in (88, 89)  # the simulator's own clock


async def test_the_file_is_its_owners_alone_and_no_draft_is_left(ward: Ward) -> None:
    await ward.rotate()
    assert ward.file.stat().st_mode & 0o777 == 0o600
    assert sorted(one.name for one in ward.file.parent.iterdir()) == ["odoo.key"]


async def test_calls_that_set_out_with_the_old_key_have_time(ward: Ward) -> None:
    await ward.rotate()
    assert GRACE_SECONDS in ward.clock.slept


async def test_rotating_again_removes_the_key_it_made(ward: Ward) -> None:
    first = await ward.rotate()
    ward.sim.new_api_key()  # somebody's own
    second = await ward.rotate()
    assert second.removed == (first.key.name,)
    assert ward.listed == ["one more", second.key.name]


async def test_of_several_keys_none_is_removed_by_guessing(ward: Ward) -> None:
    ward.sim.new_api_key()
    rotated = await ward.rotate()
    assert rotated.removed == ()
    [advice] = rotated.advice
    assert "'careloom', 'one more'" in advice
    assert len(ward.listed) == 3
    assert await ward.works(ward.key)


async def test_the_old_key_may_be_kept(ward: Ward) -> None:
    old = ward.key
    rotated = await ward.rotate(keep_old=True)
    assert (rotated.removed, rotated.advice) == ((), ())
    assert await ward.works(old)
    assert await ward.works(ward.key)


async def test_the_first_key_of_all(ward: Ward) -> None:
    ward.sim.revoke_key(ward.key)
    ward.file.unlink()
    rotated = await ward.rotate()
    assert (rotated.removed, rotated.advice) == ((), ())
    assert await ward.works(ward.key)


async def test_a_key_that_has_ended_is_replaced_all_the_same(ward: Ward) -> None:
    ward.sim.revoke_key(ward.key)
    rotated = await ward.rotate()
    assert (rotated.removed, rotated.advice) == ((), ())
    assert await ward.works(ward.key)


async def test_a_link_stays_a_link(ward: Ward, tmp_path: Path) -> None:
    real = tmp_path / "secrets" / "key"
    real.parent.mkdir()
    ward.file.rename(real)
    ward.file.symlink_to(real)
    await ward.rotate()
    assert ward.file.is_symlink()
    assert await ward.works(real.read_text("utf-8").strip())


# failures


async def refused(ward: Ward, error: type[CareloomError], words: str, **how: Any) -> None:
    """The rotation fails so, and everything is as it was."""
    old, listed = ward.key, ward.listed
    with pytest.raises(error, match=words) as caught:
        await ward.rotate(**how)
    assert ward.key == old
    assert ward.listed == listed
    assert await ward.works(old)
    assert not (ward.file.parent / ".odoo.key.rotating").exists()
    assert old not in str(caught.value)
    assert ward.sim.password not in str(caught.value)


async def test_a_wrong_password(ward: Ward) -> None:
    ward.world.learn({"OTHER": "not-this"})
    await refused(ward, AccessRefused, "does not let svc-connector in", password="env:OTHER")


async def test_longer_than_this_user_may(ward: Ward) -> None:
    await refused(ward, CareloomError, "no key was made, the old key stays in place. A shorter --days", days=365)


async def test_no_password(ward: Ward) -> None:
    settings = ward.settings(password=None)
    with pytest.raises(ConfigurationError, match="--password-ref"):
        await Rotation(settings, ward.world.around("erp")).run()


async def test_an_environment_cannot_be_written(ward: Ward) -> None:
    settings = ward.settings(api_key="env:ODOO_KEY")
    with pytest.raises(ConfigurationError, match="set `api_key` to file:PATH"):
        await Rotation(settings, ward.world.around("erp")).run()
    assert ward.sim.outcomes == {}


async def test_a_password_does_not_travel_in_the_clear(ward: Ward) -> None:
    settings = ward.settings(url="http://erp.example.org")
    with pytest.raises(ConfigurationError, match=r"https alone: set `url` to https://erp\.example\.org"):
        await Rotation(settings, ward.world.around("erp")).run()


async def test_two_rotations_at_once(ward: Ward) -> None:
    with KeyFile(ward.file), pytest.raises(ConfigurationError, match="being rotated now, or that was cut short"):
        await ward.rotate()
    assert len(ward.listed) == 1


async def test_a_folder_that_cannot_be_written(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: Any) -> int:
        raise PermissionError

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", denied)
        with pytest.raises(ConfigurationError, match="run this as the file's owner"):
            await ward.rotate()
    assert ward.sim.outcomes == {}


async def test_a_new_key_that_odoo_does_not_take_is_removed_again(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotations, "_secret", lambda _: "0123456789")
    await refused(ward, AccessRefused, "the new key was not taken; the old key stays in place")


async def test_a_disk_that_is_full(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(KeyFile, "put", full)
    await refused(ward, ConfigurationError, r"could not be written \(OSError\); the old key stays in place")


async def test_a_file_that_is_not_the_one_the_hub_reads_gets_its_key_back(ward: Ward) -> None:
    read = ward.world.resolve

    def elsewhere(reference: str) -> str:
        return "another-key" if reference.startswith("file:") and started else read(reference)

    around = ward.world.around("erp")
    started: list[bool] = []
    put = KeyFile.put

    def noting(file: KeyFile, key: str) -> None:
        started.append(True)
        put(file, key)

    old, listed = ward.key, ward.listed
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(KeyFile, "put", noting)
        object.__setattr__(around, "secrets", elsewhere)
        with pytest.raises(AccessRefused, match=r"the key in .*odoo\.key was not taken"):
            await Rotation(ward.settings(), around).run()
    assert (ward.key, ward.listed) == (old, listed)
    assert await ward.works(old)


async def test_a_new_key_that_cannot_be_taken_back_stays(ward: Ward) -> None:
    around = ward.world.around("erp")
    put, calls = KeyFile.put, []

    def once(file: KeyFile, key: str) -> None:
        calls.append(key)
        if len(calls) > 1:
            raise OSError(5, "Input/output error")
        put(file, key)

    read = around.secrets
    object.__setattr__(around, "secrets", lambda ref: "another-key" if ref.startswith("file:") and calls else read(ref))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(KeyFile, "put", once)
        with pytest.raises(CareloomError, match="The file holds the new key, which worked before"):
            await Rotation(ward.settings(), around).run()
    assert ward.key == calls[0]
    assert await ward.works(ward.key)


async def test_an_old_key_that_cannot_be_removed_is_told(ward: Ward) -> None:
    old = ward.key
    ward.sim.faults.add(Fault(kind="revoked", method="res.users.apikeys.remove", times=1))
    rotated = await ward.rotate()
    assert rotated.removed == ()
    assert rotated.advice == (
        "the old key 'careloom' could not be removed: remove it in Odoo: the user's preferences, Security, API Keys",
    )
    assert await ward.works(old)
    assert await ward.works(ward.key)
