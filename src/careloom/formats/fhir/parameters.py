"""Which search parameters a type has: the table `search.txt`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, TypeAlias, cast

from careloom.formats.fhir.reading import Resource

ParameterKind: TypeAlias = Literal["token", "string", "date", "reference", "number", "quantity", "uri"]

_STEP: Final = re.compile(r"(\w+)(?:\[(\w+)=(\w+)\])?")


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """One parameter of a type. `target` is the only type a reference may point to, `""` for any."""

    name: str
    kind: ParameterKind
    paths: Sequence[str]
    target: str = ""

    def values(self, resource: Resource) -> Iterator[Any]:
        """The values of a resource that the parameter looks at: elements or primitives, never lists."""
        for path in self.paths:
            yield from _at(resource, _steps(path))


def parameters(kind: str) -> Mapping[str, SearchParameter]:
    """The parameters of a resource type by name, with those of all types."""
    return _table().get(kind, {}) | _table()["*"]


def searchable_types() -> frozenset[str]:
    """The types that have parameters of their own."""
    return frozenset(_table()) - {"*"}


@cache
def _table() -> Mapping[str, dict[str, SearchParameter]]:
    text = (files("careloom.formats.fhir") / "search.txt").read_text(encoding="utf-8")
    found: dict[str, dict[str, SearchParameter]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            kind, name, sort, *paths = line.split()
            base, _, target = sort.partition(":")
            made = SearchParameter(name, cast(ParameterKind, base), tuple(paths), target)
            found.setdefault(kind, {})[name] = made
    return found


_Step: TypeAlias = tuple[str, str, str]


@cache
def _steps(path: str) -> tuple[_Step, ...]:
    return tuple((found[1], found[2] or "", found[3] or "") for found in _STEP.finditer(path))


def _at(value: Any, steps: tuple[_Step, ...]) -> Iterator[Any]:
    if type(value) is list:
        for one in value:
            yield from _at(one, steps)
    elif not steps:
        if value is not None:
            yield value
    elif type(value) is dict:
        (name, member, wanted), *rest = steps
        for one in _listed(value.get(name)):
            if not member or (type(one) is dict and one.get(member) == wanted):
                yield from _at(one, tuple(rest))


def _listed(value: Any) -> list[Any]:
    return value if type(value) is list else [value]
