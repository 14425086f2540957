"""What becomes of each field that senders fill, and what is said of those that stay behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.mapping.explaining.conftest import CONTACT, CONTACT_RULES, JSON, PRICE_LAYOUT, PRICES, ROWS, Explained

from careloom.formats.csv import Layout
from careloom.mapping.catalogue import Mapping as Mapped
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.declared import Rules
from careloom.mapping.explaining import Coverage, Explanation, Leaf, coverage, leaves, reasons_of
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings

Explain = Callable[..., Explained]
DROPPED = {"ZZ1-2": "a project's own reason"}


def leaf(general: str) -> Leaf:
    [found] = leaves("json", b'["x"]')
    return found._replace(path=general, general=general)


def explanation(**leaves: list[str]) -> Explanation:
    found = {name: [leaf(general) for general in leaves.get(name, [])] for name in ("decides", "used", "unused")}
    return Explanation("translated", [], **found)


def covered(*explained: Explained) -> Coverage:
    return coverage((one.explanation, reasons_of(one.mapping, one.settings)) for one in explained)


def test_a_field_has_the_best_fate_that_any_message_shows() -> None:
    reasons = {"PID-9": "not needed"}
    found = coverage([
        (explanation(unused=["PID-5.1", "PID-9.1", "ZZZ-1.1"], decides=["MSH-9.2"]), reasons),
        (explanation(used=["PID-5.1"], unused=["MSH-9.2", "PID-9.1"]), reasons),
    ])  # fmt: skip
    assert found.fates == {"MSH-9.2": "decides", "PID-5.1": "mapped", "PID-9.1": "dropped", "ZZZ-1.1": "unknown"}
    assert found.reasons == {"PID-9.1": "not needed"}
    assert found.seen == {"MSH-9.2": 2, "PID-5.1": 2, "PID-9.1": 2, "ZZZ-1.1": 1}
    assert found.counts == {"mapped": 1, "decides": 1, "dropped": 1, "unknown": 1}
    assert found.messages == 2


@pytest.mark.parametrize(
    ("start", "path", "fits"),
    [
        ("PID-1", "PID-1.1", True), ("PID-1", "PID-10.1", False), ("PV2", "PV2-3.1", True), ("PV1", "PV19-3.1", False),
        ("2300/DTP", "2300/DTP03", True), ("2300/DTP", "2300/DTP03-2", True), ("2300/HI", "2300/HI01-1", True),
        ("2310D", "2310D/NM103", True), ("2310", "2310D/NM103", False), ("2300/CLM06", "2300/CLM06", True),
        ("2300/CLM06", "2300/CLM0601", True), ("REF", "1000A/REF02", False), ("CR1", "CR101", True),
        ("Patient.photo", "Patient.photo.url", True), ("Patient.photo", "Patient.photos", False),
        ("Observation.value", "Observation.valueQuantity.unit", True), ("AuditEvent", "AuditEvent.id", True),
        ("/notes", "/notes", True), ("/notes", "/notes/0", True), ("/line", "/line10", False), ("/a", "/aB", False),
    ],
)  # fmt: skip
def test_a_reason_holds_for_what_is_below_its_place(start: str, path: str, fits: bool) -> None:
    found = coverage([(explanation(unused=[path]), {start: "because"})])
    assert (found.fates[path] == "dropped") is fits


def test_the_nearest_reason_holds() -> None:
    reasons = {"OBX": "clinical", "OBX-5": "the result itself"}
    found = coverage([(explanation(unused=["OBX-5.1", "OBX-6.1"]), reasons)])
    assert found.reasons == {"OBX-5.1": "the result itself", "OBX-6.1": "clinical"}


def test_reasons_are_those_of_the_family_that_maps_the_message(explained: Explain) -> None:
    """An order's ORC is read; that documents leave theirs behind says nothing of it."""
    order, document = mapping_for("hl7v2", "OML^O21"), mapping_for("hl7v2", "MDM^T02")
    assert order is not None and document is not None
    assert "ORC" in reasons_of(document, Settings()) and "ORC" not in reasons_of(order, Settings())
    premium, claim = mapping_for("x12", "820"), mapping_for("x12", "837")
    assert premium is not None and claim is not None
    assert "2310A" in reasons_of(premium, Settings()) and "2310A" not in reasons_of(claim, Settings())


def test_as_another_place_is_the_reason_of_that_one() -> None:
    mapping = mapping_for("hl7v2", "ADT^A04")
    assert mapping is not None
    reasons = reasons_of(mapping, Settings())
    assert reasons["PID-25"] == reasons["PID-24"] == "the order of multiple births is clinical"


def test_a_mapping_of_a_project_brings_its_own_reasons() -> None:
    def translate(body: Any, settings: Settings) -> Translation:
        raise NotImplementedError

    assert reasons_of(Mapped("hl7v2", ("ZZ1",), translate), Settings())["ZZ1-2"] == DROPPED["ZZ1-2"]


def test_x12_segments_loops_and_its_envelope(explained: Explain) -> None:
    found = covered(explained("x12", "x12/835_two_claims.edi"))
    assert found.fates["ISA06"] == found.fates["GS04"] == "mapped"
    assert found.fates["ST01"] == "decides"
    assert {found.fates[path] for path in ("ISA13", "GS06", "ST02", "SE01", "SE02")} == {"dropped"}
    assert "interchange" in found.reasons["ISA13"]
    assert found.fates["1000A/PER02"] == "dropped" and found.fates["BPR06"] == "dropped"
    assert found.seen["2100/CLP01"] > 1


def test_hl7v2_headers_and_what_is_clinical(explained: Explain) -> None:
    found = covered(explained("hl7v2", "hl7v2/oru_r01_panel_and_report.hl7"))
    assert found.fates["OBX-5.1"] == "dropped" and "clinical" in found.reasons["OBX-5.1"]
    assert found.fates["MSH-10.1"] == "dropped" and found.fates["MSH-7.1"] != "unknown"
    assert found.fates["PID-5.1"] == "mapped"


def test_fhir_elements_of_every_resource_of_a_message(explained: Explain) -> None:
    found = covered(explained("fhir", "fhir/Bundle-transaction.json"))
    assert found.fates["Appointment.description"] == "dropped" and found.reasons["Appointment.description"]
    assert found.fates["Patient.name.family"] == "mapped"
    assert not any(path.startswith("/") for path in found.fates)


def test_documents_have_the_reasons_of_their_rules(explained: Explain) -> None:
    found = covered(explained("json", CONTACT, JSON))
    assert found.fates == {
        "/type": "decides", "/id": "mapped", "/updated": "mapped", "/name": "mapped", "/mobile": "mapped",
        "/phone": "mapped", "/status": "mapped", "/tags/*": "mapped", "/notes": "dropped", "/score": "unknown",
    }  # fmt: skip
    assert found.reasons == {"/notes": "notes are free text"}


def test_without_its_rules_nothing_is_known_of_a_document(explained: Explain) -> None:
    one = explained("json", CONTACT, JSON)
    found = coverage([(one.explanation, {})])
    assert (found.fates["/notes"], found.fates["/phone"]) == ("unknown", "unknown")


def test_rows_have_the_reasons_of_their_rules_however_they_name_a_column(explained: Explain) -> None:
    found = covered(explained("csv", PRICES, ROWS))
    assert found.fates["/rows/*/price"] == "mapped" and found.seen["/rows/*/price"] == 2
    assert found.reasons == {
        "/rows/*/remark": "remarks are for buyers", "/rows/*/bin": "where it lies is the warehouse's own",
    }  # fmt: skip
    assert found.fates["/rows/*/weight"] == "unknown"


def test_a_family_of_rows_names_columns_alone() -> None:
    mapping = mapping_for("csv", "payment-settlement")
    assert mapping is not None
    reasons = reasons_of(mapping, Settings(layout=Layout.load(PRICE_LAYOUT), rules=Rules.load(CONTACT_RULES)))
    assert "the payment's own event" in reasons["/rows/*/customer"]
    assert reasons["/rows/*/notes"] == "notes are free text" and reasons["/rows/*/id"] == "mapped"
