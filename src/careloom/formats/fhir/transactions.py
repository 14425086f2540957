"""Carrying out a transaction or a batch: in which order, and what its references become (FHIR R4 3.1.0.11.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from careloom.core.errors import FormatError
from careloom.formats.fhir.findings import Place
from careloom.formats.fhir.insides import resources_in
from careloom.formats.fhir.reading import Resource
from careloom.formats.fhir.references import parse_reference, reference_of
from careloom.formats.fhir.walking import elements, rewritten

_TURN: Final[Mapping[str, int]] = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2, "GET": 3, "HEAD": 3}


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a transaction or a batch. `type` and `id` are of its URL; `query` is set for a conditional one.

    `index` is its position in the Bundle, at which its response belongs.
    """

    index: int
    method: str
    url: str
    type: str
    id: str = ""
    query: str = ""
    full_url: str = ""
    resource: Resource | None = None
    if_none_exist: str = ""
    if_match: str = ""

    @property
    def place(self) -> str:
        """Where it stands."""
        return f"Bundle.entry[{self.index}]"


def steps(bundle: Resource) -> list[Step]:
    """The entries in the order in which they are carried out: deletions, creations, changes, then reads.

    FormatError at the entry for one that cannot be carried out: without request, of an unknown method, without the
    resource it should write; and for two that change the same resource in a transaction.
    """
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise FormatError("entry is not a list", "Bundle.entry")
    found = [_step(index, entry) for index, entry in enumerate(entries)]
    if bundle.get("type") == "transaction":
        _refuse_same(found)
    return sorted(found, key=lambda step: _TURN[step.method])


def assigned(step: Step, key: str) -> dict[str, str]:
    """What references to this step's entry become, once its resource has the id `key`: for `resolved`."""
    return {step.full_url: f"{step.type}/{key}"} if step.full_url else {}


def resolved(resource: Resource, known: Mapping[str, str]) -> Resource:
    """A copy whose references, and addresses equal to a key of `known`, are replaced: `urn:uuid:...` by `Patient/12`,
    `Patient?identifier=...` by what it found. A fragment or a version after a known address is kept.
    """
    return rewritten(resource, lambda text: _replaced(text, known))


def conditional_references(resource: Resource) -> Iterator[tuple[str, str]]:
    """Place and text of each reference that is a search (`Practitioner?identifier=...`), here and inside."""
    for place, text in literal_references(resource):
        if parse_reference(text).kind == "conditional":
            yield place, text


def literal_references(resource: Resource) -> Iterator[tuple[str, str]]:
    """Place and text of each literal reference of a resource and of those inside it."""
    for inside in resources_in(resource):
        for element in elements(inside.resource, inside.place):
            if element.type == "Reference" and (text := reference_of(element.value)):
                yield element.place.down("reference"), text


def _step(index: int, entry: Any) -> Step:
    place = Place(f"Bundle.entry[{index}]")
    request = entry.get("request") if isinstance(entry, dict) else None
    if not isinstance(request, dict):
        raise FormatError("an entry to carry out says in its request what is to be done", place.down("request"))
    method, url = request.get("method"), request.get("url")
    if not isinstance(method, str) or method not in _TURN:
        raise FormatError("must be one of " + ", ".join(_TURN), place.down("request.method"))
    if not isinstance(url, str) or not url:
        raise FormatError("must say what is asked for", place.down("request.url"))
    resource = entry.get("resource") if isinstance(entry.get("resource"), dict) else None
    kind, key, query = _parts(url)
    if method in ("POST", "PUT", "PATCH"):
        if resource is None:
            raise FormatError(f"a {method} needs its resource", place.down("resource"))
        if method != "PATCH" and "$" not in url and resource.get("resourceType") != kind:
            raise FormatError("another resource type than that of the resource", place.down("request.url"))
    options = [str(request.get(name, "")) for name in ("ifNoneExist", "ifMatch")]
    return Step(index, method, url, kind, key, query, str(entry.get("fullUrl", "")), resource, *options)


def _parts(url: str) -> tuple[str, str, str]:
    """Type, id and query of a request's URL: relative to the server, or absolute."""
    found = parse_reference(url.lstrip("/"))
    if found.type:
        return found.type, found.id, found.query
    path, _, query = url.lstrip("/").partition("?")
    return path.partition("/")[0], path.partition("/")[2], query


def _refuse_same(found: list[Step]) -> None:
    seen = set()
    for step in found:
        if step.method in ("DELETE", "PUT", "PATCH") and step.id:
            if (step.type, step.id) in seen:
                raise FormatError("changes a resource that another entry changes", step.place + ".request.url")
            seen.add((step.type, step.id))


def _replaced(text: str, known: Mapping[str, str]) -> str:
    if text in known:
        return known[text]
    for mark in ("/_history/", "#"):
        head, found, tail = text.partition(mark)
        if found and head in known:
            return known[head] + mark + tail
    return text
