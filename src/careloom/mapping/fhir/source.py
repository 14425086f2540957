"""One resource as a mapping reads it: with what its references lead to, the sender's defaults and the issues found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from careloom.core.errors import MappingError
from careloom.formats.fhir import BundleIndex, ReferenceParts, Resource, contained, parse_reference
from careloom.mapping.fhir.amounts import money, quantity
from careloom.mapping.fhir.codes import RESOURCE_ID
from careloom.mapping.fhir.datatypes import identifier, identifiers, instant
from careloom.mapping.fhir.elements import Node, child, children, text
from careloom.mapping.source import Issue, Settings
from careloom.model import CanonicalEvent, Identifier, Money, Quantity

E = TypeVar("E", bound=CanonicalEvent)
_FEW: Final = 500
_USUAL: Final = 200
_KIND: Final = re.compile(r"[A-Za-z]{1,64}")


class Around:
    """What the resources of one message share. `bundle` is None for a resource that came alone."""

    def __init__(self, settings: Settings, trigger: str, bundle: Resource | None = None) -> None:
        self.settings = settings
        self.trigger = trigger
        self.bundle = bundle
        self.index = BundleIndex(bundle) if bundle is not None else None
        self.issues: list[Issue] = []
        self.facility: str | None = None
        self._by_type: dict[str, list[tuple[Node, Resource]]] | None = None
        self._urls: dict[int, str] | None = None

    def of_type(self, kind: str) -> Sequence[tuple[Node, Resource]]:
        """The entries of the Bundle that hold such a resource, with it."""
        if self._by_type is None:
            self._by_type = {}
            for entry in children(self.bundle or {}, "entry"):
                resource = entry.get("resource")
                if isinstance(resource, dict):
                    self._by_type.setdefault(str(resource.get("resourceType")), []).append((entry, resource))
        return self._by_type.get(kind, ())

    def url_of(self, resource: Resource) -> str:
        """What the Bundle calls one of its resources."""
        if self._urls is None:
            entries = children(self.bundle or {}, "entry")
            self._urls = {id(one["resource"]): text(one, "fullUrl") or "" for one in entries if "resource" in one}
        return self._urls.get(id(resource), "")


class Source:
    """A resource. `place` is where it stands (`Bundle.entry[2].resource`, or its type where it came alone)."""

    __slots__ = ("around", "container", "full_url", "place", "resource")

    def __init__(
        self,
        resource: Resource,
        around: Around,
        *,
        place: str = "",
        full_url: str = "",
        container: Resource | None = None,
    ) -> None:
        self.resource = resource
        self.around = around
        self.full_url = full_url
        self.container = container if container is not None else resource
        self.place = place or self.type

    @property
    def type(self) -> str:
        """The resource type, `Resource` where it is none that could be named."""
        found = str(self.resource.get("resourceType", ""))
        return found if _KIND.fullmatch(found) else "Resource"

    @property
    def settings(self) -> Settings:
        return self.around.settings

    def text(self, name: str) -> str | None:
        """A text of the resource."""
        return text(self.resource, name)

    def child(self, name: str) -> Node:
        """An element of the resource, empty where there is none."""
        return child(self.resource, name)

    def children(self, name: str) -> list[Node]:
        """The elements of a list of the resource."""
        return children(self.resource, name)

    def money(self, node: Node) -> Money | None:
        """An amount, in the sender's currency where it names none."""
        return money(node, self.settings.currency)

    def need_money(self, node: Node, path: str, what: str) -> Money:
        """An amount without which nothing would add up. Raises MappingError."""
        found = self.money(node)
        if found is None:
            raise self.error(path, f"{what} is missing, or is no amount; the sender must give it")
        return found

    def quantity(self, node: Node) -> Quantity | None:
        """How much."""
        return quantity(node)

    def drop(self, path: str, problem: str) -> None:
        """Record that something was left out."""
        if len(self.around.issues) < _FEW:
            self.around.issues.append(Issue(f"{self.place}.{path}", problem))

    def error(self, path: str, problem: str) -> MappingError:
        """What a person must look at."""
        return MappingError(problem, f"{self.place}.{path}")

    def at(self, reference: Node) -> Source | None:
        """What a Reference leads to: a contained resource, or one of the same Bundle; None when it is elsewhere."""
        said = text(reference, "reference")
        if said is None:
            return None
        if said.startswith("#"):
            inner = contained(self.container, said)
            if inner is None or inner is self.resource:
                return None
            return Source(inner, self.around, place=self.place, full_url=self.full_url, container=self.container)
        found = self.around.index.get(said, self.full_url) if self.around.index is not None else None
        if found is None:
            return None
        return Source(found, self.around, place=self.place, full_url=self.around.url_of(found))

    def numbers(self) -> tuple[Identifier, ...]:
        """The resource's own numbers, then the id that its server gave it."""
        found = identifiers([*self.children("identifier"), *_single(self.resource)])
        own = self.server_id()
        return (*found, own) if own is not None else found

    def server_id(self) -> Identifier | None:
        """The resource's id as a number of its server; a contained one has none."""
        id = self.text("id")
        if id is None or self.container is not self.resource:
            return None
        base = parts_of(self.full_url).base or parts_of(text(self.child("meta"), "source") or "").base
        return _resource_id(id, base, self.settings.name)

    def numbers_at(self, reference: Node) -> tuple[Identifier, ...]:
        """The numbers of what a Reference names: of the resource it leads to, its own identifier, else the id in it."""
        there = self.at(reference)
        if there is not None and (found := there.numbers()):
            return found
        said = identifier(child(reference, "identifier"))
        if said is not None:
            return (said,)
        parts = parts_of(text(reference, "reference") or "")
        if parts.kind == "conditional":
            return _sought(parts.query)
        if not parts.id or parts.kind not in ("relative", "absolute"):
            return ()
        return (_resource_id(parts.id, parts.base or parts_of(self.full_url).base, self.settings.name),)

    def number_at(self, reference: Node) -> Identifier | None:
        """The first of them."""
        return next(iter(self.numbers_at(reference)), None)

    def numbers_in(self, path: str) -> tuple[Identifier, ...]:
        """The first number of each thing that a list of References names."""
        return tuple([one for reference in self.children(path) if (one := self.number_at(reference)) is not None])

    def first_at(self, references: Sequence[Node], *kinds: str) -> Node:
        """The first Reference that leads to one of these kinds, empty if none does."""
        return next((one for one in references if self.kind_at(one) in kinds), {})

    def kind_at(self, reference: Node) -> str:
        """Which resource type a Reference is to, `""` when it does not say."""
        there = self.at(reference)
        if there is not None:
            return there.type
        said = parts_of(text(reference, "reference") or "").type
        return said or (text(reference, "type") or "").rpartition("/")[2]

    def beside(self, kind: str, path: str) -> Iterator[Source]:
        """Resources of the same Bundle whose Reference at `path` leads here."""
        for entry, resource in self.around.of_type(kind):
            other = Source(resource, self.around, place=self.place, full_url=text(entry, "fullUrl") or "")
            target = other.at(other.child(path))
            if target is not None and target.resource is self.resource:
                yield other

    @property
    def in_bundle(self) -> bool:
        """Whether it came as one of several of one act, so that what refers to it tells of it."""
        return self.around.trigger.startswith("Bundle")

    @property
    def occurred(self) -> datetime | None:
        """When the server wrote it, else when the Bundle was made."""
        written = instant(text(self.child("meta"), "lastUpdated"))
        return written or instant(text(self.around.bundle or {}, "timestamp"))

    def event(
        self, kind: Callable[..., E], *, occurred: datetime | None = None, facility: str | None = None, **fields: Any
    ) -> E:
        """An event of this resource; `facility` says better than the sender of a message where it happened."""
        return kind(
            trigger=self.around.trigger,
            occurred=occurred or self.occurred,
            facility=facility or self.around.facility,
            **fields,
        )


def parts_of(text: str) -> ReferenceParts:
    """As `parse_reference`; the same few things are referred to again and again."""
    return _parsed(text) if len(text) <= _USUAL else parse_reference(text)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> ReferenceParts:
    return parse_reference(text)


def _single(resource: Mapping[str, Any]) -> list[Node]:
    """An identifier that is no list, as a few types have it."""
    one = resource.get("identifier")
    return [one] if isinstance(one, dict) else []


def _sought(query: str) -> tuple[Identifier, ...]:
    """The number that a conditional reference looks for, `identifier=system|value`."""
    said = dict(parse_qsl(query)).get("identifier", "")
    system, mark, value = said.rpartition("|")
    found = identifier({"system": system, "value": value} if mark else {"value": value})
    return (found,) if found is not None else ()


def _resource_id(id: str, base: str, sender: str) -> Identifier:
    """A server's own id. It is one of many with that value unless it says whose: the base, else the sender's name."""
    home = base.rstrip("/") or None
    return Identifier(value=id, type=RESOURCE_ID, assigner=home or sender or None, system=home, use="secondary")
