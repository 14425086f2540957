"""The inspector of JSON: shape, exact numbers, values at pointers, lines."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.core.errors import FormatError
from careloom.formats.jsondoc import Bounds, inspecting, read, read_lines, write
from careloom.formats.jsondoc.pointers import pointer, steps_of

SHARED = Path(__file__).resolve().parents[3] / ".." / "shared"
CORPUS = SHARED / "corpora" / "open"
ORDER = (Path(__file__).resolve().parents[2] / "samples" / "jsondoc" / "order.json").read_bytes()
LINES = b'{"id": 1}\n{"id": 2}\nnot json\n\n{"id": 3}\n'


@pytest.mark.parametrize(
    ("data", "name", "recognised"),
    [
        (ORDER, "x", True),
        (b"\xef\xbb\xbf[1]", "x", True),
        (b"[]", "x", True),
        (b"", "x.json", True),
        (b"{oops", "x.txt", False),
        (b"{1:F01BANK}{2:", "x", False),
        (b"a,b\n", "x.csv", False),
        (b"<a/>", "x", False),
    ],
)
def test_it_recognises_objects_and_lists(data: bytes, name: str, recognised: bool) -> None:
    assert inspecting.recognises(data, name) is recognised


def test_a_document_is_read_exactly_and_its_values_found() -> None:
    paths = ["/id", "/total", "/lines/*/item", "/lines/1", "/none", ""]
    inspection = inspecting.inspect(ORDER, paths=paths)
    assert (inspection.type, inspection.valid, inspection.identical) == ("object", True, True)
    assert inspection.values["/total"] == ("72.50",)
    assert inspection.values["/lines/*/item"] == ("4006381333931", "96385074")
    assert inspection.values["/lines/1"] == ('{"item":"96385074","quantity":1}',)
    assert inspection.values["/none"] == ()
    assert json.loads(inspection.values[""][0]) == json.loads(ORDER)


def test_lines_are_documents_and_a_wrong_one_is_told() -> None:
    inspection = inspecting.inspect(LINES, paths=["/*/id", "/2/id"])
    assert (inspection.type, inspection.counts["documents"]) == ("lines", 3)
    assert [(finding.code, finding.place) for finding in inspection.findings] == [("unreadable", "line 3")]
    assert list(inspection.values.values()) == [("1", "2", "3"), ("3",)]


def test_a_path_that_is_no_pointer_is_a_finding() -> None:
    inspection = inspecting.inspect(ORDER, paths=["id"])
    assert [(finding.code, finding.place) for finding in inspection.findings] == [("path-unknown", "id")]


def test_a_broken_document_is_a_finding_where_it_breaks() -> None:
    inspection = inspecting.inspect(ORDER[:60])
    assert inspection.identical is None
    assert [finding.place.partition(",")[0] for finding in inspection.findings] == ["line 4"]


@given(st.lists(st.text(), max_size=5))
def test_pointers_come_back_as_they_were(steps: list[str]) -> None:
    assert steps_of(pointer(steps)) == steps


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6) | st.integers(-(10**50), 10**50))
def test_numbers_keep_every_digit(number: Decimal | int) -> None:
    text = f"[{number}]".encode()
    assert write(read(text)) == text


def test_lines_and_size_are_bounded() -> None:
    with pytest.raises(FormatError, match="line 3: more than 2 lines"):
        list(read_lines(b"1\n2\n3\n", Bounds(lines=2)))
    with pytest.raises(FormatError, match="larger than 4 bytes"):
        list(read_lines(b"1\n2\n3\n", Bounds(size=4)))


@given(st.binary(max_size=200) | st.text(alphabet='{}[]",:1e-\\u\n', max_size=100).map(str.encode))
def test_it_never_raises(data: bytes) -> None:
    inspecting.recognises(data, "x")
    assert all(finding.place for finding in inspecting.inspect(data, paths=["/0", "x"]).findings)


@pytest.mark.parametrize("piece", [b"[", b'{"a":', b'"\\', b"{}\n", b"[]\n[", b'"[', b"1,", b"\\u"])
def test_hostile_bytes_take_no_time(piece: bytes) -> None:
    start = time.thread_time()
    inspecting.inspect(piece * 100_000)
    inspecting.inspect(b"[" + piece * 100_000 + b"]")
    assert time.thread_time() - start < 5


@pytest.mark.corpora
@pytest.mark.skipif(not CORPUS.exists(), reason="the corpora are not beside the project")
def test_every_json_file_of_the_corpora_is_read_and_written_the_same() -> None:
    files = [path for path in sorted(CORPUS.rglob("*")) if path.suffix in {".json", ".ndjson"} and path.is_file()]
    for path in files[::5]:
        inspection = inspecting.inspect(path.read_bytes())
        assert inspection.identical, (path.name, inspection.findings[:2])
        # Some files hold lines that are no JSON on purpose, and say so in their names.
        assert inspection.valid or "invalid" in path.name, (path.name, inspection.findings[:2])
        assert all(finding.place.startswith("line ") for finding in inspection.findings)
    assert len(files) > 100
