"""Folders and servers of their own for the tests of the embedded PostgreSQL."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from careloom.store.embedded import EmbeddedPostgres


@pytest.fixture
def passable_folder() -> Iterator[Path]:
    """A temporary folder that PostgreSQL's user can pass through; pytest's own it cannot, under root."""
    folder = Path(tempfile.mkdtemp(prefix="careloom store "))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
async def embedded(passable_folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A server of the test's own, to be killed at will, on a path with spaces in it."""
    server = EmbeddedPostgres(passable_folder / "a hub's data")
    await server.start()
    yield server
    await server.stop()
