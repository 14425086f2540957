"""The key file: private, made once whoever comes first, and refused when others could read it."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from careloom.core.errors import ConfigurationError
from careloom.security.keyfile import load_or_create

RACERS = 8
posix = pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")


def _token(path: Path) -> str:
    return str(load_or_create(path).token("subject"))


def test_the_key_is_made_once_and_read_from_then_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "deep" / "master.key"
    with caplog.at_level(logging.WARNING):
        assert _token(path) == _token(path)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "back it up" in caplog.text
    assert path.read_text().strip() not in caplog.text
    assert [file.name for file in path.parent.iterdir()] == ["master.key"]


def test_two_installations_have_different_keys(tmp_path: Path) -> None:
    assert _token(tmp_path / "a") != _token(tmp_path / "b")


@posix
def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    load_or_create(path)
    assert path.stat().st_mode & 0o777 == 0o600


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_file_that_others_can_touch_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    load_or_create(path)
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match="chmod 600") as refused:
        load_or_create(path)
    assert path.read_text().strip() not in str(refused.value)


def test_threads_that_race_get_one_key(tmp_path: Path) -> None:
    barrier = Barrier(RACERS)

    def race(_: int) -> str:
        barrier.wait()
        return _token(tmp_path / "master.key")

    with ThreadPoolExecutor(RACERS) as pool:
        assert len(set(pool.map(race, range(RACERS)))) == 1
    assert len(list(tmp_path.iterdir())) == 1


async def test_processes_that_race_get_one_key(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from careloom.security.keyfile import load_or_create as load;"
        " sys.stdin.read(); print(load(pathlib.Path(sys.argv[1])).token('subject'))"
    )
    arguments = (sys.executable, "-c", program, str(tmp_path / "master.key"))
    racers = [
        await asyncio.create_subprocess_exec(*arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE) for _ in range(RACERS)
    ]
    answers = await asyncio.gather(
        *(racer.communicate(b"") for racer in racers)
    )  # the end of stdin lets all go at once
    assert [racer.returncode for racer in racers] == [0] * RACERS
    assert len({out for out, _ in answers}) == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_a_lost_key_is_not_replaced_where_bodies_are_sealed_under_it(tmp_path: Path) -> None:
    path = tmp_path / "master.key"

    with pytest.raises(ConfigurationError, match="put it back from its backup"):
        load_or_create(path, may_create=False)

    assert not path.exists()
