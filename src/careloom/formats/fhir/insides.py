"""The resources inside a resource: contained in it, in the entries of a Bundle, in Parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from careloom.formats.fhir.findings import Place, said
from careloom.formats.fhir.reading import Resource


@dataclass(frozen=True, slots=True)
class Inside:
    """A resource and where it is. `container` holds it as contained; `bundle` is the one it is an entry of."""

    resource: Resource
    place: Place
    container: Resource | None = None
    bundle: Resource | None = None
    full_url: str = ""


def resources_in(resource: Resource) -> Iterator[Inside]:
    """A resource and all inside it that say a type, in document order, each before those inside it."""
    waiting = [Inside(resource, Place(said(resource.get("resourceType"), "resource")))]
    while waiting:
        outer = waiting.pop()
        yield outer
        waiting += reversed(list(_inside(outer)))


def _inside(outer: Inside) -> Iterator[Inside]:
    resource, place = outer.resource, outer.place
    if "contained" in resource:
        for path, inner in _typed(resource["contained"], "contained[{}]"):
            yield Inside(inner, place.down(path), outer.container or resource, outer.bundle, outer.full_url)
    kind = resource.get("resourceType")
    if kind == "Bundle":
        for number, entry in enumerate(_dicts(resource.get("entry"))):
            yield from _in_entry(resource, entry, place.down(f"entry[{number}]"))
    elif kind == "Parameters":
        for path, inner in _in_parameters(resource.get("parameter"), "parameter"):
            yield Inside(inner, place.down(path), None, outer.bundle, outer.full_url)


def _in_entry(bundle: Resource, entry: dict[str, Any], place: Place) -> Iterator[Inside]:
    url = entry.get("fullUrl")
    full_url = url if type(url) is str else ""
    for path, inner in _typed([entry.get("resource")], "resource"):
        yield Inside(inner, place.down(path), None, bundle, full_url)
    response = entry.get("response")
    for path, inner in _typed([response.get("outcome")] if type(response) is dict else (), "response.outcome"):
        yield Inside(inner, place.down(path), None, bundle)


def _in_parameters(parameters: Any, path: str) -> Iterator[tuple[str, Resource]]:
    for number, parameter in enumerate(_dicts(parameters)):
        at = f"{path}[{number}]"
        yield from _typed([parameter.get("resource")], f"{at}.resource")
        if "part" in parameter:
            yield from _in_parameters(parameter["part"], f"{at}.part")


def _typed(values: Any, path: str) -> Iterator[tuple[str, Resource]]:
    for number, value in enumerate(values if type(values) in (list, tuple) else ()):
        if type(value) is dict and type(value.get("resourceType")) is str:
            yield path.format(number), value


def _dicts(values: Any) -> Sequence[dict[str, Any]]:
    """The items of a list, an empty dict in place of each that is none."""
    return [value if type(value) is dict else {} for value in values] if type(values) is list else ()
