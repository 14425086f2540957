"""The invariants of a Bundle (FHIR R4 2.36): which entries each type has, and what they are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from careloom.formats.fhir.findings import Place, finding
from careloom.formats.fhir.reading import Resource
from careloom.formats.inspection import Finding

_TOTAL: Final = ("searchset", "history")
_REQUESTS: Final = ("batch", "transaction", "history")
_RESPONSES: Final = ("batch-response", "transaction-response", "history")
_FIRST: Final = {"document": ("bdl-11", "Composition"), "message": ("bdl-12", "MessageHeader")}


def bundle_rules(bundle: Resource, place: Place) -> Iterator[Finding]:
    """What a structurally valid Bundle breaks. Histories without requests or responses are a warning: few have both."""
    kind, entries = bundle["type"], bundle.get("entry", [])
    if "total" in bundle and kind not in _TOTAL:
        yield finding("bdl-1", place.down("total"), "only a searchset or a history has a total")
    if kind == "document":
        yield from _document(bundle, place)
    if kind in _FIRST:
        key, wanted = _FIRST[kind]
        first = entries[0].get("resource", {}) if entries else {}
        if first.get("resourceType") != wanted:
            yield finding(key, place.down("entry[0]"), f"a {kind} begins with a {wanted}")
    for number, entry in enumerate(entries):
        yield from _entry(kind, entry, place.down(f"entry[{number}]"))
    if kind != "history":
        yield from _twice(entries, place)


def _document(bundle: Resource, place: Place) -> Iterator[Finding]:
    identifier = bundle.get("identifier", {})
    if "system" not in identifier or "value" not in identifier:
        yield finding("bdl-9", place.down("identifier"), "a document has an identifier with system and value")
    if "timestamp" not in bundle:
        yield finding("bdl-10", place.down("timestamp"), "a document has a timestamp")


def _entry(kind: str, entry: Mapping[str, Any], place: Place) -> Iterator[Finding]:
    if "search" in entry and kind != "searchset":
        yield finding("bdl-2", place.down("search"), "only an entry of a searchset says how it was found")
    yield from _paired("bdl-3", "request", _REQUESTS, kind, entry, place)
    yield from _paired("bdl-4", "response", _RESPONSES, kind, entry, place)
    if not any(name in entry for name in ("resource", "request", "response")):
        yield finding("bdl-5", place.down("resource"), "an entry has a resource, a request or a response")
    url = entry.get("fullUrl", "")
    if "/_history/" in url:
        yield finding("bdl-8", place.down("fullUrl"), "a fullUrl names no version")
    yield from _same_id(entry, url, place)


def _paired(
    key: str, name: str, kinds: Sequence[str], kind: str, entry: Mapping[str, Any], place: Place
) -> Iterator[Finding]:
    if name in entry and kind not in kinds:
        yield finding(key, place.down(name), f"an entry of this type of Bundle has no {name}")
    elif name not in entry and kind in kinds:
        lenient = kind == "history"
        text = f"each entry of this type of Bundle has a {name}"
        yield finding(key, place.down(name), text, severity="warning" if lenient else "error")


def _same_id(entry: Mapping[str, Any], url: str, place: Place) -> Iterator[Finding]:
    """A fullUrl of a RESTful server ends in the id of the resource (FHIR R4 2.36.4)."""
    resource = entry.get("resource", {})
    key = resource.get("id")
    if type(key) is str and url.startswith(("http://", "https://")):
        tail = f"/{resource.get('resourceType')}/"
        if tail in url and url.rpartition("/")[2] != key:
            yield finding(
                "full-url-differs",
                place.down("fullUrl"),
                "ends in another id than the resource has",
                severity="warning",
            )


def _twice(entries: Sequence[Mapping[str, Any]], place: Place) -> Iterator[Finding]:
    seen = set()
    for number, entry in enumerate(entries):
        if "fullUrl" not in entry:
            continue
        # The resource has not been checked yet, so that its meta may be anything.
        meta = entry.get("resource", {}).get("meta")
        name = (entry["fullUrl"], str(meta.get("versionId")) if type(meta) is dict else "")
        if name in seen:
            at = place.down(f"entry[{number}].fullUrl")
            yield finding("bdl-7", at, "the fullUrl of another entry, and no other version of it")
        seen.add(name)
