"""Control numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from careloom.core.errors import Contention
from careloom.systems import control_numbers
from careloom.systems.control_numbers import ControlNumbers
from careloom.testing.surroundings import MemoryMemory

NOW = datetime(2026, 3, 10, 9, 15, tzinfo=UTC)


async def test_the_same_for_the_same_and_another_for_another() -> None:
    memory = MemoryMemory()
    drawn = [await ControlNumbers("a", memory).of(f"event-{number}", NOW) for number in range(500)]
    assert len(set(drawn)) == 500
    assert all(1 <= number <= 999_999_999 for number in drawn)
    again = ControlNumbers("a", memory)
    assert [await again.of(f"event-{number}", NOW) for number in range(500)] == drawn


async def test_two_that_would_meet_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_numbers, "_MOST", 3)
    memory = MemoryMemory()
    own = ControlNumbers("a", memory)
    drawn = {key: await own.of(key, NOW) for key in ("x", "y", "z")}
    assert sorted(drawn.values()) == [1, 2, 3]
    assert {key: await own.of(key, NOW) for key in drawn} == drawn
    with pytest.raises(Contention):
        await own.of("one too many", NOW)


async def test_a_number_is_kept_for_months_and_then_forgotten() -> None:
    memory = MemoryMemory()
    own = ControlNumbers("a", memory)
    first = await own.of("x", NOW)
    await own.forget(NOW + timedelta(days=50))
    assert len(memory.values) == 1
    assert await own.of("x", NOW + timedelta(days=50)) == first
    await own.forget(NOW + timedelta(days=150))
    assert memory.values == {}
