"""Named SQL: what the loader takes and what it refuses."""

from __future__ import annotations

import pytest

from careloom.store.sql import parse, queries

GOOD = """-- The statements of a file.

-- name: first
-- Because it comes first.
SELECT 1;

-- name: second
-- Two lines
-- of why.
SELECT a -- kept
FROM b
"""


def test_statements_by_name() -> None:
    found = parse("good.sql", GOOD)
    assert found.first == "SELECT 1"
    assert found["second"] == "SELECT a -- kept\nFROM b"
    assert list(found) == ["first", "second"]


def test_an_unknown_name_is_told_with_its_file() -> None:
    with pytest.raises(AttributeError, match=r"good\.sql has no statement named third"):
        _ = parse("good.sql", GOOD).third


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("-- name: a\n-- why\nSELECT 1\n-- name: a\n-- why\nSELECT 2", "twice"),
        ("-- name: a\nSELECT 1", "does not say why"),
        ("-- name: a\n--\nSELECT 1", "does not say why"),
        ("-- name: a\n-- why\n;\n", "has no statement"),
        ("-- name: a\n-- why\n-- name: b\n-- why\nSELECT 1", "has no statement"),
        ("-- name: a b\n-- why\nSELECT 1", "before the first"),
        ("-- name: 1a\n-- why\nSELECT 1", "no Python name"),
        ("-- name:\n-- why\nSELECT 1", "no Python name"),
        ("SELECT 1\n-- name: a\n-- why\nSELECT 1", "before the first"),
    ],
)
def test_a_bad_file_is_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse("bad.sql", text)


def test_an_absent_file_is_told() -> None:
    with pytest.raises(LookupError, match=r"store/queries/absent\.sql"):
        queries("absent")


def test_the_log_has_its_statements() -> None:
    assert len(queries("log")) > 0
    assert queries("log") is queries("log")
