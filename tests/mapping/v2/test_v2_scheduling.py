"""SIU and SRR: which event each trigger and status is, and when the appointment takes place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from careloom import model
from careloom.core.errors import MappingError
from careloom.mapping import Translation, subjects_of

Mapped = Callable[..., Translation]
SCH = "SCH|P1^EHR|F1^SCHED||||R^Reason|||30|min|^^^20260420140000-0700^20260420143000-0700{status}"


def sch(status: str = "") -> str:
    return SCH.format(status=f"{'|' * 14}{status}" if status else "")


def appointment(result: Translation) -> model.Appointment:
    (event,) = result.events
    assert isinstance(event, model.AppointmentEvent)
    return event.appointment


@pytest.mark.parametrize(
    ("trigger", "status", "event", "stands"),
    [
        ("S12", "", model.AppointmentBooked, "booked"),
        ("S12", "Pending", model.AppointmentBooked, "pending"),
        ("S12", "Cancelled", model.AppointmentCancelled, "cancelled"),
        ("S13", "Booked", model.AppointmentUpdated, "booked"),
        ("S14", "Overbook", model.AppointmentUpdated, "booked"),
        ("S14", "Confirmed", model.AppointmentConfirmed, "booked"),
        ("S14", "ARRIVED", model.AppointmentArrived, "arrived"),
        ("S14", "Checked In", model.AppointmentArrived, "arrived"),
        ("S14", "Started", model.AppointmentArrived, "arrived"),
        ("S14", "Complete", model.AppointmentUpdated, "fulfilled"),
        ("S14", "No-show", model.AppointmentNoShow, "noshow"),
        ("S14", "Dc", model.AppointmentCancelled, "cancelled"),
        ("S15", "Booked", model.AppointmentCancelled, "cancelled"),
        ("S16", "", model.AppointmentCancelled, "cancelled"),
        ("S17", "", model.AppointmentCancelled, "entered-in-error"),
        ("S18", "", model.AppointmentUpdated, "booked"),
        ("S22", "", model.AppointmentUpdated, "booked"),
        ("S26", "Booked", model.AppointmentNoShow, "noshow"),
    ],
)
def test_trigger_and_status_make_the_event(mapped: Mapped, trigger: str, status: str, event: type, stands: str) -> None:
    result = mapped(f"SIU^{trigger}", sch(status))
    assert type(result.events[0]) is event
    assert appointment(result).status == stands
    assert result.issues == ()


def test_an_unknown_status_is_an_issue(mapped: Mapped) -> None:
    result = mapped("SIU^S14", sch("Mellow"))
    assert appointment(result).status == "booked"
    assert [issue.field for issue in result.issues] == ["SCH-25"]


def test_numbers_and_time(mapped: Mapped) -> None:
    told = appointment(mapped("SIU^S12", sch()))
    assert [(one.value, one.type, one.assigner) for one in told.identifier] == [
        ("F1", "FILL", "SCHED"), ("P1", "PLAC", "EHR"),
    ]  # fmt: skip
    assert (told.start, told.end, told.minutes_duration) == (
        "2026-04-20T14:00:00-07:00", "2026-04-20T14:30:00-07:00", 30,
    )  # fmt: skip


def test_tq1_rules_over_sch_11_and_a_resource_stands_in(mapped: Mapped) -> None:
    tq1 = "TQ1|1||||||20260421090000-0700|20260421100000-0700"
    assert appointment(mapped("SIU^S12", sch(), tq1)).start == "2026-04-21T09:00:00-07:00"
    bare = "SCH||F1"
    told = appointment(mapped("SIU^S12", bare, "AIS|1|A|99213^Visit^C4|20260422080000-0700|||1|h"))
    assert (told.start, told.end) == ("2026-04-22T08:00:00-07:00", "2026-04-22T09:00:00-07:00")
    assert appointment(mapped("SIU^S12", bare)).start is None


@pytest.mark.parametrize(
    ("amount", "unit", "minutes"),
    [("30", "", 30), ("2", "hr", 120), ("90", "S", 2), ("1", "D", 1440), ("5", "fortnights", None)],
)
def test_durations(mapped: Mapped, amount: str, unit: str, minutes: int | None) -> None:
    assert appointment(mapped("SIU^S12", f"SCH||F1|||||||{amount}|{unit}")).minutes_duration == minutes


def test_resources(mapped: Mapped) -> None:
    told = appointment(
        mapped(
            "SIU^S12", sch(), "AIS|1|A|93306^Echo^C4", "AIS|2|D|99213^Visit^C4", "AIG|1|A|ECG2^ECG machine^L",
            "AIL|1|A|CLIN^3^^LAKESIDE", "AIP|1|A|4471^Brandt^Ivo^^^^^^LAKESIDE",
            "AIP|2|A|4471^Brandt^Ivo^^^^^^LAKESIDE",
        )
    )  # fmt: skip
    assert [one.text for one in told.service] == ["Echo"]
    assert [one.text for one in told.resource] == ["ECG machine"]
    assert [one.point_of_care for one in told.location] == ["CLIN"]
    assert len(told.practitioner) == 1


def test_a_move_tells_the_time_before_where_a_resource_is_taken_away(mapped: Mapped) -> None:
    before = "AIS|2|D|93306^Echo^C4|20260401100000-0700|||30|min"
    now = "AIS|1|A|93306^Echo^C4|20260420140000-0700|||30|min"
    told = appointment(mapped("SIU^S13", sch(), now, before))
    assert told.previous == model.Period(start="2026-04-01T10:00:00-07:00", end="2026-04-01T10:30:00-07:00")
    assert appointment(mapped("SIU^S14", sch(), now, before)).previous is None


def test_an_appointment_without_a_number_is_a_case(mapped: Mapped) -> None:
    with pytest.raises(MappingError) as case:
        mapped("SIU^S12", "SCH|||||||R")
    assert case.value.field == "SCH-2"


def test_orders_of_an_appointment(mapped: Mapped) -> None:
    told = appointment(mapped("SIU^S12", "SCH||F1" + "|" * 24 + "ORD1^EHR|LAB1^LAB"))
    assert [(one.value, one.type) for one in told.order] == [("ORD1", "PLAC"), ("LAB1", "FILL")]


@pytest.mark.parametrize(
    ("trigger", "code", "event"),
    [
        ("S01", "AA", model.AppointmentBooked),
        ("S02", "AA", model.AppointmentUpdated),
        ("S04", "AA", model.AppointmentCancelled),
    ],
)
def test_a_granted_request_is_an_event(mapped: Mapped, trigger: str, code: str, event: type) -> None:
    (told,) = mapped(f"SRR^{trigger}", f"MSA|{code}|X", sch()).events
    assert type(told) is event


def test_a_declined_request_is_filtered(mapped: Mapped) -> None:
    assert "declines a request" in (mapped("SRR^S01", "MSA|AE|X", sch()).filtered or "")


@pytest.mark.parametrize(("trigger", "status"), [("S23", "busy-unavailable"), ("S24", "free")])
def test_blocked_and_opened_time(mapped: Mapped, trigger: str, status: str) -> None:
    result = mapped(
        f"SIU^{trigger}", "SCH||F1", "AIP|1|A|4471^Brandt^Ivo^^^^^^LAKESIDE|||20260420080000-0700|||60|min",
        "AIL|1|A|CLIN^3^^LAKESIDE|||20260420080000-0700|||60|min",
        "AIG|1|A|ECG2^ECG machine|||||20260420080000-0700|||60|min",
        "AIG|2|A|ECG3^no time", pid="",
    )  # fmt: skip
    assert [subjects_of(event)[0] for event in result.events] == [
        "Schedule/LAKESIDE/4471", "Schedule/LAKESIDE/CLIN^3", "Schedule/LAKESIDE/ECG2",
    ]  # fmt: skip
    for event in result.events:
        assert isinstance(event, model.ScheduleUpdated)
        (slot,) = event.schedule.slot
        assert slot.status == status
        assert slot.end - slot.start == datetime.fromisoformat("2026-01-01T01:00") - datetime.fromisoformat(
            "2026-01-01"
        )
    assert [issue.field for issue in result.issues] == ["AIG[2]"]


@pytest.mark.parametrize("type", ["SIU^S99", "SIU", "SRR^S99"])
def test_unknown_triggers_are_filtered(mapped: Mapped, type: str) -> None:
    assert "no mapping for" in (mapped(type, sch()).filtered or "")
