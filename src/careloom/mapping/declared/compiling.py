"""From target paths and their sources to the tree that makes an event, all of it checked against the event's schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from careloom.mapping.declared.building import (
    Conditions,
    Constant,
    Count,
    Each,
    Items,
    Leaf,
    Lookup,
    MessageType,
    Node,
    Object,
)
from careloom.mapping.declared.paths import Pointer, Scope, Select, Step, event_path, pointer
from careloom.mapping.declared.places import Place
from careloom.mapping.declared.reading import Run, Unfit, reader
from careloom.mapping.declared.spec import Fits, Problems, Scalar, Spec, Tables
from careloom.mapping.source import Settings

_NOWHERE = Scope(None)


class _Branch:
    """What was declared below one place, gathered before it becomes a node."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.below: dict[str | int, _Branch] = {}
        self.node: Node | None = None

    def grow(self, steps: tuple[Step, ...]) -> _Branch:
        """The branch at the end of a path. ValueError where the event has no such place."""
        branch = self
        for step in steps:
            if isinstance(step, Select):
                raise ValueError("a target is told by its index, telecom[0]; only a source may be selected")
            if branch.node is not None:
                raise ValueError("what stands before it is declared as a whole already")
            if isinstance(step, str) and branch.place.kind == "list":
                raise ValueError(f"a list stands before {step}; say which item, [0]")
            if step not in branch.below:
                branch.below[step] = _Branch(branch.place.step(step))
            branch = branch.below[step]
        if branch.below or branch.node is not None:
            raise ValueError("it is declared twice, as a whole and in parts")
        return branch


class Compiler:
    """Compiles what one file declares. `sources` gathers every pointer that is read, as seen from the document."""

    def __init__(self, tables: Tables, problems: Problems) -> None:
        self._tables = tables
        self._problems = problems
        self.sources: set[str] = set()

    def event(self, place: Place, fields: Mapping[str, Any], around: tuple[str, ...]) -> Node | None:
        """The tree of one event; None when something is wrong. `around` are the lists that the rule is within."""
        fields = fields if "trigger" in fields else {**fields, "trigger": None}
        return self._object(place, fields, around)

    def conditions(self, declared: Mapping[str, Fits], around: tuple[str, ...]) -> Conditions:
        """Pointers and what fits there."""
        found: dict[Pointer, frozenset[str]] = {}
        for text, fits in declared.items():
            with self._problems.at(text):
                where = self._pointer(text, around)
                found[where] = frozenset(_word(one) for one in fits)
        return Conditions(found)

    def list(self, text: str, around: tuple[str, ...]) -> Pointer:
        """The pointer of a list whose items are mapped."""
        return self._pointer(text, around, leaf=False)

    def _object(self, place: Place, fields: Mapping[str, Any], around: tuple[str, ...]) -> Node | None:
        root, before = _Branch(place), len(self._problems.found)
        for target, declared in fields.items():
            with self._problems.at(target):
                branch = root.grow(event_path(target))
                branch.node = self._node(branch.place, declared, around)
        if len(self._problems.found) > before:
            return None
        return self._grown(root, "")

    def _grown(self, branch: _Branch, path: str) -> Node:
        if branch.node is not None:
            return branch.node
        if branch.place.kind == "list":
            parts = [self._grown(branch.below[step], f"{path}[{step}]") for step in sorted(branch.below, key=int)]
            return Items(parts)
        nodes = {str(name): self._grown(one, f"{path}.{name}".lstrip(".")) for name, one in branch.below.items()}
        for name in sorted(branch.place.required - nodes.keys()):
            with self._problems.at(f"{path}.{name}".lstrip(".")):
                raise ValueError(f"{branch.place.title} must have it, and no source is given")
        required = set(branch.place.required)
        required |= {name for name in nodes if (held := branch.place.step(name)).kind == "list" and held.filled}
        return Object(branch.place.title, nodes, required)

    def _node(self, place: Place, declared: Any, around: tuple[str, ...]) -> Node:
        if declared is None:
            return MessageType()
        if isinstance(declared, str):
            declared = {"from": declared}
        elif isinstance(declared, bool | int | float):
            declared = {"constant": declared}
        elif not isinstance(declared, Mapping):
            raise ValueError("write a JSON Pointer, or a table such as { from = ..., table = ... }")
        spec = Spec.model_validate(declared)
        if len(spec.origins) != 1:
            raise ValueError("say where it comes from by one of: from, join, constant, count, each")
        if spec.each is not None:
            return self._each(spec, place, around)
        if spec.constant is not None:
            return Constant(_fixed(spec, spec.constant, place, len(around)))
        if spec.count is not None:
            reader(spec, place, len(around))
            return Count(self._pointer(spec.count, around, leaf=False), text=place.kind == "text")
        return self._leaf(spec, place, around)

    def _leaf(self, spec: Spec, place: Place, around: tuple[str, ...]) -> Leaf:
        sources = [self._pointer(text, around) for text in spec.from_ or spec.join]
        for beside in (spec.currency, spec.unit):
            if beside and (beside.startswith(("/", "../")) or beside == "."):
                self._pointer(beside, around)
        read = reader(spec, place, len(around))
        table = None if spec.table is None else self._table(spec, place, len(around))
        default = None if spec.default is None else _fixed(spec, spec.default, place, len(around))
        joined = spec.separator if spec.join else None
        return Leaf(sources, read, joined=joined, table=table, default=default)

    def _table(self, spec: Spec, place: Place, depth: int) -> Lookup:
        named = spec.table if isinstance(spec.table, str) else None
        table = self._tables.get(named) if named is not None else spec.table
        if not isinstance(table, Mapping):
            raise ValueError(f"there is no table {named!r}; there are {', '.join(self._tables) or 'none'}")
        for key, value in table.items():
            with self._problems.at(f"tables.{named}" if named else "table", key):
                _fixed(spec, value, place, depth)
        return Lookup(table, keep=spec.keep)

    def _each(self, spec: Spec, place: Place, around: tuple[str, ...]) -> Node:
        if place.kind != "list":
            raise ValueError(f"the target is of kind {place.kind} and no list")
        if bool(spec.fields) == (spec.value is not None):
            raise ValueError("each needs either fields, or a value, for its items")
        where = self._pointer(str(spec.each), around, leaf=False)
        inner = (*around, where.text)
        with self._problems.at("where"):
            fits = self.conditions(spec.where, inner)
        item = place.step(0)
        with self._problems.at("fields" if spec.fields else "value"):
            part = self._object(item, spec.fields, inner) if spec.fields else self._node(item, spec.value, inner)
            return Each(where, fits, part or Items(()))
        return Items(())

    def _pointer(self, text: str, around: tuple[str, ...], *, leaf: bool = True) -> Pointer:
        found = pointer(text, len(around))
        inside = around[: len(around) - found.up]
        path = "".join(f"{one.lstrip('.')}/*" for one in inside) + "".join(
            "/" + step.replace("~", "~0").replace("/", "~1") for step in found.steps
        )
        if leaf:
            self.sources.add(path)
        return found._replace(text=path or ".")


def _word(value: Scalar) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _fixed(spec: Spec, value: Scalar, place: Place, depth: int) -> Any:
    """What a constant is in the event. ValueError when the event cannot hold it."""
    plain = spec.model_copy(update={"format": None})
    try:
        made = reader(plain, place, depth)(value, _NOWHERE, Run(Settings(), ""))
    except Unfit as unfit:
        raise ValueError(f"the constant {value!r} {unfit}") from None
    if made is None:
        raise ValueError("an empty constant says nothing; leave it out")
    return made
