"""Every kind we ship passes the one suite."""

from __future__ import annotations

from pathlib import Path

import pytest

from careloom.systems.registry import kinds
from careloom.testing.conformance import Check, checks

_ALL = [check for name, kind in kinds().items() if (kind.folder / "fake.py").is_file() for check in checks(name)]


@pytest.mark.parametrize("check", _ALL, ids=str)
async def test_a_kind_keeps_its_promises(check: Check, tmp_path: Path) -> None:
    await check.run(tmp_path)
