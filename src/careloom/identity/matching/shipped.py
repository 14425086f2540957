"""The model that comes with the package: weights, zones, and the names that are common in the United States. It was
trained and measured on generated hospitals; docs/how-to/measure-matching.md says how to make it anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

import msgspec

from careloom.identity.matching.counting import common
from careloom.identity.matching.model import Model

COMMON = 0.0003
"""The share of all records that have a name which is listed in it."""
FILE = Path(__file__).with_name("default_model.json")


@cache
def default_model() -> Model:
    """The weights to begin with, until the index has taught its own."""
    return msgspec.json.decode(FILE.read_bytes(), type=Model)


def written(model: Model, names: Mapping[str, Collection[str]] | None = None) -> bytes:
    """A model as it is shipped: with common names alone, of these where they are given, and to be read by people who
    compare two of them."""
    return msgspec.json.format(msgspec.json.encode(common(model, COMMON, names)), indent=1) + b"\n"
