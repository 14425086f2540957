"""Business days: which days work is done on, and which of them takes over what was due on another day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from careloom.core.errors import ConfigurationError

OffDay = Literal["skip", "next", "previous"]
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """The days of a house. `weekend` are names of days, `holidays` dates. Raises ConfigurationError for a name that is
    none, and for a weekend of seven days."""

    name: str = ""
    weekend: frozenset[str] = frozenset({"sat", "sun"})
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if unknown := sorted(self.weekend - set(DAYS)):
            raise ConfigurationError(f"calendar {self.name}: {', '.join(unknown)} is no day; write {', '.join(DAYS)}")
        if len(self.weekend) == len(DAYS):
            raise ConfigurationError(f"calendar {self.name}: every day is of the weekend, so nothing would ever be due")

    def is_business(self, day: date) -> bool:
        """Whether work is done on it."""
        return DAYS[day.weekday()] not in self.weekend and day not in self.holidays

    def taken_over(self, day: date, off_day: OffDay) -> list[date]:
        """The days whose work is done on this one, itself among them, in order; none when it is no business day."""
        if not self.is_business(day):
            return []
        days = [day]
        if off_day != "skip":
            step = -_DAY if off_day == "next" else _DAY
            while not self.is_business(days[-1] + step):
                days.append(days[-1] + step)
        return sorted(days)
