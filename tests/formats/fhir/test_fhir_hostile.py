"""Damaged resources: whatever shape they take, they are findings or a FormatError, never another error, and quick."""

from __future__ import annotations

import copy
import importlib.util
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careloom.core.errors import FormatError
from careloom.formats import fhir
from careloom.formats.fhir.structure import MOST_FINDINGS

TESTS = Path(__file__).resolve().parents[2]
SAMPLES = TESTS / "samples" / "fhir"
STRANGE = st.sampled_from(
    [None, [], {}, "", 0, -1, 1.5, True, "x", ["x"], [None], {"x": 1}, [[1]], "#x", {"resourceType": 7}, [{"id": []}]]
)


def sample(name: str) -> dict[str, Any]:
    return fhir.parse((SAMPLES / f"{name}.json").read_bytes())


def spots(value: Any) -> list[tuple[Any, Any]]:
    """Each place of a value that can be replaced: its holder, and its name or number there."""
    found, waiting = [], [value]
    while waiting:
        holder = waiting.pop()
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        for key in keys:
            found.append((holder, key))
            if isinstance(holder[key], (dict, list)):
                waiting.append(holder[key])
    return found


@settings(max_examples=250, deadline=None)
@given(st.data(), st.sampled_from(["Patient", "Bundle-transaction", "Bundle-notification", "Bundle-message"]))
def test_any_shape_is_checked_read_and_carried_out_or_refused(data: st.DataObject, name: str) -> None:
    resource = copy.deepcopy(sample(name))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(spots(resource)))
        holder[key] = copy.deepcopy(data.draw(STRANGE))
    assert all(one.place for one in fhir.check(resource))
    assert fhir.units(fhir.encode(resource))
    for read in (fhir.steps, fhir.read_message, fhir.parse_notification):
        try:
            read(resource)
        except FormatError as error:
            assert error.location


def test_a_type_of_a_bundle_that_is_a_list_is_one_unit() -> None:
    (unit,) = fhir.units(b'{"resourceType":"Bundle","type":[[1]],"entry":[]}')
    assert unit.type == "Bundle"


def test_meta_that_is_a_text_is_a_finding_of_its_resource() -> None:
    resource = {**sample("Bundle"), "entry": [{"fullUrl": "urn:x", "resource": {"resourceType": "Basic", "meta": "x"}}]}
    assert ("type-wrong", "Bundle.entry[0].resource.meta") in [(one.code, one.place) for one in fhir.check(resource)]


def test_a_read_with_a_number_for_its_resource_is_carried_out_without_it() -> None:
    entry = {"resource": 7, "request": {"method": "GET", "url": "Patient/1"}}
    (step,) = fhir.steps({"resourceType": "Bundle", "type": "batch", "entry": [entry]})
    assert step.resource is None


def test_entries_to_carry_out_that_are_no_list_are_refused() -> None:
    with pytest.raises(FormatError, match=r"Bundle\.entry"):
        fhir.steps({"resourceType": "Bundle", "type": "batch", "entry": 7})


def test_many_references_to_many_contained_resources_are_followed_quickly() -> None:
    many = 4000
    inner = [{"resourceType": "Organization", "id": f"o{n}", "name": "x"} for n in range(many)]
    references = [{"reference": f"#o{n}"} for n in range(many)]
    resource = {"resourceType": "Patient", "contained": inner, "generalPractitioner": references}
    start = time.thread_time()
    assert fhir.check(resource) == []
    assert time.thread_time() - start < 3


def test_many_faults_are_told_in_bounds() -> None:
    resource = {"resourceType": "Patient", **{f"x{n}": n for n in range(20_000)}}
    start = time.thread_time()
    assert len(fhir.check(resource)) == MOST_FINDINGS
    assert time.thread_time() - start < 3


def test_nested_extensions_are_checked_to_the_depth_that_is_read() -> None:
    extension: dict[str, Any] = {"url": "http://hl7.org/fhir/x", "valueBoolean": True}
    for _ in range(55):
        extension = {"url": "http://hl7.org/fhir/x", "extension": [extension]}
    resource = fhir.parse(fhir.encode({"resourceType": "Patient", "extension": [extension]}))
    assert fhir.check(resource) == []
    assert fhir.resolved(resource, {}) == resource


def test_the_targets_of_the_fuzzer_take_their_own_seeds() -> None:
    spec = importlib.util.spec_from_file_location("fuzz_fhir", TESTS / "fuzz" / "fhir.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, (target, seeds) in module.targets().items():
        assert seeds, name
        for seed in seeds:
            target(seed)
