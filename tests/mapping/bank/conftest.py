"""Samples of statements, and small files made of parts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from careloom.mapping import Settings
from careloom.mapping.reading import Unit, Unread, reader

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "bank"
Sample = Callable[[str], bytes]
Read = Callable[[bytes], list[Unit | Unread]]


@pytest.fixture
def sample() -> Sample:
    return lambda name: (SAMPLES / name).read_bytes()


@pytest.fixture
def read() -> Read:
    return lambda data: list(reader("bank").units(data, Settings()))
