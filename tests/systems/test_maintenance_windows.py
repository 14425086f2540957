"""Maintenance windows: how they are written, and when they are open, also when the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from careloom.core.errors import ConfigurationError
from careloom.systems.windows import Windows, WindowText, parse_window, windows_of

SUNDAY = "Sun 02:00-04:00 Europe/Berlin"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def open_minutes(text: str, first: str, days: int) -> list[str]:
    """The stretches in which it is open, in UTC, looked at each minute."""
    windows = windows_of([text])
    moment, end = utc(first), utc(first) + timedelta(days=days)
    found: list[str] = []
    was = False
    while moment <= end:
        now = windows.until(moment) is not None
        if now != was:
            found.append(f"{moment:%d %H:%M}")
        was, moment = now, moment + timedelta(minutes=1)
    return [f"{begin}-{finish}" for begin, finish in zip(found[::2], found[1::2], strict=True)]


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        ("2026-03-01 00:59:59", None),
        ("2026-03-01 01:00:00", "2026-03-01 03:00"),
        ("2026-03-01 02:59:59", "2026-03-01 03:00"),
        ("2026-03-01 03:00:00", None),
        ("2026-03-02 01:30:00", None),
        ("2026-07-05 00:30:00", "2026-07-05 02:00"),
    ],
)
def test_a_window_is_open_from_its_first_moment_to_before_its_last(moment: str, end: str | None) -> None:
    assert windows_of([SUNDAY]).until(utc(moment)) == (end and utc(end))


@pytest.mark.parametrize(
    ("text", "first", "expected"),
    [
        (SUNDAY, "2026-03-28 12:00", ["29 01:00-29 02:00"]),  # 02:00 is not there: the clocks go to 03:00
        ("Sun 02:15-02:45 Europe/Berlin", "2026-03-28 12:00", []),  # all of it is left out
        ("Sun 01:30-02:30 Europe/Berlin", "2026-03-28 12:00", ["29 00:30-29 01:00"]),
        (SUNDAY, "2026-10-24 12:00", ["25 00:00-25 03:00"]),  # 02:00 to 03:00 comes twice
        ("Sun 02:15-02:45 Europe/Berlin", "2026-10-24 12:00", ["25 00:15-25 01:45"]),
        ("Sat 23:00-04:00 America/New_York", "2026-03-07 12:00", ["08 04:00-08 08:00"]),
        ("Sat 23:00-04:00 America/New_York", "2026-10-31 12:00", ["01 03:00-01 09:00"]),
    ],
)
def test_when_the_clocks_change(text: str, first: str, expected: list[str]) -> None:
    assert open_minutes(text, first, 1) == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("Mon", [0]),
        ("mon-wed", [0, 1, 2]),
        ("Sat,Sun", [5, 6]),
        ("Fri-Mon", [0, 4, 5, 6]),
        ("Mon,Wed-Thu", [0, 2, 3]),
        ("daily", list(range(7))),
    ],
)
def test_days(days: str, expected: list[int]) -> None:
    assert sorted(parse_window(f"{days} 01:00-02:00 UTC").days) == expected


def test_a_window_over_midnight_belongs_to_the_day_it_begins_on() -> None:
    assert open_minutes("Sat 23:30-01:15 UTC", "2026-03-06 00:00", 4) == ["07 23:30-08 01:15"]


def test_the_same_time_twice_is_a_whole_day() -> None:
    assert open_minutes("Sun 06:00-06:00 UTC", "2026-03-07 00:00", 4) == ["08 06:00-09 06:00"]


def test_overlapping_and_touching_windows_end_together() -> None:
    windows = windows_of(["Sun 02:00-04:00 UTC", "Sun 03:00-05:00 UTC", "Sun 05:00-06:00 UTC", "Sun 07:00-08:00 UTC"])
    assert windows.until(utc("2026-03-01 02:30")) == utc("2026-03-01 06:00")
    assert windows.until(utc("2026-03-01 06:00")) is None


def test_windows_without_a_gap_have_an_end_that_is_told_all_the_same() -> None:
    now = utc("2026-03-01 02:30")
    end = windows_of(["daily 00:00-00:00 UTC"]).until(now)
    assert end is not None
    assert end - now < timedelta(days=9)


def test_no_windows_are_never_open() -> None:
    assert Windows().until(utc("2026-03-01 02:30")) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Sun 02:00-04:00", "is no maintenance window"),
        ("Sun 2:00-4:00 UTC", "is no maintenance window"),
        ("Sun 02:00-25:00 UTC", "a time that no clock shows"),
        ("Sunday 02:00-04:00 UTC", "a day that there is not"),
        ("Mon- 02:00-04:00 UTC", "a day that there is not"),
        ("Mon 02:00-04:00 Mars/Olympus", "a time zone that this machine does not know"),
        ("Sun 02:00-04:00 ../etc/passwd", "is no maintenance window"),
    ],
)
def test_what_is_no_window_says_how_to_write_one(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        parse_window(text)
    assert "Sun 02:00-04:00 Europe/Berlin" in str(caught.value)


def test_settings_refuse_it_with_the_same_words() -> None:
    class Settings(BaseModel):
        maintenance: tuple[WindowText, ...]

    assert Settings(maintenance=(SUNDAY,)).maintenance == (SUNDAY,)
    with pytest.raises(ValidationError, match="is no maintenance window"):
        Settings(maintenance=("at night",))


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)), st.sampled_from(["Europe/Berlin", "Asia/Kolkata"]))
def test_an_open_window_ends_later_and_is_closed_at_its_end(naive: datetime, zone: str) -> None:
    moment = naive.replace(tzinfo=UTC)
    windows = windows_of([f"Tue-Thu 22:45-03:10 {zone}"])
    end = windows.until(moment)
    if end is not None:
        assert timedelta() < end - moment <= timedelta(hours=5, minutes=25)
        assert windows.until(end) is None
