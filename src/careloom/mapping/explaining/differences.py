"""Which values of events are others than before, where events and items of lists may have come or gone between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

Events: TypeAlias = Sequence[tuple[str, Any]]
"""JSON documents, each with the name that its values' paths begin with."""

_GONE: Final = object()


def named(types: Sequence[str]) -> list[str]:
    """`claim.submitted.v1`; of several events with their number, `claim.submitted.v1#2`."""
    return [f"{type}#{number}" for number, type in enumerate(types, 1)] if len(types) > 1 else list(types)


def values(events: Events) -> Iterator[tuple[str, str]]:
    """Each single value, `registration.created.v1/patient/name/0/family`, and what stands there."""
    for name, document in events:
        yield from _flat(name, document)


def changed(was: Events, now: Events) -> Iterator[str]:
    """The paths of the values that are others now, or gone; as `values` of `was` names them."""
    before = [[_type(name), document] for name, document in was]
    after = [[_type(name), document] for name, document in now]
    for index, one, other in _aligned(before, after):
        yield from _changed(was[index][0], one[1], other[1] if other is not _GONE and one[0] == other[0] else _GONE)


def _type(name: str) -> str:
    return name.partition("#")[0]


def _changed(path: str, was: Any, now: Any) -> Iterator[str]:
    if was == now:
        return
    if isinstance(was, dict):
        other = now if isinstance(now, dict) else {}
        for name, value in was.items():
            yield from _changed(f"{path}/{name}", value, other.get(name, _GONE))
    elif isinstance(was, list):
        for index, value, other in _aligned(was, now if isinstance(now, list) else []):
            yield from _changed(f"{path}/{index}", value, other)
    else:
        yield path


def _aligned(was: list[Any], now: list[Any]) -> Iterator[tuple[int, Any, Any]]:
    """Each item with what stands in its place. Where there are more or fewer than before, those that are the same at
    the beginning and at the end stay in place, so that one that is gone does not make others of all behind it."""
    shorter = min(len(was), len(now))
    head = tail = 0
    if len(was) != len(now):
        while head < shorter and was[head] == now[head]:
            head += 1
        while tail < shorter - head and was[-1 - tail] == now[-1 - tail]:
            tail += 1
    behind = len(now) - tail
    for index in range(head, len(was) - tail):
        yield index, was[index], now[index] if index < behind else _GONE


def _flat(path: str, document: Any) -> Iterator[tuple[str, str]]:
    if isinstance(document, dict):
        for name, value in document.items():
            yield from _flat(f"{path}/{name}", value)
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from _flat(f"{path}/{index}", value)
    else:
        yield path, document if isinstance(document, str) else str(document)
