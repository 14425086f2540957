"""A golden corpus shows exactly what a changed mapping changes, until it is accepted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.core.errors import ConfigurationError
from careloom.mapping.catalogue import Mapping, mapping_for
from careloom.mapping.golden import Difference, Golden, _compared
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    for name in ("hl7v2/a04_registration.hl7", "x12/835_two_claims.edi", "fhir/Patient.json"):
        (tmp_path / Path(name).name).write_bytes((SAMPLES / name).read_bytes())
    return tmp_path


def golden(folder: Path, **changes: Any) -> Golden:
    """With a mapping of ADT that makes other patients, where changes are given."""

    def choose(format: str, type: str) -> Mapping | None:
        found = mapping_for(format, type)
        if found is None or format != "hl7v2" or not changes:
            return found
        return found._replace(translate=lambda message, settings: changed(found.translate(message, settings)))

    def changed(made: Translation) -> Translation:
        from msgspec.structs import replace

        events = [replace(event, patient=replace(event.patient, **changes)) for event in made.events]  # type: ignore[attr-defined]
        return replace(made, events=tuple(events))

    return Golden(folder, Settings(), choose)


def test_a_new_corpus_differs_as_a_whole_and_accept_makes_it_pass(corpus: Path) -> None:
    fresh = golden(corpus)
    assert [(one.file, one.path, one.was) for one in fresh.differences()] == [
        ("835_two_claims.edi", "/", None), ("Patient.json", "/", None), ("a04_registration.hl7", "/", None),
    ]  # fmt: skip
    written = list(fresh.accept())
    assert [one.name for one in written] == [
        "835_two_claims.expected.json", "Patient.expected.json", "a04_registration.expected.json",
    ]  # fmt: skip
    assert list(golden(corpus).differences()) == []
    assert list(golden(corpus).accept()) == [], "what is as it was is not written again"
    accepted = json.loads((corpus / "a04_registration.expected.json").read_text("utf-8"))
    assert accepted[0]["events"][0]["type"] == "registration.created.v1"


def test_a_changed_mapping_shows_what_it_changes_and_nothing_else(corpus: Path) -> None:
    list(golden(corpus).accept())
    [accepted] = json.loads((corpus / "a04_registration.expected.json").read_text("utf-8"))
    patient = accepted["events"][0]["data"]["patient"]
    other = golden(corpus, gender="other", telecom=())
    found = {one.path: one for one in other.differences()}
    assert found.keys() == {"/0/events/0/data/patient/gender", "/0/events/0/data/patient/telecom"}
    assert found["/0/events/0/data/patient/gender"] == Difference(
        "a04_registration.hl7", "/0/events/0/data/patient/gender", patient["gender"], "other"
    )
    gone = found["/0/events/0/data/patient/telecom"]
    assert (gone.was, gone.now) == (patient["telecom"], None)
    assert [one.name for one in other.accept()] == ["a04_registration.expected.json"]
    assert list(golden(corpus, gender="other", telecom=()).differences()) == []
    assert {one.path for one in golden(corpus).differences()} == found.keys()


def test_a_changed_file_differs_where_it_was_changed(corpus: Path) -> None:
    list(golden(corpus).accept())
    file = corpus / "Patient.json"
    file.write_bytes(file.read_bytes().replace(b"1984-02-17", b"1984-02-18"))
    assert [(one.path, one.was, one.now) for one in golden(corpus).differences()] == [
        ("/0/events/0/data/patient/birthDate", "1984-02-17", "1984-02-18")
    ]


def test_a_message_that_is_refused_has_a_result_too(tmp_path: Path) -> None:
    (tmp_path / "broken.hl7").write_bytes(b"MSH|^~\\&|A\r")
    list(golden(tmp_path).accept())
    [accepted] = json.loads((tmp_path / "broken.expected.json").read_text("utf-8"))
    assert accepted["outcome"] == "refused"
    assert list(golden(tmp_path).differences()) == []


def test_hidden_files_and_folders_are_no_messages(tmp_path: Path) -> None:
    (tmp_path / ".gitkeep").write_bytes(b"")
    (tmp_path / "inner").mkdir()
    assert list(golden(tmp_path).differences()) == []


def test_two_files_that_would_share_a_result_are_told(corpus: Path) -> None:
    (corpus / "Patient.xml").write_bytes(b"<x/>")
    for act in (golden(corpus).differences, golden(corpus).accept):
        with pytest.raises(ConfigurationError, match=r"Patient\.expected\.json would be the result of 2 files"):
            list(act())
    assert not list(corpus.glob("*.expected.json"))


def test_a_result_that_is_no_json_is_told(corpus: Path) -> None:
    (corpus / "Patient.expected.json").write_text("<<<<<<< ours")
    with pytest.raises(ConfigurationError, match=r"Patient\.expected\.json is no JSON"):
        list(golden(corpus).differences())


@pytest.mark.parametrize(
    ("was", "now", "found"),
    [
        ({"a": 1}, {"a": True}, ["/a"]),
        ({"a": None}, {}, ["/a"]),
        ([1], [1, None], ["/1"]),
        ({"a": [1, 2]}, {"a": [1, 3, 4]}, ["/a/1", "/a/2"]),
        ({"a": {}}, {"a": []}, ["/a"]),
        ([], [], []),
    ],
)
def test_what_is_compared_is_told_to_the_value(was: Any, now: Any, found: list[str]) -> None:
    assert [path for path, _, _ in _compared(was, now)] == found


@given(JSON, JSON)
def test_there_is_a_difference_if_and_only_if_the_documents_differ(one: Any, other: Any) -> None:
    assert bool(list(_compared(one, other))) == (json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True))
