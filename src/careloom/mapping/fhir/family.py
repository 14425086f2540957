"""What a family of resources gives: readers by resource type, and mappings made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from careloom.core.errors import MappingError
from careloom.formats.fhir import Resource
from careloom.mapping.catalogue import Mapping as ResourceMapping
from careloom.mapping.catalogue import Translate
from careloom.mapping.fhir.elements import Node, child, children, text
from careloom.mapping.fhir.source import Around, Source
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.model import CanonicalEvent

Made: TypeAlias = Sequence[CanonicalEvent] | str
"""The events of a resource, or the reason why it has none."""

Reader: TypeAlias = Callable[[Source], Made]
_DEFAULTS: Final = Settings()


def translator(read: Reader) -> Translate:
    """Translates a resource that came alone, or with others that it refers to behind it in a collection."""

    def translate(resource: Resource, settings: Settings = _DEFAULTS) -> Translation:
        source = alone(resource, settings)
        made = read(source)
        issues = tuple(source.around.issues)
        if isinstance(made, str):
            return Translation(filtered=made, issues=issues)
        reason = None if made else "it says nothing that is needed"
        return Translation(events=tuple(made), filtered=reason, issues=issues)

    return translate


def alone(resource: Resource, settings: Settings) -> Source:
    """A resource by itself; the first of a collection, with the others around it."""
    entry = next(iter(children(resource, "entry")), None) if resource.get("resourceType") == "Bundle" else None
    inner = entry.get("resource") if entry is not None else None
    if entry is None or not isinstance(inner, dict):
        return Source(resource, Around(settings, str(resource.get("resourceType", ""))))
    around = Around(settings, str(inner.get("resourceType", "")), resource)
    return Source(inner, around, full_url=text(entry, "fullUrl") or "")


def mappings(readers: Mapping[str, Reader]) -> tuple[ResourceMapping, ...]:
    """One for each type."""
    return tuple(ResourceMapping("fhir", (kind,), translator(read)) for kind, read in readers.items())


def entries(bundle: Resource, around: Around) -> Iterator[tuple[Node, Source]]:
    """The entries of a Bundle that hold a resource, with it."""
    for number, entry in enumerate(children(bundle, "entry")):
        resource = entry.get("resource")
        if isinstance(resource, dict):
            place = f"Bundle.entry[{number}].resource"
            yield entry, Source(resource, around, place=place, full_url=text(entry, "fullUrl") or "")


def required(found: str | None, source: Source, path: str, what: str) -> str:
    """A value that an event cannot do without. Raises MappingError."""
    if found is None:
        raise MappingError(f"{what} is missing, or cannot be read; the sender must give it", f"{source.place}.{path}")
    return found


def method(entry: Node) -> str:
    """What a Bundle asks to do with an entry, `""` where it asks nothing."""
    return text(child(entry, "request"), "method") or ""
