"""Events as lines of one file a day: whole lines, whatever happened before."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from careloom.core.outcomes import Done, Retry
from careloom.systems.folder.connector import Settings, connect
from careloom.systems.folder.outbox import FolderOut
from careloom.systems.trial import event
from careloom.testing.surroundings import World


@pytest.fixture
def lake(tmp_path: Path) -> FolderOut:
    made = connect(Settings(path=tmp_path, direction="out", naming="day"), World(tmp_path).around())
    assert isinstance(made, FolderOut)
    return made


def lines(folder: Path) -> list[bytes]:
    [file] = folder.glob("*.ndjson")
    return file.read_bytes().splitlines()


async def test_a_line_that_a_crash_cut_off_does_not_take_the_next_one_with_it(lake: FolderOut, tmp_path: Path) -> None:
    assert isinstance(await lake.post(event(1)), Done)
    [file] = tmp_path.glob("*.ndjson")
    with file.open("ab") as torn:
        torn.write(b'{"specversion": "1.0", "id": "half of')
    assert isinstance(await lake.post(event(2)), Done)
    first, half, second = lines(tmp_path)
    assert [json.loads(one)["id"] for one in (first, second)] == [str(event(1).id), str(event(2).id)]
    assert half.endswith(b"half of")


async def test_a_full_disk_leaves_no_part_of_a_line_and_is_tried_again(
    lake: FolderOut, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(await lake.post(event(1)), Done)
    write = os.write
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda descriptor, octets: write(descriptor, octets[:10]))
        outcome = await lake.post(event(2))
    assert isinstance(outcome, Retry)
    assert os.strerror(errno.ENOSPC) in outcome.reason
    assert len(lines(tmp_path)) == 1
    assert isinstance(await lake.post(event(2)), Done)
    assert len(lines(tmp_path)) == 2
