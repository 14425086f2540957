"""Makes the JSON of an event from a document: a tree of what was declared, walked once for each event."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from careloom.core.errors import MappingError
from careloom.mapping.declared.paths import Pointer, Scope
from careloom.mapping.declared.reading import Read, Run, Unfit, text_of
from careloom.mapping.source import Issue


class Node(Protocol):
    """A part of the event."""

    @property
    def fixed(self) -> bool:
        """Whether it is the same for every document."""

    @property
    def origin(self) -> str:
        """The source where a person must look when it is missing."""

    def make(self, scope: Scope, run: Run) -> Any:
        """The part; None where no source has anything."""


class Constant:
    """Always the same."""

    fixed = True
    origin = ""

    def __init__(self, value: Any) -> None:
        self._value = value

    def make(self, scope: Scope, run: Run) -> Any:  # noqa: ARG002
        return self._value


class MessageType:
    """The type of the message, where no other trigger is declared."""

    fixed = True
    origin = ""

    def make(self, scope: Scope, run: Run) -> str:  # noqa: ARG002
        return run.type


class Count:
    """How many items a list has."""

    fixed = False

    def __init__(self, where: Pointer, *, text: bool) -> None:
        self._where = where
        self._text = text
        self.origin = where.text

    def make(self, scope: Scope, run: Run) -> int | str:
        found = self._where.find(scope)
        run.said += found is not None
        count = len(found) if isinstance(found, list) else int(found is not None)
        return str(count) if self._text else count


class Lookup:
    """A table: what the sender's codes are here."""

    def __init__(self, table: Mapping[str, Any], *, keep: bool) -> None:
        self._table = table
        self._keep = keep

    def __getitem__(self, value: Any) -> Any:
        key = text_of(value)
        found = self._table.get(key)
        if found is None and not self._keep:
            raise Unfit("is not in the table")
        return key if found is None else found


class Leaf:
    """One value: the first of its sources that has one, or all of them joined. One that does not fit is dropped, with
    an issue, and is then missing."""

    fixed = False

    def __init__(
        self, sources: Sequence[Pointer], read: Read, *, joined: str | None, table: Lookup | None, default: Any
    ) -> None:
        self._sources = tuple(sources)
        self._read = read
        self._joined = joined
        self._table = table
        self._default = default
        self.origin = self._sources[0].text

    def make(self, scope: Scope, run: Run) -> Any:
        problem = ""
        try:
            value = self._value(scope)
            if value is not None:
                run.said += 1
                value = self._read(value if self._table is None else self._table[value], scope, run)
                if value is not None:
                    return value
                run.said -= 1
        except Unfit as unfit:
            problem = str(unfit)
        if problem and self._default is None:
            run.issues.append(Issue(self.origin, f"{problem}; dropped"))
        return self._default

    def _value(self, scope: Scope) -> Any:
        if self._joined is not None:
            parts = [text_of(found) for where in self._sources if (found := where.find(scope)) is not None]
            return self._joined.join([part for part in parts if part]) or None
        for where in self._sources:
            found = where.find(scope)
            if found is not None and found != "":
                return found
        return None


class Object:
    """Parts by name. It is made when a source of any of them has a value, or when all of them are fixed.

    Raises MappingError that names the source when a part is missing that the event must hold.
    """

    def __init__(self, title: str, parts: Mapping[str, Node], required: Collection[str]) -> None:
        self._title = title
        self._parts = tuple((name, node, name in required) for name, node in parts.items())
        self.fixed = all(node.fixed for node in parts.values())
        origins = [node.origin for name, node in parts.items() if node.origin and name in required]
        self.origin = next(iter([*origins, *(node.origin for node in parts.values() if node.origin)]), "")

    def make(self, scope: Scope, run: Run) -> dict[str, Any] | None:
        made: dict[str, Any] = {}
        before = run.said
        missing: tuple[str, Node] | None = None
        for name, node, required in self._parts:
            value = node.make(scope, run)
            if value is not None:
                made[name] = value
            elif required and missing is None:
                missing = (name, node)
        if run.said == before and not self.fixed:
            return None
        if missing is not None:
            raise MappingError(f"has no value that fits, and {self._title} needs its {missing[0]}", missing[1].origin)
        return made or None


class Items:
    """A list of so many parts; those that say nothing are left out."""

    def __init__(self, parts: Sequence[Node]) -> None:
        self._parts = tuple(parts)
        self.fixed = all(part.fixed for part in parts)
        self.origin = next((part.origin for part in parts if part.origin), "")

    def make(self, scope: Scope, run: Run) -> list[Any] | None:
        return [made for part in self._parts if (made := part.make(scope, run)) is not None] or None


class Each:
    """A part for each item of a list in the document that fits."""

    fixed = False

    def __init__(self, where: Pointer, fits: Conditions, part: Node) -> None:
        self._where = where
        self._fits = fits
        self._part = part
        self.origin = where.text

    def make(self, scope: Scope, run: Run) -> list[Any] | None:
        inner = scopes(self._where, scope, self._fits)
        return [made for one in inner if (made := self._part.make(one, run)) is not None] or None


def scopes(where: Pointer, scope: Scope, fits: Conditions | None = None) -> list[Scope]:
    """One for each item of the list that the pointer points to; a single thing is a list of one."""
    found = where.find(scope)
    items = found if isinstance(found, list) else [] if found is None else [found]
    inner = [Scope(item, scope) for item in items]
    return inner if fits is None else [one for one in inner if fits.hold(one)]


class Conditions:
    """Pointers and the values that fit; `*` is anything, an empty text nothing."""

    def __init__(self, declared: Mapping[Pointer, frozenset[str]]) -> None:
        self._declared = tuple(declared.items())

    def hold(self, scope: Scope) -> bool:
        """Whether all of them fit."""
        return all(_fits(where.find(scope), allowed) for where, allowed in self._declared)

    def __bool__(self) -> bool:
        return bool(self._declared)


def _fits(value: Any, allowed: frozenset[str]) -> bool:
    if value is None or value == "" or value == []:
        return "" in allowed
    if "*" in allowed:
        return True
    try:
        return text_of(value) in allowed
    except Unfit:
        return False
