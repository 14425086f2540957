"""What is wrong with a reference where it stands: its syntax, the type it points to, and whether that is there."""

from __future__ import annotations

from collections.abc import Iterator

from careloom.formats.fhir.findings import finding
from careloom.formats.fhir.insides import Inside
from careloom.formats.fhir.reading import Resource
from careloom.formats.fhir.references import (
    BundleIndex,
    ReferenceParts,
    is_reference,
    parse_reference,
    reference_of,
)
from careloom.formats.fhir.walking import Element
from careloom.formats.inspection import Finding, Severity


class Indexes:
    """The indexes of what is being checked, each made once. What they are of must live as long as they do."""

    def __init__(self) -> None:
        self._bundles: dict[int, BundleIndex] = {}
        self._contained: dict[int, dict[str, Resource]] = {}

    def of_bundle(self, bundle: Resource) -> BundleIndex:
        """What the entries of a Bundle are called."""
        if id(bundle) not in self._bundles:
            self._bundles[id(bundle)] = BundleIndex(bundle)
        return self._bundles[id(bundle)]

    def contained(self, container: Resource, fragment: str) -> Resource | None:
        """The resource that `#id` means inside a container; `#` alone is the container."""
        if id(container) not in self._contained:
            inside = [one for one in container.get("contained", ()) if type(one) is dict]
            self._contained[id(container)] = {f"#{one.get('id')}": one for one in reversed(inside)}
        return container if fragment == "#" else self._contained[id(container)].get(fragment)


def reference_rules(element: Element, inside: Inside, indexes: Indexes) -> Iterator[Finding]:
    """What is wrong with one Reference element."""
    text = reference_of(element.value)
    if not text:
        return
    parts = parse_reference(text)
    if parts.kind == "other" and not is_reference(text):
        problem = "neither Type/id, nor a URL, a urn:uuid, a #fragment or a query"
        yield finding("reference-malformed", element.place.down("reference"), problem)
        return
    target: Resource | None = None
    if parts.kind == "fragment":
        target = indexes.contained(inside.container or inside.resource, text)
        if target is None:
            yield finding("ref-1", element.place.down("reference"), "no contained resource has this id")
    elif inside.bundle is not None:
        target = indexes.of_bundle(inside.bundle).get(text, inside.full_url)
        if target is None and parts.kind == "urn":
            yield _unresolved(inside.bundle, element.place.down("reference"))
    yield from _type(element, parts, target)


def _unresolved(bundle: Resource, place: str) -> Finding:
    """A urn: reference means an entry of a transaction; elsewhere it may mean something of the sender's."""
    severity: Severity = "error" if bundle.get("type") == "transaction" else "warning"
    return finding("reference-unresolved", place, "no entry of the Bundle has this fullUrl", severity=severity)


def _type(element: Element, parts: ReferenceParts, target: Resource | None) -> Iterator[Finding]:
    said, allowed = element.value.get("type"), element.use.targets
    found = target.get("resourceType") if target is not None else parts.type
    if not found:
        found = said
    elif said and said.rpartition("/")[2] != found:
        yield finding("reference-type", element.place.down("type"), "another type than the reference points to")
    if found and allowed and found not in allowed and "Resource" not in allowed:
        text = f"points to another type than {', '.join(allowed)}"
        yield finding("reference-type", element.place.down("reference"), text, severity="warning")
