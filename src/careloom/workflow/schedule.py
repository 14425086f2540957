"""What a schedule declares: when runs of a workflow begin by the clock, and what becomes of times that were missed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final, Literal
from uuid import UUID, uuid5

from careloom.core.errors import ConfigurationError
from careloom.workflow.calendars import Calendar, OffDay
from careloom.workflow.declaration import Workflow, length_of
from careloom.workflow.duetimes import DueTimes

CatchUp = Literal["last", "all", "none"]
_SPACE: Final = UUID("2f7d0c1e-6a43-5d0b-9a55-0f3f6c3f7a11")


@dataclass(frozen=True)
class Schedule:
    """Begins a run of `workflow` at each due time of `cron` in `timezone` (see `DueTimes`).

    `given` is what a run is about: a value, or a function of the due time. `calendar` names business days of the
    settings; a due day that is none is skipped, or moved to the `next` or `previous` business day as `off_day` says.
    A run that has not completed `window` after its due time is late; until then it is waiting, which is no failure.
    After an outage `catch_up` decides: the `last` due time is made up for, `all` of them are, or `none` that is older
    than its window. Raises ConfigurationError for what cannot be.
    """

    name: str
    cron: str
    workflow: Workflow
    given: Any = None
    timezone: str = "UTC"
    calendar: str | None = None
    off_day: OffDay = "skip"
    window: str | timedelta = "4h"
    catch_up: CatchUp = "last"

    def __post_init__(self) -> None:
        _ = self.length, DueTimes(self.cron, self.timezone)  # wrong ones are found where they are written
        if self.catch_up not in ("last", "all", "none") or self.off_day not in ("skip", "next", "previous"):
            raise ConfigurationError(
                f"schedule {self.name}: catch_up is last, all or none, not {self.catch_up!r}; "
                f"off_day is skip, next or previous, not {self.off_day!r}"
            )

    @cached_property
    def length(self) -> timedelta:
        """How long after its due time a run may end."""
        return length_of(self.window)

    @cached_property
    def fingerprint(self) -> str:
        """Of when it is due, but for the holidays: with another one, no past time is made up for."""
        said = f"{self.cron}|{self.timezone}|{self.calendar}|{self.off_day}"
        return hashlib.blake2b(said.encode(), digest_size=8).hexdigest()

    @property
    def subject(self) -> str:
        """Whom its runs are about: nobody, so that no erasure ever takes them."""
        return f"Schedule/{self.name}"

    def run_at(self, due: datetime) -> UUID:
        """The id of the run of a due time: the same on every node."""
        return uuid5(_SPACE, f"{self.name}/{due.isoformat()}")

    def given_at(self, due: datetime) -> Any:
        """What the run of a due time is about."""
        return self.given(due) if isinstance(self.given, Callable) else self.given  # type: ignore[arg-type]

    def times(self, calendars: Mapping[str, Calendar]) -> DueTimes:
        """Its due times. Raises ConfigurationError when the settings have no such calendar."""
        if self.calendar is not None and self.calendar not in calendars:
            known = ", ".join(sorted(calendars)) or "none"
            raise ConfigurationError(
                f"schedule {self.name}: there is no calendar {self.calendar!r}; there is {known}; "
                f"add [calendars.{self.calendar}] to the settings"
            )
        found = None if self.calendar is None else calendars[self.calendar]
        return DueTimes(self.cron, self.timezone, found, self.off_day)
