"""When schedules are due: time zones with summer time, business days, expressions that cannot be."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careloom.core.errors import ConfigurationError
from careloom.workflow.calendars import Calendar, OffDay
from careloom.workflow.declaration import Workflow
from careloom.workflow.duetimes import DueTimes
from careloom.workflow.schedule import Schedule

CHICAGO = "America/Chicago"
HOUSE = Calendar("house", holidays=frozenset({date(2026, 11, 26), date(2026, 12, 25)}))


def due(times: DueTimes, after: str, count: int) -> list[str]:
    """The next ones, as the wall clock shows them, with what it is off UTC."""
    start = datetime.fromisoformat(after).replace(tzinfo=times.zone)
    found = list(islice(times.between(start, start + timedelta(days=4000)), count))
    return [f"{one.astimezone(times.zone):%m-%d %H:%M %z}" for one in found]


def test_weekdays() -> None:
    times = DueTimes("0 6 * * mon-fri", CHICAGO)
    assert due(times, "2026-03-05", 3) == ["03-05 06:00 -0600", "03-06 06:00 -0600", "03-09 06:00 -0500"]


@pytest.mark.parametrize("cron", ["30 2 * * *", "0,30 2 * * *", "*/30 2 * * *", "15 2 * * *"])
def test_what_falls_into_the_hour_that_is_left_out_is_due_once(cron: str) -> None:
    times = DueTimes(cron, CHICAGO)
    assert [one for one in due(times, "2026-03-07T12:00", 3) if one.startswith("03-08")] == ["03-08 03:00 -0500"]


def test_what_falls_into_the_hour_that_comes_twice_is_due_once() -> None:
    assert due(DueTimes("30 1 * * *", CHICAGO), "2026-10-31T12:00", 2) == ["11-01 01:30 -0500", "11-02 01:30 -0600"]
    half = DueTimes("*/30 1 * * *", CHICAGO)
    assert due(half, "2026-10-31T12:00", 3) == ["11-01 01:00 -0500", "11-01 01:30 -0500", "11-02 01:00 -0600"]


def test_between_the_two_passes_of_an_hour_nothing_is_due_again() -> None:
    second = datetime(2026, 11, 1, 7, 10, tzinfo=UTC)  # 01:10 for the second time
    found = DueTimes("30 1 * * *", CHICAGO).after(second)
    assert found == datetime(2026, 11, 2, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "hours"),
    [
        ("2026-03-08T00:00", ["00:30 -0600", "01:30 -0600", "03:30 -0500"]),
        ("2026-11-01T00:00", ["00:30 -0500", "01:30 -0500", "01:30 -0600"]),
    ],
)
def test_each_hour_follows_the_time_that_passes(start: str, hours: list[str]) -> None:
    assert [one[6:] for one in due(DueTimes("30 * * * *", CHICAGO), start, 3)] == hours


@pytest.mark.parametrize(
    ("off_day", "expected"),
    [
        ("skip", ["11-25", "11-27", "11-30", "12-01"]),
        ("next", ["11-25", "11-27", "11-30", "12-01"]),
        ("previous", ["11-25", "11-27", "11-30", "12-01"]),
    ],
)
def test_daily_on_business_days_is_once_on_each(off_day: OffDay, expected: list[str]) -> None:
    times = DueTimes("0 6 * * *", CHICAGO, HOUSE, off_day)
    assert [one[:5] for one in due(times, "2026-11-25", 4)] == expected


@pytest.mark.parametrize(
    ("off_day", "expected"),
    [
        ("skip", ["12-01 06:00", "01-01 06:00", "02-01 06:00"]),
        ("next", ["11-27 06:00", "12-28 06:00", "01-26 06:00"]),
        ("previous", ["11-25 06:00", "12-24 06:00", "01-26 06:00"]),
    ],
)
def test_the_monthly_day_is_skipped_or_moved(off_day: OffDay, expected: list[str]) -> None:
    cron = "0 6 1 * *" if off_day == "skip" else "0 6 26 * *"
    holidays = HOUSE.holidays | {date(2026, 11, 1)}
    calendar = Calendar("house", frozenset({"sat", "sun"}) if off_day != "skip" else frozenset(), holidays)
    times = DueTimes(cron, CHICAGO, calendar, off_day)
    assert [one[:11] for one in due(times, "2026-11-01", 3)] == expected


def test_several_times_of_an_off_day_keep_their_order() -> None:
    times = DueTimes("0 6,18 * * sat,sun", CHICAGO, HOUSE, "next")
    assert [one[:11] for one in due(times, "2026-11-20T12:00", 4)] == [
        "11-23 06:00", "11-23 18:00", "11-30 06:00", "11-30 18:00",
    ]  # fmt: skip


@pytest.mark.parametrize("cron", ["", "* * * *", "61 * * * *", "0 0 30 2 *", "* * * * * *", "0 6 * * monday"])
def test_expressions_that_cannot_be(cron: str) -> None:
    with pytest.raises(ConfigurationError):
        DueTimes(cron)


def test_zones_and_calendars_that_cannot_be() -> None:
    with pytest.raises(ConfigurationError, match="no time zone 'Chicago'"):
        DueTimes("0 6 * * *", "Chicago")
    with pytest.raises(ConfigurationError, match="someday is no day"):
        Calendar("house", frozenset({"someday"}))
    with pytest.raises(ConfigurationError, match="every day"):
        Calendar("house", frozenset({"mon", "tue", "wed", "thu", "fri", "sat", "sun"}))


def test_a_schedule_says_what_is_wrong_with_it() -> None:
    async def nothing(run: object, given: object) -> None: ...

    workflow = Workflow("nothing", nothing)
    with pytest.raises(ConfigurationError, match=r"no calendar 'house'.*\[calendars\.house\]"):
        Schedule("s", "0 6 * * *", workflow, calendar="house").times({})
    with pytest.raises(ConfigurationError, match="catch_up is last, all or none"):
        Schedule("s", "0 6 * * *", workflow, catch_up="some")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="length of time"):
        Schedule("s", "0 6 * * *", workflow, window="soon")


ZONES = st.sampled_from([CHICAGO, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC", "America/Santiago"])
CRONS = st.sampled_from(["*/20 * * * *", "30 0-3 * * *", "0 */2 * * *", "5 0 * * *", "0,45 2 * * sun", "10 23 L * *"])


MINUTES = st.integers(0, 4 * 366 * 24 * 60).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


# How long it may take is not what is asked, and a busy machine draws slowly.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ZONES, CRONS, MINUTES)
def test_due_times_rise_and_are_the_same_from_wherever_one_looks(zone: str, cron: str, start: datetime) -> None:
    times = DueTimes(cron, zone)
    found = list(islice(times.between(start, start + timedelta(days=400)), 12))
    assert all(before < after for before, after in pairwise(found))
    assert [times.after(one) for one in found[:-1]] == found[1:]
