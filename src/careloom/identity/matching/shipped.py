"""The model that comes with the package: weights and zones, no names. It was trained and measured on generated
hospitals; `careloom match train --population N --seed S --write` makes it anew."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

from careloom.identity.matching.model import Model

FILE = Path(__file__).with_name("default_model.json")


@cache
def default_model() -> Model:
    """The weights to begin with, until the index has taught its own."""
    return msgspec.json.decode(FILE.read_bytes(), type=Model)


def written(model: Model) -> bytes:
    """A model as it is shipped: without the names of anybody, and to be read by people who compare two of them."""
    bare = msgspec.structs.replace(model, frequencies={}, rarest={})
    return msgspec.json.format(msgspec.json.encode(bare), indent=1) + b"\n"
