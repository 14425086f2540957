"""Every sample message beyond registration becomes exactly what was reviewed and stands beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from careloom import model
from careloom.formats import hl7v2
from careloom.mapping import subject_of, subjects_of, translate_bytes
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings

FOLDER = Path(__file__).resolve().parents[2] / "samples" / "hl7v2"
SAMPLES = [path for path in sorted(FOLDER.glob("*.hl7")) if not path.stem[1].isdigit()]


def translated(path: Path) -> Translation:
    data = path.read_bytes()
    found = mapping_for("hl7v2", hl7v2.peek(data).type)
    assert found is not None, path.name
    return found.translate(hl7v2.parse(data), Settings())


def test_there_is_a_sample_of_each_family() -> None:
    seen = {event.type.rpartition(".")[0] for path in SAMPLES for event in translated(path).events}
    assert seen >= {
        "appointment.booked", "appointment.updated", "appointment.cancelled", "appointment.no_show", "service.ordered",
        "service.order_cancelled", "service.completed", "charge.posted", "charge.voided", "account.updated",
        "medication.prescribed", "medication.dispensed", "medication.administered", "document.published",
        "practitioner.updated", "location.updated", "charge_item_definition.updated", "transmission.acknowledged",
    }  # fmt: skip


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_sample_becomes_its_expected_events(path: Path) -> None:
    expected = json.loads(path.with_suffix(".expected.json").read_text())
    assert list(translate_bytes(path.read_bytes(), path.name)) == expected


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_events_of_a_sample_keep_their_contract(path: Path) -> None:
    result = translated(path)
    assert result.events or result.filtered
    for event in result.events:
        assert model.decode(event.type, model.encode(event)) == event


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_intake_knows_the_patient_of_a_sample(path: Path) -> None:
    data = path.read_bytes()
    subject, _ = subject_of(data, hl7v2.peek(data))
    about = {subjects_of(event)[0] for event in translated(path).events}
    if b"\rPID|" in data:
        assert about <= {subject}
        assert subject == "Patient/LAKESIDE/MRN700301"
    else:
        assert subject.startswith("Message/")


def test_nothing_clinical_leaves_the_samples() -> None:
    said = "".join(json.dumps(list(translate_bytes(path.read_bytes(), path.name))) for path in SAMPLES)
    clinical_words = (
        "haemolysed", "Essential hypertension", "Take with water", "no events overnight", "JVBER", "71.5",
        "earlier X-ray", "Left deltoid", "Serum", "assigning authority is missing",
    )  # fmt: skip
    for clinical in clinical_words:
        assert clinical not in said, clinical
