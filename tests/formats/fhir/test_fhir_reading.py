"""FHIR JSON in and out: no digit lost, nothing hostile let through, every refusal at a place and without a value."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careloom.core.errors import FormatError
from careloom.formats import fhir
from careloom.formats.fhir.reading import MAX_DEPTH, json_value


def refused(data: bytes) -> FormatError:
    with pytest.raises(FormatError) as caught:
        fhir.parse(data)
    return caught.value


def test_a_resource_is_a_plain_dict() -> None:
    assert fhir.parse(b'{"resourceType": "Patient", "active": true}') == {"resourceType": "Patient", "active": True}


def test_numbers_keep_their_digits() -> None:
    data = b'{"resourceType":"Invoice","totalNet":{"value":72.50},"totalGross":{"value":1.0E+2},"x":[0.0010,7]}'
    resource = fhir.parse(data)
    assert str(resource["totalNet"]["value"]) == "72.50"
    assert resource["totalGross"]["value"] == Decimal("1.0E2")
    assert resource["x"][1] == 7
    assert fhir.encode(resource) == data


def test_a_byte_order_mark_is_passed_over() -> None:
    assert fhir.parse(b'\xef\xbb\xbf{"resourceType":"Basic"}')["resourceType"] == "Basic"


def test_writing_can_be_indented() -> None:
    written = fhir.encode({"resourceType": "Basic", "id": "b"}, indent=2)
    assert written == b'{\n  "resourceType": "Basic",\n  "id": "b"\n}'


def test_what_json_has_not_is_not_written() -> None:
    with pytest.raises(TypeError):
        fhir.encode({"resourceType": "Basic", "x": object()})


@pytest.mark.parametrize(
    ("data", "place", "reason"),
    [
        (b"", "line 1, column 1", "empty"),
        (b" \n\t ", "line 1, column 1", "empty"),
        (b"[]", "line 1, column 1", "object"),
        (b"{}", "resourceType", "type"),
        (b'{"resourceType":7}', "resourceType", "type"),
        (b'{"resourceType":""}', "resourceType", "type"),
        (b'{"resourceType":"Patient",\n "x": NaN}', "line 2, column 7", "not JSON"),
        (b'{"resourceType":"Patient","x":Infinity}', "line 1, column 31", "not JSON"),
        (b'{"resourceType":"Patient","x":01}', "line 1, column 32", "not JSON"),
        (b'{"resourceType":"Patient"} x', "line 1, column 28", "not JSON"),
        (b'{"resourceType":"Patient"', "by line 1, column 26", "too early"),
        (b'{"resourceType":"Patient","x":"\\ud800"}', "by line 1, column 40", "surrogate"),
        (b'{"resourceType":"P\xe9"}', "line 1, column 19", "UTF-8"),
        ('{"resourceType":"Patient"}'.encode("utf-16"), "line 1, column 1", "UTF-16"),
        ('{"resourceType":"Patient"}'.encode("utf-16-le"), "line 1, column 1", "UTF-16"),
        (b'<?xml version="1.0"?><Patient xmlns="http://hl7.org/fhir"/>', "line 1", "XML"),
        (b'{"resourceType":"Patient","x":1.' + b"1" * 100 + b"}", "line 1, column 31", "digits"),
        (b'{"resourceType":"Patient","x":1e999999999999999999999}', "line 1, column 31", "digits"),
        (b'{"resourceType":"Patient","x":' + b"1" * 5000 + b"}", "by line 1, column 5032", "digits"),
    ],
)
def test_what_is_no_fhir_json_is_refused_at_a_place(data: bytes, place: str, reason: str) -> None:
    error = refused(data)
    assert error.location == place
    assert reason in error.reason


def test_a_member_that_is_there_twice_is_refused_where_it_is() -> None:
    error = refused(b'{"resourceType":"Patient",\n"name":[{"family":"Quill"},\n{"family":"Vale","family":"Lund"}]}')
    assert error.location == "family, line 3, column 18"
    assert "twice" in error.reason
    assert "Vale" not in str(error)


def test_a_member_twice_is_seen_beside_escaped_quotation_marks() -> None:
    assert fhir.parse(b'{"resourceType":"A","t":"\\u0022 \\" \\\\"}')["t"] == '" " \\'
    assert "twice" in refused(b'{"resourceType":"A","a":"\\u0022\\u0022","a":""}').reason


def test_a_member_twice_by_another_spelling_is_seen() -> None:
    assert "twice" in refused(b'{"resourceType":"A","ab":1,"a\\u0062":2}').reason


def test_a_name_that_is_no_name_is_not_repeated() -> None:
    error = refused(b'{"resourceType":"A","Tamsin Quill":1,"Tamsin Quill":2}')
    assert "Quill" not in str(error)


def nested(depth: int) -> bytes:
    return b'{"resourceType":"A","x":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def test_nesting_is_bounded() -> None:
    assert fhir.parse(nested(MAX_DEPTH))
    error = refused(nested(MAX_DEPTH + 1))
    assert error.location == "line 1, column 152"
    assert "nested" in error.reason


def test_brackets_in_texts_are_no_nesting() -> None:
    text = "[{" * 5000
    assert fhir.parse(json.dumps({"resourceType": "A", "x": text, "y": "}]" * 300}).encode())["x"] == text


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 3_000_000,
        b'{"a":' * 600_000,
        b'{"resourceType":"A","x":"' + b'\\"' * 1_000_000,
        b'{"resourceType":"A","x":[' + b"1.5," * 500_000,
        b'"' * 2_000_000,
        b'{"resourceType":"A"' + b',"a":1' * 200_000 + b"}",
        b'{"resourceType":"A",' + b",".join(b'"k%d":1' % n for n in range(100_000)) + b',"k99999":2}',
    ],
)
def test_hostile_input_is_refused_quickly(data: bytes) -> None:
    start = time.process_time()
    refused(data)
    assert time.process_time() - start < 3


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text() | st.decimals(-1000, 1000, places=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=150)
@given(VALUES, st.booleans())
def test_whatever_is_written_is_read_back(value: Any, indented: bool) -> None:
    written = fhir.encode({"resourceType": "Basic", "x": value}, indent=2 if indented else None)
    again = fhir.parse(written)
    assert again == {"resourceType": "Basic", "x": value}
    assert fhir.encode(again, indent=2 if indented else None) == written


@settings(max_examples=150)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_at_a_place(data: bytes) -> None:
    try:
        json_value(data)
    except FormatError as error:
        assert error.location
