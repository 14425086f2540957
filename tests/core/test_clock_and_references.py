"""The system clock, places in the log, and references to secrets."""

from __future__ import annotations

import asyncio
from datetime import UTC, timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from careloom.core.clock import Clock, SystemClock
from careloom.core.envelope import Kind, Position
from careloom.core.secrets import SecretRef

_REFERENCE: TypeAdapter[str] = TypeAdapter(SecretRef)


def test_the_system_clock_is_aware_and_in_utc() -> None:
    clock: Clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert clock.now().utcoffset() == timedelta(0)


async def test_the_system_clock_sleeps_at_least_as_long_as_asked() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    await asyncio.wait_for(clock.sleep(0.01), 10)
    assert clock.monotonic() - before >= 0.009


def test_places_sort_by_lane_and_sequence_and_read_well() -> None:
    assert sorted([Position(1, 2), Position(0, 10), Position(1, 1)]) == [
        Position(0, 10),
        Position(1, 1),
        Position(1, 2),
    ]
    assert str(Position(3, 14)) == "3:14"


def test_kinds_are_one_letter_as_in_the_database() -> None:
    assert {kind.value for kind in Kind} == {"m", "e", "a", "j"}


@pytest.mark.parametrize("reference", ["env:ODOO_KEY", "file:/run/secrets/odoo", "file:keys/odoo"])
def test_references_are_taken(reference: str) -> None:
    assert _REFERENCE.validate_python(reference) == reference


@pytest.mark.parametrize("value", ["swordfish", "env:", "file:", "vault:x", ""])
def test_a_value_is_refused_with_the_remedy(value: str) -> None:
    with pytest.raises(ValidationError, match="never the value itself"):
        _REFERENCE.validate_python(value)
