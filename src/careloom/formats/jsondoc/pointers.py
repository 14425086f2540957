"""JSON Pointers (RFC 6901): where a value stands in a document."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from careloom.formats.jsondoc.reading import Json

_INDEX: Final = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)


def pointer(path: Iterable[str | int]) -> str:
    """The pointer of a path of names and indexes; "" is the whole document."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def steps_of(text: str) -> list[str]:
    """The names and indexes of a pointer. ValueError when it is none."""
    if text and not text.startswith("/"):
        raise ValueError("a JSON Pointer begins with a slash")
    return [step.replace("~1", "/").replace("~0", "~") for step in text.split("/")[1:]]


def values_at(document: Json, text: str) -> list[Json]:
    """The values at a pointer, where a step `*` takes every item of a list. ValueError when it is no pointer."""
    found = [document]
    for step in steps_of(text):
        found = [value for parent in found for value in _children(parent, step)]
    return found


def _children(parent: Json, step: str) -> list[Json]:
    if isinstance(parent, dict):
        return [parent[step]] if step in parent else []
    if not isinstance(parent, list):
        return []
    if step == "*":
        return parent
    return [parent[int(step)]] if _INDEX.fullmatch(step) and int(step) < len(parent) else []
