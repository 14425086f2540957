"""What an event holds, and where: its JSON Schema, as rules are checked against it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, Literal, TypeAlias

import msgspec

from careloom.mapping.declared.paths import Select, Step
from careloom.model import schema
from careloom.model.datatypes import Date, DateTime

Kind: TypeAlias = Literal[
    "text", "code", "date", "datetime", "instant", "integer", "decimal", "boolean", "money", "quantity", "name",
    "object", "list",
]  # fmt: skip
_DATE: Final = msgspec.json.schema(Date)["pattern"]
_DATETIME: Final = msgspec.json.schema(DateTime)["pattern"]
_COMPOSED: Final[Mapping[str, Kind]] = {"Money": "money", "Quantity": "quantity", "HumanName": "name"}
_PLAIN: Final[Mapping[str, Kind]] = {"integer": "integer", "boolean": "boolean", "array": "list", "object": "object"}


class Place:
    """One place in an event: what may stand there."""

    __slots__ = ("_definitions", "_node", "kind", "title")

    def __init__(self, node: Mapping[str, Any], definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions
        self._node = self._resolved(node)
        self.title = str(self._node.get("title", ""))
        self.kind: Kind = self._kind()

    @property
    def names(self) -> Mapping[str, Any]:
        """What an object holds."""
        found: Mapping[str, Any] = self._node.get("properties", {})
        return found

    @property
    def required(self) -> frozenset[str]:
        """What an object must hold."""
        return frozenset(self._node.get("required", ()))

    @property
    def filled(self) -> bool:
        """Whether a list must have an item."""
        return bool(self._node.get("minItems"))

    @property
    def codes(self) -> frozenset[str]:
        """What a code may be."""
        return frozenset(self._node.get("enum", [self._node["const"]] if "const" in self._node else ()))

    @property
    def default(self) -> Any:
        """What an event means that says nothing there; None where that is nothing."""
        found = self._node.get("default")
        return None if found == [] else found

    @property
    def pattern(self) -> str | None:
        """What a text must look like."""
        found: str | None = self._node.get("pattern")
        return found

    @property
    def least(self) -> int | None:
        """The smallest number that an integer may be."""
        found: int | None = self._node.get("minimum")
        return found

    def step(self, step: Step) -> Place:
        """What stands one step further. ValueError says why there is nothing."""
        if isinstance(step, str):
            if step not in self.names:
                held = ", ".join(sorted(self.names)) or "no names"
                raise ValueError(f"{self.title or self.kind} holds no {step}; it holds {held}")
            return self._place(self.names[step])
        if self.kind != "list":
            raise ValueError(f"{self.title or self.kind} is no list; take the index away")
        item = self._place(self._node["items"])
        if isinstance(step, Select):
            item.step(step.name)
        return item

    def walk(self, steps: tuple[Step, ...]) -> Place:
        """What stands at the end of a path. ValueError as `step`; a list must be told which of its items."""
        place = self
        for step in steps:
            if isinstance(step, str) and place.kind == "list":
                raise ValueError(f"a list stands before {step}; say which item, [0]")
            place = place.step(step)
        return place

    def _place(self, node: Mapping[str, Any]) -> Place:
        return Place(node, self._definitions)

    def _resolved(self, node: Mapping[str, Any]) -> dict[str, Any]:
        """The schema with what it refers to, and what is said beside the reference on top."""
        found = dict(node)
        if "anyOf" in found:
            real = [one for one in found.pop("anyOf") if one.get("type") != "null"]
            found = {**found, **(real[0] if len(real) == 1 else {})}
        while "$ref" in found:
            target = self._definitions[found.pop("$ref").rpartition("/")[2]]
            beside = {"required": [*target.get("required", ()), *found.get("required", ())]}
            properties = dict(target.get("properties", {}))
            for name, more in found.get("properties", {}).items():
                properties[name] = {**properties.get(name, {}), **more}
            found = {**found, **target, **beside, "properties": properties}
        return found

    def _kind(self) -> Kind:
        node = self._node
        if "enum" in node or "const" in node:
            return "code"
        if self.title in _COMPOSED:
            return _COMPOSED[self.title]
        if (plain := _PLAIN.get(str(node.get("type")))) is not None:
            return plain
        if node.get("format") == "date-time":
            return "instant"
        if node.get("format") == "decimal":
            return "decimal"
        return {_DATE: "date", _DATETIME: "datetime"}.get(str(node.get("pattern")), "text")  # type: ignore[return-value]


@cache
def event_place(type: str) -> Place:
    """The event of that name. KeyError for an unknown one."""
    found = schema(type)
    return Place(found, found["$defs"])
