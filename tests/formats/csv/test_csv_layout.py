"""A layout's mistakes are told when it is loaded, all at once, at their places."""

from __future__ import annotations

from pathlib import Path

import pytest

from careloom.core.errors import ConfigurationError
from careloom.formats.csv import Layout

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "csv"
COLUMN = {"name": "a"}
TRAILER = {"name": "trailer", "code": "T", "role": "trailer", "columns": [{"name": "n", "type": "integer"}]}


@pytest.mark.parametrize("name", ["prices.toml", "batch.toml"])
def test_the_samples_load(name: str) -> None:
    assert Layout.load((SAMPLES / name).read_bytes()).record_types


def test_several_mistakes_are_told_together_with_their_places() -> None:
    with pytest.raises(ConfigurationError) as refused:
        Layout.load({"name": "", "columns": [{"name": "a", "type": "money"}, {"name": "b", "colour": 1}]})
    told = str(refused.value)
    assert "columns.0.type" in told
    assert "columns.1.colour" in told
    assert "name:" in told


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({}, "either columns, or records"),
        ({"columns": [COLUMN, COLUMN]}, "used twice"),
        ({"columns": [COLUMN], "key": ["b"]}, "key column b"),
        ({"columns": [COLUMN], "message": "group"}, "needs the key columns"),
        ({"columns": [COLUMN], "delimiter": '"'}, "must be different"),
        ({"columns": [COLUMN], "delimiter": "\n"}, "no line ends"),
        ({"columns": [COLUMN], "kind": "fixed"}, "needs start and length"),
        ({"columns": [{"name": "a", "type": "code"}]}, "needs its table"),
        ({"columns": [{"name": "a", "type": "decimal", "thousands": "."}]}, "must differ"),
        ({"columns": [{"name": "a", "true": ["X"], "false": ["x"]}]}, "both true and false"),
        ({"columns": [{"name": "a", "pattern": r"(a)\1"}]}, "no regular expression"),
        ({"columns": [{"name": "a", "pattern": "("}]}, "no regular expression"),
        ({"records": [{"name": "d", "columns": [COLUMN]}, TRAILER]}, "need a discriminator"),
        ({"records": [TRAILER], "discriminator": {"start": 1}}, "needs a position"),
        ({"records": [TRAILER, {**TRAILER, "name": "t2"}], "discriminator": {"position": 1}}, "of its own"),
        ({"columns": [COLUMN], "totals": [{"kind": "count", "field": "n"}]}, "trailer.n is no integer"),
        (
            {"records": [TRAILER], "totals": [{"kind": "sum", "field": "n", "column": "z", "records": ["q"]}]},
            "not declared",
        ),
        ({"records": [TRAILER], "totals": [{"kind": "sum", "field": "n", "column": "z"}]}, "summed column z"),
    ],
)
def test_each_inconsistency_is_named(declared: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        Layout.load({"name": "x", **declared})


@pytest.mark.parametrize("text", ["name = ", b"\xff\xfe"])
def test_what_is_no_toml_is_refused(text: str | bytes) -> None:
    with pytest.raises(ConfigurationError, match="no TOML"):
        Layout.load(text)
