"""Building Bundles: what to ask of a server, and what a server answers (FHIR R4 2.36 and 3.1.0.11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from careloom.formats.fhir.dates import instant
from careloom.formats.fhir.reading import Resource

Entry: TypeAlias = dict[str, Any]
Mode: TypeAlias = Literal["match", "include", "outcome"]


def create(resource: Resource, *, full_url: str = "", if_none_exist: str = "") -> Entry:
    """An entry that creates a resource; with `if_none_exist` (`identifier=system|value`) only if the search is empty.

    `full_url` (`urn:uuid:...`) is what other entries of the Bundle call it by.
    """
    request = {"method": "POST", "url": _type(resource)}
    if if_none_exist:
        request["ifNoneExist"] = if_none_exist.removeprefix("?")
    return _entry(full_url, resource, request)


def update(resource: Resource, *, url: str = "", full_url: str = "", if_match: str = "") -> Entry:
    """An entry that writes a resource at its id, or at `url` (`Patient?identifier=...` for a conditional update).

    `if_match` is the version it must still have, as `meta.versionId` says it.
    """
    request = {"method": "PUT", "url": url or f"{_type(resource)}/{resource['id']}"}
    if if_match:
        request["ifMatch"] = version_tag(if_match)
    return _entry(full_url, resource, request)


def patch(parameters: Resource, url: str, *, if_match: str = "") -> Entry:
    """An entry that applies a FHIRPath Patch (a Parameters resource) at `url`."""
    request = {"method": "PATCH", "url": url}
    if if_match:
        request["ifMatch"] = version_tag(if_match)
    return _entry("", parameters, request)


def delete(url: str) -> Entry:
    """An entry that deletes what stands, or what the search finds, at `url`."""
    return {"request": {"method": "DELETE", "url": url}}


def read(url: str) -> Entry:
    """An entry that reads or searches `url`."""
    return {"request": {"method": "GET", "url": url}}


def bundle(kind: str, entries: Iterable[Entry] = (), *, time: datetime | None = None, **members: Any) -> Resource:
    """A Bundle of this type. `members` are further ones (`id`, `identifier`); an empty list of entries is left out."""
    made: Resource = {"resourceType": "Bundle", **members, "type": kind}
    if time is not None:
        made["timestamp"] = instant(time)
    listed = list(entries)
    return made | {"entry": listed} if listed else made


def found(resource: Resource, full_url: str, *, mode: Mode = "match", score: float | None = None) -> Entry:
    """An entry of a searchset."""
    search: dict[str, Any] = {"mode": mode}
    if score is not None:
        search["score"] = score
    return {"fullUrl": full_url, "resource": resource, "search": search}


def searchset(
    entries: Iterable[Entry], *, total: int | None, link: Mapping[str, str], time: datetime | None = None
) -> Resource:
    """The answer to a search. `total` counts all matches, on every page, without includes; `link` has at least self."""
    made = bundle("searchset", entries, time=time)
    head: Resource = {"resourceType": "Bundle", "type": "searchset"}
    if total is not None:
        head["total"] = total
    return head | {"link": links(link)} | {name: made[name] for name in ("timestamp", "entry") if name in made}


def links(link: Mapping[str, str]) -> list[dict[str, str]]:
    """Links by relation, without those that have no URL: the last page has no `next`."""
    return [{"relation": relation, "url": url} for relation, url in link.items() if url]


def link_of(resource: Resource, relation: str = "next") -> str:
    """The URL of a Bundle's link, `""` when it has none of this relation."""
    for one in resource.get("link") or ():
        if one.get("relation") == relation:
            return str(one.get("url", ""))
    return ""


_STATUS: Final[Mapping[str, str]] = {"200": "200 OK", "201": "201 Created", "204": "204 No Content"}


def response(
    status: str, *, location: str = "", version: str = "", time: datetime | None = None, **members: Any
) -> dict[str, Any]:
    """What became of one entry: `Bundle.entry.response`. `members` are `outcome` and the like."""
    made: dict[str, Any] = {"status": _STATUS.get(status, status)}
    if location:
        made["location"] = location
    if version:
        made["etag"] = version_tag(version)
    if time is not None:
        made["lastModified"] = instant(time)
    return made | members


def answered(kind: str, responses: Sequence[tuple[dict[str, Any], Resource | None]]) -> Resource:
    """The answer to a `transaction` or a `batch`: a response, and perhaps a resource, for each entry in its order."""
    entries = [
        ({"resource": resource} if resource is not None else {}) | {"response": made} for made, resource in responses
    ]
    return bundle(f"{kind}-response", entries)


def history(versions: Iterable[tuple[Resource, str]], *, total: int, link: Mapping[str, str]) -> Resource:
    """Versions, newest first, each with its fullUrl; what was created and what changed is told by `meta.versionId`."""
    entries = []
    for resource, full_url in versions:
        version = str(resource.get("meta", {}).get("versionId", ""))
        first = version in ("", "1")
        request = {"method": "POST", "url": _type(resource)} if first else _put(resource)
        entry = _entry(full_url, resource, request)
        entries.append(entry | {"response": response("201" if first else "200", version=version)})
    return {"resourceType": "Bundle", "type": "history", "total": total, "link": links(link), "entry": entries}


def message(header: Resource, others: Iterable[Resource], *, base: str, time: datetime, **members: Any) -> Resource:
    """A message: its MessageHeader first, then whatever it is about. `base` is the sender's FHIR address."""
    entries = [
        {"fullUrl": f"{base.rstrip('/')}/{_type(one)}/{one['id']}", "resource": one} for one in (header, *others)
    ]
    return bundle("message", entries, time=time, **members)


def version_tag(version: str) -> str:
    """The weak entity tag of a version (FHIR R4 3.1.0.5)."""
    return version if version.startswith("W/") else f'W/"{version}"'


def version_of(tag: str) -> str:
    """The version an entity tag names."""
    return tag.removeprefix("W/").strip('"')


def _put(resource: Resource) -> dict[str, str]:
    return {"method": "PUT", "url": f"{_type(resource)}/{resource['id']}"}


def _type(resource: Resource) -> str:
    return str(resource["resourceType"])


def _entry(full_url: str, resource: Resource, request: dict[str, str]) -> Entry:
    return ({"fullUrl": full_url} if full_url else {}) | {"resource": resource, "request": request}
