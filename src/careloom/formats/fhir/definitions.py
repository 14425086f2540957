"""Which elements the types of FHIR R4 have: the table `r4.txt`, read once and taken apart type by type as asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Final

FHIR_VERSION: Final = "4.0.1"

_ELEMENT: Final = re.compile(r"(\w+)(\[x\])?([!*+]?) (.+)")
_TYPE: Final = re.compile(r"([\w@]+)(?:\(([^)]*)\))?")


@dataclass(frozen=True, slots=True)
class Use:
    """One type an element may have: `code` with the codes it may have, `Reference` with the types it may point to."""

    type: str
    codes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a type's JSON object. `choice` names the choice it belongs to (`deceased`), `""` for none."""

    name: str
    use: Use
    many: bool = False
    required: bool = False
    choice: str = ""


@dataclass(frozen=True)
class Definition:
    """A resource type, a data type or a part of one (`Claim_Item`). `choices` are those one of which must be there."""

    name: str
    base: str
    members: Sequence[Member]
    choices: Mapping[str, bool]

    @property
    def is_resource(self) -> bool:
        return self.base in ("Resource", "DomainResource")

    @cached_property
    def by_name(self) -> Mapping[str, Member]:
        """The members by their JSON name."""
        return {member.name: member for member in self.members}

    @cached_property
    def chosen(self) -> Mapping[str, Sequence[str]]:
        """The JSON names of each choice."""
        return {
            choice: tuple(member.name for member in self.members if member.choice == choice) for choice in self.choices
        }


_ID: Final = Member("id", Use("string"))
_EXTENSIONS: Final = (Member("extension", Use("Extension"), many=True),)
_MODIFIERS: Final = (Member("modifierExtension", Use("Extension"), many=True),)
_RESOURCE: Final = (
    Member("id", Use("id")),
    Member("meta", Use("Meta")),
    Member("implicitRules", Use("uri")),
    Member("language", Use("code")),
)
_DOMAIN: Final = (Member("text", Use("Narrative")), Member("contained", Use("Resource"), many=True))
_COMMON: Final[Mapping[str, tuple[Member, ...]]] = {
    "Element": (_ID, *_EXTENSIONS),
    "BackboneElement": (_ID, *_EXTENSIONS, *_MODIFIERS),
    "Resource": _RESOURCE,
    "DomainResource": (*_RESOURCE, *_DOMAIN, *_EXTENSIONS, *_MODIFIERS),
}

_PRIMITIVE_NAMES: Final = (
    "base64Binary boolean canonical code date dateTime decimal id instant integer markdown oid positiveInt string time "
    "unsignedInt uri url uuid xhtml"
)
PRIMITIVES: Final = frozenset(_PRIMITIVE_NAMES.split())


@cache
def definition(name: str) -> Definition | None:
    """The type of this name, None when FHIR R4 has none."""
    block = _table().blocks.get(name)
    if block is None:
        return None
    base, lines = block
    members, choices = list(_COMMON[base]), {}
    for line in lines:
        found = _members(line)
        members += found
        if found[0].choice:
            choices[found[0].choice] = found[0].required
    return Definition(name, base, tuple(members), choices)


@cache
def resource_types() -> frozenset[str]:
    """The resource types of FHIR R4."""
    return frozenset(name for name, (base, _) in _table().blocks.items() if base in ("Resource", "DomainResource"))


@dataclass(frozen=True, slots=True)
class _Table:
    lists: Mapping[str, str]
    blocks: Mapping[str, tuple[str, Sequence[str]]]


@cache
def _table() -> _Table:
    text = (files("careloom.formats.fhir") / "r4.txt").read_text(encoding="utf-8")
    lists: dict[str, str] = {}
    blocks: dict[str, tuple[str, Sequence[str]]] = {}
    for block in text.split("\n\n"):
        head, *lines = [line for line in block.splitlines() if not line.startswith("#")] or [""]
        if head.startswith("@"):
            lists.update((name, listed) for name, _, listed in (line.partition(" = ") for line in (head, *lines)))
        elif head:
            name, base = head.split(" : ")
            blocks[name] = (base, lines)
    return _Table(lists, blocks)


def _members(line: str) -> list[Member]:
    found = _ELEMENT.match(line.strip())
    if found is None:
        raise ValueError(f"not a line of the table: {line}")
    name, choice, mark, types = found.groups()
    uses = [_use(*use.groups()) for use in _TYPE.finditer(_listed(types))]
    required, many = mark in ("!", "+"), mark in ("*", "+")
    if not choice:
        return [Member(name, uses[0], many, required)]
    return [Member(name + use.type[0].upper() + use.type[1:], use, False, required, name) for use in uses]


def _use(kind: str, inside: str | None) -> Use:
    listed = tuple(_listed(inside).split("|")) if inside else ()
    return Use(kind, listed, ()) if kind == "code" else Use(kind, (), listed)


def _listed(text: str) -> str:
    """The list a name stands for; anything else as it is."""
    return _table().lists.get(text, text)
