"""The rules of contained resources (FHIR R4 2.3.1, invariants dom-2 to dom-5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from careloom.formats.fhir.findings import Place, finding
from careloom.formats.fhir.insides import Inside
from careloom.formats.fhir.reading import Resource
from careloom.formats.inspection import Finding


def contained_rules(inside: Inside) -> Iterator[Finding]:
    """What a resource breaks as one that contains others, or as one that is contained."""
    resource, place = inside.resource, inside.place
    if inside.container is None:
        if "contained" in resource:
            yield from _all_meant(resource, place)
        return
    if "contained" in resource:
        yield finding("dom-2", place.down("contained"), "a contained resource contains no other")
    if "id" not in resource:
        yield finding("contained-without-id", place.down("id"), "nothing can refer to it", severity="warning")
    for name in ("versionId", "lastUpdated"):
        if name in resource.get("meta", {}):
            yield finding("dom-4", place.down(f"meta.{name}"), "a contained resource has no version of its own")
    if "security" in resource.get("meta", {}):
        yield finding("dom-5", place.down("meta.security"), "a contained resource has no security label of its own")


def _all_meant(resource: Resource, place: Place) -> Iterator[Finding]:
    """dom-3: each contained resource is referred to, or refers to what contains it."""
    meant = _fragments({name: value for name, value in resource.items() if name != "contained"})
    inner = [(one, _fragments(one)) for one in resource["contained"] if type(one) is dict]
    for _, own in inner:
        meant |= own
    for number, (one, own) in enumerate(inner):
        key = one.get("id")
        if type(key) is str and f"#{key}" not in meant and "#" not in own:
            at = place.down(f"contained[{number}]")
            yield finding("dom-3", at, "nothing refers to this contained resource", severity="warning")


def _fragments(value: Any) -> set[str]:
    """Every text inside a value that starts with #."""
    found, waiting = set(), [value]
    while waiting:
        one = waiting.pop()
        if type(one) is str:
            if one.startswith("#"):
                found.add(one)
        elif type(one) is dict:
            waiting += one.values()
        elif type(one) is list:
            waiting += one
    return found
