"""NDJSON, and what of a payload becomes one message of the log."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from careloom.core.errors import FormatError
from careloom.formats import fhir

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "fhir"


def lines(data: bytes, **options: Any) -> list[tuple[int, Any]]:
    return list(fhir.ndjson(io.BytesIO(data), **options))


def test_each_line_is_a_resource() -> None:
    found = list(fhir.ndjson((SAMPLES / "Patient.ndjson").read_bytes()))
    assert [line for line, _ in found] == [1, 2, 3, 4]
    assert all(isinstance(one, dict) and one["resourceType"] == "Patient" for _, one in found)


def test_blank_lines_and_line_ends_of_any_kind_are_passed_over() -> None:
    found = lines(b'\xef\xbb\xbf{"resourceType":"A"}\r\n\r\n  \n{"resourceType":"B"}')
    assert [(line, one["resourceType"]) for line, one in found] == [(1, "A"), (4, "B")]


def test_a_bad_line_costs_only_itself() -> None:
    (_, first), (_, bad), (_, last) = lines(b'{"resourceType":"A"}\n{"resourceType":}\n{"resourceType":"B"}\n')
    assert first["resourceType"] + last["resourceType"] == "AB"
    assert isinstance(bad, FormatError)
    assert bad.location == "line 2, column 17"


def test_a_line_that_is_no_resource_says_so_at_its_place() -> None:
    assert [one.location for _, one in lines(b"[]\n{}\nnull\n<a/>")] == [
        "line 1, column 1",
        "line 2, resourceType",
        "line 3, column 1",
        "line 4",
    ]


def test_a_line_without_end_is_not_read_into_memory() -> None:
    class Endless(io.BytesIO):
        most = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            assert 0 < size <= 101
            return super().readline(size)

    data = b'{"resourceType":"A"}\n' + b"x" * 1000 + b'\n{"resourceType":"B"}'
    (_, first), (number, bad), (_, last) = fhir.ndjson(Endless(data), max_line=100)
    assert isinstance(first, dict)
    assert isinstance(bad, FormatError)
    assert (number, bad.location) == (2, "line 2")
    assert isinstance(last, dict)


@pytest.mark.parametrize("name", ["Patient", "Bundle-transaction", "Bundle-message"])
def test_what_its_sender_did_in_one_act_is_one_unit(name: str) -> None:
    data = (SAMPLES / f"{name}.json").read_bytes()
    (unit,) = fhir.units(data)
    assert unit.data == data
    assert (unit.place, unit.error) == ("", None)
    assert unit.type == name.partition("-")[0]


def test_each_entry_of_a_collection_is_a_unit() -> None:
    first, second = fhir.units((SAMPLES / "Bundle.json").read_bytes())
    assert (first.type, first.place) == ("Patient", "Bundle.entry[0].resource")
    assert first.full_url == "https://ehr.example.org/fhir/Patient/tamsin-quill"
    assert fhir.parse(second.data) == second.resource


def test_the_digits_of_an_entry_stay() -> None:
    data = b'{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Basic","x":1.50}}]}'
    assert fhir.units(data)[0].data == b'{"resourceType":"Basic","x":1.50}'


def test_a_searchset_gives_matches_inclusions_and_what_the_server_says() -> None:
    found = fhir.units((SAMPLES / "Bundle-searchset.json").read_bytes())
    assert [unit.type for unit in found] == ["Appointment", "Patient", "OperationOutcome"]


def test_a_bad_entry_is_an_error_at_its_place() -> None:
    entries = [{"resource": {"resourceType": "Basic"}}, {"request": {"method": "DELETE"}}, 7, {"resource": {"id": "x"}}]
    data = json.dumps({"resourceType": "Bundle", "type": "history", "entry": entries}).encode()
    good, *bad = fhir.units(data)
    assert good.error is None
    assert [unit.error.location for unit in bad if unit.error] == [
        "Bundle.entry[1].resource",
        "Bundle.entry[2]",
        "Bundle.entry[3].resource",
    ]
    assert all(unit.data and not unit.type for unit in bad)


def test_entries_that_are_no_list_are_an_error() -> None:
    (unit,) = fhir.units(b'{"resourceType":"Bundle","type":"collection","entry":{}}')
    assert unit.error
    assert unit.error.location == "Bundle.entry"


def test_an_ndjson_file_is_a_unit_a_line_and_loses_none() -> None:
    data = b'{"resourceType":"A"}\n{"resourceType":\n{"resourceType":"B"}\n'
    found = fhir.units(data)
    assert [unit.place for unit in found] == ["line 1", "line 2", "line 3"]
    assert b"\n".join(unit.data for unit in found) + b"\n" == data
    assert found[1].error
    assert found[1].error.location == "line 2, by column 17"


@pytest.mark.parametrize("data", [b"", b"nonsense", b"{", b'{"a":1}', b"<Patient/>", b"[1]\n[2]"])
def test_what_cannot_be_read_is_one_unit_with_its_error(data: bytes) -> None:
    (unit,) = fhir.units(data)
    assert unit.data == data
    assert unit.error
