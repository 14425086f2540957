"""`[calendars.NAME]`: the business days that schedules go by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal, get_args

from pydantic import Field, field_validator

from careloom.hub.section import Section
from careloom.workflow.calendars import DAYS, Calendar

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
assert get_args(Day) == DAYS, "the days of the settings are those of calendars"


class CalendarSection(Section):
    """The days of a house on which schedules are due."""

    weekend: tuple[Day, ...] = Field(default=("sat", "sun"), description="days of the week without business")
    holidays: tuple[date, ...] = Field(default=(), description="dates without business, 2026-12-25")

    @field_validator("weekend")
    @classmethod
    def _some_day_is_left(cls, weekend: tuple[Day, ...]) -> tuple[Day, ...]:
        if set(weekend) == set(DAYS):
            raise ValueError("every day is of the weekend, so nothing would ever be due")
        return weekend


def calendars_of(sections: Mapping[str, CalendarSection]) -> dict[str, Calendar]:
    """The same as schedules take them."""
    return {name: Calendar(name, frozenset(one.weekend), frozenset(one.holidays)) for name, one in sections.items()}
