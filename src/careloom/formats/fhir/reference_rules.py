"""What is wrong with a reference where it stands: its syntax, the type it points to, and whether that is there."""

from __future__ import annotations

from collections.abc import Iterator

from careloom.formats.fhir.findings import finding
from careloom.formats.fhir.insides import Inside
from careloom.formats.fhir.reading import Resource
from careloom.formats.fhir.references import (
    BundleIndex,
    ReferenceParts,
    contained,
    is_reference,
    parse_reference,
    reference_of,
)
from careloom.formats.fhir.walking import Element
from careloom.formats.inspection import Finding, Severity


class BundleIndexes:
    """The index of each Bundle that is being checked, made once."""

    def __init__(self) -> None:
        self._made: dict[int, BundleIndex] = {}

    def of(self, bundle: Resource) -> BundleIndex:
        """The index of this Bundle, which must live as long as these indexes."""
        if id(bundle) not in self._made:
            self._made[id(bundle)] = BundleIndex(bundle)
        return self._made[id(bundle)]


def reference_rules(element: Element, inside: Inside, indexes: BundleIndexes) -> Iterator[Finding]:
    """What is wrong with one Reference element."""
    text = reference_of(element.value)
    if not text:
        return
    place = element.place.down("reference")
    parts = parse_reference(text)
    if parts.kind == "other" and not is_reference(text):
        yield finding("reference-malformed", place, "neither Type/id, nor a URL, a urn:uuid, a #fragment or a query")
        return
    target: Resource | None = None
    if parts.kind == "fragment":
        target = contained(inside.container or inside.resource, text)
        if target is None:
            yield finding("ref-1", place, "no contained resource has this id")
    elif inside.bundle is not None:
        target = indexes.of(inside.bundle).get(text, inside.full_url)
        if target is None and parts.kind == "urn":
            yield _unresolved(inside.bundle, place)
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
