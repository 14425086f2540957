"""JSON by contract: every fault at its pointer, no value in any text, nothing fetched, nothing unbounded."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.core.errors import ConfigurationError
from careloom.formats.jsondoc import Bounds, Contract

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "jsondoc"
SCHEMA = (SAMPLES / "order.schema.json").read_bytes()
ORDER = (SAMPLES / "order.json").read_bytes()
CONTRACT = Contract.load(SCHEMA)
SECRET = "Zebulon"


def changed(**members: object) -> bytes:
    return json.dumps({**json.loads(ORDER), **members}).encode()


def test_a_document_that_keeps_the_contract_has_no_findings() -> None:
    assert CONTRACT.name == "https://example.org/schemas/order"
    assert CONTRACT.check(ORDER) == []


def test_all_faults_are_told_and_none_quotes_a_value() -> None:
    data = changed(
        id=SECRET, placed=SECRET, total=-1.005, lines=[{"item": 1, "quantity": 0, "unit": SECRET}, {}], extra=SECRET
    )
    findings = CONTRACT.check(data)
    assert sorted((finding.place, finding.code) for finding in findings) == [
        ("/", "additionalProperties"),
        ("/id", "pattern"),
        ("/lines/0/item", "type"),
        ("/lines/0/quantity", "minimum"),
        ("/lines/0/unit", "enum"),
        ("/lines/1", "required"),
        ("/lines/1", "required"),
        ("/placed", "format"),
        ("/total", "minimum"),
        ("/total", "multipleOf"),
    ]
    assert SECRET not in repr(findings)
    assert all(finding.text for finding in findings)


def test_draft_07_is_read_too() -> None:
    contract = Contract.load(
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "definitions": {"name": {"type": "string"}},
            "properties": {"a/b": {"$ref": "#/definitions/name"}},
            "dependencies": {"x": ["y"]},
        }
    )
    findings = contract.check(b'{"a/b": 1, "x": 1}')
    assert sorted((finding.place, finding.code) for finding in findings) == [("/", "required"), ("/a~1b", "type")]


def test_each_line_of_json_lines_is_a_document() -> None:
    one = json.dumps(json.loads(ORDER)).encode()
    data = b"\n".join([one, b"", b'{"id": ', changed(id="X").replace(b"\n", b""), one])
    assert [(finding.code, finding.place) for finding in CONTRACT.check_lines(data)] == [
        ("unreadable", "line 3"),
        ("pattern", "line 4 /id"),
    ]


def test_findings_are_bounded() -> None:
    many = changed(lines=[{}] * 1_000)
    assert len(CONTRACT.check(many)) == 200
    assert len(CONTRACT.check_lines(b"{}\n" * 1_000)) == 200


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        (b"{", "no JSON"),
        (b"[]", "no JSON object"),
        ({"type": "money"}, "not right at /type"),
        ({"$schema": "http://json-schema.org/draft-04/schema#"}, "a draft that is not read"),
        ({"$ref": "https://example.org/other"}, "nothing is fetched"),
        ({"$ref": "file:///etc/hostname"}, "nothing is fetched"),
        ({"$ref": "#/$defs/none"}, "the schema"),
        ({"pattern": r"(a)\1"}, "not right at /pattern"),
    ],
)
def test_a_schema_that_is_not_right_is_refused(schema: bytes | dict[str, object], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        Contract.load(schema)


def test_nested_repeats_take_no_longer_than_the_text() -> None:
    contract = Contract.load({"pattern": "^(a+)+$"})
    start = time.thread_time()
    assert contract.check(b'"' + b"a" * 50_000 + b'!"')
    assert time.thread_time() - start < 1


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"", "line 1, column 1"),
        (b'{"id":\n}', "line 2, column 1"),
        (b"\xff{}", "byte 1"),
        (b"[" * 500_000, "line 1"),
        (b'{"a":1,"a":2}', "document"),
        (b"[NaN]", "document"),
        (b"[" + b"9" * 5_000 + b"]", "document"),
        (b"[1e999999999]", "document"),
        (rb'["\ud800"]', "document"),
        (b"[]" * 40, "document"),
    ],
)
def test_what_is_no_document_is_a_located_finding(data: bytes, place: str) -> None:
    contract = Contract.load({}, bounds=Bounds(size=60 if len(data) == 80 else 1_000_000))
    (finding,) = contract.check(data)
    assert (finding.code, finding.place) == ("unreadable", place)


def test_brackets_inside_texts_are_not_nesting() -> None:
    assert Contract.load({}).check(json.dumps({"a": '[{\\"' * 200}).encode()) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_the_empty_contract_takes_every_document(value: object) -> None:
    assert Contract.load({}).check(json.dumps(value).encode()) == []


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_checking_never_raises(data: bytes) -> None:
    CONTRACT.check_lines(data)
    assert all(finding.place for finding in CONTRACT.check(data))
