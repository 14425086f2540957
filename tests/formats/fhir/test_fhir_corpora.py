"""Every FHIR file of the public corpora: read, checked and written back, or refused at a place; none slowly."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import pytest

from careloom.core.errors import FormatError
from careloom.formats import fhir
from careloom.formats.fhir import resources
from careloom.formats.fhir.definitions import PRIMITIVES, definition
from careloom.formats.fhir.inspecting import inspect, recognises

SHARED = Path(__file__).resolve().parents[3] / ".." / "shared"
CORPUS = SHARED / "corpora" / "open"
SLOWEST = 1.0
PRIMITIVE_NAMES = {
    "base64_binary": "base64Binary",
    "date_time": "dateTime",
    "positive_int": "positiveInt",
    "unsigned_int": "unsignedInt",
    "reference": "Reference",
}
pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not CORPUS.exists(), reason="the corpora are not beside the project"),
]


def files(*parts: str, suffixes: tuple[str, ...] = (".json", ".fhir")) -> list[Path]:
    return [path for path in sorted(CORPUS.joinpath(*parts).rglob("*")) if path.suffix in suffixes and path.is_file()]


def looked_at(path: Path) -> bool:
    """Whether a file is valid. Asserts what must hold of any: quick, located, nothing lost, each way of reading one."""
    data, start = path.read_bytes(), time.thread_time()
    assert recognises(data, path.name)
    found = inspect(data)
    assert time.thread_time() - start < SLOWEST, path.name
    assert all(one.place for one in found.findings)
    assert found.identical, path.name
    resource = fhir.parse(data)
    assert fhir.is_valid(resource) == (not fhir.structure(resource))
    kind = getattr(resources, resource["resourceType"], None)
    if kind is not None:
        typed = fhir.decode(data, kind)
        assert fhir.typed(fhir.plain(typed), kind) == typed
    kept = [unit.resource for unit in fhir.units(data)]
    assert kept == [resource] or kept == [one["resource"] for one in resource["entry"]]
    return found.valid


@pytest.mark.parametrize(("folder", "least"), [("r4-spec-examples", 300), ("us-core", 90), ("synthea", 10)])
def test_all_that_the_standard_and_its_users_publish_is_valid(folder: str, least: int) -> None:
    found = {path.name: looked_at(path) for path in files("fhir", folder)}
    assert len(found) >= least
    assert [name for name, valid in found.items() if not valid] == []


def test_what_converters_made_is_read_whatever_they_made() -> None:
    """The opinion of a converter: many lack what R4 requires, so that only reading is asserted, and counted."""
    counts = Counter(looked_at(path) for path in files("hl7v2") if "expected" in path.parent.name)
    print(f"valid {counts[True]}, not {counts[False]}")
    assert counts[True] + counts[False] > 50
    assert counts[True] > 40


def lines(path: Path) -> list[object]:
    """The values of a file of JSON lines; a line that is no JSON is told apart from any value."""
    found: list[object] = []
    for line in path.read_text().splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            found.append(ValueError)
    return found


def test_values_of_primitive_types_are_taken_and_refused_as_their_file_says() -> None:
    seen = Counter[str]()
    for path in files("fhir", "google-fhir", suffixes=(".ndjson",)):
        name, expected, _ = path.name.split(".")
        for number, value in enumerate(lines(path), start=1):
            valid = value is not ValueError and not fhir.check_value(PRIMITIVE_NAMES.get(name, name), value)
            assert valid == (expected == "valid"), f"{path.name} line {number}"
            seen[expected] += 1
    assert seen["valid"] > 40
    assert seen["invalid"] > 70


def test_lines_that_are_no_resource_are_refused_each_at_its_place() -> None:
    for path in files("fhir", "google-fhir", suffixes=(".ndjson",)):
        for number, one in fhir.ndjson(path.read_bytes()):
            assert isinstance(one, FormatError)
            assert one.location.startswith(f"line {number}")
        assert all(unit.error for unit in fhir.units(path.read_bytes()))


def test_references_of_the_bundles_lead_somewhere() -> None:
    """The patients of Synthea are whole: every urn:uuid in a bundle is an entry of it."""
    followed = 0
    for path in files("fhir", "synthea"):
        bundle = fhir.parse(path.read_bytes())
        index = fhir.BundleIndex(bundle)
        urns = [text for _, text in fhir.literal_references(bundle) if text.startswith("urn:uuid:")]
        followed += len(urns)
        assert all(index.get(text) is not None for text in urns)
        assert [step.index for step in fhir.steps(bundle)] == list(range(len(bundle["entry"])))
    assert followed > 1000


REFERENCE = CORPUS / "reference" / "fhir-r4.schema.json"


def published() -> dict[str, dict[str, bool]]:
    """Of each type of the published JSON Schema: its members, and whether each is a list."""
    definitions = json.loads(REFERENCE.read_bytes())["definitions"]
    return {
        name: {member: "items" in shape for member, shape in one["properties"].items()}
        for name, one in definitions.items()
        if "properties" in one
    }


def test_the_table_has_the_members_of_the_published_schema_and_no_others() -> None:
    types = published()
    assert len(types) > 600
    for name, members in types.items():
        defined = definition(name)
        assert defined, name
        own = {member.name: member.many for member in defined.members}
        companions = {"_" + member.name for member in defined.members if member.use.type in PRIMITIVES}
        theirs = {member: many for member, many in members.items() if member[0] != "_" and member != "resourceType"}
        assert {member: many for member, many in own.items() if member != "resourceType"} == theirs, name
        assert {member for member in members if member[0] == "_"} <= companions, name


def test_the_table_asks_for_what_the_published_schema_asks_for() -> None:
    definitions = json.loads(REFERENCE.read_bytes())["definitions"]
    for name in published():
        defined = definition(name)
        assert defined
        needed = {member.name for member in defined.members if member.required}
        assert set(definitions[name].get("required", ())) - {"resourceType"} <= needed, name
        for member, shape in definitions[name]["properties"].items():
            codes = shape.get("enum") or shape.get("items", {}).get("enum")
            if codes and member != "resourceType":
                assert list(defined.by_name[member].use.codes) == codes, f"{name}.{member}"
