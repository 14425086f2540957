"""Every element of a resource with its type, by the table of definitions, and the same with some texts replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final, TypeAlias

from careloom.formats.fhir.definitions import PRIMITIVES, Use, definition
from careloom.formats.fhir.findings import Place
from careloom.formats.fhir.reading import Resource

_ADDRESSES: Final = frozenset({"uri", "url", "oid", "uuid"})


class Element:
    """An object inside a resource: `type` is its name in the table (`Patient_Contact`), `use` that of its holder.

    Its place is made when asked for: of most elements nobody asks.
    """

    __slots__ = ("_holder", "_name", "_number", "type", "use", "value")

    def __init__(
        self, use: Use, value: dict[str, Any], holder: Element | Place, name: str = "", number: int = -1
    ) -> None:
        self.type, self.use, self.value = use.type, use, value
        self._holder, self._name, self._number = holder, name, number

    @property
    def place(self) -> Place:
        """Where it stands."""
        steps: list[str] = []
        holder: Element | Place = self
        while isinstance(holder, Element):
            steps.append(f"{holder._name}[{holder._number}]" if holder._number >= 0 else holder._name)
            holder = holder._holder
        return holder.down(".".join(step for step in reversed(steps) if step))


def elements(resource: Resource, place: Place | None = None) -> Iterator[Element]:
    """A resource and all elements in it that R4 has, in order, without the resources inside it and malformed parts."""
    root = resource["resourceType"]
    waiting = [Element(Use(root), resource, place or Place(root))]
    while waiting:
        outer = waiting.pop()
        yield outer
        uses, inner = _complex(outer.type), []
        for name, value in outer.value.items():
            kind = type(value)
            if kind is dict and name in uses:
                inner.append(Element(uses[name], value, outer, name))
            elif kind is list and name in uses:
                use = uses[name]
                inner += [Element(use, one, outer, name, at) for at, one in enumerate(value) if type(one) is dict]
        waiting += reversed(inner)


@cache
def _complex(kind: str) -> Mapping[str, Use]:
    """The members of a type that are elements, and the companions of those that are not."""
    found = definition(kind)
    uses: dict[str, Use] = {}
    for member in found.members if found else ():
        if member.use.type in PRIMITIVES:
            uses["_" + member.name] = Use("Element")
        elif member.use.type != "Resource":
            uses[member.name] = member.use
    return uses


@cache
def primitives(kind: str) -> Mapping[str, str]:
    """The members of a type that are primitive, and their types."""
    found = definition(kind)
    return {m.name: m.use.type for m in found.members if m.use.type in PRIMITIVES} if found else {}


Replace: TypeAlias = Callable[[str], str]


def rewritten(resource: Resource, replace: Replace) -> Resource:
    """A copy in which each literal reference, and each uri, url, oid and uuid, went through `replace`, as a transaction
    demands (FHIR R4 3.1.0.11.2); also in the resources inside. Identifier values and narratives stay as they are.
    """
    copy: Resource = _copied(resource, str(resource.get("resourceType", "")), replace)
    return copy


def _copied(value: Any, kind: str, replace: Replace) -> Any:
    if type(value) is list:
        return [_copied(one, kind, replace) for one in value]
    if type(value) is not dict:
        return replace(value) if type(value) is str and kind in _ADDRESSES else value
    if kind == "Resource":
        kind = str(value.get("resourceType", ""))
    kinds = _kinds(kind)
    return {name: _copied(inner, kinds.get(name, ""), replace) for name, inner in value.items()}


@cache
def _kinds(kind: str) -> Mapping[str, str]:
    found = definition(kind)
    kinds: dict[str, str] = {}
    for member in found.members if found else ():
        kinds[member.name] = member.use.type
        if member.use.type in PRIMITIVES:
            kinds["_" + member.name] = "Element"
    if kind == "Reference":
        kinds["reference"] = "uri"
    return kinds
