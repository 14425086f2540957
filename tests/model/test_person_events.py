"""Who is who: one key for all that happens to a person, and events that cannot leave out who is meant."""

from __future__ import annotations

import msgspec
import pytest

from careloom import model
from careloom.core.errors import FormatError
from careloom.mapping import subjects_of
from careloom.mapping.subject import subject_for
from careloom.model import Identifier, Person

EXAMPLES = model.examples()
NUMBER = Identifier(value="MRN700123", type="MR", assigner="LAKESIDE")
PERSON = Person(id="01952c00-7000-7000-8000-000000000001", number=NUMBER)
ELDER, YOUNGER = (f"Person/-/01952c00-7000-7000-8000-00000000000{place}" for place in (1, 2))


def test_a_patient_who_was_resolved_is_about_the_person() -> None:
    patient = model.Patient(identifier=(NUMBER,))
    assert subject_for(patient) == "Patient/LAKESIDE/MRN700123"
    assert subject_for(msgspec.structs.replace(patient, person=PERSON)) == ELDER


@pytest.mark.parametrize("member", ["patient", "survivor"])
def test_every_event_of_a_patient_waits_for_the_person(member: str) -> None:
    for name, event in EXAMPLES.items():
        patient = getattr(event, member, None)
        if not isinstance(patient, model.Patient) or not subjects_of(event)[0].startswith("Patient/"):
            continue
        resolved = msgspec.structs.replace(patient, person=PERSON)
        assert subjects_of(msgspec.structs.replace(event, **{member: resolved}))[0] == ELDER, name


def test_a_merge_and_a_split_join_both_persons() -> None:
    assert subjects_of(EXAMPLES["person.merged.v1"]) == (ELDER, (YOUNGER,))
    assert subjects_of(EXAMPLES["person.split.v1"]) == (ELDER, (YOUNGER,))


@pytest.mark.parametrize(("name", "path"), [("person.merged.v1", "survivor"), ("person.split.v1", "parts")])
def test_a_patient_of_nobody_is_refused(name: str, path: str) -> None:
    event = msgspec.to_builtins(EXAMPLES[name])
    inner = event[path][0] if path == "parts" else event[path]
    del inner["person"]
    with pytest.raises(FormatError, match="does not follow the contract"):
        model.decode(name, msgspec.json.encode(event))
