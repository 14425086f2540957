"""Where a value stands: in a document, as a JSON Pointer, and in an event, as a path of its names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeAlias

_PART: Final = re.compile(r"([A-Za-z][A-Za-z0-9]*)((?:\[[^\[\]]*\])*)(?:\.|$)")
_BRACKET: Final = re.compile(r"\[([^\[\]]*)\]")
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,3}")


class Scope(NamedTuple):
    """A document, and the one that it is an item of."""

    document: Any
    outer: Scope | None = None


class Pointer(NamedTuple):
    """A JSON Pointer (RFC 6901) from the document at hand, or from one `up` so many levels around it."""

    text: str
    steps: tuple[str, ...]
    up: int = 0

    def find(self, scope: Scope) -> Any:
        """What it points to; None where there is nothing."""
        for _ in range(self.up):
            assert scope.outer is not None, "checked when the rules were loaded"
            scope = scope.outer
        found = scope.document
        for step in self.steps:
            if isinstance(found, dict):
                found = found.get(step)
            elif isinstance(found, list) and _INDEX.fullmatch(step) and int(step) < len(found):
                found = found[int(step)]
            else:
                return None
        return found


def pointer(text: str, depth: int = 0) -> Pointer:
    """`/a/b`, `.` for the document itself, `../a` for the one around it. ValueError says what is wrong with another.

    `depth` is how many documents there are around the one at hand.
    """
    parts = text.split("/")
    up = next((number for number, part in enumerate(parts) if part != ".."), len(parts))
    if up > depth:
        raise ValueError(f"{text!r} goes out of the document; {'..' if depth else 'it'} has nothing around it")
    inside = parts[up:] if up else parts[1:]
    if text == "." or (up and inside in ([], [""])):
        return Pointer(text, (), up)
    if not text:
        raise ValueError("a source is a JSON Pointer such as /id; write . for the document itself")
    if not up and parts[0]:
        raise ValueError(f"{text!r} is no JSON Pointer: write /{text}, or {{ constant = ... }} for a fixed value")
    return Pointer(text, tuple(step.replace("~1", "/").replace("~0", "~") for step in inside), up)


def is_pointer(text: str) -> bool:
    """Whether a text is meant as one, where a constant may stand too."""
    return text == "." or text.startswith(("/", "../"))


class Select(NamedTuple):
    """The first item of a list whose `name` is `value`."""

    name: str
    value: str


Step: TypeAlias = str | int | Select


def event_path(text: str) -> tuple[Step, ...]:
    """`contact.telecom[0].value` as its steps; `telecom[system=email]` selects. ValueError when it is no path."""
    steps: list[Step] = []
    at = 0
    while at < len(text):
        found = _PART.match(text, at)
        if found is None or found.end() == at:
            raise ValueError(f"{text!r} is no path into an event: write names and indexes, contact.telecom[0].value")
        steps.append(found[1])
        steps += [_bracket(inner, text) for inner in _BRACKET.findall(found[2])]
        at = found.end()
    if not steps or text.endswith("."):
        raise ValueError(f"{text!r} is no path into an event: write names and indexes, contact.telecom[0].value")
    return tuple(steps)


def _bracket(inner: str, text: str) -> Step:
    name, equals, value = inner.partition("=")
    if equals and name:
        return Select(name, value)
    if not _INDEX.fullmatch(inner):
        raise ValueError(f"{text!r}: between brackets stands an index from 0, or name=value")
    return int(inner)


def value_at(event: Any, steps: tuple[Step, ...]) -> Any:
    """What stands there in the JSON of an event; None where there is nothing."""
    found = event
    for step in steps:
        if isinstance(step, str):
            found = found.get(step) if isinstance(found, Mapping) else None
        elif not isinstance(found, list):
            return None
        elif isinstance(step, int):
            found = found[step] if step < len(found) else None
        else:
            found = next((one for one in found if isinstance(one, Mapping) and one.get(step.name) == step.value), None)
        if found is None:
            return None
    return found
