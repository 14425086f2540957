"""Which table a version resolves to, and that reading one is quick."""

from __future__ import annotations

import time
from importlib.resources import files

import pytest

from careloom.formats.x12.tables import segment_definition, set_definition, sets
from careloom.formats.x12.tables.reading import read_segments, read_set

TABLES = files("careloom.formats.x12.tables")


@pytest.mark.parametrize(
    ("set_id", "version", "found"),
    [
        ("835", "005010X221A1", "005010X221A1"),
        ("835", "005010X221", "005010X221A1"),
        ("837", "005010X222", "005010X222A1"),
        ("837", "005010X222A1", "005010X222A1"),
        ("837", "005010X222A2", "005010X222A1"),
        ("837", "005010X223", "005010X223A2"),
        ("837", "005010X223A1", "005010X223A2"),
        ("837", "005010X223A2", "005010X223A2"),
        ("837", "005010X223A3", "005010X223A2"),
        ("837", "005010X224A2", "005010X224A2"),
        ("837", "005010X224A3", "005010X224A2"),
        ("837", "004010X098A1", "004010X098A1"),
        ("837", "004010X096", "004010X096A1"),
        ("837", "004010X097A1", "004010X097A1"),
        ("837", "005010X999", "005010X222A1"),
        ("837", "005010", "005010X222A1"),
        ("837", "004010", "004010X098A1"),
        ("837", "", "005010X222A1"),
        ("270", "005010X279", "005010X279A1"),
        ("271", "005010X279A1", "005010X279A1"),
        ("276", "005010X212", "005010X212"),
        ("277", "005010X212", "005010X212"),
        ("277", "005010X214", "005010X214"),
        ("277", "005010", "005010X212"),
        ("278", "005010X216", "005010X217"),
        ("275", "005010X210", "005010"),
        ("834", "005010X220", "005010X220A1"),
        ("820", "005010X218", "005010X218"),
        ("820", "005010X306", "005010X218"),
        ("820", "005010", "005010"),
        ("820", "004010", "005010"),
        ("999", "005010X231", "005010X231A1"),
        ("997", "004010", "005010"),
        ("997", "005010X230", "005010"),
        ("850", "005010", "005010"),
        ("850", "004010", "005010"),
        ("850", "004010UCS", "005010"),
        ("856", "003060", "005010"),
        ("810", " 004010 ", "005010"),
    ],
)
def test_a_version_resolves_to_the_nearest_table(set_id: str, version: str, found: str) -> None:
    definition = set_definition(set_id, version)
    assert definition is not None
    assert (definition.id, definition.version) == (set_id, found)


def test_a_set_without_a_table_is_none() -> None:
    assert set_definition("123", "005010") is None
    assert set_definition("", "") is None


def test_a_segment_without_a_definition_is_none() -> None:
    assert segment_definition("QQQ") is None
    assert segment_definition("C001") is None


@pytest.mark.parametrize("version", ["005010X217", "004010X094A1"])
def test_bht02_tells_a_request_of_278_from_a_response(version: str) -> None:
    request, response = set_definition("278", version, "13"), set_definition("278", version, "11")
    assert request is not None and response is not None
    assert request.version == response.version == version
    assert "HCR" not in _segments(request.content) and "HCR" in _segments(response.content)
    assert set_definition("278", version) is request
    assert set_definition("278", version, "36") is request


def test_bht02_changes_nothing_for_the_other_sets() -> None:
    assert set_definition("837", "005010X223A2", "00") is set_definition("837", "005010X223A2")


def test_a_table_is_read_once() -> None:
    assert set_definition("835", "005010X221A1") is set_definition("835", "005010X221")
    assert segment_definition("NM1") is segment_definition("NM1")


def test_every_file_is_listed_and_says_what_its_name_says() -> None:
    names = {entry.name for entry in TABLES.iterdir() if entry.name.endswith(".txt")} - {"sets.txt", "segments.txt"}
    purposes = {"278_005010X217": ("13", "11"), "278_004010X094A1": ("13", "11")}
    expected = set()
    for definition in sets():
        stem = f"{definition.id}_{definition.version}"
        expected |= {f"{stem}_{purpose}.txt" for purpose in purposes.get(stem, ())} or {f"{stem}.txt"}
    assert names == expected


def test_reading_the_largest_set_takes_well_under_20_ms() -> None:
    text = max((entry.read_text() for entry in TABLES.iterdir() if entry.name[:3].isdigit()), key=len)
    assert _best_of_7(lambda: read_set(text, "largest")) < 0.02


def test_reading_the_segments_takes_well_under_50_ms() -> None:
    text = (TABLES / "segments.txt").read_text()
    assert _best_of_7(lambda: read_segments(text, "segments")) < 0.05


def _best_of_7(action: object) -> float:
    assert callable(action)
    spent = []
    for _ in range(7):
        start = time.process_time()
        action()
        spent.append(time.process_time() - start)
    return min(spent)


def _segments(content: object) -> set[str]:
    found: set[str] = set()
    pending = [content]
    while pending:
        use = pending.pop()
        inner = use if isinstance(use, tuple) else getattr(use, "content", None)
        if inner is None:
            found.add(use.id)  # type: ignore[attr-defined]
        else:
            pending.extend(inner)
    return found
