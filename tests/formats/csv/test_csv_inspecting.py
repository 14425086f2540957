"""The inspector of rows: what it recognises, what it finds, and every file of the public corpora."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.formats.csv import Layout, inspecting
from careloom.formats.csv.writing import write

SHARED = Path(__file__).resolve().parents[3] / ".." / "shared"
CORPUS = SHARED / "corpora" / "open"
SAMPLE = b"name,amount,day\nA,1.50,2026-01-01\nB,2.50,2026-01-02\n"
BOOK = write(
    [{"name": "A", "n": 1}, {"name": "B", "n": 2}],
    Layout.load({"name": "x", "kind": "excel", "columns": [{"name": "name"}, {"name": "n", "type": "integer"}]}),
)


@pytest.mark.parametrize(
    ("data", "name", "recognised"),
    [
        (SAMPLE, "x", True),
        (SAMPLE.replace(b",", b";"), "x.txt", True),
        (b"one\ntwo\n", "x.csv", True),
        (b"", "x.csv", True),
        (b"one\ntwo\n", "x.txt", False),
        (b"MSH|^~\\&|A|B\nPID|1|2|3\n", "x.hl7", False),
        (b"ISA*00*  *00*\nGS*1,2\n", "x", False),
        (b'{"a": 1,\n"b": 2,\n"c": 3}', "x", False),
        (b"01,A,B\n02,C,D\n", "x", False),
        (b"a,b\0\n1,2\n", "x", False),
        (BOOK, "x", True),
        (b"PK\x03\x04 something", "x.zip", False),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "x.xls", True),
    ],
)
def test_it_recognises_rows_and_leaves_other_files_alone(data: bytes, name: str, recognised: bool) -> None:
    assert inspecting.recognises(data, name) is recognised


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", ", "])
def test_the_delimiter_is_found(delimiter: str) -> None:
    inspection = inspecting.inspect(SAMPLE.replace(b",", delimiter.encode()), paths=["amount"])
    assert (inspection.valid, inspection.identical) == (True, True)
    assert inspection.counts == {"rows": 2, "columns": 3}
    assert inspection.values["amount"] == ("1.50", "2.50")


def test_values_stand_at_the_asked_paths() -> None:
    paths = ["row[3].name", "row[3].2", "Day", "row[9].name", "nothing", "row[0].name"]
    inspection = inspecting.inspect(SAMPLE, paths=paths)
    assert list(inspection.values.values()) == [("B",), ("2.50",), ("2026-01-01", "2026-01-02"), (), (), ()]
    assert [(finding.code, finding.place) for finding in inspection.findings] == [
        ("path-unknown", "nothing"),
        ("path-unknown", "row[0].name"),
    ]


def test_rows_without_names_have_columns_by_number() -> None:
    inspection = inspecting.inspect(b"1,2\n3,4\n5,6\n", paths=["2"])
    assert (inspection.counts["rows"], inspection.values["2"]) == (3, ("2", "4", "6"))


def test_ragged_rows_are_warned_of_with_their_lines_and_wrong_when_strict() -> None:
    data = SAMPLE + b'"two\nlines",1,2\nC,1\nD,1,2,3\n'
    inspection = inspecting.inspect(data)
    assert [finding.place for finding in inspection.findings] == ["row 5, line 6", "row 6, line 7"]
    assert inspection.valid
    assert not inspecting.inspect(data, strict=True).valid


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (SAMPLE + b'"C,1,2\n', "quote-open", "row 4, line 4"),
        (SAMPLE + b'"C"x,1,2\n', "quote-stray", "row 4, line 4"),
        (SAMPLE + b"C,\0,2\n", "nul", "row 4, line 4"),
        (SAMPLE + b"C," + b"x" * 140_000 + b",2\n", "field-too-long", "row 4, line 4"),
        (b"", "empty", "file"),
        (b"PK\x03\x04 no workbook", "unreadable", "file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "unreadable", "file"),
    ],
)
def test_what_cannot_be_read_is_an_error_at_its_place(data: bytes, code: str, place: str) -> None:
    inspection = inspecting.inspect(data)
    assert (code, place) in [(finding.code, finding.place) for finding in inspection.findings]
    assert not inspection.valid


def test_another_character_set_is_guessed_and_said() -> None:
    inspection = inspecting.inspect("name,town\nA,Zürich\n".encode("latin-1"), paths=["town"])
    assert inspection.values["town"] == ("Zürich",)
    assert [(finding.code, finding.severity) for finding in inspection.findings] == [("encoding-guessed", "warning")]
    assert inspecting.inspect("name,town\nA,Zürich\n".encode("utf-16"), paths=["town"]).values["town"] == ("Zürich",)


def test_a_workbook_is_looked_at_like_any_rows() -> None:
    inspection = inspecting.inspect(BOOK, paths=["n", "row[2].name"])
    assert (inspection.format, inspection.valid, inspection.identical) == ("excel", True, True)
    assert inspection.counts == {"rows": 2, "columns": 2}
    assert list(inspection.values.values()) == [("1", "2"), ("A",)]


def test_a_repeated_name_is_warned_of_and_does_not_make_the_names_values() -> None:
    inspection = inspecting.inspect(b"name,code,Name\nA,1,B\n", paths=["name", "3"])
    assert [(finding.code, finding.place) for finding in inspection.findings] == [
        ("header-repeated", "row 1, column 3")
    ]
    assert (inspection.counts["rows"], list(inspection.values.values())) == (1, [("A",), ("B",)])


def test_many_findings_are_counted_not_listed() -> None:
    inspection = inspecting.inspect(SAMPLE + b"x\n" * 1_000)
    assert len(inspection.findings) == 201
    assert inspection.findings[-1].text.startswith("800 more")


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=10))
def test_what_a_csv_writer_wrote_is_read_whole(table: list[list[str]]) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(table)
    inspection = inspecting.inspect(stream.getvalue().encode())
    assert inspection.identical is not False


@given(st.binary(max_size=300) | st.text(alphabet='a1,;"\n\r\t|\\ \0é', max_size=200).map(str.encode))
def test_it_never_raises(data: bytes) -> None:
    inspecting.recognises(data, "x")
    assert all(finding.place for finding in inspecting.inspect(data, paths=["1"]).findings)


@pytest.mark.parametrize("piece", [b'"', b'"\n', b'"a""\n', b",", b"\r", b"a", b"\xff", b"a,b\n"])
def test_hostile_text_takes_no_time(piece: bytes) -> None:
    start = time.process_time()
    inspecting.inspect(piece * 100_000)
    assert time.process_time() - start < 5


@pytest.mark.corpora
@pytest.mark.skipif(not CORPUS.exists(), reason="the corpora are not beside the project")
def test_every_csv_of_the_corpora_is_read_and_no_other_file_is_taken_for_one() -> None:
    seen = 0
    for path in (path for path in sorted(CORPUS.rglob("*")) if path.is_file()):
        data = path.read_bytes()
        assert inspecting.recognises(data, path.name) is (path.suffix == ".csv"), path.name
        if path.suffix == ".csv":
            seen += 1
            assert inspecting.recognises(data, "unnamed")
            inspection = inspecting.inspect(data, strict=True)
            assert (inspection.valid, inspection.identical) == (True, True), (path.name, inspection.findings[:3])
    assert seen >= 9
