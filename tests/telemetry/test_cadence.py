"""When a feed is silent: declared and learned, with nights, week ends, outages and batches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from careloom.telemetry.cadence import Declared, Hour, Learned, Rest, learn
from careloom.workflow.calendars import Calendar

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
CHICAGO = ZoneInfo("America/Chicago")


def history(weeks: int, sends: Callable[[datetime], tuple[int, float] | None]) -> list[Hour]:
    """Hours of the weeks before MONDAY; `sends` gives messages and the longest gap within, None for a quiet hour."""
    found: list[Hour] = []
    last: datetime | None = None
    at = MONDAY - timedelta(weeks=weeks)
    while at < MONDAY:
        if (sent := sends(at)) is not None:
            first = at + timedelta(seconds=sent[1])
            longest = sent[1] if last is None or at - last < 2 * HOUR else (first - last).total_seconds()
            last = at + HOUR - timedelta(seconds=sent[1])
            found.append(Hour(at, sent[0], longest, last))
        at += HOUR
    return found


def learned(found: list[Hour], rest: Rest | None = None) -> Learned:
    made = learn(found, MONDAY, rest or Rest())
    assert made is not None
    return made


def test_a_declared_feed_is_silent_after_its_time() -> None:
    assert Declared(timedelta(minutes=15), Rest()).due(MONDAY) == MONDAY + timedelta(minutes=15)


def test_quiet_hours_do_not_count() -> None:
    rest = Rest(hours=((time(22), time(6)),))
    last = datetime(2026, 3, 2, 21, 50, tzinfo=UTC)
    assert Declared(timedelta(minutes=15), rest).due(last) == datetime(2026, 3, 3, 6, 5, tzinfo=UTC)


def test_hours_are_those_of_the_feeds_zone_also_when_clocks_change() -> None:
    """On 8 March 2026 the clocks of Chicago go forward: 06:00 there is 11:00 UTC, the day before it was 12:00."""
    rest = Rest(zone=CHICAGO, hours=((time(22), time(6)),))
    last = datetime(2026, 3, 8, 3, 50, tzinfo=UTC)  # 21:50 on Saturday
    assert Declared(timedelta(minutes=15), rest).due(last) == datetime(2026, 3, 8, 11, 5, tzinfo=UTC)


def test_days_without_business_and_maintenance_do_not_count() -> None:
    friday = datetime(2026, 3, 6, 23, 50, tzinfo=UTC)
    monday = datetime(2026, 3, 9, 0, 0, tzinfo=UTC)
    rest = Rest(calendar=Calendar("clinic", holidays=frozenset({date(2026, 3, 9)})))
    assert Declared(timedelta(minutes=15), rest).due(friday) == datetime(2026, 3, 10, 0, 5, tzinfo=UTC)
    away = Rest(maintenance=((monday - HOUR, monday + HOUR),))
    assert Declared(timedelta(minutes=90), away).due(monday - 2 * HOUR) == monday + timedelta(minutes=90)


def test_a_feed_that_never_may_speak_is_never_due_for_ever() -> None:
    rest = Rest(hours=((time(0), time(12)), (time(12), time(0))))
    due = Declared(timedelta(minutes=1), rest).due(MONDAY)
    assert due is not None and due - MONDAY > timedelta(days=300)


def test_a_steady_feed_is_missed_within_minutes() -> None:
    found = learned(history(6, lambda _: (600, 10.0)))
    assert found.due(MONDAY) == MONDAY + timedelta(minutes=5)


def test_a_slow_feed_is_given_three_of_its_own_gaps() -> None:
    found = learned(history(6, lambda _: (4, 1200.0)))
    assert found.due(MONDAY) == MONDAY + timedelta(hours=1)


def test_one_outage_does_not_teach_that_outages_are_usual() -> None:
    broken = MONDAY - timedelta(weeks=3)

    def sends(at: datetime) -> tuple[int, float] | None:
        return None if broken <= at < broken + 5 * HOUR else (600, 10.0)

    due = learned(history(6, sends)).due(MONDAY)
    assert due is not None and due - MONDAY <= timedelta(minutes=5)


def test_a_feed_of_office_hours_may_be_quiet_at_night_and_on_sundays() -> None:
    def sends(at: datetime) -> tuple[int, float] | None:
        return (120, 40.0) if at.weekday() < 5 and 8 <= at.hour < 18 else None

    found = learned(history(6, sends))
    friday = MONDAY + timedelta(days=4, hours=17, minutes=59)
    due = found.due(friday)
    assert due is not None
    assert due >= MONDAY + timedelta(days=7, hours=8), "not before Monday's first hours"
    assert due <= MONDAY + timedelta(days=7, hours=10), "and not much later than those"
    at_noon = MONDAY + timedelta(days=1, hours=12)
    noon = found.due(at_noon)
    assert noon is not None and noon - at_noon <= timedelta(minutes=5)


def test_a_feed_that_stops_at_half_past_is_not_missed_at_half_past() -> None:
    def sends(at: datetime) -> tuple[int, float] | None:
        return (120, 1800.0 if at.hour == 17 else 30.0) if 8 <= at.hour < 18 else None

    found = learned(history(6, sends))
    due = found.due(MONDAY + timedelta(hours=17, minutes=30))
    assert due is not None and due > MONDAY + timedelta(days=1, hours=8)


def test_a_nightly_batch_is_missed_in_that_night() -> None:
    found = learned(history(6, lambda at: (500, 60.0) if at.hour == 2 else None))
    due = found.due(MONDAY - timedelta(days=1) + timedelta(hours=2, minutes=59))
    assert due == MONDAY + timedelta(hours=4)


@pytest.mark.parametrize("weeks", [0, 1])
def test_little_history_teaches_nothing(weeks: int) -> None:
    assert learn(history(weeks, lambda _: (600, 10.0)), MONDAY, Rest()) is None


def test_a_declared_rest_holds_for_what_was_learned() -> None:
    found = learned(history(6, lambda _: (600, 10.0)), Rest(hours=((time(0), time(6)),)))
    due = found.due(MONDAY)
    assert due is not None and due >= MONDAY + 6 * HOUR
