"""Subscriptions, outcomes, capabilities, dates and FHIRPath."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from careloom.core.errors import AmbiguousError, FormatError, Rejected, Unavailable
from careloom.formats import fhir
from careloom.formats.fhir.subscriptions import NotificationKind

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "fhir"
NOW = datetime(2026, 3, 9, 16, 20, 1, tzinfo=UTC)
SUBSCRIPTION = "https://ehr.example.org/fhir/Subscription/sub-ap"
KEY = "0f3e3a54-6f5d-4c0a-9a66-0d5c6a7b1201"


def sample(name: str) -> dict[str, Any]:
    return fhir.parse((SAMPLES / f"{name}.json").read_bytes())


def test_a_notification_tells_its_events_and_brings_their_resources() -> None:
    found = fhir.parse_notification(sample("Bundle-notification"))
    assert (found.kind, found.status, found.since_start) == ("event-notification", "active", 4)
    assert found.subscription == SUBSCRIPTION
    assert found.topic.endswith("/appointment-change")
    (event,) = found.events
    assert (event.number, event.time) == (4, "2026-03-09T16:20:00Z")
    focus = fhir.focus_of(found, event)
    assert focus
    assert focus["id"] == "ap-4471"


@pytest.mark.parametrize(("last", "missed"), [(3, []), (4, []), (0, [1, 2, 3]), (1, [2, 3]), (9, [])])
def test_a_gap_before_an_event_is_seen(last: int, missed: list[int]) -> None:
    assert list(fhir.parse_notification(sample("Bundle-notification")).missed(last)) == missed


def test_a_gap_is_seen_at_a_heartbeat() -> None:
    heartbeat = fhir.Notification(SUBSCRIPTION, "heartbeat", since_start=7)
    assert list(heartbeat.missed(5)) == [6, 7]
    assert list(heartbeat.missed(7)) == []
    assert heartbeat.last == 7
    assert list(fhir.Notification(SUBSCRIPTION, "handshake").missed(0)) == []


@pytest.mark.parametrize("kind", ["handshake", "heartbeat", "event-notification", "query-status"])
def test_what_is_written_is_read_and_breaks_no_rule(kind: NotificationKind) -> None:
    appointment = sample("Appointment")
    url = "https://ehr.example.org/fhir/Appointment/ap-4471"
    events = (
        [fhir.event(5, url, time=NOW, context=["Patient/1"]), fhir.event(6)] if kind == "event-notification" else []
    )
    made = fhir.Notification(
        SUBSCRIPTION,
        kind,
        "active",
        "https://example.org/topic",
        6,
        tuple(events),
        {url: appointment} if events else {},
    )
    bundle = fhir.notification_bundle(made, key=KEY, time=NOW)
    assert fhir.check(bundle, strict=True) == []
    assert fhir.is_notification(bundle)
    assert fhir.parse_notification(fhir.parse(fhir.encode(bundle))) == made


@pytest.mark.parametrize(
    "resource",
    [
        sample("Patient"),
        sample("Bundle"),
        {"resourceType": "Bundle", "type": "history"},
        {"resourceType": "Bundle", "type": "history", "entry": [{"resource": {"resourceType": "Parameters"}}]},
    ],
)
def test_what_is_no_notification_is_refused(resource: dict[str, Any]) -> None:
    assert not fhir.is_notification(resource)
    with pytest.raises(FormatError, match=r"Bundle.entry\[0\]"):
        fhir.parse_notification(resource)


@pytest.mark.parametrize(("name", "value"), [("type", "shout"), ("events-since-subscription-start", "many")])
def test_a_status_that_cannot_be_read_is_refused(name: str, value: str) -> None:
    bundle = sample("Bundle-notification")
    for parameter in bundle["entry"][0]["resource"]["parameter"]:
        if parameter["name"] == name:
            parameter.update({key: value for key in parameter if key.startswith("value")})
    with pytest.raises(FormatError) as caught:
        fhir.parse_notification(bundle)
    assert value not in str(caught.value)


def test_a_subscription_is_asked_for() -> None:
    made = fhir.subscription(
        "https://example.org/topic", "https://hub.example.org/hook", reason="Appointments",
        filters=["Appointment?patient=Patient/1"], content="full-resource", headers=["X-Channel: ward"], heartbeat=60,
    )  # fmt: skip
    assert fhir.check(made, strict=True) == []
    assert fhir.filters_of(made) == ["Appointment?patient=Patient/1"]
    assert fhir.content_of(made) == "full-resource"
    plain = fhir.subscription("https://example.org/topic", "https://hub.example.org/hook", reason="x")
    assert (fhir.filters_of(plain), fhir.content_of(plain)) == ([], "id-only")
    assert fhir.content_of({"channel": {}}) == "empty"


def test_findings_become_an_outcome() -> None:
    findings = fhir.check({"resourceType": "Patient", "gender": "F", "contact": [{"gender": "male"}], "x": 1})
    made = fhir.from_findings(findings)
    assert fhir.check(made, strict=True) == []
    assert {(one["code"], one["expression"][0]) for one in made["issue"]} == {
        ("code-invalid", "Patient.gender"),
        ("structure", "Patient.x"),
    }
    assert fhir.failed(made)


def test_no_finding_is_an_outcome_that_says_all_is_well() -> None:
    made = fhir.from_findings([])
    assert fhir.check(made, strict=True) == []
    assert not fhir.failed(made)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FormatError("not a date", "Patient.birthDate"), "structure"),
        (Unavailable("away"), "transient"),
        (AmbiguousError("no answer"), "incomplete"),
        (Rejected("no"), "processing"),
    ],
)
def test_errors_become_outcomes(error: Any, code: str) -> None:
    made = fhir.from_error(error)
    assert fhir.check(made, strict=True) == []
    assert made["issue"][0]["code"] == code


DECLARED = fhir.Declaration(
    name="Careloom",
    version="0.1",
    url="https://hub.example.org/fhir",
    description="The hub",
    types=[
        fhir.Served("Patient", ["read", "search-type", "create"], ["identifier", "birthdate"], conditional_create=True),
        fhir.Served("Slot", ["read"], versioned=True, profiles=["https://example.org/slot"], conditional_update=True),
    ],
    interactions=["transaction"],
    operations=[("process-message", "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message")],
)


def test_a_declaration_becomes_a_capability_statement() -> None:
    made = fhir.capability_statement(DECLARED, on=date(2026, 3, 1))
    assert fhir.check(made, strict=True) == []
    assert fhir.offers(made, "Patient", "create")
    assert not fhir.offers(made, "Slot", "create")
    assert fhir.offers(made, "", "transaction")
    assert not fhir.offers(made, "", "batch")
    assert fhir.searchable(made, "Patient") == {"identifier", "birthdate"}
    assert made["rest"][0]["resource"][0]["searchParam"][0] == {"name": "identifier", "type": "token"}


def test_a_parameter_that_is_not_ours_is_not_declared() -> None:
    wrong = fhir.Declaration("a", "b", "c", "d", [fhir.Served("Patient", ["read"], ["colour"])])
    with pytest.raises(KeyError):
        fhir.capability_statement(wrong, on=date(2026, 3, 1))


def test_what_another_server_says_is_read() -> None:
    other = sample("CapabilityStatement")
    assert fhir.offers(other, "Patient", "search-type")
    assert fhir.searchable(other, "Patient") == {"identifier", "birthdate"}
    assert fhir.searchable(other, "Slot") == frozenset()


@pytest.mark.parametrize(
    ("text", "start", "length"),
    [
        ("2024", datetime(2024, 1, 1, tzinfo=UTC), timedelta(days=366)),
        ("2026-12", datetime(2026, 12, 1, tzinfo=UTC), timedelta(days=31)),
        ("2026-03-09", datetime(2026, 3, 9, tzinfo=UTC), timedelta(days=1)),
        ("2026-03-09T10:15Z", datetime(2026, 3, 9, 10, 15, tzinfo=UTC), timedelta(minutes=1)),
        ("2026-03-09T10:15:00-06:00", datetime(2026, 3, 9, 16, 15, tzinfo=UTC), timedelta(seconds=1)),
        ("2026-03-09T10:15:00.5Z", datetime(2026, 3, 9, 10, 15, 0, 500_000, UTC), timedelta(milliseconds=100)),
        ("2026-03-09T10:15:00.1234567Z", datetime(2026, 3, 9, 10, 15, 0, 123_456, UTC), timedelta(microseconds=1)),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC), timedelta(seconds=1)),
    ],
)
def test_a_date_is_a_range_of_instants(text: str, start: datetime, length: timedelta) -> None:
    found = fhir.when(text)
    assert (found.start, found.until - found.start) == (start, length)


@pytest.mark.parametrize(
    "text", ["", "84", "1984-2", "1984-02-30", "0000", "2026-03-09T25:00Z", "2026-03-09 10:15", "٢٠٢٦"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(FormatError) as caught:
        fhir.when(text, "Patient.birthDate")
    assert caught.value.location == "Patient.birthDate"


@pytest.mark.parametrize("text", ["9999", "9999-12", "9999-12-31", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"])
def test_the_ends_of_the_calendar_do_no_harm(text: str) -> None:
    try:
        assert fhir.when(text).start <= fhir.when(text).until
    except FormatError as error:
        assert "calendar" in error.reason


def test_instants_are_written_in_utc() -> None:
    assert (
        fhir.instant(datetime(2026, 3, 9, 10, 15, tzinfo=timezone(timedelta(hours=-6)))) == "2026-03-09T16:15:00.000Z"
    )


@pytest.mark.parametrize(
    ("name", "path", "values"),
    [
        ("Patient", "Patient.name.given", ["Tamsin", "Rae", "Tamsin"]),
        ("Patient", "name.where(use = 'official').family", ["Quill"]),
        ("Patient", "deceased", ["false"]),
        ("Patient", "name.count()", ["2"]),
        ("Patient", "photo", []),
        ("Claim", "Claim.item.net.value", ["72.50", "140.00"]),
        ("Claim", "total", ['{"currency":"USD","value":212.50}']),
        ("Slot", "status = 'busy'", ["true"]),
    ],
)
def test_values_at_a_path(name: str, path: str, values: list[str]) -> None:
    assert list(fhir.values_at(sample(name), path)) == values


@pytest.mark.parametrize("path", ["name.", "(((", "name.where(", "name.matches('(a+)+b')", "a" * 1000, "%x", "'"])
def test_a_path_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(FormatError):
        fhir.values_at(sample("Patient"), path)
