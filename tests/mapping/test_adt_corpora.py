"""Public sample messages: each known trigger translates or is a case, and agrees with others' FHIR where both mean the
same."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from careloom import model
from careloom.core.errors import FormatError, MappingError
from careloom.formats import hl7v2
from careloom.mapping import subject_of, subjects_of, translate, translate_bytes
from careloom.mapping.triggers import MERGES, RULES

CORPORA = Path(__file__).resolve().parents[2] / ".." / "shared" / "corpora"
INPUTS = CORPORA / "open" / "hl7v2"

pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not CORPORA.exists(), reason="the corpora do not stand beside the project"),
]


def inputs() -> Iterator[Path]:
    for path in sorted(INPUTS.rglob("*")):
        if path.is_file() and "expected" not in str(path.relative_to(INPUTS)):
            yield path


def messages() -> Iterator[tuple[Path, bytes]]:
    for path in inputs():
        for piece in hl7v2.split(path.read_bytes()):
            if piece.error is None:
                yield path, piece.data


def test_each_adt_of_a_known_trigger_yields_events_or_a_case() -> None:
    outcomes: dict[str, int] = {}
    for path in inputs():
        for shown in translate_bytes(path.read_bytes(), path.name):
            code, _, event = (shown["trigger"] or "").partition("^")
            if code != "ADT":
                continue
            known = event in RULES or event in MERGES
            outcomes[shown["outcome"]] = outcomes.get(shown["outcome"], 0) + 1
            if shown["outcome"] == "refused":  # a line that is no segment: no message, whatever its header says
                assert shown["error"]["location"].startswith("line "), path.name
                continue
            assert shown["outcome"] in (("translated", "case") if known else ("filtered",)), path.name
    assert outcomes["translated"] >= 170
    assert outcomes["case"] <= 3
    assert outcomes["refused"] <= 2


def test_intake_and_translation_agree_on_the_subject() -> None:
    agreed = 0
    for path, data in messages():
        try:
            events = translate(hl7v2.parse(data)).events
        except (FormatError, MappingError):
            continue
        if events:
            subject, others = subject_of(data, hl7v2.peek(data))
            keys = [subjects_of(event) for event in events]
            assert subject == keys[0][0], path.name
            assert {subject, *others} == {key for first, rest in keys for key in (first, *rest)}, path.name
            agreed += 1
    assert agreed >= 170


def test_every_event_of_the_corpora_keeps_its_contract() -> None:
    for path, data in messages():
        try:
            events = translate(hl7v2.parse(data)).events
        except (FormatError, MappingError):
            continue
        for event in events:
            assert model.decode(event.type, model.encode(event)) == event, path.name


# Measured over all of them; what others carry and we do not is in docs/explanation/adt-mapping.md.
FLOORS = {
    "birthDate": 1.0,
    "gender": 1.0,
    "name": 1.0,
    "identifier": 1.0,
    "address.line": 1.0,
    "address.city": 1.0,
    "telecom": 1.0,
}


def pairs() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Name, our patient and the expected patient of every ADT that has an expected FHIR bundle."""
    with (CORPORA / "MANIFEST.tsv").open(newline="") as manifest:
        rows = [
            row for row in csv.DictReader(manifest, delimiter="\t") if row["kind"] == "hl7v2" and row["expected_of"]
        ]
    for row in rows:
        if not (CORPORA / row["expected_of"]).exists():
            continue
        data = (CORPORA / row["expected_of"]).read_bytes()
        for shown in translate_bytes(data, row["expected_of"]):
            if shown["outcome"] != "translated" or not shown["trigger"].startswith("ADT"):
                continue
            entries = json.loads((CORPORA / row["file"]).read_text()).get("entry", [])
            patients = [one["resource"] for one in entries if one["resource"]["resourceType"] == "Patient"]
            ours = shown["events"][0]["data"]
            for theirs in patients:
                if theirs.get("identifier"):  # of a merge there are two, of which one may be an empty shell
                    yield row["expected_of"], ours.get("patient") or ours["survivor"], theirs
                    break


def compared(ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """Each thing that both state, and whether they agree; ours must be among theirs, which also hold what we drop."""
    for name in ("birthDate", "gender"):
        if name in ours and name in theirs:
            yield name, ours[name] == theirs[name]
    names = {(one.get("family"), one.get("given", [None])[0]) for one in theirs.get("name", [])}
    for one in ours.get("name", []):
        yield "name", (one.get("family"), one.get("given", [None])[0]) in names
    values = {one.get("value") for one in theirs.get("identifier", [])}
    for one in ours["identifier"]:
        yield "identifier", one["value"] in values
    lines = {" ".join(one.get("line", [])).casefold() for one in theirs.get("address", [])}
    for one in ours.get("address", []):
        line = " ".join(one.get("line", [])).casefold()
        yield "address.line", any(theirs_line.startswith(line) for theirs_line in lines)
        yield "address.city", one.get("city") in {a.get("city", "").strip() or None for a in theirs.get("address", [])}
    numbers = {digits(one.get("value", "")) for one in theirs.get("telecom", [])}
    for one in ours.get("telecom", []) if "" not in numbers else []:  # one converter writes contacts without a value
        yield "telecom", digits(one["value"]) in numbers


def digits(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def test_patients_agree_with_the_expected_fhir() -> None:
    agree: dict[str, list[bool]] = {}
    for _, ours, theirs in pairs():
        for name, same in compared(ours, theirs):
            agree.setdefault(name, []).append(same)
    shares = {name: (sum(seen) / len(seen), len(seen)) for name, seen in agree.items()}
    for name, floor in FLOORS.items():
        share, count = shares[name]
        assert count >= 10, name
        assert share >= floor, (name, shares)
