"""The fixtures of a deployment; and what tests drive of the flows is put down where that is asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.flows.branches import FOLDER, watched
from tests.hub.fixtures import any_erp, erp, hospital

__all__ = ["any_erp", "erp", "hospital"]


@pytest.fixture(scope="session", autouse=True)
def branches() -> Iterator[None]:
    """See tests/flows/branches.py."""
    if (folder := os.environ.get(FOLDER)) is None:
        yield
        return
    with watched() as seen:
        yield
    seen.write(Path(folder))
