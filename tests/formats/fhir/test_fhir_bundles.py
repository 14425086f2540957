"""Transactions in the order and with the references of the standard; Bundles built as their rules want them."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from careloom.core.errors import FormatError
from careloom.formats import fhir

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "fhir"
NOW = datetime(2026, 3, 9, 16, 0, tzinfo=UTC)
URN = "urn:uuid:0f3e3a54-6f5d-4c0a-9a66-0d5c6a7b1101"
BASE = "https://hub.example.org/fhir"


def sample(name: str) -> dict[str, Any]:
    return fhir.parse((SAMPLES / f"{name}.json").read_bytes())


def test_steps_come_in_the_order_of_the_standard() -> None:
    steps = fhir.steps(sample("Bundle-transaction"))
    assert [(step.method, step.index) for step in steps] == [
        ("DELETE", 4), ("POST", 0), ("POST", 1), ("POST", 2), ("PUT", 3), ("GET", 5),
    ]  # fmt: skip
    assert (steps[0].type, steps[0].id, steps[0].place) == ("Slot", "okafor-1000", "Bundle.entry[4]")
    assert steps[1].if_none_exist == "identifier=urn:oid:2.999.1.1|NS55012"
    assert fhir.version_of(steps[4].if_match) == "2"


def transaction(*entries: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


PATIENT = {"resourceType": "Patient", "id": "12"}


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ({}, "Bundle.entry[0].request"),
        (7, "Bundle.entry[0].request"),
        ({"request": {"method": "MOVE", "url": "Patient/1"}}, "Bundle.entry[0].request.method"),
        ({"request": {"method": ["GET"], "url": "Patient/1"}}, "Bundle.entry[0].request.method"),
        ({"request": {"method": "GET"}}, "Bundle.entry[0].request.url"),
        ({"request": {"method": "POST", "url": "Patient"}}, "Bundle.entry[0].resource"),
        ({"resource": PATIENT, "request": {"method": "POST", "url": "Basic"}}, "Bundle.entry[0].request.url"),
    ],
)
def test_an_entry_that_cannot_be_carried_out_is_refused(entry: Any, place: str) -> None:
    with pytest.raises(FormatError) as caught:
        fhir.steps(transaction(entry))
    assert caught.value.location == place


def test_two_changes_of_one_resource_are_refused_in_a_transaction_only() -> None:
    entries = [fhir.update(PATIENT), fhir.delete("Patient/12")]
    with pytest.raises(FormatError, match=r"entry\[1\]"):
        fhir.steps(transaction(*entries))
    assert len(fhir.steps({**transaction(*entries), "type": "batch"})) == 2


def test_urls_of_steps() -> None:
    entries = [
        fhir.read("Patient?name=a"),
        fhir.delete("https://ehr.example.org/fhir/Slot/1"),
        {"resource": PATIENT, "request": {"method": "POST", "url": "Patient/$match"}},
        fhir.patch({"resourceType": "Parameters"}, "Patient/12"),
    ]
    steps = {step.index: step for step in fhir.steps(transaction(*entries))}
    assert (steps[0].type, steps[0].query) == ("Patient", "name=a")
    assert (steps[1].type, steps[1].id) == ("Slot", "1")
    assert (steps[2].type, steps[2].id) == ("Patient", "$match")
    assert (steps[3].method, steps[3].id) == ("PATCH", "12")


def test_references_are_rewritten_once_ids_are_known() -> None:
    known: dict[str, str] = {}
    resources = []
    for number, step in enumerate(fhir.steps(sample("Bundle-transaction"))):
        if step.method == "POST" and step.resource:
            known |= fhir.assigned(step, str(number))
            resources.append(step.resource)
    known["Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|1999999992"] = "Practitioner/7"
    done = [fhir.resolved(resource, known) for resource in resources]
    assert done[1]["beneficiary"] == {"reference": "Patient/1"}
    assert [one["actor"]["reference"] for one in done[2]["participant"]] == ["Patient/1", "Practitioner/7"]
    assert URN not in str(done)


def test_only_references_and_addresses_are_rewritten() -> None:
    resource = {
        "resourceType": "DocumentReference",
        "masterIdentifier": {"system": "urn:ietf:rfc:3986", "value": URN},
        "description": URN,
        "subject": {"reference": URN, "display": URN},
        "context": {"encounter": [{"reference": URN + "#a"}, {"reference": URN + "/_history/2"}]},
        "content": [{"attachment": {"url": URN}}],
        "contained": [{"resourceType": "Device", "patient": {"reference": URN}}],
        "extension": [{"url": "x", "valueUri": URN}, {"url": "y", "valueString": URN}],
    }
    before = copy.deepcopy(resource)
    done = fhir.resolved(resource, {URN: "Patient/12"})
    assert resource == before
    assert done["masterIdentifier"]["value"] == done["description"] == done["subject"]["display"] == URN
    assert done["subject"]["reference"] == done["content"][0]["attachment"]["url"] == "Patient/12"
    assert done["contained"][0]["patient"]["reference"] == done["extension"][0]["valueUri"] == "Patient/12"
    assert done["extension"][1]["valueString"] == URN
    assert [one["reference"] for one in done["context"]["encounter"]] == ["Patient/12#a", "Patient/12/_history/2"]


def test_conditional_references_are_told_with_their_place() -> None:
    found = list(fhir.conditional_references(sample("Bundle-transaction")))
    query = "Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|1999999992"
    assert found == [("Bundle.entry[2].resource.participant[1].actor.reference", query)]


@pytest.mark.parametrize(
    ("text", "kind", "type_", "key"),
    [
        ("Patient/12", "relative", "Patient", "12"),
        ("Patient/12/_history/3", "relative", "Patient", "12"),
        ("https://ehr.example.org/fhir/Patient/12", "absolute", "Patient", "12"),
        (URN, "urn", "", ""),
        ("urn:oid:2.999.1", "urn", "", ""),
        ("#a", "fragment", "", "a"),
        ("Patient?identifier=a|b", "conditional", "Patient", ""),
        ("Meeting/1", "other", "", ""),
        ("https://example.org/page", "other", "", ""),
        ("", "other", "", ""),
    ],
)
def test_kinds_of_references(text: str, kind: str, type_: str, key: str) -> None:
    parts = fhir.parse_reference(text)
    assert (parts.kind, parts.type, parts.id) == (kind, type_, key)


def test_references_inside_a_bundle() -> None:
    index = fhir.BundleIndex(sample("Bundle-searchset"))
    full = "https://ehr.example.org/fhir/Appointment/ap-4471"
    for reference in ("Patient/tamsin-quill", "https://ehr.example.org/fhir/Patient/tamsin-quill/_history/2"):
        met = index.get(reference, full)
        assert met
        assert met["id"] == "tamsin-quill"
    assert index.get("https://other.example.org/fhir/Patient/tamsin-quill", full) is None
    assert index.get("Practitioner/ben-okafor", full) is None
    assert index.get("urn:uuid:x", full) is None


def test_the_base_of_a_full_url_tells_two_servers_apart() -> None:
    one, other = ({"resourceType": "Patient", "id": "1", "active": active} for active in (True, False))
    entries = [
        {"fullUrl": f"https://{host}.example.org/Patient/1", "resource": r} for host, r in (("a", one), ("b", other))
    ]
    assert fhir.BundleIndex({"entry": entries}).get("Patient/1", "https://b.example.org/Slot/9") is other


def test_a_built_transaction_breaks_no_rule() -> None:
    patient = {"resourceType": "Patient", "name": [{"family": "Quill"}]}
    coverage = {"resourceType": "Coverage", "status": "active", "beneficiary": {"reference": URN}}
    coverage["payor"] = [{"display": "Northern Health Plan"}]  # type: ignore[assignment]
    built = fhir.bundle("transaction", [
        fhir.create(patient, full_url=URN, if_none_exist="?identifier=a|b"),
        fhir.create(coverage),
        fhir.update({"resourceType": "Basic", "id": "1", "code": {"text": "x"}}, if_match="4"),
        fhir.delete("Slot/3"),
        fhir.read("Schedule/2"),
    ])  # fmt: skip
    assert fhir.check(built, strict=True) == []
    assert built["entry"][0]["request"]["ifNoneExist"] == "identifier=a|b"
    assert built["entry"][2]["request"] == {"method": "PUT", "url": "Basic/1", "ifMatch": 'W/"4"'}


def test_a_built_searchset_breaks_no_rule_and_pages() -> None:
    slot = sample("Slot")
    entries = [fhir.found(slot, f"{BASE}/Slot/{slot['id']}", score=1)]
    built = fhir.searchset(
        entries, total=7, link={"self": f"{BASE}/Slot", "next": f"{BASE}/Slot?page=2", "previous": ""}, time=NOW
    )
    assert fhir.check(built, strict=True) == []
    assert fhir.link_of(built) == f"{BASE}/Slot?page=2"
    assert fhir.link_of(built, "previous") == ""
    assert built["timestamp"] == "2026-03-09T16:00:00.000Z"
    assert fhir.check(fhir.searchset([], total=None, link={"self": BASE}), strict=True) == []


def test_a_built_history_and_answer_break_no_rule() -> None:
    versions = [({**PATIENT, "meta": {"versionId": v}, "active": True}, f"{BASE}/Patient/12") for v in ("2", "1")]
    history = fhir.history(versions, total=2, link={"self": BASE})
    assert fhir.check(history, strict=True) == []
    assert [one["request"]["method"] for one in history["entry"]] == ["PUT", "POST"]
    done = fhir.response("201", location="Patient/12/_history/1", version="1", time=NOW)
    failed = fhir.response("404", outcome=fhir.outcome([fhir.issue("error", "not-found", "no such resource")]))
    answered = fhir.answered("transaction", [(done, PATIENT), (failed, None)])
    assert answered["type"] == "transaction-response"
    assert fhir.check(answered, strict=True) == []
    assert answered["entry"][0]["response"]["etag"] == 'W/"1"'


def test_a_built_message_breaks_no_rule_and_is_read() -> None:
    built = fhir.message(sample("MessageHeader"), [sample("Encounter")], base=BASE + "/", time=NOW, id="m")
    assert fhir.check(built, strict=True) == []
    read = fhir.read_message(built)
    assert read.event == "https://example.org/fhir/message-events/admission"
    assert [one["resourceType"] for one in read.focus] == ["Encounter"]
    assert read.destinations == ("https://hub.example.org/fhir/$process-message",)


@pytest.mark.parametrize(
    ("resource", "place"),
    [
        (sample("Bundle"), "Bundle.type"),
        ({"resourceType": "Bundle", "type": "message"}, "Bundle.entry[0].resource"),
        (
            sample("Bundle-message") | {"entry": sample("Bundle-message")["entry"][:1]},
            "Bundle.entry[0].resource.focus[0]",
        ),
        (
            sample("Bundle-message") | {"entry": [{"resource": {"resourceType": "MessageHeader"}}]},
            "Bundle.entry[0].resource.event[x]",
        ),
    ],
)
def test_what_is_no_message_is_refused(resource: dict[str, Any], place: str) -> None:
    with pytest.raises(FormatError) as caught:
        fhir.read_message(resource)
    assert caught.value.location == place


def test_a_message_is_answered_by_a_message() -> None:
    message = fhir.read_message(sample("Bundle-message"))
    key, endpoint = "0f3e3a54-6f5d-4c0a-9a66-0d5c6a7b1301", "https://hub.example.org/fhir/$process-message"
    fine = fhir.answer(message, "ok", key=key, endpoint=endpoint, time=NOW)
    assert fhir.check(fine, strict=True) == []
    assert fhir.read_message(fine).response_to == "mh-1"
    why = fhir.outcome([fhir.issue("fatal", "required", "no patient", "Encounter.subject")])
    refused = fhir.answer(message, "fatal-error", key=key, endpoint=endpoint, time=NOW, outcome=why)
    assert fhir.check(refused, strict=True) == []
    assert fhir.read_message(refused).response == "fatal-error"
    assert refused["entry"][0]["resource"]["destination"] == [{"endpoint": "https://ward.example.org/fhir"}]
