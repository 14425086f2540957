"""`[calendars.NAME]` of the settings."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

from careloom.core.errors import ConfigurationError
from careloom.hub.calendars import calendars_of
from careloom.hub.configuration import check
from careloom.workflow.calendars import Calendar

SETTINGS = """
[calendars.house]
weekend = ["fri", "sat"]
holidays = [2026-12-25, 2027-01-01]
[calendars.plain]
"""


def test_business_days_are_settings(tmp_path: Path) -> None:
    found = calendars_of(check(tomllib.loads(SETTINGS), tmp_path).settings.calendars)
    house = Calendar("house", frozenset({"fri", "sat"}), frozenset({date(2026, 12, 25), date(2027, 1, 1)}))
    assert found == {"house": house, "plain": Calendar("plain")}
    assert not house.is_business(date(2026, 11, 20)) and house.is_business(date(2026, 11, 22))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('weekend = ["saturday"]', "calendars.house.weekend.0"),
        ('weekend = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]', "every day is of the weekend"),
        ('holidays = ["25 December"]', "calendars.house.holidays.0"),
        ("open = true", "calendars.house.open"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, line: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        check(tomllib.loads(f"[calendars.house]\n{line}"), tmp_path)
