"""References: what kind each is, and what it means inside a Bundle (FHIR R4 2.3 and 2.36.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from careloom.formats.fhir.definitions import resource_types
from careloom.formats.fhir.reading import Resource

Kind: TypeAlias = Literal["relative", "absolute", "urn", "fragment", "conditional", "other"]

_LITERAL: Final = re.compile(
    r"(?P<base>https?://[^\s?#]*/)?(?P<type>[A-Z][A-Za-z]{1,60})/(?P<id>[A-Za-z0-9.-]{1,64})"
    r"(?:/_history/(?P<version>[A-Za-z0-9.-]{1,64}))?(?:#[^\s]*)?"
)
_CONDITIONAL: Final = re.compile(r"(?P<type>[A-Z][A-Za-z]{1,60})\?(?P<query>\S+)")
_URN: Final = re.compile(
    r"urn:uuid:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+", re.ASCII
)


@dataclass(frozen=True, slots=True)
class ReferenceParts:
    """What a literal reference says. `text` is the whole; parts that it has not are `""`.

    `other` is an address that names no FHIR resource (a canonical, a page) or is not written as a reference at all.
    """

    kind: Kind
    text: str
    type: str = ""
    id: str = ""
    version: str = ""
    base: str = ""
    query: str = ""

    @property
    def local(self) -> str:
        """`Patient/12` of a relative or an absolute reference, without base and version; else `""`."""
        return f"{self.type}/{self.id}" if self.id else ""


def parse_reference(text: str) -> ReferenceParts:
    """The parts of `Reference.reference`; never raises."""
    if text.startswith("#"):
        return ReferenceParts("fragment", text, id=text[1:])
    if _URN.fullmatch(text):
        return ReferenceParts("urn", text)
    found = _LITERAL.fullmatch(text)
    if found and found["type"] in resource_types():
        base = found["base"] or ""
        kind: Kind = "absolute" if base else "relative"
        return ReferenceParts(kind, text, found["type"], found["id"], found["version"] or "", base)
    found = _CONDITIONAL.fullmatch(text)
    if found and found["type"] in resource_types():
        return ReferenceParts("conditional", text, found["type"], query=found["query"])
    return ReferenceParts("other", text)


def is_reference(text: str) -> bool:
    """Whether a text may stand in `Reference.reference`: one of the kinds, or any absolute URL."""
    return parse_reference(text).kind != "other" or re.match(r"[a-z][a-z0-9+.-]*:\S+$", text) is not None


class BundleIndex:
    """The resources of a Bundle by what references call them."""

    def __init__(self, bundle: Resource) -> None:
        self._by_url: dict[str, Resource] = {}
        self._by_local: dict[str, Resource] = {}
        for entry, resource in entries_of(bundle):
            url = entry.get("fullUrl")
            if type(url) is str:
                self._by_url.setdefault(url, resource)
            kind, key = resource.get("resourceType"), resource.get("id")
            if type(kind) is str and type(key) is str:
                self._by_local.setdefault(f"{kind}/{key}", resource)

    def get(self, reference: str, full_url: str = "") -> Resource | None:
        """The resource that `reference`, in the entry of this `full_url`, means; None when it is not in the Bundle.

        A relative one is completed with the base of the `full_url`; where that leads nowhere, type and id decide.
        """
        direct = self._by_url.get(reference.partition("/_history/")[0].partition("#")[0])
        if direct is not None:
            return direct
        parts = parse_reference(reference)
        if parts.kind == "relative":
            base = parse_reference(full_url).base
            completed = self._by_url.get(base + parts.local) if base else None
            return completed if completed is not None else self._by_local.get(parts.local)
        return self._by_local.get(parts.local) if parts.kind == "absolute" and not self._by_url else None


def entries_of(bundle: Resource) -> Iterator[tuple[Mapping[str, Any], Resource]]:
    """The entries of a Bundle that hold a resource, with it; what is malformed is passed over."""
    entries = bundle.get("entry")
    for entry in entries if type(entries) is list else ():
        resource = entry.get("resource") if type(entry) is dict else None
        if type(resource) is dict:
            yield entry, resource


def reference_of(value: Any) -> str:
    """The literal reference of a Reference element, `""` when it has none."""
    text = value.get("reference") if type(value) is dict else None
    return text if type(text) is str else ""


def contained(resource: Resource, fragment: str) -> Resource | None:
    """The resource inside `resource` that `#id` means; `#` alone is the resource itself."""
    wanted = fragment.removeprefix("#")
    if not wanted:
        return resource
    inside = resource.get("contained")
    for inner in inside if type(inside) is list else ():
        if type(inner) is dict and inner.get("id") == wanted:
            return inner
    return None
