"""Every sample message becomes exactly the events that were reviewed and stand beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from careloom import model
from careloom.formats import hl7v2
from careloom.mapping import subject_of, subjects_of, translate, translate_bytes

SAMPLES = sorted((Path(__file__).resolve().parents[1] / "samples" / "hl7v2").glob("a[0-9]*.hl7"))


def test_there_are_samples_of_every_event() -> None:
    seen = {event.type for path in SAMPLES for event in translate(hl7v2.parse(path.read_bytes())).events}
    assert seen == {one.type for one in model.DOMAINS["registration"]}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_sample_becomes_its_expected_events(path: Path) -> None:
    expected = json.loads(path.with_suffix(".expected.json").read_text())
    assert list(translate_bytes(path.read_bytes(), path.name)) == expected


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_events_of_a_sample_keep_their_contract(path: Path) -> None:
    for event in translate(hl7v2.parse(path.read_bytes())).events:
        assert model.decode(event.type, model.encode(event)) == event


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_intake_and_translation_agree_on_what_a_sample_is_about(path: Path) -> None:
    data = path.read_bytes()
    subject, others = subject_of(data, hl7v2.peek(data))
    keys = [subjects_of(event) for event in translate(hl7v2.parse(data)).events]
    assert subject == keys[0][0]
    assert {subject, *others} == {key for first, rest in keys for key in (first, *rest)}


def test_no_sample_event_carries_what_billing_does_not_need() -> None:
    data = next(path for path in SAMPLES if path.stem == "a04_registration").read_bytes()
    assert all(word in data for word in (b"900-12-3456", b"R07.9", b"2106-3", b"LUT", b"Tunde"))
    shown = json.dumps(list(translate_bytes(data, "x")))
    assert not any(word in shown for word in ("900-12-3456", "R07.9", "Chest pain", "2106-3", "LUT", "Tunde"))
