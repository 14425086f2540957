"""Public sample messages beyond registration: each becomes events, is filtered with a reason, is a case with a field,
or refused; and agrees with others' FHIR where both state the same."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from careloom import model
from careloom.core.errors import FormatError, MappingError
from careloom.formats import hl7v2
from careloom.mapping import Settings, subject_of, subjects_of, translate_bytes
from careloom.mapping.catalogue import mapping_for

CORPORA = Path(__file__).resolve().parents[3] / ".." / "shared" / "corpora"
INPUTS = CORPORA / "open" / "hl7v2"

pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not CORPORA.exists(), reason="the corpora do not stand beside the project"),
]


def inputs() -> Iterator[Path]:
    for path in sorted(INPUTS.rglob("*")):
        if path.is_file() and "expected" not in str(path.relative_to(INPUTS)):
            yield path


def test_each_message_has_one_of_four_outcomes() -> None:
    outcomes: Counter[str] = Counter()
    for path in inputs():
        for shown in translate_bytes(path.read_bytes(), path.name):
            outcomes[shown["outcome"]] += 1
            if shown["outcome"] == "filtered":
                assert shown["reason"], path.name
            elif shown["outcome"] == "case":
                assert shown["error"]["field"], path.name
            elif shown["outcome"] == "refused":
                assert shown["error"]["location"], path.name
            else:
                assert shown["events"], path.name
    assert outcomes["translated"] >= 370
    assert outcomes["refused"] <= 20


def test_events_keep_their_contract_and_intake_knew_their_patient() -> None:
    seen: Counter[str] = Counter()
    for path in inputs():
        for piece in hl7v2.split(path.read_bytes()):
            if piece.error is not None:
                continue
            try:
                header = hl7v2.peek(piece.data)
                message = hl7v2.parse(piece.data)
                found = mapping_for("hl7v2", header.type)
                events = found.translate(message, Settings()).events if found is not None else ()
            except (FormatError, MappingError):
                continue
            keys = {key for event in events for key in (subjects_of(event)[0], *subjects_of(event)[1])}
            subject, others = subject_of(piece.data, header)
            assert {key for key in keys if key.startswith("Patient/")} <= {subject, *others}, path.name
            for event in events:
                seen[event.type] += 1
                assert model.decode(event.type, model.encode(event)) == event, path.name
    assert seen["service.completed.v1"] >= 100
    assert seen["service.ordered.v1"] >= 40
    assert seen["appointment.booked.v1"] >= 7
    assert seen["charge.posted.v1"] >= 4


def pairs() -> Iterator[tuple[str, list[dict[str, Any]], dict[str, list[dict[str, Any]]]]]:
    """Name, our events and the expected resources by type, of each message that has an expected FHIR bundle."""
    with (CORPORA / "MANIFEST.tsv").open(newline="") as manifest:
        rows = [
            row for row in csv.DictReader(manifest, delimiter="\t") if row["kind"] == "hl7v2" and row["expected_of"]
        ]
    for row in rows:
        if not (CORPORA / row["expected_of"]).exists():
            continue
        shown = list(translate_bytes((CORPORA / row["expected_of"]).read_bytes(), row["expected_of"]))
        events = [event for one in shown if one["outcome"] == "translated" for event in one["events"]]
        by_type: dict[str, list[dict[str, Any]]] = {}
        for entry in json.loads((CORPORA / row["file"]).read_text()).get("entry", []):
            by_type.setdefault(entry["resource"]["resourceType"], []).append(entry["resource"])
        if events:
            yield row["expected_of"], events, by_type


def instants(texts: list[str | None]) -> set[Any]:
    """Moments to the minute, since converters differ in seconds; days as they are."""
    found: set[Any] = set()
    for text in texts:
        if text:
            found.add(
                datetime.fromisoformat(text).astimezone().replace(second=0, microsecond=0) if "T" in text else text
            )
    return found


def values(resources: list[dict[str, Any]]) -> set[str]:
    return {one.get("value", "") for each in resources for one in each.get("identifier", [])}


def compared(event: dict[str, Any], theirs: dict[str, list[dict[str, Any]]]) -> Iterator[tuple[str, bool]]:
    data = event["data"]
    kind = event["type"].partition(".")[0]
    if kind == "appointment" and theirs.get("Appointment"):
        (told,) = theirs["Appointment"]
        ours = data["appointment"]
        yield "appointment.status", ours["status"] == told["status"]
        yield "appointment.start", instants([ours["start"]]) == instants([told["start"]])
        yield "appointment.identifier", {one["value"] for one in ours["identifier"]} <= values([told])
    if event["type"] == "service.ordered.v1" and theirs.get("ServiceRequest"):
        yield (
            "order.identifier",
            bool({one["value"] for one in data["order"]["identifier"]} & values(theirs["ServiceRequest"])),
        )
    if event["type"] == "service.completed.v1" and theirs.get("DiagnosticReport"):
        reports = theirs["DiagnosticReport"]
        if "identifier" in data["report"]:
            yield "report.identifier", {one["value"] for one in data["report"]["identifier"]} <= values(reports)
        effective = [one.get("effectiveDateTime") or one.get("effectivePeriod", {}).get("start") for one in reports]
        if "start" in data["report"].get("effective", {}) and instants(effective):
            ours = data["report"]["effective"]["start"]
            # One converter takes times without an offset as UTC, where HL7 has them in the zone of MSH-7.
            same_clock = ours[:16] in {one[:16] for one in effective if one}
            yield "report.effective", same_clock or instants([ours]) <= instants(effective)
    if kind == "charge" and theirs.get("ChargeItem"):
        items = theirs["ChargeItem"]
        when = [one.get("occurrenceDateTime") or one.get("occurrencePeriod", {}).get("start") for one in items]
        yield "charge.occurrence", instants([data["charge"]["occurrence"]["start"]]) <= instants(when)
        amounts = {Decimal(str(one["quantity"]["value"])) for one in items if "quantity" in one}
        if amounts and "quantity" in data["charge"]:
            yield "charge.quantity", Decimal(data["charge"]["quantity"]["value"]) in amounts


FLOORS = {
    "appointment.status": (7, 1.0), "appointment.start": (7, 1.0), "appointment.identifier": (7, 1.0),
    "order.identifier": (15, 1.0), "report.identifier": (60, 1.0), "report.effective": (300, 1.0),
    "charge.occurrence": (10, 1.0), "charge.quantity": (10, 1.0),
}  # fmt: skip


def test_key_fields_agree_with_the_expected_fhir() -> None:
    agree: dict[str, list[tuple[bool, str]]] = {}
    for name, events, theirs in pairs():
        for event in events:
            for field, same in compared(event, theirs):
                agree.setdefault(field, []).append((same, name))
    for field, (count, floor) in FLOORS.items():
        seen = agree[field]
        assert len(seen) >= count, (field, len(seen))
        share = sum(same for same, _ in seen) / len(seen)
        assert share >= floor, (field, share, [name for same, name in seen if not same][:10])
